package org.viridian.engine.software.simd;

import org.viridian.engine.software.fpu.SoftFloat;
import org.viridian.engine.software.fpu.SseMath;

/** Packed conversions, compares with a mask, horizontal and approximate floating-point operations. */
final class Conversions {
    private static final long LOW32 = 0xFFFF_FFFFL;

    private Conversions() {}

    static int compare(SoftFloat f, long a, long b, boolean signals) {
        return SseMath.compare(f, a, b, signals);
    }

    static int compare(SoftFloat f, int a, int b, boolean signals) {
        return SseMath.compare(f, a, b, signals);
    }

    static long fromInteger64(SoftFloat f, long v) {
        return SseMath.fromInteger64(f, v);
    }

    static int fromInteger32(SoftFloat f, long v) {
        return SseMath.fromInteger32(f, v);
    }

    static long toInteger(SoftFloat f, long v, int bits, boolean truncate) {
        return SseMath.toInteger(f, v, bits, truncate);
    }

    static long toInteger(SoftFloat f, int v, int bits, boolean truncate) {
        return SseMath.toInteger(f, v, bits, truncate);
    }

    // ---- compares: CMPPS and relatives ----

    /** Whether a predicate (0 EQ, 1 LT, 2 LE, 3 UNORD, 4 NEQ, 5 NLT, 6 NLE, 7 ORD) holds for an order. */
    private static boolean holds(int predicate, int order) {
        boolean base = switch (predicate & 3) {
            case 0 -> order == 0;
            case 1 -> order == -1;
            case 2 -> order == -1 || order == 0;
            default -> order == 2;
        };
        return base == (predicate < 4);
    }

    private static boolean signals(int predicate) {
        int base = predicate & 3;
        return base == 1 || base == 2;
    }

    static FpOps.F64 compare64(int predicate) {
        boolean signals = signals(predicate);
        return (f, a, b) -> holds(predicate, SseMath.compare(f, a, b, signals)) ? -1L : 0;
    }

    static FpOps.F32 compare32(int predicate) {
        boolean signals = signals(predicate);
        return (f, a, b) -> holds(predicate, SseMath.compare(f, a, b, signals)) ? -1 : 0;
    }

    // ---- conversions ----

    static long singlesToIntegers(SoftFloat f, long v, boolean truncate) {
        return SseMath.toInteger(f, (int) v, 32, truncate) & LOW32 | SseMath.toInteger(f, (int) (v >>> 32), 32, truncate) << 32;
    }

    static long doublesToIntegers(SoftFloat f, long low, long high, boolean truncate) {
        return SseMath.toInteger(f, low, 32, truncate) & LOW32 | SseMath.toInteger(f, high, 32, truncate) << 32;
    }

    static long integersToSingles(SoftFloat f, long v) {
        return SseMath.fromInteger32(f, (int) v) & LOW32 | (long) SseMath.fromInteger32(f, (int) (v >>> 32)) << 32;
    }

    static void dq2ps(SoftFloat f, long dLow, long dHigh, long low, long high, int i) {
        f.outLow = integersToSingles(f, low);
        f.outHigh = integersToSingles(f, high);
    }

    static void dq2pd(SoftFloat f, long dLow, long dHigh, long low, long high, int i) {
        f.outLow = SseMath.fromInteger64(f, (int) low);
        f.outHigh = SseMath.fromInteger64(f, (int) (low >>> 32));
    }

    static void ps2pd(SoftFloat f, long dLow, long dHigh, long low, long high, int i) {
        f.outLow = SseMath.widen(f, (int) low);
        f.outHigh = SseMath.widen(f, (int) (low >>> 32));
    }

    static void pd2ps(SoftFloat f, long dLow, long dHigh, long low, long high, int i) {
        f.outLow = SseMath.narrow(f, low) & LOW32 | (long) SseMath.narrow(f, high) << 32;
        f.outHigh = 0;
    }

    static void ss2sd(SoftFloat f, long dLow, long dHigh, long low, long high, int i) {
        f.outLow = SseMath.widen(f, (int) low);
        f.outHigh = dHigh;
    }

    static void sd2ss(SoftFloat f, long dLow, long dHigh, long low, long high, int i) {
        f.outLow = dLow & ~LOW32 | SseMath.narrow(f, low) & LOW32;
        f.outHigh = dHigh;
    }

    static FpOps.Wide ps2dq(boolean truncate) {
        return (f, dLow, dHigh, low, high, i) -> {
            f.outLow = singlesToIntegers(f, low, truncate);
            f.outHigh = singlesToIntegers(f, high, truncate);
        };
    }

    static FpOps.Wide pd2dq(boolean truncate) {
        return (f, dLow, dHigh, low, high, i) -> {
            f.outLow = doublesToIntegers(f, low, high, truncate);
            f.outHigh = 0;
        };
    }

    // ---- rounding: ROUNDPS, ROUNDPD, ROUNDSS, ROUNDSD ----

    static void roundps(SoftFloat f, long dLow, long dHigh, long low, long high, int i) {
        f.outLow = roundPair(f, low, i);
        f.outHigh = roundPair(f, high, i);
    }

    private static long roundPair(SoftFloat f, long v, int i) {
        return SseMath.round(f, (int) v, i) & LOW32 | (long) SseMath.round(f, (int) (v >>> 32), i) << 32;
    }

    static void roundpd(SoftFloat f, long dLow, long dHigh, long low, long high, int i) {
        f.outLow = SseMath.round(f, low, i);
        f.outHigh = SseMath.round(f, high, i);
    }

    static void roundss(SoftFloat f, long dLow, long dHigh, long low, long high, int i) {
        f.outLow = dLow & ~LOW32 | SseMath.round(f, (int) low, i) & LOW32;
        f.outHigh = dHigh;
    }

    static void roundsd(SoftFloat f, long dLow, long dHigh, long low, long high, int i) {
        f.outLow = SseMath.round(f, low, i);
        f.outHigh = dHigh;
    }

    // ---- horizontal and alternating ----

    static FpOps.Wide horizontal64(FpOps.F64 op) {
        return (f, dLow, dHigh, low, high, i) -> {
            f.outLow = op.apply(f, dLow, dHigh);
            f.outHigh = op.apply(f, low, high);
        };
    }

    static FpOps.Wide horizontal32(FpOps.F32 op) {
        return (f, dLow, dHigh, low, high, i) -> {
            f.outLow = within(f, op, dLow) | within(f, op, dHigh) << 32;
            f.outHigh = within(f, op, low) | within(f, op, high) << 32;
        };
    }

    private static long within(SoftFloat f, FpOps.F32 op, long v) {
        return op.apply(f, (int) v, (int) (v >>> 32)) & LOW32;
    }

    static void addsubpd(SoftFloat f, long dLow, long dHigh, long low, long high, int i) {
        f.outLow = SseMath.sub(f, dLow, low);
        f.outHigh = SseMath.add(f, dHigh, high);
    }

    static void addsubps(SoftFloat f, long dLow, long dHigh, long low, long high, int i) {
        f.outLow = alternate(f, dLow, low);
        f.outHigh = alternate(f, dHigh, high);
    }

    private static long alternate(SoftFloat f, long a, long b) {
        return SseMath.sub(f, (int) a, (int) b) & LOW32 | (long) SseMath.add(f, (int) (a >>> 32), (int) (b >>> 32)) << 32;
    }

    static void dppd(SoftFloat f, long dLow, long dHigh, long low, long high, int i) {
        long p0 = (i & 0x10) != 0 ? SseMath.mul(f, dLow, low) : 0;
        long p1 = (i & 0x20) != 0 ? SseMath.mul(f, dHigh, high) : 0;
        long sum = SseMath.add(f, p0, p1);
        f.outLow = (i & 1) != 0 ? sum : 0;
        f.outHigh = (i & 2) != 0 ? sum : 0;
    }

    static void dpps(SoftFloat f, long dLow, long dHigh, long low, long high, int i) {
        int p0 = (i & 0x10) != 0 ? SseMath.mul(f, (int) dLow, (int) low) : 0;
        int p1 = (i & 0x20) != 0 ? SseMath.mul(f, (int) (dLow >>> 32), (int) (low >>> 32)) : 0;
        int p2 = (i & 0x40) != 0 ? SseMath.mul(f, (int) dHigh, (int) high) : 0;
        int p3 = (i & 0x80) != 0 ? SseMath.mul(f, (int) (dHigh >>> 32), (int) (high >>> 32)) : 0;
        int sum = SseMath.add(f, SseMath.add(f, p0, p1), SseMath.add(f, p2, p3));
        f.outLow = ((i & 1) != 0 ? sum & LOW32 : 0) | ((i & 2) != 0 ? (long) sum << 32 : 0);
        f.outHigh = ((i & 4) != 0 ? sum & LOW32 : 0) | ((i & 8) != 0 ? (long) sum << 32 : 0);
    }

    // ---- approximations: relative error at most 1.5 x 2^-12, no exceptions ----

    /** RCPSS of {@code v}. The significand has 12 bits, as tables of real processors give it. */
    static int reciprocal(SoftFloat f, int a, int v) {
        int e = v >>> 23 & 0xFF;
        if (e == 0) {
            return v & 0x8000_0000 | 0x7F80_0000;
        }
        if (e == 0xFF) {
            return (v & 0x7F_FFFF) != 0 ? v | 0x0040_0000 : v & 0x8000_0000;
        }
        int bits = shorten(Float.floatToRawIntBits(1f / Float.intBitsToFloat(v)));
        return (bits & 0x7F80_0000) == 0 ? bits & 0x8000_0000 : bits;
    }

    /** RSQRTSS of {@code v}. */
    static int reciprocalRoot(SoftFloat f, int a, int v) {
        int e = v >>> 23 & 0xFF;
        if (e == 0) {
            return v & 0x8000_0000 | 0x7F80_0000;
        }
        if (e == 0xFF && (v & 0x7F_FFFF) != 0) {
            return v | 0x0040_0000;
        }
        if (v < 0) {
            return 0xFFC0_0000;
        }
        if (e == 0xFF) {
            return 0;
        }
        return shorten(Float.floatToRawIntBits((float) (1 / Math.sqrt(Float.intBitsToFloat(v)))));
    }

    private static int shorten(int bits) {
        return bits + 0x400 & ~0x7FF;
    }
}
