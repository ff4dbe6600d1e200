package org.viridian.engine.software.simd;

import org.viridian.engine.software.Cpu;
import org.viridian.engine.software.DecodeContext;
import org.viridian.engine.software.Ea;
import org.viridian.engine.software.MicroOp;

/**
 * Shapes of MMX and SSE instructions: where operands come from and go to. What happens in between is a function of the
 * table. A source in memory is read, and checked for alignment, before a register changes.
 */
final class SimdOps {
    private SimdOps() {}

    /** Works on 64 bits; an SSE operation applies it to both halves. */
    @FunctionalInterface
    interface Lanes {
        long apply(long destination, long source);
    }

    /** Works on 128 bits: {@code x[d]} and {@code x[d + 1]} are the destination, and hold the result afterwards. */
    @FunctionalInterface
    interface Wide {
        void apply(long[] x, int d, long low, long high, int immediate);
    }

    /** Stores 16 bytes; faults before the first. */
    static void store128(Cpu c, long at, long low, long high) {
        if ((at & 0xFFF) <= 0xFF0) {
            // One page: the second half cannot fault when the first did not.
            c.store64(at, low);
            c.store64(at + 8, high);
        } else {
            c.store128(at, low, high);
        }
    }

    /** xmm = f(xmm, xmm). */
    static final class LanesRegister extends MicroOp {
        private final Lanes f;
        private final int d;
        private final int s;

        LanesRegister(DecodeContext in, Lanes f) {
            this.f = f;
            d = in.reg * 2;
            s = in.rm * 2;
        }

        @Override
        public void exec(Cpu c) {
            c.checkSse();
            long[] x = c.xmm;
            x[d] = f.apply(x[d], x[s]);
            x[d + 1] = f.apply(x[d + 1], x[s + 1]);
        }
    }

    /** xmm = f(xmm, m128). */
    static final class LanesMemory extends MicroOp {
        private final Lanes f;
        private final int d;
        private final Ea ea;

        LanesMemory(DecodeContext in, Lanes f) {
            this.f = f;
            d = in.reg * 2;
            ea = in.ea;
        }

        @Override
        public void exec(Cpu c) {
            c.checkSse();
            long at = ea.load(c, 16);
            c.checkAligned16(at);
            long low = c.load64(at);
            long high = c.load64(at + 8);
            long[] x = c.xmm;
            x[d] = f.apply(x[d], low);
            x[d + 1] = f.apply(x[d + 1], high);
        }
    }

    /** The same for MMX registers, source in a register or in memory. */
    static final class LanesMmx extends MicroOp {
        private final Lanes f;
        private final int d;
        private final int s;
        private final Ea ea;
        private final int bytes;

        /** {@code bytes} of memory are read: 8, or 4 for the low unpacks. */
        LanesMmx(DecodeContext in, Lanes f, int bytes) {
            this.f = f;
            this.bytes = bytes;
            d = in.reg & 7;
            s = in.rm & 7;
            ea = in.ea;
        }

        @Override
        public void exec(Cpu c) {
            c.checkMmx();
            c.x87.checkPending(c);
            long[] m = c.x87.significand;
            long v = ea == null ? m[s] : bytes == 8 ? c.load64(ea.load(c, 8)) : c.load32(ea.load(c, 4));
            c.x87.enterMmx();
            c.x87.setMmx(d, f.apply(m[d], v));
        }
    }

    /** Operations that cross the halves, with an immediate or without. */
    static final class WideOp extends MicroOp {
        private final Wide f;
        private final int d;
        private final int s;
        private final Ea ea;
        private final int bytes;
        private final int immediate;

        /** {@code bytes} of memory are read: 16 aligned, or fewer at any address. */
        WideOp(DecodeContext in, Wide f, int bytes, boolean hasImmediate) {
            this.f = f;
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
            if (ea == null) {
                f.apply(x, d, x[s], x[s + 1], immediate);
                return;
            }
            long at = ea.load(c, bytes);
            switch (bytes) {
                case 16 -> {
                    c.checkAligned16(at);
                    long low = c.load64(at);
                    f.apply(x, d, low, c.load64(at + 8), immediate);
                }
                case 8 -> f.apply(x, d, c.load64(at), 0, immediate);
                case 4 -> f.apply(x, d, c.load32(at) & 0xFFFF_FFFFL, 0, immediate);
                default -> f.apply(x, d, c.load16(at), 0, immediate);
            }
        }
    }

    /** Shifts by a count in a register or memory: all lanes by the low 64 bits of the source. */
    static final class Shift extends MicroOp {
        private final Lanes f;
        private final int d;
        private final int s;
        private final Ea ea;

        Shift(DecodeContext in, Lanes f) {
            this.f = f;
            d = in.reg * 2;
            s = in.rm * 2;
            ea = in.ea;
        }

        @Override
        public void exec(Cpu c) {
            c.checkSse();
            long[] x = c.xmm;
            long count;
            if (ea == null) {
                count = x[s];
            } else {
                long at = ea.load(c, 16);
                c.checkAligned16(at);
                count = c.load64(at);
                c.load64(at + 8);
            }
            x[d] = f.apply(x[d], count);
            x[d + 1] = f.apply(x[d + 1], count);
        }
    }

    /** Shifts by an immediate: groups 71, 72, 73. */
    static final class ShiftImmediate extends MicroOp {
        private final Lanes f;
        private final int d;
        private final long count;

        ShiftImmediate(DecodeContext in, Lanes f, int count) {
            this.f = f;
            this.count = count;
            d = in.rm * 2;
        }

        @Override
        public void exec(Cpu c) {
            c.checkSse();
            long[] x = c.xmm;
            x[d] = f.apply(x[d], count);
            x[d + 1] = f.apply(x[d + 1], count);
        }
    }

    /** The same for MMX. */
    static final class ShiftImmediateMmx extends MicroOp {
        private final Lanes f;
        private final int d;
        private final long count;

        ShiftImmediateMmx(DecodeContext in, Lanes f, int count) {
            this.f = f;
            this.count = count;
            d = in.rm & 7;
        }

        @Override
        public void exec(Cpu c) {
            c.checkMmx();
            c.x87.checkPending(c);
            c.x87.enterMmx();
            c.x87.setMmx(d, f.apply(c.x87.significand[d], count));
        }
    }

    /** PSLLDQ, PSRLDQ. */
    static final class ShiftBytes extends MicroOp {
        private final int d;
        private final int bits;
        private final boolean left;

        ShiftBytes(DecodeContext in, boolean left, int count) {
            d = in.rm * 2;
            bits = Math.min(count, 16) * 8;
            this.left = left;
        }

        @Override
        public void exec(Cpu c) {
            c.checkSse();
            long[] x = c.xmm;
            long low = x[d];
            long high = x[d + 1];
            if (bits == 0) {
                return;
            }
            if (left) {
                x[d + 1] = bits >= 128 ? 0 : bits >= 64 ? low << bits - 64 : high << bits | low >>> 64 - bits;
                x[d] = bits >= 64 ? 0 : low << bits;
            } else {
                x[d] = bits >= 128 ? 0 : bits >= 64 ? high >>> bits - 64 : low >>> bits | high << 64 - bits;
                x[d + 1] = bits >= 64 ? 0 : high >>> bits;
            }
        }
    }

    /** MMX operations with an immediate: PSHUFW, PALIGNR. */
    static final class MmxImmediate extends MicroOp {
        /** Works on 64 bits with an immediate. */
        @FunctionalInterface
        interface Function {
            long apply(long destination, long source, int immediate);
        }

        private final Function f;
        private final int d;
        private final int s;
        private final Ea ea;
        private final int immediate;

        MmxImmediate(DecodeContext in, Function f) {
            this.f = f;
            d = in.reg & 7;
            s = in.rm & 7;
            ea = in.ea;
            immediate = in.u8();
        }

        @Override
        public void exec(Cpu c) {
            c.checkMmx();
            c.x87.checkPending(c);
            long[] m = c.x87.significand;
            long v = ea == null ? m[s] : c.load64(ea.load(c, 8));
            c.x87.enterMmx();
            c.x87.setMmx(d, f.apply(m[d], v, immediate));
        }
    }

    /** EMMS. */
    static final class Emms extends MicroOp {
        @Override
        public void exec(Cpu c) {
            c.checkMmx();
            c.x87.checkPending(c);
            c.x87.leaveMmx();
        }
    }

    /** PTEST. */
    static final class Test extends MicroOp {
        private final int d;
        private final int s;
        private final Ea ea;

        Test(DecodeContext in) {
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
            boolean zero = (x[d] & low | x[d + 1] & high) == 0;
            boolean carry = (~x[d] & low | ~x[d + 1] & high) == 0;
            c.setArithmeticFlags((zero ? Cpu.F_ZF : 0) | (carry ? Cpu.F_CF : 0));
        }
    }
}
