package org.viridian.engine.software.simd;

import org.viridian.engine.software.Cpu;
import org.viridian.engine.software.DecodeContext;
import org.viridian.engine.software.Ea;
import org.viridian.engine.software.MicroOp;

/** PCMPESTRM, PCMPESTRI, PCMPISTRM, PCMPISTRI (Intel SDM volume 2, section 4.1). */
final class StringCompare extends MicroOp {
    private final int d;
    private final int s;
    private final Ea ea;
    private final int control;
    private final boolean explicit;
    private final boolean mask;
    private final boolean wideLengths;

    StringCompare(DecodeContext in) {
        d = in.reg * 2;
        s = in.rm * 2;
        ea = in.ea;
        explicit = in.opcode < 0x62;
        mask = (in.opcode & 1) == 0;
        wideLengths = in.rexW();
        control = in.u8();
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
            low = c.load64(at);
            high = c.load64(at + 8);
        }
        int lanes = (control & 1) != 0 ? 8 : 16;
        long a0 = x[d];
        long a1 = x[d + 1];
        int lengthA = explicit ? length(c.gpr[0], lanes) : length(a0, a1, lanes);
        int lengthB = explicit ? length(c.gpr[2], lanes) : length(low, high, lanes);
        int result = aggregate(a0, a1, low, high, lengthA, lengthB, lanes);
        int all = (1 << lanes) - 1;
        if ((control & 0x10) != 0) {
            result ^= (control & 0x20) != 0 ? (1 << lengthB) - 1 : all;
        }
        if (mask) {
            storeMask(x, result, lanes);
        } else {
            c.gpr[1] = result == 0 ? lanes
                    : (control & 0x40) != 0 ? 31 - Integer.numberOfLeadingZeros(result) : Integer.numberOfTrailingZeros(result);
        }
        c.setArithmeticFlags((result != 0 ? Cpu.F_CF : 0) | (lengthB < lanes ? Cpu.F_ZF : 0)
                | (lengthA < lanes ? Cpu.F_SF : 0) | ((result & 1) != 0 ? Cpu.F_OF : 0));
    }

    private int length(long register, int lanes) {
        long v = wideLengths ? register : (int) register;
        if (v < -lanes || v > lanes) {
            return lanes;
        }
        return (int) Math.abs(v);
    }

    private static int length(long low, long high, int lanes) {
        for (int i = 0; i < lanes; i++) {
            if (lane(low, high, i, lanes) == 0) {
                return i;
            }
        }
        return lanes;
    }

    private static int lane(long low, long high, int i, int lanes) {
        return lanes == 16 ? (int) ((i < 8 ? low : high) >>> (i & 7) * 8) & 0xFF : (int) ((i < 4 ? low : high) >>> (i & 3) * 16) & 0xFFFF;
    }

    private int element(long low, long high, int i, int lanes) {
        int v = lane(low, high, i, lanes);
        return (control & 2) == 0 ? v : lanes == 16 ? (byte) v : (short) v;
    }

    private int aggregate(long a0, long a1, long b0, long b1, int lengthA, int lengthB, int lanes) {
        int r = 0;
        switch (control >> 2 & 3) {
            case 0 -> {
                for (int j = 0; j < lengthB; j++) {
                    int b = element(b0, b1, j, lanes);
                    for (int i = 0; i < lengthA; i++) {
                        if (element(a0, a1, i, lanes) == b) {
                            r |= 1 << j;
                            break;
                        }
                    }
                }
            }
            case 1 -> {
                for (int j = 0; j < lengthB; j++) {
                    int b = element(b0, b1, j, lanes);
                    for (int i = 0; i + 1 < lengthA; i += 2) {
                        if (b >= element(a0, a1, i, lanes) && b <= element(a0, a1, i + 1, lanes)) {
                            r |= 1 << j;
                            break;
                        }
                    }
                }
            }
            case 2 -> {
                for (int j = 0; j < lanes; j++) {
                    boolean inA = j < lengthA;
                    boolean inB = j < lengthB;
                    if (inA && inB ? element(a0, a1, j, lanes) == element(b0, b1, j, lanes) : !inA && !inB) {
                        r |= 1 << j;
                    }
                }
            }
            default -> {
                for (int j = 0; j < lanes; j++) {
                    boolean match = true;
                    for (int i = 0; i < lengthA && i + j < lanes && match; i++) {
                        match = i + j < lengthB && element(a0, a1, i, lanes) == element(b0, b1, i + j, lanes);
                    }
                    if (match) {
                        r |= 1 << j;
                    }
                }
            }
        }
        return r;
    }

    private void storeMask(long[] x, int result, int lanes) {
        if ((control & 0x40) == 0) {
            x[0] = result;
            x[1] = 0;
            return;
        }
        int bits = 128 / lanes;
        long element = (1L << bits) - 1;
        int half = lanes / 2;
        x[0] = 0;
        x[1] = 0;
        for (int i = 0; i < lanes; i++) {
            if ((result >> i & 1) != 0) {
                x[i / half] |= element << i % half * bits;
            }
        }
    }
}
