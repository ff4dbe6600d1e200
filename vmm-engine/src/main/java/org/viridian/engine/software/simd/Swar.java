package org.viridian.engine.software.simd;

/**
 * Integer operations on the lanes of a 64-bit word: whole MMX operations, halves of SSE operations. The first argument is
 * the destination's old value. Lanes of a format are described by two constants: the lowest bit and the highest bit of
 * every lane.
 */
final class Swar {
    private static final long L8 = 0x0101_0101_0101_0101L;
    private static final long H8 = L8 << 7;
    private static final long L16 = 0x0001_0001_0001_0001L;
    private static final long H16 = L16 << 15;
    private static final long L32 = 0x0000_0001_0000_0001L;
    private static final long H32 = L32 << 31;

    private Swar() {}

    // ---- sums and differences ----

    private static long add(long a, long b, long h) {
        return ((a & ~h) + (b & ~h)) ^ (a ^ b) & h;
    }

    private static long sub(long a, long b, long h) {
        return ((a | h) - (b & ~h)) ^ (a ^ ~b) & h;
    }

    /** Spreads the highest bits of lanes of {@code width} bits over their lanes. */
    private static long spread(long highBits, int width) {
        long low = highBits >>> width - 1;
        return (low << width) - low;
    }

    private static long addSigned(long a, long b, long h, int width) {
        long sum = add(a, b, h);
        long mask = spread(~(a ^ b) & (a ^ sum) & h, width);
        long limit = ((a & h) >>> width - 1) + (h - (h >>> width - 1));
        return sum & ~mask | limit & mask;
    }

    private static long subSigned(long a, long b, long h, int width) {
        long difference = sub(a, b, h);
        long mask = spread((a ^ b) & (a ^ difference) & h, width);
        long limit = ((a & h) >>> width - 1) + (h - (h >>> width - 1));
        return difference & ~mask | limit & mask;
    }

    private static long addUnsigned(long a, long b, long h, int width) {
        long sum = add(a, b, h);
        return sum | spread((a & b | (a | b) & ~sum) & h, width);
    }

    private static long borrow(long a, long b, long difference, long h) {
        return (~a & b | ~(a ^ b) & difference) & h;
    }

    private static long subUnsigned(long a, long b, long h, int width) {
        long difference = sub(a, b, h);
        return difference & ~spread(borrow(a, b, difference, h), width);
    }

    static long paddb(long a, long b) { return add(a, b, H8); }

    static long paddw(long a, long b) { return add(a, b, H16); }

    static long paddd(long a, long b) { return add(a, b, H32); }

    static long paddq(long a, long b) { return a + b; }

    static long psubb(long a, long b) { return sub(a, b, H8); }

    static long psubw(long a, long b) { return sub(a, b, H16); }

    static long psubd(long a, long b) { return sub(a, b, H32); }

    static long psubq(long a, long b) { return a - b; }

    static long paddsb(long a, long b) { return addSigned(a, b, H8, 8); }

    static long paddsw(long a, long b) { return addSigned(a, b, H16, 16); }

    static long paddusb(long a, long b) { return addUnsigned(a, b, H8, 8); }

    static long paddusw(long a, long b) { return addUnsigned(a, b, H16, 16); }

    static long psubsb(long a, long b) { return subSigned(a, b, H8, 8); }

    static long psubsw(long a, long b) { return subSigned(a, b, H16, 16); }

    static long psubusb(long a, long b) { return subUnsigned(a, b, H8, 8); }

    static long psubusw(long a, long b) { return subUnsigned(a, b, H16, 16); }

    // ---- logic ----

    static long and(long a, long b) { return a & b; }

    static long andNot(long a, long b) { return ~a & b; }

    static long or(long a, long b) { return a | b; }

    static long xor(long a, long b) { return a ^ b; }

    // ---- compares, minimum, maximum ----

    private static long equal(long a, long b, long h, int width) {
        long x = a ^ b;
        return spread(~((x & ~h) + ~h | x) & h, width);
    }

    private static long above(long a, long b, long h, int width) {
        return spread(borrow(b, a, sub(b, a, h), h), width);
    }

    private static long greater(long a, long b, long h, int width) {
        return above(a ^ h, b ^ h, h, width);
    }

    private static long select(long mask, long yes, long no) {
        return yes & mask | no & ~mask;
    }

    static long pcmpeqb(long a, long b) { return equal(a, b, H8, 8); }

    static long pcmpeqw(long a, long b) { return equal(a, b, H16, 16); }

    static long pcmpeqd(long a, long b) { return equal(a, b, H32, 32); }

    static long pcmpeqq(long a, long b) { return a == b ? -1 : 0; }

    static long pcmpgtb(long a, long b) { return greater(a, b, H8, 8); }

    static long pcmpgtw(long a, long b) { return greater(a, b, H16, 16); }

    static long pcmpgtd(long a, long b) { return greater(a, b, H32, 32); }

    static long pcmpgtq(long a, long b) { return a > b ? -1 : 0; }

    static long pminub(long a, long b) { return select(above(a, b, H8, 8), b, a); }

    static long pmaxub(long a, long b) { return select(above(a, b, H8, 8), a, b); }

    static long pminsw(long a, long b) { return select(greater(a, b, H16, 16), b, a); }

    static long pmaxsw(long a, long b) { return select(greater(a, b, H16, 16), a, b); }

    static long pminsb(long a, long b) { return select(greater(a, b, H8, 8), b, a); }

    static long pmaxsb(long a, long b) { return select(greater(a, b, H8, 8), a, b); }

    static long pminuw(long a, long b) { return select(above(a, b, H16, 16), b, a); }

    static long pmaxuw(long a, long b) { return select(above(a, b, H16, 16), a, b); }

    static long pminsd(long a, long b) { return select(greater(a, b, H32, 32), b, a); }

    static long pmaxsd(long a, long b) { return select(greater(a, b, H32, 32), a, b); }

    static long pminud(long a, long b) { return select(above(a, b, H32, 32), b, a); }

    static long pmaxud(long a, long b) { return select(above(a, b, H32, 32), a, b); }

    static long pavgb(long a, long b) { return (a | b) - (((a ^ b) & ~L8) >>> 1); }

    static long pavgw(long a, long b) { return (a | b) - (((a ^ b) & ~L16) >>> 1); }

    // ---- signs ----

    static long pabsb(long a, long b) { return negateWhere(b, spread(b & H8, 8), L8, H8); }

    static long pabsw(long a, long b) { return negateWhere(b, spread(b & H16, 16), L16, H16); }

    static long pabsd(long a, long b) { return negateWhere(b, spread(b & H32, 32), L32, H32); }

    private static long negateWhere(long v, long mask, long l, long h) {
        return add(v ^ mask, mask & l, h);
    }

    static long psignb(long a, long b) { return negateWhere(a, spread(b & H8, 8), L8, H8) & ~equal(b, 0, H8, 8); }

    static long psignw(long a, long b) { return negateWhere(a, spread(b & H16, 16), L16, H16) & ~equal(b, 0, H16, 16); }

    static long psignd(long a, long b) { return negateWhere(a, spread(b & H32, 32), L32, H32) & ~equal(b, 0, H32, 32); }

    // ---- products ----

    private static int word(long v, int i) {
        return (short) (v >>> i * 16);
    }

    private static int unsignedWord(long v, int i) {
        return (int) (v >>> i * 16) & 0xFFFF;
    }

    static long pmullw(long a, long b) {
        long r = 0;
        for (int i = 0; i < 4; i++) {
            r |= (long) (word(a, i) * word(b, i) & 0xFFFF) << i * 16;
        }
        return r;
    }

    static long pmulhw(long a, long b) {
        long r = 0;
        for (int i = 0; i < 4; i++) {
            r |= (long) (word(a, i) * word(b, i) >>> 16) << i * 16;
        }
        return r;
    }

    static long pmulhuw(long a, long b) {
        long r = 0;
        for (int i = 0; i < 4; i++) {
            r |= (long) (unsignedWord(a, i) * unsignedWord(b, i) >>> 16) << i * 16;
        }
        return r;
    }

    static long pmulhrsw(long a, long b) {
        long r = 0;
        for (int i = 0; i < 4; i++) {
            r |= (long) ((word(a, i) * word(b, i) >> 14) + 1 >> 1 & 0xFFFF) << i * 16;
        }
        return r;
    }

    static long pmaddwd(long a, long b) {
        int low = word(a, 0) * word(b, 0) + word(a, 1) * word(b, 1);
        int high = word(a, 2) * word(b, 2) + word(a, 3) * word(b, 3);
        return low & 0xFFFF_FFFFL | (long) high << 32;
    }

    static long pmaddubsw(long a, long b) {
        long r = 0;
        for (int i = 0; i < 64; i += 16) {
            int sum = (int) (a >>> i & 0xFF) * (byte) (b >>> i) + (int) (a >>> i + 8 & 0xFF) * (byte) (b >>> i + 8);
            r |= (long) (saturate16(sum) & 0xFFFF) << i;
        }
        return r;
    }

    static long pmuludq(long a, long b) { return (a & 0xFFFF_FFFFL) * (b & 0xFFFF_FFFFL); }

    static long pmuldq(long a, long b) { return (long) (int) a * (int) b; }

    static long pmulld(long a, long b) {
        return (long) ((int) a * (int) b) & 0xFFFF_FFFFL | (long) ((int) (a >>> 32) * (int) (b >>> 32)) << 32;
    }

    static long psadbw(long a, long b) {
        long r = 0;
        for (int i = 0; i < 64; i += 8) {
            r += Math.abs((int) (a >>> i & 0xFF) - (int) (b >>> i & 0xFF));
        }
        return r;
    }

    // ---- shifts by one count for all lanes; counts are unsigned 64-bit ----

    private static boolean beyond(long count, int width) {
        return Long.compareUnsigned(count, width) >= 0;
    }

    static long psllw(long a, long count) {
        return beyond(count, 16) ? 0 : (a & (0xFFFF >>> (int) count) * L16) << count;
    }

    static long pslld(long a, long count) {
        return beyond(count, 32) ? 0 : (a & (0xFFFF_FFFFL >>> count) * L32) << count;
    }

    static long psllq(long a, long count) {
        return beyond(count, 64) ? 0 : a << count;
    }

    static long psrlw(long a, long count) {
        return beyond(count, 16) ? 0 : a >>> count & (0xFFFF >>> (int) count) * L16;
    }

    static long psrld(long a, long count) {
        return beyond(count, 32) ? 0 : a >>> count & (0xFFFF_FFFFL >>> count) * L32;
    }

    static long psrlq(long a, long count) {
        return beyond(count, 64) ? 0 : a >>> count;
    }

    static long psraw(long a, long count) {
        int n = beyond(count, 16) ? 15 : (int) count;
        long r = 0;
        for (int i = 0; i < 4; i++) {
            r |= (long) (word(a, i) >> n & 0xFFFF) << i * 16;
        }
        return r;
    }

    static long psrad(long a, long count) {
        int n = beyond(count, 32) ? 31 : (int) count;
        return (int) a >> n & 0xFFFF_FFFFL | (a >> 32 >> n) << 32;
    }

    // ---- interleaving and narrowing ----

    /** Bytes of two 32-bit values in turn, beginning with the first. */
    static long interleave8(long a, long b) {
        return spread8(a) | spread8(b) << 8;
    }

    private static long spread8(long v) {
        long x = spread16(v);
        return (x | x << 8) & 0x00FF_00FF_00FF_00FFL;
    }

    private static long spread16(long v) {
        long x = v & 0xFFFF_FFFFL;
        return (x | x << 16) & 0x0000_FFFF_0000_FFFFL;
    }

    /** 16-bit words of two 32-bit values in turn. */
    static long interleave16(long a, long b) {
        return spread16(a) | spread16(b) << 16;
    }

    /** Two 32-bit values in turn. */
    static long interleave32(long a, long b) {
        return a & 0xFFFF_FFFFL | b << 32;
    }

    private static int saturate16(int v) {
        return Math.max(-32768, Math.min(32767, v));
    }

    /** Four signed words to four signed bytes with saturation, in the low half. */
    static long narrowSigned8(long v) {
        long r = 0;
        for (int i = 0; i < 4; i++) {
            r |= (long) (Math.max(-128, Math.min(127, word(v, i))) & 0xFF) << i * 8;
        }
        return r;
    }

    /** Four signed words to four unsigned bytes with saturation, in the low half. */
    static long narrowUnsigned8(long v) {
        long r = 0;
        for (int i = 0; i < 4; i++) {
            r |= (long) Math.max(0, Math.min(255, word(v, i))) << i * 8;
        }
        return r;
    }

    /** Two signed doublewords to two signed words with saturation, in the low half. */
    static long narrowSigned16(long v) {
        return saturate16((int) v) & 0xFFFF | (saturate16((int) (v >>> 32)) & 0xFFFFL) << 16;
    }

    /** Two signed doublewords to two unsigned words with saturation, in the low half. */
    static long narrowUnsigned16(long v) {
        return Math.max(0, Math.min(65535, (int) v)) | (long) Math.max(0, Math.min(65535, (int) (v >> 32))) << 16;
    }

    // ---- horizontal: two words or one doubleword pair per 64 bits, result in the low half ----

    static long addPairs16(long v) {
        return word(v, 0) + word(v, 1) & 0xFFFF | (word(v, 2) + word(v, 3) & 0xFFFFL) << 16;
    }

    static long subPairs16(long v) {
        return word(v, 0) - word(v, 1) & 0xFFFF | (word(v, 2) - word(v, 3) & 0xFFFFL) << 16;
    }

    static long addPairsSaturated(long v) {
        return saturate16(word(v, 0) + word(v, 1)) & 0xFFFF | (saturate16(word(v, 2) + word(v, 3)) & 0xFFFFL) << 16;
    }

    static long subPairsSaturated(long v) {
        return saturate16(word(v, 0) - word(v, 1)) & 0xFFFF | (saturate16(word(v, 2) - word(v, 3)) & 0xFFFFL) << 16;
    }

    static long addPairs32(long v) {
        return (int) v + (int) (v >>> 32) & 0xFFFF_FFFFL;
    }

    static long subPairs32(long v) {
        return (int) v - (int) (v >>> 32) & 0xFFFF_FFFFL;
    }

    // ---- bytes ----

    /** The sign bits of eight bytes. */
    static int signs8(long v) {
        return (int) ((v & H8) * 0x0002_0408_1020_4081L >>> 56);
    }

    /** PSHUFB on eight bytes of one word. */
    static long pshufb(long a, long control) {
        long r = 0;
        for (int i = 0; i < 64; i += 8) {
            int k = (int) (control >>> i);
            if ((k & 0x80) == 0) {
                r |= (a >>> (k & 7) * 8 & 0xFF) << i;
            }
        }
        return r;
    }

    /** PSHUFW. */
    static long shuffleWords(long v, int control) {
        return v >>> (control & 3) * 16 & 0xFFFF | (v >>> (control >> 2 & 3) * 16 & 0xFFFF) << 16
                | (v >>> (control >> 4 & 3) * 16 & 0xFFFF) << 32 | (v >>> (control >> 6 & 3) * 16 & 0xFFFF) << 48;
    }
}
