package org.viridian.engine.software.simd;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Random;
import org.junit.jupiter.api.Test;

/** Integer SIMD against lane-by-lane definitions, and published vectors, on any host. */
class SimdVectorsTest {
    private static final long[] STATE = {0x63746f725d53475dL, 0x7b5b546573745665L};
    private static final long[] KEY = {0x5b477565726f6e5dL, 0x4869285368617929L};

    private static String run(SimdOps.Wide f, long[] destination, long[] source, int immediate) {
        long[] x = {destination[0], destination[1]};
        f.apply(x, 0, source[0], source[1], immediate);
        return "%016x%016x".formatted(x[1], x[0]);
    }

    @Test
    void aesAndCarrylessProductsMatchThePublishedExamples() {
        // Intel white papers on AES instructions (323641) and on carry-less multiplication (323640).
        assertEquals("a8311c2f9fdba3c58b104b58ded7e595", run(Crypto::aesenc, STATE, KEY, 0));
        assertEquals("c7fb881e938c5964177ec42553fdc611", run(Crypto::aesenclast, STATE, KEY, 0));
        assertEquals("138ac342faea2787b58eb95eb730392a", run(Crypto::aesdec, STATE, KEY, 0));
        assertEquals("c5a391ef6b317f95d410637b72a593d0", run(Crypto::aesdeclast, STATE, KEY, 0));
        long[] expansion = {0xa6d2ae2816157e2bL, 0x3c4fcf098815f7abL};
        assertEquals("01eb848beb848a013424b5e524b5e434", run(Crypto::aeskeygenassist, STATE, expansion, 1));
        // The MixColumns example db 13 53 45 -> 8e 4d a1 bc, backwards.
        long[] column = {0xbca1_4d8e_bca1_4d8eL, 0};
        assertEquals("0000000000000000455313db455313db", run(Crypto::aesimc, STATE, column, 0));
        assertEquals("1d4d84c85c3440c0929633d5d36f0451", run(Crypto::pclmulqdq, STATE, KEY, 0));
    }

    /** One lane operation on sign-extended lanes. */
    private interface Lane {
        long apply(long a, long b);
    }

    private static long lanes(long a, long b, int width, Lane f) {
        long r = 0;
        for (int i = 0; i < 64; i += width) {
            long x = a << 64 - width - i >> 64 - width;
            long y = b << 64 - width - i >> 64 - width;
            r |= (f.apply(x, y) & -1L >>> 64 - width) << i;
        }
        return r;
    }

    private static void check(String name, SimdOps.Lanes mine, int width, Lane expected) {
        Random random = new Random(width);
        for (int i = 0; i < 3000; i++) {
            long a = i % 3 == 0 ? random.nextLong() & 0x8181_8181_8181_8181L : random.nextLong();
            long b = i % 5 == 0 ? a : i % 7 == 0 ? random.nextLong() | 0x7F7F_7F7F_7F7F_7F7FL : random.nextLong();
            assertEquals(lanes(a, b, width, expected), mine.apply(a, b), () -> name + " " + Long.toHexString(a) + " " + Long.toHexString(b));
        }
    }

    private static long clamp(long v, long low, long high) {
        return Math.max(low, Math.min(high, v));
    }

    @Test
    void laneArithmeticFollowsItsDefinition() {
        check("paddb", Swar::paddb, 8, Long::sum);
        check("paddw", Swar::paddw, 16, Long::sum);
        check("paddd", Swar::paddd, 32, Long::sum);
        check("psubb", Swar::psubb, 8, (a, b) -> a - b);
        check("psubw", Swar::psubw, 16, (a, b) -> a - b);
        check("psubd", Swar::psubd, 32, (a, b) -> a - b);
        check("paddsb", Swar::paddsb, 8, (a, b) -> clamp(a + b, -128, 127));
        check("psubsw", Swar::psubsw, 16, (a, b) -> clamp(a - b, -32768, 32767));
        check("paddusb", Swar::paddusb, 8, (a, b) -> clamp((a & 0xFF) + (b & 0xFF), 0, 255));
        check("psubusb", Swar::psubusb, 8, (a, b) -> clamp((a & 0xFF) - (b & 0xFF), 0, 255));
        check("pcmpeqb", Swar::pcmpeqb, 8, (a, b) -> a == b ? -1 : 0);
        check("pcmpgtb", Swar::pcmpgtb, 8, (a, b) -> a > b ? -1 : 0);
        check("pcmpgtd", Swar::pcmpgtd, 32, (a, b) -> a > b ? -1 : 0);
        check("pminub", Swar::pminub, 8, (a, b) -> Math.min(a & 0xFF, b & 0xFF));
        check("pmaxsw", Swar::pmaxsw, 16, Math::max);
        check("pavgb", Swar::pavgb, 8, (a, b) -> (a & 0xFF) + (b & 0xFF) + 1 >> 1);
        check("pmullw", Swar::pmullw, 16, (a, b) -> a * b);
        check("pmulhw", Swar::pmulhw, 16, (a, b) -> a * b >> 16);
        check("pabsb", Swar::pabsb, 8, (a, b) -> Math.abs(b));
        check("psignw", Swar::psignw, 16, (a, b) -> b < 0 ? -a : b == 0 ? 0 : a);
    }
}
