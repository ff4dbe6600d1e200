package org.viridian.engine.software.simd;

/** The SHA extensions (FIPS 180-4; Intel SDM volume 2). Words are numbered from the top of the register, as there. */
final class Sha {
    private static final int[] K = {0x5A82_7999, 0x6ED9_EBA1, 0x8F1B_BCDC, 0xCA62_C1D6};

    private Sha() {}

    private static long pack(int high, int low) {
        return (long) high << 32 | low & 0xFFFF_FFFFL;
    }

    private static int high(long v) {
        return (int) (v >>> 32);
    }

    static void sha1rnds4(long[] x, int d, long low, long high, int i) {
        int a = high(x[d + 1]);
        int b = (int) x[d + 1];
        int c = high(x[d]);
        int dd = (int) x[d];
        int e = 0;
        int[] w = {high(high), (int) high, high(low), (int) low};
        int function = i & 3;
        for (int round = 0; round < 4; round++) {
            int f = switch (function) {
                case 0 -> b & c ^ ~b & dd;
                case 2 -> b & c ^ b & dd ^ c & dd;
                default -> b ^ c ^ dd;
            };
            int next = f + Integer.rotateLeft(a, 5) + w[round] + e + K[function];
            e = dd;
            dd = c;
            c = Integer.rotateLeft(b, 30);
            b = a;
            a = next;
        }
        x[d + 1] = pack(a, b);
        x[d] = pack(c, dd);
    }

    static void sha1nexte(long[] x, int d, long low, long high, int i) {
        int e = Integer.rotateLeft(high(x[d + 1]), 30);
        x[d] = low;
        x[d + 1] = pack(high(high) + e, (int) high);
    }

    static void sha1msg1(long[] x, int d, long low, long high, int i) {
        long upper = x[d + 1] ^ x[d];
        long lower = x[d] ^ high;
        x[d + 1] = upper;
        x[d] = lower;
    }

    static void sha1msg2(long[] x, int d, long low, long high, int i) {
        int w13 = (int) high;
        int w14 = high(low);
        int w15 = (int) low;
        int w16 = Integer.rotateLeft(high(x[d + 1]) ^ w13, 1);
        int w17 = Integer.rotateLeft((int) x[d + 1] ^ w14, 1);
        int w18 = Integer.rotateLeft(high(x[d]) ^ w15, 1);
        int w19 = Integer.rotateLeft((int) x[d] ^ w16, 1);
        x[d + 1] = pack(w16, w17);
        x[d] = pack(w18, w19);
    }

    /** Two rounds; the words and constants are in the low half of XMM0. */
    static void sha256rnds2(long[] x, int d, long low, long high, int i) {
        int a = high(high);
        int b = (int) high;
        int c = high(x[d + 1]);
        int dd = (int) x[d + 1];
        int e = high(low);
        int f = (int) low;
        int g = high(x[d]);
        int h = (int) x[d];
        long words = x[0];
        for (int round = 0; round < 2; round++) {
            int wk = round == 0 ? (int) words : high(words);
            int t = (e & f ^ ~e & g) + (Integer.rotateRight(e, 6) ^ Integer.rotateRight(e, 11) ^ Integer.rotateRight(e, 25)) + wk + h;
            int next = t + (a & b ^ a & c ^ b & c) + (Integer.rotateRight(a, 2) ^ Integer.rotateRight(a, 13) ^ Integer.rotateRight(a, 22));
            int nextE = t + dd;
            h = g;
            g = f;
            f = e;
            e = nextE;
            dd = c;
            c = b;
            b = a;
            a = next;
        }
        x[d + 1] = pack(a, b);
        x[d] = pack(e, f);
    }

    private static int small0(int v) {
        return Integer.rotateRight(v, 7) ^ Integer.rotateRight(v, 18) ^ v >>> 3;
    }

    private static int small1(int v) {
        return Integer.rotateRight(v, 17) ^ Integer.rotateRight(v, 19) ^ v >>> 10;
    }

    static void sha256msg1(long[] x, int d, long low, long high, int i) {
        int w4 = (int) low;
        int w3 = high(x[d + 1]);
        int w2 = (int) x[d + 1];
        int w1 = high(x[d]);
        int w0 = (int) x[d];
        x[d + 1] = pack(w3 + small0(w4), w2 + small0(w3));
        x[d] = pack(w1 + small0(w2), w0 + small0(w1));
    }

    static void sha256msg2(long[] x, int d, long low, long high, int i) {
        int w14 = (int) high;
        int w15 = high(high);
        int w16 = (int) x[d] + small1(w14);
        int w17 = high(x[d]) + small1(w15);
        int w18 = (int) x[d + 1] + small1(w16);
        int w19 = high(x[d + 1]) + small1(w17);
        x[d + 1] = pack(w19, w18);
        x[d] = pack(w17, w16);
    }
}
