package org.viridian.engine.software.fpu;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The soft-float core against Java's own arithmetic and against exact arithmetic, on any host. */
class SoftFloatTest {
    private static final int ROUNDS = 50_000;
    private final SoftFloat f = new SoftFloat();
    private final Random random = new Random(5);

    private long operand() {
        return switch (random.nextInt(5)) {
            case 0 -> random.nextLong() & 0x800F_FFFF_FFFF_FFFFL;
            case 1 -> random.nextLong() & 0x801F_0000_0000_0000L | 0x3FE0_0000_0000_0000L;
            case 2 -> Double.doubleToRawLongBits(random.nextInt(64) - 32);
            default -> random.nextLong();
        };
    }

    private static long canonical(long v) {
        return SseMath.nan(v) ? 0x7FF8_0000_0000_0000L : v;
    }

    private static int canonical(int v) {
        return SseMath.nan(v) ? 0x7FC0_0000 : v;
    }

    private void begin() {
        f.beginSse(0x1F80);
        // Everything by the slow path.
        f.plain = false;
    }

    @Test
    void doubleArithmeticRoundsToNearestAsJavaDoes() {
        for (int i = 0; i < ROUNDS; i++) {
            long a = operand();
            long b = operand();
            double x = Double.longBitsToDouble(a);
            double y = Double.longBitsToDouble(b);
            begin();
            assertEquals(canonical(Double.doubleToRawLongBits(x + y)), canonical(SseMath.add(f, a, b)), () -> x + " + " + y);
            assertEquals(canonical(Double.doubleToRawLongBits(x - y)), canonical(SseMath.sub(f, a, b)), () -> x + " - " + y);
            assertEquals(canonical(Double.doubleToRawLongBits(x * y)), canonical(SseMath.mul(f, a, b)), () -> x + " x " + y);
            assertEquals(canonical(Double.doubleToRawLongBits(x / y)), canonical(SseMath.div(f, a, b)), () -> x + " / " + y);
            assertEquals(canonical(Double.doubleToRawLongBits(Math.sqrt(y))), canonical(SseMath.sqrt(f, a, b)), () -> "root " + y);
            assertEquals(canonical(Float.floatToRawIntBits((float) x)), canonical(SseMath.narrow(f, a)), () -> "(float) " + x);
        }
    }

    @Test
    void singleArithmeticRoundsToNearestAsJavaDoes() {
        for (int i = 0; i < ROUNDS; i++) {
            int a = (int) (operand() >>> 32);
            int b = (int) (operand() >>> 32);
            float x = Float.intBitsToFloat(a);
            float y = Float.intBitsToFloat(b);
            begin();
            assertEquals(canonical(Float.floatToRawIntBits(x + y)), canonical(SseMath.add(f, a, b)), () -> x + " + " + y);
            assertEquals(canonical(Float.floatToRawIntBits(x * y)), canonical(SseMath.mul(f, a, b)), () -> x + " x " + y);
            assertEquals(canonical(Float.floatToRawIntBits(x / y)), canonical(SseMath.div(f, a, b)), () -> x + " / " + y);
            assertEquals(canonical(Float.floatToRawIntBits((float) Math.sqrt(y))), canonical(SseMath.sqrt(f, a, b)), () -> "root " + y);
        }
    }

    @Test
    void fastAndSlowPathsAgreeOnResultsAndFlags() {
        for (int i = 0; i < ROUNDS; i++) {
            long a = operand();
            long b = operand();
            int operation = random.nextInt(5);
            f.beginSse(0x1F80);
            long fast = apply(operation, a, b);
            int flags = f.flags;
            begin();
            long slow = apply(operation, a, b);
            assertEquals(slow, fast, () -> "operation " + operation + " on " + Long.toHexString(a) + " " + Long.toHexString(b));
            assertEquals(f.flags, flags, () -> "flags of operation " + operation + " on " + Long.toHexString(a) + " " + Long.toHexString(b));
        }
    }

    private long apply(int operation, long a, long b) {
        return switch (operation) {
            case 0 -> SseMath.add(f, a, b);
            case 1 -> SseMath.sub(f, a, b);
            case 2 -> SseMath.mul(f, a, b);
            case 3 -> SseMath.div(f, a, b);
            default -> SseMath.sqrt(f, a, b);
        };
    }

    @Test
    void directedRoundingEnclosesTheExactResult() {
        for (int i = 0; i < 20_000; i++) {
            double x = (random.nextDouble() - 0.5) * Math.pow(2, random.nextInt(60) - 30);
            double y = (random.nextDouble() - 0.5) * Math.pow(2, random.nextInt(60) - 30);
            if (x == 0 || y == 0) {
                continue;
            }
            BigDecimal exact = new BigDecimal(x).multiply(new BigDecimal(y));
            double down = multiply(x, y, SoftFloat.DOWN);
            double up = multiply(x, y, SoftFloat.UP);
            int below = new BigDecimal(down).compareTo(exact);
            int above = new BigDecimal(up).compareTo(exact);
            assertEquals(below == 0, above == 0);
            assertEquals(below == 0 ? down : Math.nextUp(down), up);
            assertEquals(below == 0 ? 0 : -1, below);
            assertEquals(above == 0 ? 0 : 1, above);
            assertEquals(exact.signum() > 0 ? down : up, multiply(x, y, SoftFloat.TRUNCATE));
        }
    }

    private double multiply(double x, double y, int mode) {
        f.beginSse(0x1F80 | mode << 13);
        return Double.longBitsToDouble(SseMath.mul(f, Double.doubleToRawLongBits(x), Double.doubleToRawLongBits(y)));
    }

    @Test
    void extendedDivisionAndSquareRootAreTheLargestNotAboveTheExactResult() {
        for (int i = 0; i < 20_000; i++) {
            long a = random.nextLong() | 1L << 63;
            long b = random.nextLong() | 1L << 63;
            BigInteger x = new BigInteger(Long.toUnsignedString(a));
            BigInteger y = new BigInteger(Long.toUnsignedString(b));
            f.beginX87(0xF7F);
            f.a80(0x3FFF, a);
            f.b80(0x3FFF, b);
            Arithmetic.compute(f, Arithmetic.DIVIDE, 64);
            int shift = 63 - f.zExp;
            assertEquals(x.shiftLeft(shift).divide(y), new BigInteger(Long.toUnsignedString(f.packSignificand())));
            f.beginX87(0xF7F);
            f.a80(0x3FFF, a);
            Arithmetic.squareRoot(f, 64);
            assertEquals(x.shiftLeft(63).sqrt(), new BigInteger(Long.toUnsignedString(f.packSignificand())));
        }
    }

    @Test
    void conversionToIntegersTruncatesAndSaturatesAsTheArchitectureSays() {
        for (int i = 0; i < ROUNDS; i++) {
            long a = operand();
            double x = Double.longBitsToDouble(a);
            begin();
            long wide = SseMath.toInteger(f, a, 64, true);
            assertEquals(Math.abs(x) < 0x1p63 ? (long) x : Long.MIN_VALUE, wide);
            int narrow = (int) SseMath.toInteger(f, a, 32, true);
            assertEquals(x < 0x1p31 && x > -0x1.00000002p31 ? (int) x : Integer.MIN_VALUE, narrow);
        }
    }
}
