package org.viridian.engine.software.simd;

import org.viridian.engine.software.Cpu;
import org.viridian.engine.software.DecodeContext;
import org.viridian.engine.software.Ea;
import org.viridian.engine.software.MicroOp;
import org.viridian.engine.software.fpu.SoftFloat;

/** Shapes of SSE floating-point instructions. Exceptions are settled before the destination changes. */
final class FpOps {
    private static final long LOW32 = 0xFFFF_FFFFL;

    private FpOps() {}

    /** Works on one double of destination and source. */
    @FunctionalInterface
    interface F64 {
        long apply(SoftFloat f, long destination, long source);
    }

    /** Works on one single of destination and source. */
    @FunctionalInterface
    interface F32 {
        int apply(SoftFloat f, int destination, int source);
    }

    /** Works on 128 bits of both; leaves the result in {@code outLow} and {@code outHigh}. */
    @FunctionalInterface
    interface Wide {
        void apply(SoftFloat f, long dLow, long dHigh, long low, long high, int immediate);
    }

    static SoftFloat begin(Cpu c) {
        SoftFloat f = c.x87.soft;
        f.beginSse(c.mxcsr);
        return f;
    }

    /** Moves the flags to MXCSR and raises #XM for unmasked ones. */
    static void settle(Cpu c, SoftFloat f) {
        if (f.plain) {
            c.mxcsr |= f.flags;
            return;
        }
        int flags = f.flags;
        int before = SoftFloat.IE | SoftFloat.DE | SoftFloat.ZE;
        if ((flags & before & ~f.masked) != 0) {
            flags &= before;
        }
        c.mxcsr |= flags;
        if ((flags & ~f.masked) != 0) {
            throw c.simdException();
        }
    }

    /** xmm[63:0] = f(xmm, xmm/m64). */
    static final class Scalar64 extends MicroOp {
        private final F64 op;
        private final int d;
        private final int s;
        private final Ea ea;

        Scalar64(DecodeContext in, F64 op) {
            this.op = op;
            d = in.reg * 2;
            s = in.rm * 2;
            ea = in.ea;
        }

        @Override
        public void exec(Cpu c) {
            c.checkSse();
            long[] x = c.xmm;
            long v = ea == null ? x[s] : c.load64(ea.load(c, 8));
            SoftFloat f = begin(c);
            long r = op.apply(f, x[d], v);
            settle(c, f);
            x[d] = r;
        }
    }

    /** xmm[31:0] = f(xmm, xmm/m32). */
    static final class Scalar32 extends MicroOp {
        private final F32 op;
        private final int d;
        private final int s;
        private final Ea ea;

        Scalar32(DecodeContext in, F32 op) {
            this.op = op;
            d = in.reg * 2;
            s = in.rm * 2;
            ea = in.ea;
        }

        @Override
        public void exec(Cpu c) {
            c.checkSse();
            long[] x = c.xmm;
            int v = ea == null ? (int) x[s] : c.load32(ea.load(c, 4));
            SoftFloat f = begin(c);
            int r = op.apply(f, (int) x[d], v);
            settle(c, f);
            x[d] = x[d] & ~LOW32 | r & LOW32;
        }
    }

    /** Both doubles. */
    static final class Packed64 extends MicroOp {
        private final F64 op;
        private final int d;
        private final int s;
        private final Ea ea;

        Packed64(DecodeContext in, F64 op) {
            this.op = op;
            d = in.reg * 2;
            s = in.rm * 2;
            ea = in.ea;
        }

        @Override
        public void exec(Cpu c) {
            c.checkSse();
            long[] x = c.xmm;
            long low;
            long high;
            if (ea == null) {
                low = x[s];
                high = x[s + 1];
            } else {
                long at = ea.load(c, 16);
                c.checkAligned16(at);
                low = c.load64(at);
                high = c.load64(at + 8);
            }
            SoftFloat f = begin(c);
            long r0 = op.apply(f, x[d], low);
            long r1 = op.apply(f, x[d + 1], high);
            settle(c, f);
            x[d] = r0;
            x[d + 1] = r1;
        }
    }

    /** All four singles. */
    static final class Packed32 extends MicroOp {
        private final F32 op;
        private final int d;
        private final int s;
        private final Ea ea;

        Packed32(DecodeContext in, F32 op) {
            this.op = op;
            d = in.reg * 2;
            s = in.rm * 2;
            ea = in.ea;
        }

        @Override
        public void exec(Cpu c) {
            c.checkSse();
            long[] x = c.xmm;
            long low;
            long high;
            if (ea == null) {
                low = x[s];
                high = x[s + 1];
            } else {
                long at = ea.load(c, 16);
                c.checkAligned16(at);
                low = c.load64(at);
                high = c.load64(at + 8);
            }
            SoftFloat f = begin(c);
            long r0 = pair(f, op, x[d], low);
            long r1 = pair(f, op, x[d + 1], high);
            settle(c, f);
            x[d] = r0;
            x[d + 1] = r1;
        }
    }

    static long pair(SoftFloat f, F32 op, long a, long b) {
        return op.apply(f, (int) a, (int) b) & LOW32 | (long) op.apply(f, (int) (a >>> 32), (int) (b >>> 32)) << 32;
    }

    /** Anything else on 128 bits; {@code bytes} of memory are read, 16 of them aligned. */
    static final class WideOp extends MicroOp {
        private final Wide op;
        private final int d;
        private final int s;
        private final Ea ea;
        private final int bytes;
        private final int immediate;

        WideOp(DecodeContext in, Wide op, int bytes, boolean hasImmediate) {
            this.op = op;
            this.bytes = bytes;
            d = in.reg * 2;
            s = in.rm * 2;
            ea = in.ea;
            immediate = hasImmediate ? in.u8() : 0;
        }

        @Override
        public void exec(Cpu c) {
            c.checkSse();
            long[] x = c.xmm;
            long low;
            long high = 0;
            if (ea == null) {
                low = x[s];
                high = x[s + 1];
            } else {
                long at = ea.load(c, bytes);
                if (bytes == 16) {
                    c.checkAligned16(at);
                    low = c.load64(at);
                    high = c.load64(at + 8);
                } else {
                    low = bytes == 8 ? c.load64(at) : c.load32(at) & LOW32;
                }
            }
            SoftFloat f = begin(c);
            op.apply(f, x[d], x[d + 1], low, high, immediate);
            settle(c, f);
            x[d] = f.outLow;
            x[d + 1] = f.outHigh;
        }
    }

    /** COMISS, COMISD, UCOMISS, UCOMISD. */
    static final class Compare extends MicroOp {
        private final int d;
        private final int s;
        private final Ea ea;
        private final boolean wide;
        private final boolean signals;

        Compare(DecodeContext in, boolean wide, boolean signals) {
            d = in.reg * 2;
            s = in.rm * 2;
            ea = in.ea;
            this.wide = wide;
            this.signals = signals;
        }

        @Override
        public void exec(Cpu c) {
            c.checkSse();
            long[] x = c.xmm;
            int order;
            SoftFloat f;
            if (wide) {
                long v = ea == null ? x[s] : c.load64(ea.load(c, 8));
                f = begin(c);
                order = Conversions.compare(f, x[d], v, signals);
            } else {
                int v = ea == null ? (int) x[s] : c.load32(ea.load(c, 4));
                f = begin(c);
                order = Conversions.compare(f, (int) x[d], v, signals);
            }
            settle(c, f);
            c.setArithmeticFlags(switch (order) {
                case -1 -> Cpu.F_CF;
                case 0 -> Cpu.F_ZF;
                case 1 -> 0;
                default -> Cpu.F_ZF | Cpu.F_PF | Cpu.F_CF;
            });
        }
    }

    /** CVTSI2SS, CVTSI2SD. */
    static final class FromGeneral extends MicroOp {
        private final int d;
        private final int s;
        private final Ea ea;
        private final boolean toDouble;
        private final boolean wide;

        FromGeneral(DecodeContext in, boolean toDouble) {
            d = in.reg * 2;
            s = in.rm;
            ea = in.ea;
            this.toDouble = toDouble;
            wide = in.rexW();
        }

        @Override
        public void exec(Cpu c) {
            c.checkSse();
            long v;
            if (wide) {
                v = ea == null ? c.gpr[s] : c.load64(ea.load(c, 8));
            } else {
                v = ea == null ? (int) c.gpr[s] : c.load32(ea.load(c, 4));
            }
            SoftFloat f = begin(c);
            long[] x = c.xmm;
            long r = toDouble ? Conversions.fromInteger64(f, v) : x[d] & ~LOW32 | Conversions.fromInteger32(f, v) & LOW32;
            settle(c, f);
            x[d] = r;
        }
    }

    /** CVTSS2SI, CVTTSS2SI, CVTSD2SI, CVTTSD2SI. */
    static final class ToGeneral extends MicroOp {
        private final int d;
        private final int s;
        private final Ea ea;
        private final boolean fromDouble;
        private final boolean wide;
        private final boolean truncate;

        ToGeneral(DecodeContext in, boolean fromDouble, boolean truncate) {
            d = in.reg;
            s = in.rm * 2;
            ea = in.ea;
            this.fromDouble = fromDouble;
            this.truncate = truncate;
            wide = in.rexW();
        }

        @Override
        public void exec(Cpu c) {
            c.checkSse();
            long v = ea == null ? c.xmm[s] : fromDouble ? c.load64(ea.load(c, 8)) : c.load32(ea.load(c, 4));
            SoftFloat f = begin(c);
            int bits = wide ? 64 : 32;
            long r = fromDouble ? Conversions.toInteger(f, v, bits, truncate) : Conversions.toInteger(f, (int) v, bits, truncate);
            settle(c, f);
            c.gpr[d] = wide ? r : r & LOW32;
        }
    }

    /** CVTPS2PI, CVTTPS2PI, CVTPD2PI, CVTTPD2PI. */
    static final class ToMmx extends MicroOp {
        private final int d;
        private final int s;
        private final Ea ea;
        private final boolean fromDouble;
        private final boolean truncate;

        ToMmx(DecodeContext in, boolean fromDouble, boolean truncate) {
            d = in.reg & 7;
            s = in.rm * 2;
            ea = in.ea;
            this.fromDouble = fromDouble;
            this.truncate = truncate;
        }

        @Override
        public void exec(Cpu c) {
            c.checkMmx();
            c.checkSse();
            c.x87.checkPending(c);
            long low;
            long high = 0;
            if (ea == null) {
                low = c.xmm[s];
                high = c.xmm[s + 1];
            } else if (fromDouble) {
                long at = ea.load(c, 16);
                c.checkAligned16(at);
                low = c.load64(at);
                high = c.load64(at + 8);
            } else {
                low = c.load64(ea.load(c, 8));
            }
            SoftFloat f = begin(c);
            long r = fromDouble ? Conversions.doublesToIntegers(f, low, high, truncate) : Conversions.singlesToIntegers(f, low, truncate);
            settle(c, f);
            c.x87.enterMmx();
            c.x87.setMmx(d, r);
        }
    }

    /** CVTPI2PS, CVTPI2PD. */
    static final class FromMmx extends MicroOp {
        private final int d;
        private final int s;
        private final Ea ea;
        private final boolean toDouble;

        FromMmx(DecodeContext in, boolean toDouble) {
            d = in.reg * 2;
            s = in.rm & 7;
            ea = in.ea;
            this.toDouble = toDouble;
        }

        @Override
        public void exec(Cpu c) {
            c.checkMmx();
            c.checkSse();
            if (ea == null) {
                c.x87.checkPending(c);
            }
            long v = ea == null ? c.x87.significand[s] : c.load64(ea.load(c, 8));
            SoftFloat f = begin(c);
            if (toDouble) {
                long r0 = Conversions.fromInteger64(f, (int) v);
                long r1 = Conversions.fromInteger64(f, (int) (v >>> 32));
                c.xmm[d] = r0;
                c.xmm[d + 1] = r1;
            } else {
                long r = Conversions.integersToSingles(f, v);
                settle(c, f);
                c.xmm[d] = r;
            }
            if (ea == null) {
                c.x87.enterMmx();
            }
        }
    }
}
