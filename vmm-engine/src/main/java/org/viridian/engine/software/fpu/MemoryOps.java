package org.viridian.engine.software.fpu;

import org.viridian.engine.software.Cpu;
import org.viridian.engine.software.DecodeContext;

/** x87 instructions with a memory operand other than the control instructions. */
final class MemoryOps {
    private MemoryOps() {}

    /** Formats of operands in memory. */
    enum Format {
        SINGLE(4), DOUBLE(8), EXTENDED(10), INT16(2), INT32(4), INT64(8), BCD(10);

        final int bytes;

        Format(int bytes) {
            this.bytes = bytes;
        }

        boolean integer() {
            return this == INT16 || this == INT32 || this == INT64;
        }
    }

    /** Reads SINGLE, DOUBLE or an integer into A. */
    private static void loadA(Cpu c, SoftFloat f, Format format, long linear) {
        switch (format) {
            case SINGLE -> f.a32(c.load32(linear));
            case DOUBLE -> f.a64(c.load64(linear));
            case INT16 -> f.aInteger((short) c.load16(linear));
            case INT32 -> f.aInteger(c.load32(linear));
            default -> f.aInteger(c.load64(linear));
        }
    }

    /** ST(0) = ST(0) op memory, or a compare. */
    static final class Binary extends X87Op {
        private final int operation;
        private final Format format;

        Binary(DecodeContext in, int operation, Format format) {
            super(in);
            this.operation = operation;
            this.format = format;
        }

        @Override
        void run(Cpu c, X87 x) {
            SoftFloat f = x.soft;
            f.beginX87(x.control);
            loadA(c, f, format, source(c, x, format.bytes));
            boolean compare = operation == Arithmetic.COMPARE || operation == Arithmetic.COMPARE_POP;
            boolean go;
            if (x.empty(0)) {
                if (compare) {
                    go = RegisterOps.underflow(x);
                } else {
                    go = x.stackUnderflow();
                    if (go) {
                        x.setIndefinite(0);
                    }
                }
            } else {
                f.moveAtoB();
                x.loadA(0);
                if (compare) {
                    go = RegisterOps.compare(x, false);
                } else {
                    Arithmetic.compute(f, operation, x.precision());
                    go = RegisterOps.finish(x, 0);
                }
            }
            if (go && operation == Arithmetic.COMPARE_POP) {
                x.pop();
            }
        }
    }

    /** FLD m32/m64, FILD. */
    static final class Load extends X87Op {
        private final Format format;

        Load(DecodeContext in, Format format) {
            super(in);
            this.format = format;
        }

        @Override
        void run(Cpu c, X87 x) {
            SoftFloat f = x.soft;
            f.beginX87(x.control);
            loadA(c, f, format, source(c, x, format.bytes));
            x.setC1(false);
            if (!x.roomToPush()) {
                return;
            }
            if (!Arithmetic.nanA(f)) {
                f.zFromA();
                if (f.aDenormal) {
                    f.flags |= SoftFloat.DE;
                }
            }
            // A denormal is loaded even when that exception is unmasked.
            if (x.signal(f.flags) || (f.flags & SoftFloat.IE) == 0) {
                x.push(f.packSignExponent(), f.packSignificand());
            }
        }
    }

    /** FLD m80: no exception but a stack fault. */
    static final class LoadExtended extends X87Op {
        LoadExtended(DecodeContext in) {
            super(in);
        }

        @Override
        void run(Cpu c, X87 x) {
            long linear = source(c, x, 10);
            long significand = c.load64(linear);
            int exponent = c.load16(linear + 8);
            x.setC1(false);
            x.push(exponent, significand);
        }
    }

    /** FBLD. Digits above nine are taken at their binary value. */
    static final class LoadDecimal extends X87Op {
        LoadDecimal(DecodeContext in) {
            super(in);
        }

        @Override
        void run(Cpu c, X87 x) {
            long linear = source(c, x, 10);
            long low = c.load64(linear);
            int high = c.load16(linear + 8);
            long value = (high >> 4 & 15) * 10 + (high & 15);
            for (int i = 60; i >= 0; i -= 4) {
                value = value * 10 + (low >>> i & 15);
            }
            SoftFloat f = x.soft;
            f.beginX87(x.control);
            f.aInteger(value);
            f.zFromA();
            x.setC1(false);
            x.push(f.packSignExponent() | high & 0x8000, f.packSignificand());
        }
    }

    /** FST m32/m64 and FSTP m32/m64. */
    static final class Store extends X87Op {
        private final Format format;
        private final boolean pops;

        Store(DecodeContext in, Format format, boolean pops) {
            super(in);
            this.format = format;
            this.pops = pops;
        }

        @Override
        void run(Cpu c, X87 x) {
            long linear = destination(c, x, format.bytes);
            c.probeWrite(linear, format.bytes);
            SoftFloat f = x.soft;
            f.beginX87(x.control);
            f.wraps = false;
            if (x.empty(0)) {
                if (!x.stackUnderflow()) {
                    return;
                }
                Arithmetic.indefinite(f);
            } else {
                x.loadA(0);
                if (!Arithmetic.nanA(f)) {
                    f.zFromA();
                    if (format == Format.SINGLE) {
                        f.round32();
                    } else {
                        f.round64();
                    }
                }
                boolean stores = (f.flags & ~f.masked & ~SoftFloat.PE) == 0;
                x.setC1(stores && f.roundedUp);
                x.signal(stores ? f.flags : f.flags & ~SoftFloat.PE);
                if (!stores) {
                    return;
                }
            }
            if (format == Format.SINGLE) {
                c.store32(linear, f.pack32());
            } else {
                c.store64(linear, f.pack64());
            }
            if (pops) {
                x.pop();
            }
        }
    }

    /** FSTP m80: no exception but a stack fault. */
    static final class StoreExtended extends X87Op {
        StoreExtended(DecodeContext in) {
            super(in);
        }

        @Override
        void run(Cpu c, X87 x) {
            long linear = destination(c, x, 10);
            c.probeWrite(linear, 10);
            if (x.empty(0)) {
                if (!x.stackUnderflow()) {
                    return;
                }
                c.store64(linear, X87.INDEFINITE);
                c.store16(linear + 8, X87.INDEFINITE_EXPONENT);
            } else {
                x.setC1(false);
                c.store64(linear, x.significand[x.top]);
                c.store16(linear + 8, x.exponent[x.top]);
            }
            x.pop();
        }
    }

    /** FIST, FISTP, FISTTP. */
    static final class StoreInteger extends X87Op {
        private final Format format;
        private final boolean truncates;
        private final boolean pops;

        StoreInteger(DecodeContext in, Format format, boolean truncates, boolean pops) {
            super(in);
            this.format = format;
            this.truncates = truncates;
            this.pops = pops;
        }

        @Override
        void run(Cpu c, X87 x) {
            long linear = destination(c, x, format.bytes);
            c.probeWrite(linear, format.bytes);
            SoftFloat f = x.soft;
            f.beginX87(x.control);
            long value = Long.MIN_VALUE >> 64 - format.bytes * 8;
            if (x.empty(0)) {
                if (!x.stackUnderflow()) {
                    return;
                }
            } else {
                x.loadA(0);
                value = f.toInteger(format.bytes * 8, truncates ? SoftFloat.TRUNCATE : f.rounding);
                x.setC1(f.roundedUp);
                if (!x.signal(f.flags) && (f.flags & SoftFloat.IE) != 0) {
                    return;
                }
            }
            switch (format) {
                case INT16 -> c.store16(linear, (int) value);
                case INT32 -> c.store32(linear, (int) value);
                default -> c.store64(linear, value);
            }
            if (pops) {
                x.pop();
            }
        }
    }

    /** FBSTP. */
    static final class StoreDecimal extends X87Op {
        private static final long LIMIT = 1_000_000_000_000_000_000L;

        StoreDecimal(DecodeContext in) {
            super(in);
        }

        @Override
        void run(Cpu c, X87 x) {
            long linear = destination(c, x, 10);
            c.probeWrite(linear, 10);
            SoftFloat f = x.soft;
            f.beginX87(x.control);
            boolean indefinite = x.empty(0);
            long value = 0;
            if (indefinite) {
                if (!x.stackUnderflow()) {
                    return;
                }
            } else {
                x.loadA(0);
                value = f.toInteger(64, f.rounding);
                if (value >= LIMIT || value <= -LIMIT) {
                    f.flags = SoftFloat.IE;
                    f.roundedUp = false;
                }
                indefinite = (f.flags & SoftFloat.IE) != 0;
                x.setC1(f.roundedUp);
                if (!x.signal(f.flags) && indefinite) {
                    return;
                }
            }
            if (indefinite) {
                c.store64(linear, X87.INDEFINITE);
                c.store16(linear + 8, 0xFFFF);
            } else {
                long rest = Math.abs(value);
                long low = 0;
                for (int i = 0; i < 64; i += 4) {
                    low |= rest % 10 << i;
                    rest /= 10;
                }
                c.store64(linear, low);
                c.store16(linear + 8, (int) (rest / 10 << 4 | rest % 10) | (f.aSign ? 0x8000 : 0));
            }
            x.pop();
        }
    }
}
