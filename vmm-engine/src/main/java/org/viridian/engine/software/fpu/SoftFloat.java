package org.viridian.engine.software.fpu;

/**
 * Binary floating-point arithmetic with the exceptions, rounding modes and underflow rules of x86, for single, double and
 * double-extended precision (IEEE 754; Intel SDM volume 1, chapter 4 "Data Types" and chapter 8 "x87 FPU").
 *
 * <p>Works on unpacked numbers: sign, unbiased exponent and a 64-bit significand whose top bit is set. An operation takes
 * operands A and B, both finite and not zero, and leaves a 128-bit result Z whose lowest bit stands for everything below
 * it; {@link #round} then rounds Z to a format. NaN, infinity and zero are the callers' business because their rules
 * differ between x87 and SSE.
 *
 * <p>One instance per processor, used by its own thread only. Nothing here allocates.
 */
public final class SoftFloat {
    /** Invalid operation. */
    public static final int IE = 1;
    /** Denormal operand. */
    public static final int DE = 2;
    /** Division by zero. */
    public static final int ZE = 4;
    /** Overflow. */
    public static final int OE = 8;
    /** Underflow. */
    public static final int UE = 16;
    /** Inexact result. */
    public static final int PE = 32;

    /** Round to nearest, ties to even. */
    public static final int NEAREST = 0;
    /** Round towards minus infinity. */
    public static final int DOWN = 1;
    /** Round towards plus infinity. */
    public static final int UP = 2;
    /** Round towards zero. */
    public static final int TRUNCATE = 3;

    /** Kinds of operands. */
    static final int ZERO = 0;
    static final int FINITE = 1;
    static final int INFINITE = 2;
    static final int QUIET = 3;
    static final int SIGNALLING = 4;
    static final int UNSUPPORTED = 5;

    /** The exponent adjustment of unmasked x87 overflow and underflow. */
    private static final int WRAP = 24576;
    private static final long TOP = 1L << 63;

    /** Exceptions raised so far. */
    public int flags;
    /** Rounding mode. */
    public int rounding;
    /** Exceptions whose mask is set, as bits 0–5. */
    public int masked;
    /** MXCSR.FZ. */
    public boolean flushToZero;
    /** MXCSR.DAZ. */
    public boolean denormalsAreZero;
    /** MXCSR has its usual value: nearest, all masked, no flushing. Then flags start with what MXCSR already has. */
    public boolean plain;
    /** Unmasked overflow and underflow deliver a result with a wrapped exponent (x87 register destinations). */
    boolean wraps;

    /** Result of a 128-bit operation before its exceptions are checked. */
    public long outLow;
    /** Its upper half. */
    public long outHigh;

    int aKind;
    boolean aSign;
    int aExp;
    long aSig;
    boolean aDenormal;
    int bKind;
    boolean bSign;
    int bExp;
    long bSig;
    boolean bDenormal;

    /** Result: kind ZERO, FINITE or INFINITE after {@link #round}; x87 also makes it QUIET, with the NaN in zHi. */
    int zKind;
    boolean zSign;
    int zExp;
    long zHi;
    long zLo;
    /** The last rounding went away from zero: C1 of x87. */
    boolean roundedUp;

    /** Starts an SSE operation. */
    public void beginSse(int mxcsr) {
        plain = (mxcsr & 0xFFC0) == 0x1F80;
        flags = plain ? mxcsr & 0x3F : 0;
        rounding = mxcsr >> 13 & 3;
        masked = mxcsr >> 7 & 0x3F;
        flushToZero = (mxcsr & 0x8000) != 0;
        denormalsAreZero = (mxcsr & 0x40) != 0;
        wraps = false;
        roundedUp = false;
    }

    /** Starts an x87 operation. */
    void beginX87(int control) {
        plain = false;
        flags = 0;
        rounding = control >> 10 & 3;
        masked = control & 0x3F;
        flushToZero = false;
        denormalsAreZero = false;
        wraps = true;
        roundedUp = false;
    }

    // ---- operands ----

    void a80(int signExponent, long significand) {
        aSign = (signExponent & 0x8000) != 0;
        int exponent = signExponent & 0x7FFF;
        aKind = kind80(exponent, significand);
        aDenormal = exponent == 0 && significand != 0;
        int shift = Long.numberOfLeadingZeros(significand) & 63;
        aExp = (exponent == 0 ? 1 : exponent) - 16383 - shift;
        aSig = significand << shift;
    }

    void b80(int signExponent, long significand) {
        bSign = (signExponent & 0x8000) != 0;
        int exponent = signExponent & 0x7FFF;
        bKind = kind80(exponent, significand);
        bDenormal = exponent == 0 && significand != 0;
        int shift = Long.numberOfLeadingZeros(significand) & 63;
        bExp = (exponent == 0 ? 1 : exponent) - 16383 - shift;
        bSig = significand << shift;
    }

    static int kind80(int exponent, long significand) {
        if (exponent == 0) {
            return significand == 0 ? ZERO : FINITE;
        }
        if (significand >= 0) {
            return UNSUPPORTED;
        }
        if (exponent != 0x7FFF) {
            return FINITE;
        }
        return significand == TOP ? INFINITE : (significand & 1L << 62) != 0 ? QUIET : SIGNALLING;
    }

    void a64(long v) {
        aSign = v < 0;
        int exponent = (int) (v >>> 52) & 0x7FF;
        long fraction = v << 12;
        aDenormal = exponent == 0 && fraction != 0;
        if (exponent == 0x7FF) {
            aKind = fraction == 0 ? INFINITE : fraction < 0 ? QUIET : SIGNALLING;
            aSig = TOP | fraction >>> 1;
        } else if (exponent != 0) {
            aKind = FINITE;
            aExp = exponent - 1023;
            aSig = TOP | fraction >>> 1;
        } else if (fraction == 0 || denormalsAreZero) {
            aKind = ZERO;
            aDenormal = false;
        } else {
            aKind = FINITE;
            int shift = Long.numberOfLeadingZeros(fraction);
            aExp = -1023 - shift;
            aSig = fraction << shift;
        }
    }

    void a32(int v) {
        aSign = v < 0;
        int exponent = v >>> 23 & 0xFF;
        long fraction = (long) v << 41;
        aDenormal = exponent == 0 && fraction != 0;
        if (exponent == 0xFF) {
            aKind = fraction == 0 ? INFINITE : fraction < 0 ? QUIET : SIGNALLING;
            aSig = TOP | fraction >>> 1;
        } else if (exponent != 0) {
            aKind = FINITE;
            aExp = exponent - 127;
            aSig = TOP | fraction >>> 1;
        } else if (fraction == 0 || denormalsAreZero) {
            aKind = ZERO;
            aDenormal = false;
        } else {
            aKind = FINITE;
            int shift = Long.numberOfLeadingZeros(fraction);
            aExp = -127 - shift;
            aSig = fraction << shift;
        }
    }

    /** A becomes an integer; exact. */
    void aInteger(long v) {
        aSign = v < 0;
        aDenormal = false;
        if (v == 0) {
            aKind = ZERO;
            return;
        }
        long magnitude = v < 0 ? -v : v;
        int shift = Long.numberOfLeadingZeros(magnitude);
        aKind = FINITE;
        aSig = magnitude << shift;
        aExp = 63 - shift;
    }

    /** Exchanges the operands. */
    void swap() {
        int kind = aKind;
        aKind = bKind;
        bKind = kind;
        boolean sign = aSign;
        aSign = bSign;
        bSign = sign;
        int exp = aExp;
        aExp = bExp;
        bExp = exp;
        long sig = aSig;
        aSig = bSig;
        bSig = sig;
        boolean denormal = aDenormal;
        aDenormal = bDenormal;
        bDenormal = denormal;
    }

    /** Makes A operand B. */
    void moveAtoB() {
        bKind = aKind;
        bSign = aSign;
        bExp = aExp;
        bSig = aSig;
        bDenormal = aDenormal;
    }

    void zFromA() {
        zKind = aKind;
        zSign = aSign;
        zExp = aExp;
        zHi = aSig;
        zLo = 0;
    }

    void zZero(boolean sign) {
        zKind = ZERO;
        zSign = sign;
    }

    void zInfinite(boolean sign) {
        zKind = INFINITE;
        zSign = sign;
    }

    // ---- exact operations on finite, non-zero operands ----

    /** Z = A + B. Leaves ZERO when they cancel. */
    void addFinite() {
        if (aExp < bExp || aExp == bExp && Long.compareUnsigned(aSig, bSig) < 0) {
            swap();
        }
        int distance = aExp - bExp;
        long hi;
        long lo;
        if (distance == 0) {
            hi = bSig;
            lo = 0;
        } else if (distance < 64) {
            hi = bSig >>> distance;
            lo = bSig << 64 - distance;
        } else if (distance == 64) {
            hi = 0;
            lo = bSig;
        } else if (distance < 128) {
            hi = 0;
            lo = bSig >>> distance - 64 | (bSig << 128 - distance != 0 ? 1 : 0);
        } else {
            hi = 0;
            lo = 1;
        }
        zKind = FINITE;
        zSign = aSign;
        zExp = aExp;
        if (aSign == bSign) {
            long sum = aSig + hi;
            if (Long.compareUnsigned(sum, hi) < 0) {
                zLo = sum << 63 | lo >>> 1 | lo & 1;
                zHi = sum >>> 1 | TOP;
                zExp++;
            } else {
                zHi = sum;
                zLo = lo;
            }
            return;
        }
        zLo = -lo;
        zHi = aSig - hi - (lo != 0 ? 1 : 0);
        normalise();
        if (zKind == ZERO) {
            zSign = rounding == DOWN;
        }
    }

    private void normalise() {
        if (zHi == 0) {
            if (zLo == 0) {
                zKind = ZERO;
                return;
            }
            zHi = zLo;
            zLo = 0;
            zExp -= 64;
        }
        int shift = Long.numberOfLeadingZeros(zHi);
        if (shift != 0) {
            zHi = zHi << shift | zLo >>> 64 - shift;
            zLo <<= shift;
            zExp -= shift;
        }
    }

    /** Z = A × B. */
    void multiplyFinite() {
        zKind = FINITE;
        zSign = aSign != bSign;
        zHi = Math.unsignedMultiplyHigh(aSig, bSig);
        zLo = aSig * bSig;
        zExp = aExp + bExp + 1;
        if (zHi >= 0) {
            zHi = zHi << 1 | zLo >>> 63;
            zLo <<= 1;
            zExp--;
        }
    }

    /** Z = A ÷ B. */
    void divideFinite() {
        zKind = FINITE;
        zSign = aSign != bSign;
        zExp = aExp - bExp;
        long high = aSig;
        long low = 0;
        if (Long.compareUnsigned(aSig, bSig) >= 0) {
            low = high << 63;
            high >>>= 1;
        } else {
            zExp--;
        }
        zHi = divide128(high, low, bSig);
        long remainder = low - zHi * bSig;
        zLo = divide128(remainder, 0, bSig);
        if (zLo * bSig != 0) {
            zLo |= 1;
        }
    }

    /** Quotient of a 128-bit number by a 64-bit one with its top bit set; high is below the divisor. Knuth's algorithm D. */
    static long divide128(long high, long low, long divisor) {
        long d1 = divisor >>> 32;
        long d0 = divisor & 0xFFFF_FFFFL;
        long q1 = digit(high, low >>> 32, d1, d0);
        long rest = (high << 32 | low >>> 32) - q1 * divisor;
        long q0 = digit(rest, low & 0xFFFF_FFFFL, d1, d0);
        return (q1 << 32) + q0;
    }

    private static long digit(long high, long next, long d1, long d0) {
        long q = Long.divideUnsigned(high, d1);
        long r = high - q * d1;
        while (q >>> 32 != 0 || Long.compareUnsigned(q * d0, r << 32 | next) > 0) {
            q--;
            r += d1;
            if (r >>> 32 != 0) {
                break;
            }
        }
        return q;
    }

    /** Z = √A for positive A. */
    void squareRootFinite() {
        zKind = FINITE;
        zSign = false;
        zExp = aExp >> 1;
        // Radicand: 128 bits with its point behind the first two bits, so that the root has its top bit set.
        long high = (aExp & 1) != 0 ? aSig : aSig >>> 1;
        long low = (aExp & 1) != 0 ? 0 : aSig << 63;
        long root = 0;
        long restHi = 0;
        long restLo = 0;
        for (int i = 0; i < 64; i++) {
            restHi = restHi << 2 | restLo >>> 62;
            restLo = restLo << 2 | high >>> 62;
            high = high << 2 | low >>> 62;
            low <<= 2;
            long trialHi = root >>> 62;
            long trialLo = root << 2 | 1;
            root <<= 1;
            if (restHi > trialHi || restHi == trialHi && Long.compareUnsigned(restLo, trialLo) >= 0) {
                restHi -= trialHi + (Long.compareUnsigned(restLo, trialLo) < 0 ? 1 : 0);
                restLo -= trialLo;
                root |= 1;
            }
        }
        zHi = root;
        boolean half = restHi != 0 || Long.compareUnsigned(restLo, root) > 0;
        zLo = (half ? TOP : 0) | (restHi != 0 || restLo != 0 ? 1 : 0);
    }

    // ---- rounding ----

    /** Rounds Z to double-extended with a significand of 24, 53 or 64 bits. */
    void round80(int bits) {
        round(bits, -16382, 16383);
    }

    /** Rounds Z to double. */
    void round64() {
        round(53, -1022, 1023);
    }

    /** Rounds Z to single. */
    void round32() {
        round(24, -126, 127);
    }

    private boolean inexact(int bits) {
        return zLo != 0 || bits < 64 && zHi << bits != 0;
    }

    private boolean up(int bits) {
        return switch (rounding) {
            case NEAREST -> {
                if (bits == 64) {
                    yield zLo < 0 && (zLo << 1 != 0 || (zHi & 1) != 0);
                }
                long rest = zHi << bits;
                yield rest < 0 && (rest << 1 != 0 || zLo != 0 || (zHi >>> 64 - bits & 1) != 0);
            }
            case DOWN -> zSign && inexact(bits);
            case UP -> !zSign && inexact(bits);
            default -> false;
        };
    }

    private boolean carries(int bits) {
        return up(bits) && (bits == 64 ? zHi == -1L : zHi >>> 64 - bits == (1L << bits) - 1);
    }

    /**
     * Rounds Z; afterwards it is ZERO, INFINITE, or FINITE with a significand that has its top bit clear when it is
     * denormal (and then {@code zExp} is {@code minimum}). Tininess is detected after rounding.
     */
    void round(int bits, int minimum, int maximum) {
        if (zKind != FINITE) {
            return;
        }
        boolean tiny = zExp < minimum - 1 || zExp == minimum - 1 && !carries(bits);
        if (tiny) {
            if ((masked & UE) == 0) {
                flags |= UE;
                if (wraps) {
                    zExp += WRAP;
                    if (zExp < minimum) {
                        flags |= PE;
                        zZero(zSign);
                        return;
                    }
                }
            } else if (flushToZero) {
                flags |= UE | PE;
                zZero(zSign);
                return;
            } else {
                shiftRight(minimum - zExp);
                zExp = minimum;
                if (inexact(bits)) {
                    flags |= UE;
                }
            }
        }
        if (inexact(bits)) {
            flags |= PE;
            boolean up = up(bits);
            roundedUp = up;
            long unit = bits == 64 ? 1 : 1L << 64 - bits;
            zHi &= -unit;
            zLo = 0;
            if (up) {
                zHi += unit;
                if (zHi == 0) {
                    zHi = TOP;
                    zExp++;
                }
            }
            if (zHi == 0) {
                zZero(zSign);
                return;
            }
        }
        if (zExp > maximum) {
            overflow(bits, maximum);
        }
    }

    private void overflow(int bits, int maximum) {
        flags |= OE;
        if ((masked & OE) == 0) {
            if (wraps) {
                zExp -= WRAP;
                if (zExp > maximum) {
                    flags |= PE;
                    roundedUp = true;
                    zInfinite(zSign);
                }
            }
            return;
        }
        flags |= PE;
        boolean infinite = rounding == NEAREST || rounding == (zSign ? DOWN : UP);
        roundedUp = infinite;
        if (infinite) {
            zInfinite(zSign);
        } else {
            zHi = -1L << 64 - bits;
            zExp = maximum;
        }
    }

    private void shiftRight(int count) {
        if (count == 0) {
            return;
        }
        if (count < 64) {
            zLo = zHi << 64 - count | zLo >>> count | (zLo << 64 - count != 0 ? 1 : 0);
            zHi >>>= count;
        } else if (count < 128) {
            boolean sticky = zLo != 0 || count > 64 && zHi << 128 - count != 0;
            zLo = (count == 64 ? zHi : zHi >>> count - 64) | (sticky ? 1 : 0);
            zHi = 0;
        } else {
            zHi = 0;
            zLo = 1;
        }
    }

    /** Packs a rounded Z. */
    long pack64() {
        long sign = zSign ? TOP : 0;
        return switch (zKind) {
            case ZERO -> sign;
            case INFINITE -> sign | 0x7FF0_0000_0000_0000L;
            case QUIET -> sign | 0x7FF0_0000_0000_0000L | zHi << 1 >>> 12;
            default -> sign | (zHi < 0 ? (long) (zExp + 1023 & 0x7FF) << 52 : 0) | zHi << 1 >>> 12;
        };
    }

    /** Packs a rounded Z. */
    int pack32() {
        int sign = zSign ? 0x8000_0000 : 0;
        return switch (zKind) {
            case ZERO -> sign;
            case INFINITE -> sign | 0x7F80_0000;
            case QUIET -> sign | 0x7F80_0000 | (int) (zHi << 1 >>> 41);
            default -> sign | (zHi < 0 ? (zExp + 127 & 0xFF) << 23 : 0) | (int) (zHi << 1 >>> 41);
        };
    }

    /** Sign and exponent of a rounded Z in double-extended format. */
    int packSignExponent() {
        int sign = zSign ? 0x8000 : 0;
        return switch (zKind) {
            case ZERO -> sign;
            case INFINITE, QUIET -> sign | 0x7FFF;
            default -> sign | (zHi < 0 ? zExp + 16383 & 0x7FFF : 0);
        };
    }

    /** Significand of a rounded Z in double-extended format. */
    long packSignificand() {
        return switch (zKind) {
            case ZERO -> 0;
            case INFINITE -> TOP;
            default -> zHi;
        };
    }

    // ---- integers ----

    /**
     * A as a signed integer of {@code bits} bits by the given rounding. Out of range, infinite and NaN give the integer
     * indefinite (only the top bit set) and IE; otherwise PE when inexact.
     */
    long toInteger(int bits, int mode) {
        long indefinite = -1L << bits - 1;
        if (aKind == ZERO) {
            return 0;
        }
        if (aKind != FINITE || aExp > 63) {
            flags |= IE;
            return indefinite;
        }
        int saved = rounding;
        rounding = mode;
        zFromA();
        shiftRight(63 - aExp);
        boolean inexact = zLo != 0;
        boolean up = up(64);
        rounding = saved;
        long magnitude = zHi;
        if (up) {
            magnitude++;
        }
        boolean overflow = up && magnitude == 0;
        long limit = 1L << bits - 1;
        if (overflow || (aSign ? Long.compareUnsigned(magnitude, limit) > 0 : Long.compareUnsigned(magnitude, limit) >= 0)) {
            flags |= IE;
            return indefinite;
        }
        if (inexact) {
            flags |= PE;
            roundedUp = up;
        }
        return aSign ? -magnitude : magnitude;
    }

    /** Z = A rounded to an integral value; PE when that changed it, unless {@code quiet}. A is finite and not zero. */
    void roundToIntegral(int mode, boolean quiet) {
        zFromA();
        if (aExp >= 63) {
            return;
        }
        int saved = rounding;
        rounding = mode;
        boolean up;
        boolean inexact;
        if (aExp < -1) {
            zHi = 0;
            zLo = 1;
            up = up(64);
            inexact = true;
        } else {
            shiftRight(63 - aExp);
            up = up(64);
            inexact = zLo != 0;
        }
        rounding = saved;
        zLo = 0;
        if (inexact && !quiet) {
            flags |= PE;
        }
        if (up) {
            roundedUp = true;
            zHi++;
        }
        zExp = 63;
        normalise();
    }
}
