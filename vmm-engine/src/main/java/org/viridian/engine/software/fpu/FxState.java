package org.viridian.engine.software.fpu;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import org.viridian.engine.software.Cpu;
import org.viridian.engine.software.CpuFault;
import org.viridian.engine.software.DecodeContext;
import org.viridian.engine.software.Ea;
import org.viridian.engine.software.MicroOp;

/** The 512-byte FXSAVE image (Intel SDM volume 1, section 10.5): instructions, and whole-processor save and load. */
public final class FxState {
    /** Bytes of an image. */
    public static final int BYTES = 512;
    /** MXCSR bits that may be set: MXCSR_MASK. */
    public static final int MXCSR_MASK = 0xFFFF;

    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private FxState() {}

    /** The image of this processor in FXSAVE64 form. Own thread only. */
    public static byte[] save(Cpu c) {
        X87 x = c.x87;
        byte[] image = new byte[BYTES];
        LONG.set(image, 0, head(x));
        LONG.set(image, 8, x.lastIp);
        LONG.set(image, 16, x.lastData);
        LONG.set(image, 24, mxcsr(c));
        for (int i = 0; i < 8; i++) {
            int r = x.physical(i);
            LONG.set(image, 32 + i * 16, x.significand[r]);
            LONG.set(image, 40 + i * 16, (long) x.exponent[r]);
        }
        for (int i = 0; i < 32; i++) {
            LONG.set(image, 160 + i * 8, c.xmm[i]);
        }
        return image;
    }

    /**
     * Loads an FXSAVE64 image. Own thread only.
     *
     * @throws IllegalArgumentException when MXCSR has reserved bits or the size is wrong
     */
    public static void load(Cpu c, byte[] image) {
        if (image.length < BYTES) {
            throw new IllegalArgumentException("FXSAVE image of " + image.length + " bytes");
        }
        int mxcsr = (int) (long) LONG.get(image, 24);
        if ((mxcsr & ~MXCSR_MASK) != 0) {
            throw new IllegalArgumentException("FXSAVE image with MXCSR %08x".formatted(mxcsr));
        }
        X87 x = c.x87;
        setHead(x, (long) LONG.get(image, 0));
        x.lastIp = (long) LONG.get(image, 8);
        x.lastData = (long) LONG.get(image, 16);
        c.mxcsr = mxcsr;
        for (int i = 0; i < 8; i++) {
            int r = x.physical(i);
            x.significand[r] = (long) LONG.get(image, 32 + i * 16);
            x.exponent[r] = (int) (long) LONG.get(image, 40 + i * 16) & 0xFFFF;
        }
        for (int i = 0; i < 32; i++) {
            c.xmm[i] = (long) LONG.get(image, 160 + i * 8);
        }
    }

    static long head(X87 x) {
        return x.control | (long) x.statusWord() << 16 | (long) x.valid << 32 | (long) x.lastOpcode << 48;
    }

    static void setHead(X87 x, long head) {
        x.setControlWord((int) head & 0xFFFF);
        x.setStatusWord((int) (head >>> 16) & 0xFFFF);
        x.valid = (int) (head >>> 32) & 0xFF;
        x.lastOpcode = (int) (head >>> 48) & 0x7FF;
        // The image names registers by physical number in the tag byte, by stack position in the register area.
    }

    static long mxcsr(Cpu c) {
        return c.mxcsr & 0xFFFF_FFFFL | (long) MXCSR_MASK << 32;
    }

    /** FXSAVE and FXSAVE64. */
    public static final class Save extends MicroOp {
        private final Ea ea;
        private final boolean wide;
        private final int xmmRegisters;

        /** Copies what it needs of the instruction. */
        public Save(DecodeContext in) {
            ea = in.ea;
            wide = in.rexW();
            xmmRegisters = in.mode == 64 ? 16 : 8;
        }

        @Override
        public void exec(Cpu c) {
            c.checkFpu();
            X87 x = c.x87;
            long at = ea.store(c, BYTES);
            c.checkAligned16(at);
            c.probeWrite(at, BYTES);
            c.store64(at, head(x));
            c.store64(at + 8, wide ? x.lastIp : x.lastIp & 0xFFFF_FFFFL);
            c.store64(at + 16, wide ? x.lastData : x.lastData & 0xFFFF_FFFFL);
            c.store64(at + 24, mxcsr(c));
            for (int i = 0; i < 8; i++) {
                int r = x.physical(i);
                c.store64(at + 32 + i * 16, x.significand[r]);
                c.store64(at + 40 + i * 16, x.exponent[r]);
            }
            for (int i = 0; i < xmmRegisters * 2; i++) {
                c.store64(at + 160 + i * 8, c.xmm[i]);
            }
        }
    }

    /** FXRSTOR and FXRSTOR64. */
    public static final class Restore extends MicroOp {
        private final Ea ea;
        private final boolean wide;
        private final int xmmRegisters;

        /** Copies what it needs of the instruction. */
        public Restore(DecodeContext in) {
            ea = in.ea;
            wide = in.rexW();
            xmmRegisters = in.mode == 64 ? 16 : 8;
        }

        @Override
        public void exec(Cpu c) {
            c.checkFpu();
            long at = ea.load(c, BYTES);
            c.checkAligned16(at);
            c.probeRead(at, BYTES);
            int mxcsr = c.load32(at + 24);
            if ((mxcsr & ~MXCSR_MASK) != 0) {
                throw c.raise(CpuFault.GP, 0);
            }
            X87 x = c.x87;
            setHead(x, c.load64(at));
            long mask = wide ? -1L : 0xFFFF_FFFFL;
            x.lastIp = c.load64(at + 8) & mask;
            x.lastData = c.load64(at + 16) & mask;
            c.mxcsr = mxcsr;
            for (int i = 0; i < 8; i++) {
                int r = x.physical(i);
                x.significand[r] = c.load64(at + 32 + i * 16);
                x.exponent[r] = c.load16(at + 40 + i * 16);
            }
            for (int i = 0; i < xmmRegisters * 2; i++) {
                c.xmm[i] = c.load64(at + 160 + i * 8);
            }
        }
    }

    /** LDMXCSR and STMXCSR. */
    public static final class ControlStatus extends MicroOp {
        private final Ea ea;
        private final boolean loads;

        /** LDMXCSR when {@code loads}, else STMXCSR. */
        public ControlStatus(DecodeContext in, boolean loads) {
            this.ea = in.ea;
            this.loads = loads;
        }

        @Override
        public void exec(Cpu c) {
            c.checkSse();
            if (!loads) {
                c.store32(ea.store(c, 4), c.mxcsr);
                return;
            }
            int value = c.load32(ea.load(c, 4));
            if ((value & ~MXCSR_MASK) != 0) {
                throw c.raise(CpuFault.GP, 0);
            }
            c.mxcsr = value;
        }
    }
}
