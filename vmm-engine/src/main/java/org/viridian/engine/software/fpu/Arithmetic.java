package org.viridian.engine.software.fpu;

import static org.viridian.engine.software.fpu.SoftFloat.DE;
import static org.viridian.engine.software.fpu.SoftFloat.FINITE;
import static org.viridian.engine.software.fpu.SoftFloat.IE;
import static org.viridian.engine.software.fpu.SoftFloat.INFINITE;
import static org.viridian.engine.software.fpu.SoftFloat.QUIET;
import static org.viridian.engine.software.fpu.SoftFloat.SIGNALLING;
import static org.viridian.engine.software.fpu.SoftFloat.UNSUPPORTED;
import static org.viridian.engine.software.fpu.SoftFloat.ZE;
import static org.viridian.engine.software.fpu.SoftFloat.ZERO;

/**
 * x87 arithmetic on operands A and B of {@link SoftFloat} with the NaN, infinity and zero rules of the x87 (Intel SDM
 * volume 1, tables 4-7 and 8-10). Every method leaves Z rounded and the flags raised; Z counts only when
 * {@link #mayStore} says so.
 */
final class Arithmetic {
    static final int ADD = 0;
    static final int MULTIPLY = 1;
    static final int COMPARE = 2;
    static final int COMPARE_POP = 3;
    static final int SUBTRACT = 4;
    static final int SUBTRACT_REVERSED = 5;
    static final int DIVIDE = 6;
    static final int DIVIDE_REVERSED = 7;

    private Arithmetic() {}

    /** False when an exception that comes before the result is unmasked: the destination keeps its value. */
    static boolean mayStore(SoftFloat f) {
        return (f.flags & (IE | DE | ZE) & ~f.masked) == 0;
    }

    static void indefinite(SoftFloat f) {
        f.flags |= IE;
        f.zKind = QUIET;
        f.zSign = true;
        f.zHi = X87.INDEFINITE;
    }

    /** Deals with NaN and unsupported operands; true when Z is the result. */
    static boolean nan(SoftFloat f) {
        if (f.aKind < QUIET && f.bKind < QUIET) {
            return false;
        }
        if (f.aKind == UNSUPPORTED || f.bKind == UNSUPPORTED) {
            indefinite(f);
            return true;
        }
        boolean aNan = f.aKind >= QUIET;
        boolean bNan = f.bKind >= QUIET;
        if (f.aKind == SIGNALLING || f.bKind == SIGNALLING) {
            f.flags |= IE;
        }
        boolean takeA;
        if (aNan && bNan) {
            if (f.aKind != f.bKind) {
                takeA = f.aKind == QUIET;
            } else {
                int order = Long.compareUnsigned(f.aSig | 1L << 62, f.bSig | 1L << 62);
                takeA = order > 0 || order == 0 && !f.aSign;
            }
        } else {
            takeA = aNan;
        }
        f.zKind = QUIET;
        f.zSign = takeA ? f.aSign : f.bSign;
        f.zHi = (takeA ? f.aSig : f.bSig) | 1L << 62;
        return true;
    }

    /** Deals with a NaN or unsupported A of a one-operand instruction; true when Z is the result. */
    static boolean nanA(SoftFloat f) {
        if (f.aKind < QUIET) {
            return false;
        }
        if (f.aKind == UNSUPPORTED) {
            indefinite(f);
            return true;
        }
        if (f.aKind == SIGNALLING) {
            f.flags |= IE;
        }
        f.zKind = QUIET;
        f.zSign = f.aSign;
        f.zHi = f.aSig | 1L << 62;
        return true;
    }

    /** Records denormal operands; true when the instruction must stop here. */
    private static boolean denormal(SoftFloat f) {
        if (f.aDenormal || f.bDenormal) {
            f.flags |= DE;
            return (f.masked & DE) == 0;
        }
        return false;
    }

    /** Z = A op B, rounded to {@code bits}. */
    static void compute(SoftFloat f, int operation, int bits) {
        if (operation == SUBTRACT_REVERSED || operation == DIVIDE_REVERSED) {
            f.swap();
        }
        if (nan(f)) {
            return;
        }
        switch (operation) {
            case ADD -> add(f, bits);
            case SUBTRACT, SUBTRACT_REVERSED -> {
                f.bSign = !f.bSign;
                add(f, bits);
            }
            case MULTIPLY -> multiply(f, bits);
            default -> divide(f, bits);
        }
    }

    private static void add(SoftFloat f, int bits) {
        if (f.aKind == INFINITE && f.bKind == INFINITE && f.aSign != f.bSign) {
            indefinite(f);
            return;
        }
        if (denormal(f)) {
            return;
        }
        if (f.aKind == INFINITE) {
            f.zInfinite(f.aSign);
        } else if (f.bKind == INFINITE) {
            f.zInfinite(f.bSign);
        } else if (f.aKind == ZERO && f.bKind == ZERO) {
            f.zZero(f.aSign == f.bSign ? f.aSign : f.rounding == SoftFloat.DOWN);
        } else {
            if (f.aKind == ZERO) {
                f.swap();
                f.zFromA();
            } else if (f.bKind == ZERO) {
                f.zFromA();
            } else {
                f.addFinite();
            }
            f.round80(bits);
        }
    }

    private static void multiply(SoftFloat f, int bits) {
        boolean sign = f.aSign != f.bSign;
        if (f.aKind == INFINITE && f.bKind == ZERO || f.aKind == ZERO && f.bKind == INFINITE) {
            indefinite(f);
            return;
        }
        if (denormal(f)) {
            return;
        }
        if (f.aKind == INFINITE || f.bKind == INFINITE) {
            f.zInfinite(sign);
        } else if (f.aKind == ZERO || f.bKind == ZERO) {
            f.zZero(sign);
        } else {
            f.multiplyFinite();
            f.round80(bits);
        }
    }

    private static void divide(SoftFloat f, int bits) {
        boolean sign = f.aSign != f.bSign;
        if (f.aKind == f.bKind && f.aKind != FINITE) {
            indefinite(f);
            return;
        }
        if (f.bKind == ZERO && f.aKind == FINITE) {
            f.flags |= ZE;
            f.zInfinite(sign);
            return;
        }
        if (denormal(f)) {
            return;
        }
        if (f.aKind == INFINITE) {
            f.zInfinite(sign);
        } else if (f.aKind == ZERO || f.bKind == INFINITE) {
            f.zZero(sign);
        } else {
            f.divideFinite();
            f.round80(bits);
        }
    }

    /** Z = √A. */
    static void squareRoot(SoftFloat f, int bits) {
        if (nanA(f)) {
            return;
        }
        if (f.aSign && f.aKind != ZERO) {
            indefinite(f);
            return;
        }
        if (f.aDenormal) {
            f.flags |= DE;
            if ((f.masked & DE) == 0) {
                return;
            }
        }
        if (f.aKind != FINITE) {
            f.zFromA();
            return;
        }
        f.squareRootFinite();
        f.round80(bits);
    }

    /**
     * Compares A with B.
     *
     * @param quiet quiet NaNs do not raise IE
     * @return −1, 0, 1, or 2 for unordered
     */
    static int compare(SoftFloat f, boolean quiet) {
        if (f.aKind >= QUIET || f.bKind >= QUIET) {
            if (!quiet || f.aKind > QUIET || f.bKind > QUIET) {
                f.flags |= IE;
            }
            return 2;
        }
        if (f.aDenormal || f.bDenormal) {
            f.flags |= DE;
        }
        return order(f);
    }

    /** Order of A and B, which are numbers. */
    static int order(SoftFloat f) {
        if (f.aKind == ZERO && f.bKind == ZERO) {
            return 0;
        }
        if (f.aKind == ZERO) {
            return f.bSign ? 1 : -1;
        }
        if (f.bKind == ZERO || f.aSign != f.bSign) {
            return f.aSign ? -1 : 1;
        }
        int magnitude;
        if (f.aKind == INFINITE || f.bKind == INFINITE) {
            magnitude = f.aKind - f.bKind;
        } else if (f.aExp != f.bExp) {
            magnitude = f.aExp > f.bExp ? 1 : -1;
        } else {
            magnitude = Long.compareUnsigned(f.aSig, f.bSig);
        }
        magnitude = Integer.signum(magnitude);
        return f.aSign ? -magnitude : magnitude;
    }

    /** The greatest number of quotient bits one FPREM works out when the operands are far apart. */
    private static final int PARTIAL_BITS = 63;

    /**
     * Z = remainder of A ÷ B.
     *
     * @param nearest FPREM1: the quotient is rounded to nearest instead of towards zero
     * @return the condition codes: C2 when the reduction is incomplete, else the low quotient bits in C0, C3, C1
     */
    static int remainder(SoftFloat f, boolean nearest) {
        if (nan(f)) {
            return 0;
        }
        if (f.aKind == INFINITE || f.bKind == ZERO) {
            indefinite(f);
            return 0;
        }
        if (denormal(f)) {
            return 0;
        }
        if (f.aKind == ZERO || f.bKind == INFINITE) {
            f.zFromA();
            // A denormal A comes back as it was.
            f.round80(64);
            return 0;
        }
        int distance = f.aExp - f.bExp;
        if (distance < -1 || distance < 0 && !nearest) {
            f.zFromA();
            f.round80(64);
            return 0;
        }
        if (distance > 63) {
            partial(f, distance);
            return X87.C2;
        }
        long rest = f.aSig;
        long quotient = 0;
        boolean carry = false;
        for (int i = distance; i >= 0; i--) {
            quotient <<= 1;
            if (carry || Long.compareUnsigned(rest, f.bSig) >= 0) {
                rest -= f.bSig;
                quotient |= 1;
            }
            if (i > 0) {
                carry = rest < 0;
                rest <<= 1;
            }
        }
        boolean sign = f.aSign;
        int exp = Math.min(f.aExp, f.bExp);
        if (nearest && roundQuotientUp(f, rest, quotient, distance)) {
            quotient++;
            if (distance < 0) {
                // A is between half of B and B: B is twice as heavy as the same significand of A.
                f.bSign = !sign;
                f.addFinite();
                f.round80(64);
                return quotientCodes(quotient);
            }
            rest = f.bSig - rest;
            sign = !sign;
        }
        finishRemainder(f, rest, exp, sign, f.aSign);
        return quotientCodes(quotient);
    }

    private static boolean roundQuotientUp(SoftFloat f, long rest, long quotient, int distance) {
        if (distance < 0) {
            // 2A against B: equal exponents after doubling.
            return Long.compareUnsigned(f.aSig, f.bSig) > 0;
        }
        int order = rest < 0 ? 1 : Long.compareUnsigned(rest << 1, f.bSig);
        return order > 0 || order == 0 && (quotient & 1) != 0;
    }

    private static void finishRemainder(SoftFloat f, long rest, int exp, boolean sign, boolean zeroSign) {
        if (rest == 0) {
            f.zZero(zeroSign);
            return;
        }
        int shift = Long.numberOfLeadingZeros(rest);
        f.zKind = FINITE;
        f.zSign = sign;
        f.zHi = rest << shift;
        f.zLo = 0;
        f.zExp = exp - shift;
        f.round80(64);
    }

    private static void partial(SoftFloat f, int distance) {
        int steps = 32 + distance % 32;
        steps = Math.min(steps, PARTIAL_BITS);
        long rest = f.aSig;
        boolean carry = false;
        for (int i = steps; i >= 0; i--) {
            if (carry || Long.compareUnsigned(rest, f.bSig) >= 0) {
                rest -= f.bSig;
            }
            if (i > 0) {
                carry = rest < 0;
                rest <<= 1;
            }
        }
        finishRemainder(f, rest, f.aExp - steps, f.aSign, f.aSign);
    }

    private static int quotientCodes(long quotient) {
        return ((quotient & 1) != 0 ? X87.C1 : 0) | ((quotient & 2) != 0 ? X87.C3 : 0) | ((quotient & 4) != 0 ? X87.C0 : 0);
    }

    /** Z = A × 2^trunc(B). */
    static void scale(SoftFloat f) {
        if (nan(f)) {
            return;
        }
        if (f.bKind == INFINITE) {
            if (f.aKind == ZERO && !f.bSign || f.aKind == INFINITE && f.bSign) {
                indefinite(f);
                return;
            }
            if (denormal(f)) {
                return;
            }
            if (f.bSign) {
                f.zZero(f.aSign);
            } else {
                f.zInfinite(f.aSign);
            }
            return;
        }
        if (denormal(f)) {
            return;
        }
        f.zFromA();
        if (f.aKind != FINITE) {
            return;
        }
        if (f.bKind == FINITE && f.bExp >= 0) {
            int by = f.bExp > 16 ? 0x1FFFF : (int) (f.bSig >>> 63 - f.bExp);
            f.zExp += f.bSign ? -by : by;
        }
        f.round80(64);
    }
}
