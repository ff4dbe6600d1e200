package org.viridian.engine.software.simd;

/** 128-bit operations whose lanes cross the halves: unpack, pack, shuffle, blend, insert, widen. */
final class Shuffles {
    private Shuffles() {}

    /** Interleaves the low 32 bits of two words. */
    @FunctionalInterface
    interface Interleave {
        long apply(long a, long b);
    }

    /** Narrows 64 bits to the low 32. */
    @FunctionalInterface
    interface Narrow {
        long apply(long v);
    }

    static SimdOps.Wide unpackLow(Interleave f) {
        return (x, d, low, high, i) -> {
            long a = x[d];
            x[d] = f.apply(a, low);
            x[d + 1] = f.apply(a >>> 32, low >>> 32);
        };
    }

    static SimdOps.Wide unpackHigh(Interleave f) {
        return (x, d, low, high, i) -> {
            long a = x[d + 1];
            x[d] = f.apply(a, high);
            x[d + 1] = f.apply(a >>> 32, high >>> 32);
        };
    }

    /** Packs, and horizontal additions: destination's lanes below, source's above. */
    static SimdOps.Wide narrow(Narrow f) {
        return (x, d, low, high, i) -> {
            long a = f.apply(x[d]) | f.apply(x[d + 1]) << 32;
            x[d + 1] = f.apply(low) | f.apply(high) << 32;
            x[d] = a;
        };
    }

    static void unpackLowQuads(long[] x, int d, long low, long high, int i) {
        x[d + 1] = low;
    }

    static void unpackHighQuads(long[] x, int d, long low, long high, int i) {
        x[d] = x[d + 1];
        x[d + 1] = high;
    }

    private static long dword(long low, long high, int index) {
        return ((index & 2) == 0 ? low : high) >>> (index & 1) * 32 & 0xFFFF_FFFFL;
    }

    static void pshufd(long[] x, int d, long low, long high, int i) {
        x[d] = dword(low, high, i) | dword(low, high, i >> 2) << 32;
        x[d + 1] = dword(low, high, i >> 4) | dword(low, high, i >> 6) << 32;
    }

    static void pshuflw(long[] x, int d, long low, long high, int i) {
        x[d] = Swar.shuffleWords(low, i);
        x[d + 1] = high;
    }

    static void pshufhw(long[] x, int d, long low, long high, int i) {
        x[d] = low;
        x[d + 1] = Swar.shuffleWords(high, i);
    }

    static void shufps(long[] x, int d, long low, long high, int i) {
        long a = x[d];
        long b = x[d + 1];
        x[d] = dword(a, b, i) | dword(a, b, i >> 2) << 32;
        x[d + 1] = dword(low, high, i >> 4) | dword(low, high, i >> 6) << 32;
    }

    static void shufpd(long[] x, int d, long low, long high, int i) {
        x[d] = (i & 1) == 0 ? x[d] : x[d + 1];
        x[d + 1] = (i & 2) == 0 ? low : high;
    }

    static void pshufb(long[] x, int d, long low, long high, int i) {
        long a = x[d];
        long b = x[d + 1];
        x[d] = pick(a, b, low);
        x[d + 1] = pick(a, b, high);
    }

    private static long pick(long a, long b, long control) {
        long r = 0;
        for (int i = 0; i < 64; i += 8) {
            int k = (int) (control >>> i);
            if ((k & 0x80) == 0) {
                r |= (((k & 8) == 0 ? a : b) >>> (k & 7) * 8 & 0xFF) << i;
            }
        }
        return r;
    }

    /** The 64 bits that begin {@code bytes} bytes above the lowest of a 256-bit number. */
    private static long window(long v0, long v1, long v2, long v3, int bytes) {
        int word = bytes >> 3;
        int shift = (bytes & 7) * 8;
        long low = switch (word) {
            case 0 -> v0;
            case 1 -> v1;
            case 2 -> v2;
            case 3 -> v3;
            default -> 0;
        };
        if (shift == 0) {
            return low;
        }
        long high = switch (word) {
            case 0 -> v1;
            case 1 -> v2;
            case 2 -> v3;
            default -> 0;
        };
        return low >>> shift | high << 64 - shift;
    }

    static void palignr(long[] x, int d, long low, long high, int i) {
        long a = x[d];
        long b = x[d + 1];
        x[d] = window(low, high, a, b, i);
        x[d + 1] = window(low, high, a, b, i + 8);
    }

    static long palignrMmx(long a, long b, int i) {
        return window(b, a, 0, 0, i);
    }

    // ---- blends ----

    private static long select(long mask, long yes, long no) {
        return yes & mask | no & ~mask;
    }

    static void blendps(long[] x, int d, long low, long high, int i) {
        x[d] = select(dwordMask(i), low, x[d]);
        x[d + 1] = select(dwordMask(i >> 2), high, x[d + 1]);
    }

    private static long dwordMask(int bits) {
        return ((bits & 1) != 0 ? 0xFFFF_FFFFL : 0) | ((bits & 2) != 0 ? 0xFFFF_FFFFL << 32 : 0);
    }

    static void blendpd(long[] x, int d, long low, long high, int i) {
        x[d] = (i & 1) != 0 ? low : x[d];
        x[d + 1] = (i & 2) != 0 ? high : x[d + 1];
    }

    static void pblendw(long[] x, int d, long low, long high, int i) {
        x[d] = select(wordMask(i), low, x[d]);
        x[d + 1] = select(wordMask(i >> 4), high, x[d + 1]);
    }

    private static long wordMask(int bits) {
        long r = 0;
        for (int i = 0; i < 4; i++) {
            r |= (bits >> i & 1) != 0 ? 0xFFFFL << i * 16 : 0;
        }
        return r;
    }

    // The variable blends take their mask from XMM0.

    static void pblendvb(long[] x, int d, long low, long high, int i) {
        long m0 = Swar.pcmpgtb(0, x[0]);
        long m1 = Swar.pcmpgtb(0, x[1]);
        x[d] = select(m0, low, x[d]);
        x[d + 1] = select(m1, high, x[d + 1]);
    }

    static void blendvps(long[] x, int d, long low, long high, int i) {
        long m0 = Swar.pcmpgtd(0, x[0]);
        long m1 = Swar.pcmpgtd(0, x[1]);
        x[d] = select(m0, low, x[d]);
        x[d + 1] = select(m1, high, x[d + 1]);
    }

    static void blendvpd(long[] x, int d, long low, long high, int i) {
        long m0 = x[0] >> 63;
        long m1 = x[1] >> 63;
        x[d] = select(m0, low, x[d]);
        x[d + 1] = select(m1, high, x[d + 1]);
    }

    // ---- duplicates ----

    static void movddup(long[] x, int d, long low, long high, int i) {
        x[d] = low;
        x[d + 1] = low;
    }

    static void movsldup(long[] x, int d, long low, long high, int i) {
        x[d] = (low & 0xFFFF_FFFFL) * 0x1_0000_0001L;
        x[d + 1] = (high & 0xFFFF_FFFFL) * 0x1_0000_0001L;
    }

    static void movshdup(long[] x, int d, long low, long high, int i) {
        x[d] = (low >>> 32) * 0x1_0000_0001L;
        x[d + 1] = (high >>> 32) * 0x1_0000_0001L;
    }

    // ---- widening ----

    /** PMOVSX and PMOVZX from lanes of {@code from} to lanes of {@code to} bits. */
    static SimdOps.Wide widen(int from, int to, boolean signed) {
        int perWord = 64 / to;
        return (x, d, low, high, i) -> {
            x[d] = widen(low, from, to, signed, 0);
            x[d + 1] = widen(low, from, to, signed, perWord);
        };
    }

    private static long widen(long v, int from, int to, boolean signed, int first) {
        long mask = to == 64 ? -1L : (1L << to) - 1;
        long r = 0;
        for (int lane = 0; lane < 64 / to; lane++) {
            long e = v >>> (first + lane) * from << 64 - from;
            r |= ((signed ? e >> 64 - from : e >>> 64 - from) & mask) << lane * to;
        }
        return r;
    }

    // ---- sums ----

    static void phminposuw(long[] x, int d, long low, long high, int i) {
        int best = 0x10000;
        int at = 0;
        for (int k = 0; k < 8; k++) {
            int v = (int) ((k < 4 ? low : high) >>> (k & 3) * 16) & 0xFFFF;
            if (v < best) {
                best = v;
                at = k;
            }
        }
        x[d] = best | (long) at << 16;
        x[d + 1] = 0;
    }

    static void mpsadbw(long[] x, int d, long low, long high, int i) {
        long a = x[d];
        long b = x[d + 1];
        long block = (i & 2) == 0 ? low : high;
        block = block >>> (i & 1) * 32 & 0xFFFF_FFFFL;
        int start = (i >> 2 & 1) * 4;
        long r0 = 0;
        long r1 = 0;
        for (int k = 0; k < 8; k++) {
            long sum = Swar.psadbw(window(a, b, 0, 0, start + k) & 0xFFFF_FFFFL, block);
            if (k < 4) {
                r0 |= sum << k * 16;
            } else {
                r1 |= sum << (k - 4) * 16;
            }
        }
        x[d] = r0;
        x[d + 1] = r1;
    }

    /** INSERTPS from a register; with a memory operand the source lane is 0. */
    static void insertps(long[] x, int d, long low, long high, int i) {
        insert(x, d, dword(low, high, i >> 6), i);
    }

    static void insertpsMemory(long[] x, int d, long low, long high, int i) {
        insert(x, d, low, i);
    }

    private static void insert(long[] x, int d, long value, int i) {
        int lane = i >> 4 & 3;
        int at = d + (lane >> 1);
        int shift = (lane & 1) * 32;
        x[at] = x[at] & ~(0xFFFF_FFFFL << shift) | value << shift;
        x[d] &= ~dwordMask(i);
        x[d + 1] &= ~dwordMask(i >> 2);
    }
}
