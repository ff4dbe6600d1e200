package org.viridian.engine.software.fpu;

import org.viridian.engine.software.Cpu;
import org.viridian.engine.software.CpuFault;
import org.viridian.engine.software.DecodeContext;
import org.viridian.engine.software.Ea;
import org.viridian.engine.software.MicroOp;

/**
 * XSAVE, XSAVEOPT and XRSTOR in the standard form, with the x87 and SSE components (Intel SDM volume 1, chapter 13). Every
 * component counts as in use, which the architecture allows.
 */
public final class XState {
    /** Components: x87 and SSE. */
    public static final long COMPONENTS = 3;
    /** Bytes of legacy region and header. */
    public static final int BYTES = 576;
    private static final int X87 = 1;
    private static final int SSE = 2;
    private static final int HEADER = 512;
    private static final int ALIGNMENT = 64;

    private XState() {}

    private static long mask(Cpu c) {
        if (!c.extendedStates()) {
            throw c.raise(CpuFault.UD);
        }
        if (c.taskSwitched()) {
            throw c.raise(CpuFault.NM);
        }
        return (c.gpr[0] & 0xFFFF_FFFFL | c.gpr[2] << 32) & c.xcr0;
    }

    private static void checkAligned(Cpu c, long at) {
        if ((at & ALIGNMENT - 1) != 0) {
            throw c.raise(CpuFault.GP, 0);
        }
    }

    /** XSAVE, XSAVE64, XSAVEOPT, XSAVEOPT64. */
    public static final class Save extends MicroOp {
        private final Ea ea;
        private final boolean wide;
        private final int registers;

        /** Copies what it needs of the instruction. */
        public Save(DecodeContext in) {
            ea = in.ea;
            wide = in.rexW();
            registers = in.mode == 64 ? 16 : 8;
        }

        @Override
        public void exec(Cpu c) {
            long mask = mask(c);
            long at = ea.store(c, BYTES);
            checkAligned(c, at);
            c.probeWrite(at, BYTES);
            long present = c.load64(at + HEADER);
            X87 x = c.x87;
            if ((mask & X87) != 0) {
                c.store64(at, FxState.head(x));
                c.store64(at + 8, wide ? x.lastIp : x.lastIp & 0xFFFF_FFFFL);
                c.store64(at + 16, wide ? x.lastData : x.lastData & 0xFFFF_FFFFL);
                for (int i = 0; i < 8; i++) {
                    int r = x.physical(i);
                    c.store64(at + 32 + i * 16, x.significand[r]);
                    c.store64(at + 40 + i * 16, x.exponent[r]);
                }
            }
            if ((mask & SSE) != 0) {
                c.store64(at + 24, FxState.mxcsr(c));
                for (int i = 0; i < registers * 2; i++) {
                    c.store64(at + 160 + i * 8, c.xmm[i]);
                }
            }
            c.store64(at + HEADER, present | mask);
        }
    }

    /** XRSTOR and XRSTOR64. */
    public static final class Restore extends MicroOp {
        private final Ea ea;
        private final boolean wide;
        private final int registers;

        /** Copies what it needs of the instruction. */
        public Restore(DecodeContext in) {
            ea = in.ea;
            wide = in.rexW();
            registers = in.mode == 64 ? 16 : 8;
        }

        @Override
        public void exec(Cpu c) {
            long mask = mask(c);
            long at = ea.load(c, BYTES);
            checkAligned(c, at);
            c.probeRead(at, BYTES);
            long present = c.load64(at + HEADER);
            // The compacted form is not offered, and the reserved words of the header must be zero.
            if ((present & ~c.xcr0) != 0 || (c.load64(at + HEADER + 8) | c.load64(at + HEADER + 16)) != 0) {
                throw c.raise(CpuFault.GP, 0);
            }
            int mxcsr = c.load32(at + 24);
            if ((mask & SSE) != 0 && (mxcsr & ~FxState.MXCSR_MASK) != 0) {
                throw c.raise(CpuFault.GP, 0);
            }
            if ((mask & X87) != 0) {
                x87(c, at, (present & X87) != 0);
            }
            if ((mask & SSE) != 0) {
                c.mxcsr = mxcsr;
                for (int i = 0; i < registers * 2; i++) {
                    c.xmm[i] = (present & SSE) != 0 ? c.load64(at + 160 + i * 8) : 0;
                }
            }
        }

        private void x87(Cpu c, long at, boolean there) {
            X87 x = c.x87;
            if (!there) {
                x.initialise();
                java.util.Arrays.fill(x.significand, 0);
                java.util.Arrays.fill(x.exponent, 0);
                return;
            }
            FxState.setHead(x, c.load64(at));
            long pointer = wide ? -1L : 0xFFFF_FFFFL;
            x.lastIp = c.load64(at + 8) & pointer;
            x.lastData = c.load64(at + 16) & pointer;
            for (int i = 0; i < 8; i++) {
                int r = x.physical(i);
                x.significand[r] = c.load64(at + 32 + i * 16);
                x.exponent[r] = c.load16(at + 40 + i * 16);
            }
        }
    }
}
