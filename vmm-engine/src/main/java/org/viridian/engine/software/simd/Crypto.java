package org.viridian.engine.software.simd;

/** AES-NI and PCLMULQDQ (FIPS 197; Intel SDM volume 2). Tables are computed, not copied. */
final class Crypto {
    private static final byte[] SBOX = new byte[256];
    private static final byte[] INVERSE = new byte[256];

    static {
        int p = 1;
        int q = 1;
        do {
            // p runs through the field by multiplying by 3, q by dividing by 3: q is the inverse of p.
            p = (p ^ p << 1 ^ ((p & 0x80) != 0 ? 0x11B : 0)) & 0xFF;
            q ^= q << 1;
            q ^= q << 2;
            q ^= q << 4;
            q &= 0xFF;
            if ((q & 0x80) != 0) {
                q ^= 0x09;
            }
            int s = q ^ rotate(q, 1) ^ rotate(q, 2) ^ rotate(q, 3) ^ rotate(q, 4) ^ 0x63;
            SBOX[p] = (byte) s;
            INVERSE[s] = (byte) p;
        } while (p != 1);
        SBOX[0] = 0x63;
        INVERSE[0x63] = 0;
    }

    private Crypto() {}

    private static int rotate(int v, int n) {
        return (v << n | v >> 8 - n) & 0xFF;
    }

    private static int at(long low, long high, int index) {
        return (int) ((index < 8 ? low : high) >>> (index & 7) * 8) & 0xFF;
    }

    /** ShiftRows (or its inverse) and SubBytes of one half. */
    private static long shiftAndSubstitute(long low, long high, int half, int direction, byte[] box) {
        long r = 0;
        for (int i = 0; i < 8; i++) {
            int k = half * 8 + i;
            int from = k + direction * 4 * (k & 3) & 15;
            r |= (box[at(low, high, from)] & 0xFFL) << i * 8;
        }
        return r;
    }

    private static long twice(long v) {
        long high = v & 0x8080_8080_8080_8080L;
        return (v ^ high) << 1 ^ (high >>> 7) * 0x1B;
    }

    /** Rotates the four bytes of each column down by {@code n}. */
    private static long rows(long v, int n) {
        int low = Integer.rotateRight((int) v, n * 8);
        int high = Integer.rotateRight((int) (v >>> 32), n * 8);
        return low & 0xFFFF_FFFFL | (long) high << 32;
    }

    private static long mix(long v) {
        long t = twice(v);
        return t ^ rows(t ^ v, 1) ^ rows(v, 2) ^ rows(v, 3);
    }

    private static long unmix(long v) {
        long two = twice(v);
        long four = twice(two);
        long eight = twice(four);
        long nine = eight ^ v;
        return eight ^ four ^ two ^ rows(nine ^ two, 1) ^ rows(nine ^ four, 2) ^ rows(nine, 3);
    }

    static void aesenc(long[] x, int d, long low, long high, int i) {
        long a = x[d];
        long b = x[d + 1];
        x[d] = mix(shiftAndSubstitute(a, b, 0, 1, SBOX)) ^ low;
        x[d + 1] = mix(shiftAndSubstitute(a, b, 1, 1, SBOX)) ^ high;
    }

    static void aesenclast(long[] x, int d, long low, long high, int i) {
        long a = x[d];
        long b = x[d + 1];
        x[d] = shiftAndSubstitute(a, b, 0, 1, SBOX) ^ low;
        x[d + 1] = shiftAndSubstitute(a, b, 1, 1, SBOX) ^ high;
    }

    static void aesdec(long[] x, int d, long low, long high, int i) {
        long a = x[d];
        long b = x[d + 1];
        x[d] = unmix(shiftAndSubstitute(a, b, 0, -1, INVERSE)) ^ low;
        x[d + 1] = unmix(shiftAndSubstitute(a, b, 1, -1, INVERSE)) ^ high;
    }

    static void aesdeclast(long[] x, int d, long low, long high, int i) {
        long a = x[d];
        long b = x[d + 1];
        x[d] = shiftAndSubstitute(a, b, 0, -1, INVERSE) ^ low;
        x[d + 1] = shiftAndSubstitute(a, b, 1, -1, INVERSE) ^ high;
    }

    static void aesimc(long[] x, int d, long low, long high, int i) {
        x[d] = unmix(low);
        x[d + 1] = unmix(high);
    }

    static void aeskeygenassist(long[] x, int d, long low, long high, int i) {
        x[d] = assist((int) (low >>> 32), i);
        x[d + 1] = assist((int) (high >>> 32), i);
    }

    private static long assist(int word, int constant) {
        int s = 0;
        for (int k = 0; k < 32; k += 8) {
            s |= (SBOX[word >>> k & 0xFF] & 0xFF) << k;
        }
        return s & 0xFFFF_FFFFL | (long) (Integer.rotateRight(s, 8) ^ constant) << 32;
    }

    static void pclmulqdq(long[] x, int d, long low, long high, int i) {
        long a = (i & 1) == 0 ? x[d] : x[d + 1];
        long b = (i & 0x10) == 0 ? low : high;
        long r0 = 0;
        long r1 = 0;
        for (int k = 0; k < 64; k++) {
            if ((b >>> k & 1) != 0) {
                r0 ^= a << k;
                r1 ^= k == 0 ? 0 : a >>> 64 - k;
            }
        }
        x[d] = r0;
        x[d + 1] = r1;
    }
}
