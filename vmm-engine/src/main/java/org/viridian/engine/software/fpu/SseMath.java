package org.viridian.engine.software.fpu;

import static org.viridian.engine.software.fpu.SoftFloat.DE;
import static org.viridian.engine.software.fpu.SoftFloat.FINITE;
import static org.viridian.engine.software.fpu.SoftFloat.IE;
import static org.viridian.engine.software.fpu.SoftFloat.INFINITE;
import static org.viridian.engine.software.fpu.SoftFloat.PE;
import static org.viridian.engine.software.fpu.SoftFloat.SIGNALLING;
import static org.viridian.engine.software.fpu.SoftFloat.ZE;
import static org.viridian.engine.software.fpu.SoftFloat.ZERO;

/**
 * SSE arithmetic on one double or single as bits (Intel SDM volume 1, section 11.5). The caller has begun with
 * {@link SoftFloat#beginSse}; flags gather there.
 *
 * <p>With MXCSR as usual and ordinary numbers Java's own arithmetic is right; only the inexact flag must be worked out,
 * and that only until it is set. Everything else goes through {@link SoftFloat}.
 */
public final class SseMath {
    /** Operations of the slow path. */
    private static final int ADD = 0;
    private static final int SUBTRACT = 1;
    private static final int MULTIPLY = 2;
    private static final int DIVIDE = 3;

    private static final long NAN64 = 0xFFF8_0000_0000_0000L;
    private static final long QUIET64 = 0x0008_0000_0000_0000L;
    private static final int NAN32 = 0xFFC0_0000;
    private static final int QUIET32 = 0x0040_0000;

    private SseMath() {}

    /** Finite and not denormal; zero counts. */
    private static boolean ordinary(long v) {
        int e = (int) (v >>> 52) & 0x7FF;
        return e != 0x7FF && (e != 0 || v << 1 == 0);
    }

    /** Normal and far enough from underflow that residuals are exact. */
    private static boolean roomy(long v) {
        int e = (int) (v >>> 52) & 0x7FF;
        return e > 200 && e < 0x7FF;
    }

    private static boolean ordinary(int v) {
        int e = v >>> 23 & 0xFF;
        return e != 0xFF && (e != 0 || v << 1 == 0);
    }

    private static boolean normal(int v) {
        int e = v >>> 23 & 0xFF;
        return e != 0 && e != 0xFF;
    }

    static boolean nan(long v) {
        return v << 1 >>> 1 > 0x7FF0_0000_0000_0000L;
    }

    static boolean nan(int v) {
        return (v & 0x7FFF_FFFF) > 0x7F80_0000;
    }

    // ---- double ----

    /** ADDSD. */
    public static long add(SoftFloat f, long a, long b) {
        if (f.plain) {
            double x = Double.longBitsToDouble(a);
            double y = Double.longBitsToDouble(b);
            double r = x + y;
            long bits = Double.doubleToRawLongBits(r);
            if (ordinary(a) && ordinary(b) && roomy(bits)) {
                if ((f.flags & PE) == 0) {
                    double t = r - x;
                    if ((x - (r - t)) + (y - t) != 0) {
                        f.flags |= PE;
                    }
                }
                return bits;
            }
        }
        return slow(f, a, b, ADD);
    }

    /** SUBSD. */
    public static long sub(SoftFloat f, long a, long b) {
        if (f.plain) {
            double x = Double.longBitsToDouble(a);
            double y = -Double.longBitsToDouble(b);
            double r = x + y;
            long bits = Double.doubleToRawLongBits(r);
            if (ordinary(a) && ordinary(b) && roomy(bits)) {
                if ((f.flags & PE) == 0) {
                    double t = r - x;
                    if ((x - (r - t)) + (y - t) != 0) {
                        f.flags |= PE;
                    }
                }
                return bits;
            }
        }
        return slow(f, a, b, SUBTRACT);
    }

    /** MULSD. */
    public static long mul(SoftFloat f, long a, long b) {
        if (f.plain) {
            double x = Double.longBitsToDouble(a);
            double y = Double.longBitsToDouble(b);
            double r = x * y;
            long bits = Double.doubleToRawLongBits(r);
            if (ordinary(a) && ordinary(b) && roomy(bits)) {
                if ((f.flags & PE) == 0 && Math.fma(x, y, -r) != 0) {
                    f.flags |= PE;
                }
                return bits;
            }
        }
        return slow(f, a, b, MULTIPLY);
    }

    /** DIVSD. */
    public static long div(SoftFloat f, long a, long b) {
        if (f.plain && roomy(a) && roomy(b)) {
            double x = Double.longBitsToDouble(a);
            double y = Double.longBitsToDouble(b);
            double r = x / y;
            long bits = Double.doubleToRawLongBits(r);
            if (roomy(bits)) {
                if ((f.flags & PE) == 0 && Math.fma(r, y, -x) != 0) {
                    f.flags |= PE;
                }
                return bits;
            }
        }
        return slow(f, a, b, DIVIDE);
    }

    /** SQRTSD of {@code b}. */
    public static long sqrt(SoftFloat f, long a, long b) {
        if (f.plain && b > 0 && roomy(b)) {
            double x = Double.longBitsToDouble(b);
            double r = Math.sqrt(x);
            if ((f.flags & PE) == 0 && Math.fma(r, r, -x) != 0) {
                f.flags |= PE;
            }
            return Double.doubleToRawLongBits(r);
        }
        f.a64(b);
        if (f.aKind >= SoftFloat.QUIET) {
            return quiet(f, b);
        }
        if (f.aSign && f.aKind != ZERO) {
            f.flags |= IE;
            return NAN64;
        }
        if (f.aDenormal) {
            f.flags |= DE;
        }
        if (f.aKind != FINITE) {
            return f.aKind == ZERO ? b & Long.MIN_VALUE : b;
        }
        if (stopped(f)) {
            return 0;
        }
        f.squareRootFinite();
        f.round64();
        return f.pack64();
    }

    private static long quiet(SoftFloat f, long v) {
        if ((v & QUIET64) == 0) {
            f.flags |= IE;
        }
        return v | QUIET64;
    }

    private static long twoNans(SoftFloat f, long a, long b) {
        if (nan(a) && (a & QUIET64) == 0 || nan(b) && (b & QUIET64) == 0) {
            f.flags |= IE;
        }
        return (nan(a) ? a : b) | QUIET64;
    }

    /** Whether an unmasked exception stops the operation before it has a result. */
    private static boolean stopped(SoftFloat f) {
        return !f.plain && (f.flags & (IE | DE | ZE) & ~f.masked) != 0;
    }

    private static long slow(SoftFloat f, long a, long b, int operation) {
        if (nan(a) || nan(b)) {
            return twoNans(f, a, b);
        }
        f.a64(b);
        f.moveAtoB();
        f.a64(a);
        if (!special(f, operation)) {
            return NAN64;
        }
        f.round64();
        return f.pack64();
    }

    /** Works out Z for operands that are not NaN; false for the default NaN. */
    private static boolean special(SoftFloat f, int operation) {
        if (operation == SUBTRACT) {
            f.bSign = !f.bSign;
        }
        boolean sign = f.aSign != f.bSign;
        boolean infinite = f.aKind == INFINITE || f.bKind == INFINITE;
        boolean zero = f.aKind == ZERO || f.bKind == ZERO;
        boolean invalid = switch (operation) {
            case MULTIPLY -> infinite && zero;
            case DIVIDE -> f.aKind == f.bKind && f.aKind != FINITE;
            default -> f.aKind == INFINITE && f.bKind == INFINITE && sign;
        };
        if (invalid) {
            f.flags |= IE;
            return false;
        }
        if (operation == DIVIDE && f.bKind == ZERO && f.aKind == FINITE) {
            f.flags |= ZE;
            f.zInfinite(sign);
            return true;
        }
        if (f.aDenormal || f.bDenormal) {
            f.flags |= DE;
        }
        if (stopped(f)) {
            f.zZero(false);
            return true;
        }
        switch (operation) {
            case MULTIPLY -> {
                if (infinite) {
                    f.zInfinite(sign);
                } else if (zero) {
                    f.zZero(sign);
                } else {
                    f.multiplyFinite();
                }
            }
            case DIVIDE -> {
                if (f.aKind == INFINITE) {
                    f.zInfinite(sign);
                } else if (f.aKind == ZERO || f.bKind == INFINITE) {
                    f.zZero(sign);
                } else {
                    f.divideFinite();
                }
            }
            default -> {
                if (infinite) {
                    f.zInfinite(f.aKind == INFINITE ? f.aSign : f.bSign);
                } else if (f.aKind == ZERO && f.bKind == ZERO) {
                    f.zZero(sign ? f.rounding == SoftFloat.DOWN : f.aSign);
                } else if (f.aKind == ZERO) {
                    f.swap();
                    f.zFromA();
                } else if (f.bKind == ZERO) {
                    f.zFromA();
                } else {
                    f.addFinite();
                }
            }
        }
        return true;
    }

    private static long flushed(SoftFloat f, long v) {
        if ((v & 0x7FF0_0000_0000_0000L) == 0 && v << 1 != 0) {
            if (f.denormalsAreZero) {
                return v & Long.MIN_VALUE;
            }
            f.flags |= DE;
        }
        return v;
    }

    /** MINSD: the source unless the destination is less. */
    public static long min(SoftFloat f, long a, long b) {
        if (nan(a) || nan(b)) {
            f.flags |= IE;
            return f.denormalsAreZero && (b & 0x7FF0_0000_0000_0000L) == 0 ? b & Long.MIN_VALUE : b;
        }
        long x = flushed(f, a);
        long y = flushed(f, b);
        return Double.longBitsToDouble(x) < Double.longBitsToDouble(y) ? x : y;
    }

    /** MAXSD: the source unless the destination is greater. */
    public static long max(SoftFloat f, long a, long b) {
        if (nan(a) || nan(b)) {
            f.flags |= IE;
            return f.denormalsAreZero && (b & 0x7FF0_0000_0000_0000L) == 0 ? b & Long.MIN_VALUE : b;
        }
        long x = flushed(f, a);
        long y = flushed(f, b);
        return Double.longBitsToDouble(x) > Double.longBitsToDouble(y) ? x : y;
    }

    /** Order of two doubles: −1, 0, 1 or 2 for unordered; {@code signals} when quiet NaNs raise IE. */
    public static int compare(SoftFloat f, long a, long b, boolean signals) {
        if (nan(a) || nan(b)) {
            if (signals || nan(a) && (a & QUIET64) == 0 || nan(b) && (b & QUIET64) == 0) {
                f.flags |= IE;
            }
            return 2;
        }
        double x = Double.longBitsToDouble(flushed(f, a));
        double y = Double.longBitsToDouble(flushed(f, b));
        return x < y ? -1 : x > y ? 1 : 0;
    }

    // ---- single ----

    /** ADDSS. */
    public static int add(SoftFloat f, int a, int b) {
        if (f.plain) {
            double x = Float.intBitsToFloat(a);
            double y = Float.intBitsToFloat(b);
            float r = (float) x + (float) y;
            int bits = Float.floatToRawIntBits(r);
            if (ordinary(a) && ordinary(b) && normal(bits)) {
                if ((f.flags & PE) == 0) {
                    double s = x + y;
                    double t = s - x;
                    if (s != r || (x - (s - t)) + (y - t) != 0) {
                        f.flags |= PE;
                    }
                }
                return bits;
            }
        }
        return slow(f, a, b, ADD);
    }

    /** SUBSS. */
    public static int sub(SoftFloat f, int a, int b) {
        if (f.plain) {
            double x = Float.intBitsToFloat(a);
            double y = -Float.intBitsToFloat(b);
            float r = (float) x + (float) y;
            int bits = Float.floatToRawIntBits(r);
            if (ordinary(a) && ordinary(b) && normal(bits)) {
                if ((f.flags & PE) == 0) {
                    double s = x + y;
                    double t = s - x;
                    if (s != r || (x - (s - t)) + (y - t) != 0) {
                        f.flags |= PE;
                    }
                }
                return bits;
            }
        }
        return slow(f, a, b, SUBTRACT);
    }

    /** MULSS. */
    public static int mul(SoftFloat f, int a, int b) {
        if (f.plain) {
            double exact = (double) Float.intBitsToFloat(a) * Float.intBitsToFloat(b);
            float r = (float) exact;
            int bits = Float.floatToRawIntBits(r);
            if (ordinary(a) && ordinary(b) && normal(bits) && bits << 1 != 0x0100_0000) {
                if (r != exact) {
                    f.flags |= PE;
                }
                return bits;
            }
        }
        return slow(f, a, b, MULTIPLY);
    }

    /** DIVSS. */
    public static int div(SoftFloat f, int a, int b) {
        if (f.plain && normal(a) && normal(b)) {
            float x = Float.intBitsToFloat(a);
            float y = Float.intBitsToFloat(b);
            float r = x / y;
            int bits = Float.floatToRawIntBits(r);
            if (normal(bits) && bits << 1 != 0x0100_0000) {
                if ((double) r * y != x) {
                    f.flags |= PE;
                }
                return bits;
            }
        }
        return slow(f, a, b, DIVIDE);
    }

    /** SQRTSS of {@code b}. */
    public static int sqrt(SoftFloat f, int a, int b) {
        if (f.plain && b > 0 && normal(b)) {
            float x = Float.intBitsToFloat(b);
            float r = (float) Math.sqrt(x);
            if ((double) r * r != x) {
                f.flags |= PE;
            }
            return Float.floatToRawIntBits(r);
        }
        f.a32(b);
        if (f.aKind >= SoftFloat.QUIET) {
            if (f.aKind == SIGNALLING) {
                f.flags |= IE;
            }
            return b | QUIET32;
        }
        if (f.aSign && f.aKind != ZERO) {
            f.flags |= IE;
            return NAN32;
        }
        if (f.aDenormal) {
            f.flags |= DE;
        }
        if (f.aKind != FINITE) {
            return f.aKind == ZERO ? b & 0x8000_0000 : b;
        }
        if (stopped(f)) {
            return 0;
        }
        f.squareRootFinite();
        f.round32();
        return f.pack32();
    }

    private static int slow(SoftFloat f, int a, int b, int operation) {
        if (nan(a) || nan(b)) {
            if (nan(a) && (a & QUIET32) == 0 || nan(b) && (b & QUIET32) == 0) {
                f.flags |= IE;
            }
            return (nan(a) ? a : b) | QUIET32;
        }
        f.a32(b);
        f.moveAtoB();
        f.a32(a);
        if (!special(f, operation)) {
            return NAN32;
        }
        f.round32();
        return f.pack32();
    }

    private static int flushed(SoftFloat f, int v) {
        if ((v & 0x7F80_0000) == 0 && v << 1 != 0) {
            if (f.denormalsAreZero) {
                return v & 0x8000_0000;
            }
            f.flags |= DE;
        }
        return v;
    }

    /** MINSS: the source unless the destination is less. */
    public static int min(SoftFloat f, int a, int b) {
        if (nan(a) || nan(b)) {
            f.flags |= IE;
            return f.denormalsAreZero && (b & 0x7F80_0000) == 0 ? b & 0x8000_0000 : b;
        }
        int x = flushed(f, a);
        int y = flushed(f, b);
        return Float.intBitsToFloat(x) < Float.intBitsToFloat(y) ? x : y;
    }

    /** MAXSS: the source unless the destination is greater. */
    public static int max(SoftFloat f, int a, int b) {
        if (nan(a) || nan(b)) {
            f.flags |= IE;
            return f.denormalsAreZero && (b & 0x7F80_0000) == 0 ? b & 0x8000_0000 : b;
        }
        int x = flushed(f, a);
        int y = flushed(f, b);
        return Float.intBitsToFloat(x) > Float.intBitsToFloat(y) ? x : y;
    }

    /** Order of two singles: −1, 0, 1 or 2 for unordered; {@code signals} when quiet NaNs raise IE. */
    public static int compare(SoftFloat f, int a, int b, boolean signals) {
        if (nan(a) || nan(b)) {
            if (signals || nan(a) && (a & QUIET32) == 0 || nan(b) && (b & QUIET32) == 0) {
                f.flags |= IE;
            }
            return 2;
        }
        float x = Float.intBitsToFloat(flushed(f, a));
        float y = Float.intBitsToFloat(flushed(f, b));
        return x < y ? -1 : x > y ? 1 : 0;
    }

    // ---- conversions ----

    /** CVTSS2SD. */
    public static long widen(SoftFloat f, int v) {
        if (ordinary(v)) {
            return Double.doubleToRawLongBits(Float.intBitsToFloat(v));
        }
        f.a32(v);
        if (f.aKind >= SoftFloat.QUIET) {
            if (f.aKind == SIGNALLING) {
                f.flags |= IE;
            }
            return (long) (v & 0x8000_0000) << 32 | 0x7FF8_0000_0000_0000L | (v & 0x7F_FFFFL) << 29;
        }
        if (f.aDenormal) {
            f.flags |= DE;
        }
        f.zFromA();
        f.round64();
        return f.pack64();
    }

    /** CVTSD2SS. */
    public static int narrow(SoftFloat f, long v) {
        if (f.plain && ordinary(v)) {
            double d = Double.longBitsToDouble(v);
            float r = (float) d;
            int bits = Float.floatToRawIntBits(r);
            if (normal(bits) && bits << 1 != 0x0100_0000) {
                if (r != d) {
                    f.flags |= PE;
                }
                return bits;
            }
        }
        f.a64(v);
        if (f.aKind >= SoftFloat.QUIET) {
            if (f.aKind == SIGNALLING) {
                f.flags |= IE;
            }
            return (int) (v >>> 32) & 0x8000_0000 | 0x7FC0_0000 | (int) (v >>> 29) & 0x7F_FFFF;
        }
        if (f.aDenormal) {
            f.flags |= DE;
        }
        if (stopped(f)) {
            return 0;
        }
        f.zFromA();
        f.round32();
        return f.pack32();
    }

    /** CVTSI2SD of a 32- or 64-bit integer. */
    public static long fromInteger64(SoftFloat f, long v) {
        if (v == (int) v) {
            return Double.doubleToRawLongBits((double) v);
        }
        f.aInteger(v);
        f.zFromA();
        f.round64();
        return f.pack64();
    }

    /** CVTSI2SS of a 32- or 64-bit integer. */
    public static int fromInteger32(SoftFloat f, long v) {
        if (v == (v << 40 >> 40)) {
            return Float.floatToRawIntBits((float) v);
        }
        f.aInteger(v);
        f.zFromA();
        f.round32();
        return f.pack32();
    }

    /** CVTSD2SI, CVTTSD2SI to {@code bits} bits. Denormals raise no DE here. */
    public static long toInteger(SoftFloat f, long v, int bits, boolean truncate) {
        f.a64(v);
        return f.toInteger(bits, truncate ? SoftFloat.TRUNCATE : f.rounding);
    }

    /** CVTSS2SI, CVTTSS2SI to {@code bits} bits. */
    public static long toInteger(SoftFloat f, int v, int bits, boolean truncate) {
        f.a32(v);
        return f.toInteger(bits, truncate ? SoftFloat.TRUNCATE : f.rounding);
    }

    /** ROUNDSD by its immediate. */
    public static long round(SoftFloat f, long v, int immediate) {
        f.a64(v);
        if (f.aKind >= SoftFloat.QUIET) {
            return quiet(f, v);
        }
        f.zFromA();
        if (f.aKind == FINITE) {
            f.roundToIntegral((immediate & 4) != 0 ? f.rounding : immediate & 3, (immediate & 8) != 0);
        }
        return f.pack64();
    }

    /** ROUNDSS by its immediate. */
    public static int round(SoftFloat f, int v, int immediate) {
        f.a32(v);
        if (f.aKind >= SoftFloat.QUIET) {
            if (f.aKind == SIGNALLING) {
                f.flags |= IE;
            }
            return v | QUIET32;
        }
        f.zFromA();
        if (f.aKind == FINITE) {
            f.roundToIntegral((immediate & 4) != 0 ? f.rounding : immediate & 3, (immediate & 8) != 0);
        }
        return f.pack32();
    }
}
