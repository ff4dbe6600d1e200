package org.viridian.engine.software.simd;

import org.viridian.engine.software.Cpu;
import org.viridian.engine.software.DecodeContext;
import org.viridian.engine.software.Ea;
import org.viridian.engine.software.MicroOp;

/** Moves between registers and memory that change no value. */
final class MoveOps {
    private MoveOps() {}

    /** MOVAPS, MOVUPS and the like between registers. */
    static final class Register extends MicroOp {
        private final int d;
        private final int s;

        Register(int d, int s) {
            this.d = d * 2;
            this.s = s * 2;
        }

        @Override
        public void exec(Cpu c) {
            c.checkSse();
            long[] x = c.xmm;
            x[d] = x[s];
            x[d + 1] = x[s + 1];
        }
    }

    /** 16 bytes from memory. */
    static final class Load extends MicroOp {
        private final int d;
        private final Ea ea;
        private final boolean aligned;

        Load(DecodeContext in, boolean aligned) {
            d = in.reg * 2;
            ea = in.ea;
            this.aligned = aligned;
        }

        @Override
        public void exec(Cpu c) {
            c.checkSse();
            long at = ea.load(c, 16);
            if (aligned) {
                c.checkAligned16(at);
            }
            long low = c.load64(at);
            long high = c.load64(at + 8);
            c.xmm[d] = low;
            c.xmm[d + 1] = high;
        }
    }

    /** 16 bytes to memory. */
    static final class Store extends MicroOp {
        private final int s;
        private final Ea ea;
        private final boolean aligned;

        Store(DecodeContext in, boolean aligned) {
            s = in.reg * 2;
            ea = in.ea;
            this.aligned = aligned;
        }

        @Override
        public void exec(Cpu c) {
            c.checkSse();
            long at = ea.store(c, 16);
            if (aligned) {
                c.checkAligned16(at);
            }
            SimdOps.store128(c, at, c.xmm[s], c.xmm[s + 1]);
        }
    }

    /** MOVSS, MOVSD between registers: the low lane only. */
    static final class ScalarRegister extends MicroOp {
        private final int d;
        private final int s;
        private final long mask;

        ScalarRegister(int d, int s, int bytes) {
            this.d = d * 2;
            this.s = s * 2;
            mask = bytes == 4 ? 0xFFFF_FFFFL : -1L;
        }

        @Override
        public void exec(Cpu c) {
            c.checkSse();
            long[] x = c.xmm;
            x[d] = x[d] & ~mask | x[s] & mask;
        }
    }

    /** 4 or 8 bytes from memory to the low lane, the rest zero: MOVSS, MOVSD, MOVQ, MOVD. */
    static final class LoadLow extends MicroOp {
        private final int d;
        private final Ea ea;
        private final boolean eight;

        LoadLow(DecodeContext in, int bytes) {
            d = in.reg * 2;
            ea = in.ea;
            eight = bytes == 8;
        }

        @Override
        public void exec(Cpu c) {
            c.checkSse();
            long v = eight ? c.load64(ea.load(c, 8)) : c.load32(ea.load(c, 4)) & 0xFFFF_FFFFL;
            c.xmm[d] = v;
            c.xmm[d + 1] = 0;
        }
    }

    /** 8 bytes from memory to one half, the other kept: MOVLPS, MOVHPS. */
    static final class LoadHalf extends MicroOp {
        private final int d;
        private final Ea ea;

        LoadHalf(DecodeContext in, int half) {
            d = in.reg * 2 + half;
            ea = in.ea;
        }

        @Override
        public void exec(Cpu c) {
            c.checkSse();
            c.xmm[d] = c.load64(ea.load(c, 8));
        }
    }

    /** Half of a register to memory: MOVLPS, MOVHPS, MOVSD, MOVQ, MOVSS, MOVD. */
    static final class StoreHalf extends MicroOp {
        private final int s;
        private final Ea ea;
        private final boolean eight;

        StoreHalf(DecodeContext in, int half, int bytes) {
            s = in.reg * 2 + half;
            ea = in.ea;
            eight = bytes == 8;
        }

        @Override
        public void exec(Cpu c) {
            c.checkSse();
            if (eight) {
                c.store64(ea.store(c, 8), c.xmm[s]);
            } else {
                c.store32(ea.store(c, 4), (int) c.xmm[s]);
            }
        }
    }

    /** One half of a register to one half of another: MOVHLPS, MOVLHPS. */
    static final class HalfRegister extends MicroOp {
        private final int d;
        private final int s;

        HalfRegister(int dWord, int sWord) {
            d = dWord;
            s = sWord;
        }

        @Override
        public void exec(Cpu c) {
            c.checkSse();
            c.xmm[d] = c.xmm[s];
        }
    }

    /** MOVQ xmm, xmm; MOVD and MOVQ from a general register: the rest of the destination is cleared. */
    static final class SetLow extends MicroOp {
        private final int d;
        private final int s;
        private final boolean general;
        private final long mask;

        SetLow(int d, int s, boolean general, int bytes) {
            this.d = d * 2;
            this.s = general ? s : s * 2;
            this.general = general;
            mask = bytes == 4 ? 0xFFFF_FFFFL : -1L;
        }

        @Override
        public void exec(Cpu c) {
            c.checkSse();
            c.xmm[d] = (general ? c.gpr[s] : c.xmm[s]) & mask;
            c.xmm[d + 1] = 0;
        }
    }

    /** MOVD and MOVQ to a general register. */
    static final class ToGeneral extends MicroOp {
        private final int d;
        private final int s;
        private final long mask;

        ToGeneral(int d, int s, int bytes) {
            this.d = d;
            this.s = s * 2;
            mask = bytes == 4 ? 0xFFFF_FFFFL : -1L;
        }

        @Override
        public void exec(Cpu c) {
            c.checkSse();
            c.gpr[d] = c.xmm[s] & mask;
        }
    }

    enum Mmx { FROM_GENERAL, TO_GENERAL, LOAD, STORE, REGISTER, TO_XMM, FROM_XMM, SIGNS }

    /** MMX moves. */
    static final class MmxMove extends MicroOp {
        private final Mmx kind;
        private final int reg;
        private final int rm;
        private final Ea ea;
        private final int bytes;

        /** {@code to} and {@code from} are register numbers as the kind wants them. */
        MmxMove(DecodeContext in, Mmx kind, int bytes) {
            this.kind = kind;
            this.bytes = bytes;
            reg = in.reg;
            rm = in.rm;
            ea = in.ea;
        }

        @Override
        public void exec(Cpu c) {
            c.checkMmx();
            if (kind == Mmx.TO_XMM || kind == Mmx.FROM_XMM) {
                c.checkSse();
            }
            c.x87.checkPending(c);
            long mask = bytes == 4 ? 0xFFFF_FFFFL : -1L;
            long[] m = c.x87.significand;
            switch (kind) {
                case FROM_GENERAL -> c.x87.setMmx(reg & 7, c.gpr[rm] & mask);
                case TO_GENERAL -> c.gpr[rm] = m[reg & 7] & mask;
                case LOAD -> {
                    long v = bytes == 4 ? c.load32(ea.load(c, 4)) & mask : c.load64(ea.load(c, 8));
                    c.x87.setMmx(reg & 7, v);
                }
                case STORE -> {
                    if (bytes == 4) {
                        c.store32(ea.store(c, 4), (int) m[reg & 7]);
                    } else {
                        c.store64(ea.store(c, 8), m[reg & 7]);
                    }
                }
                case REGISTER -> c.x87.setMmx(reg & 7, m[rm & 7]);
                case TO_XMM -> {
                    c.xmm[reg * 2] = m[rm & 7];
                    c.xmm[reg * 2 + 1] = 0;
                }
                case FROM_XMM -> c.x87.setMmx(reg & 7, c.xmm[rm * 2]);
                case SIGNS -> c.gpr[reg] = Swar.signs8(m[rm & 7]);
            }
            c.x87.enterMmx();
        }
    }

    enum Mask { BYTES, SINGLES, DOUBLES }

    /** PMOVMSKB, MOVMSKPS, MOVMSKPD. */
    static final class Signs extends MicroOp {
        private final Mask mask;
        private final int d;
        private final int s;

        Signs(DecodeContext in, Mask mask) {
            this.mask = mask;
            d = in.reg;
            s = in.rm * 2;
        }

        @Override
        public void exec(Cpu c) {
            c.checkSse();
            long low = c.xmm[s];
            long high = c.xmm[s + 1];
            c.gpr[d] = switch (mask) {
                case BYTES -> Swar.signs8(low) | Swar.signs8(high) << 8;
                case SINGLES -> low >>> 31 & 1 | low >>> 63 << 1 | (high >>> 31 & 1) << 2 | high >>> 63 << 3;
                case DOUBLES -> low >>> 63 | high >>> 63 << 1;
            };
        }
    }

    /** MASKMOVDQU and MASKMOVQ: bytes with the sign of the mask set, to DS:rDI. */
    static final class MaskedStore extends MicroOp {
        private final int value;
        private final int mask;
        private final Ea ea;
        private final boolean mmx;

        MaskedStore(DecodeContext in, Ea destination, boolean mmx) {
            value = mmx ? in.reg & 7 : in.reg * 2;
            mask = mmx ? in.rm & 7 : in.rm * 2;
            ea = destination;
            this.mmx = mmx;
        }

        @Override
        public void exec(Cpu c) {
            if (mmx) {
                c.checkMmx();
                c.x87.checkPending(c);
            } else {
                c.checkSse();
            }
            long[] r = mmx ? c.x87.significand : c.xmm;
            int bytes = mmx ? 8 : 16;
            long at = ea.store(c, bytes);
            for (int pass = 0; pass < 2; pass++) {
                for (int i = 0; i < bytes; i++) {
                    if ((r[mask + (i >> 3)] >>> (i & 7) * 8 & 0x80) != 0) {
                        if (pass == 0) {
                            c.probeWrite(at + i, 1);
                        } else {
                            c.store8(at + i, (int) (r[value + (i >> 3)] >>> (i & 7) * 8));
                        }
                    }
                }
            }
            if (mmx) {
                c.x87.enterMmx();
            }
        }
    }

    /** PINSRB, PINSRW, PINSRD, PINSRQ into XMM; PINSRW into MMX. */
    static final class Insert extends MicroOp {
        private final int d;
        private final int s;
        private final Ea ea;
        private final int bytes;
        private final int lane;
        private final boolean mmx;

        Insert(DecodeContext in, int bytes, boolean mmx) {
            this.bytes = bytes;
            this.mmx = mmx;
            d = mmx ? in.reg & 7 : in.reg * 2;
            s = in.rm;
            ea = in.ea;
            lane = in.u8() & (mmx ? 3 : 16 / bytes - 1);
        }

        @Override
        public void exec(Cpu c) {
            if (mmx) {
                c.checkMmx();
                c.x87.checkPending(c);
            } else {
                c.checkSse();
            }
            long v;
            if (ea == null) {
                v = c.gpr[s];
            } else {
                long at = ea.load(c, bytes);
                v = switch (bytes) {
                    case 1 -> c.load8(at);
                    case 2 -> c.load16(at);
                    case 4 -> c.load32(at);
                    default -> c.load64(at);
                };
            }
            int bit = lane * bytes * 8;
            long mask = (bytes == 8 ? -1L : (1L << bytes * 8) - 1) << bit;
            if (mmx) {
                c.x87.enterMmx();
                c.x87.setMmx(d, c.x87.significand[d] & ~mask | v << bit & mask);
            } else {
                int at = d + (bit >> 6);
                c.xmm[at] = c.xmm[at] & ~mask | v << bit & mask;
            }
        }
    }

    /** PEXTRB, PEXTRW, PEXTRD, PEXTRQ, EXTRACTPS from XMM; PEXTRW from MMX. */
    static final class Extract extends MicroOp {
        private final int d;
        private final int s;
        private final Ea ea;
        private final int bytes;
        private final int lane;
        private final boolean mmx;

        /** {@code general} is the destination when there is no memory operand. */
        Extract(DecodeContext in, int bytes, boolean mmx, int general, int vector) {
            this.bytes = bytes;
            this.mmx = mmx;
            d = general;
            s = mmx ? vector & 7 : vector * 2;
            ea = in.ea;
            lane = in.u8() & (mmx ? 3 : 16 / bytes - 1);
        }

        @Override
        public void exec(Cpu c) {
            if (mmx) {
                c.checkMmx();
                c.x87.checkPending(c);
            } else {
                c.checkSse();
            }
            int bit = lane * bytes * 8;
            long word = mmx ? c.x87.significand[s] : c.xmm[s + (bit >> 6)];
            long v = word >>> bit & (bytes == 8 ? -1L : (1L << bytes * 8) - 1);
            if (mmx) {
                c.x87.enterMmx();
            }
            if (ea == null) {
                c.gpr[d] = v;
                return;
            }
            long at = ea.store(c, bytes);
            switch (bytes) {
                case 1 -> c.store8(at, (int) v);
                case 2 -> c.store16(at, (int) v);
                case 4 -> c.store32(at, (int) v);
                default -> c.store64(at, v);
            }
        }
    }

    /** Fences, CLFLUSH, PREFETCH, hint NOPs: nothing to do, memory accesses are in order already. */
    static final class Nothing extends MicroOp {
        @Override
        public void exec(Cpu c) {
        }
    }

    /** MFENCE: the one order that plain accesses do not give. */
    static final class Fence extends MicroOp {
        @Override
        public void exec(Cpu c) {
            java.lang.invoke.VarHandle.fullFence();
        }
    }

    /** CLFLUSH: only the faults of a load remain. */
    static final class Flush extends MicroOp {
        private final Ea ea;

        Flush(DecodeContext in) {
            ea = in.ea;
        }

        @Override
        public void exec(Cpu c) {
            c.load8(ea.load(c, 1));
        }
    }
}
