package org.viridian.engine.software.fpu;

/**
 * Exponential, logarithm, trigonometric functions for x87 on numbers of 106 bits, by series after range reduction. The
 * results differ from the exact ones by far less than a unit in the last of 64 places.
 *
 * <p>Trigonometric reduction uses pi to 66 bits, as processors do (Intel SDM volume 1, section 8.3.8).
 */
final class Transcendental {
    private static final int TERMS = 30;
    private static final DoubleDouble[] INVERSE_FACTORIAL = new DoubleDouble[TERMS];
    private static final DoubleDouble[] INVERSE = new DoubleDouble[64];
    private static final DoubleDouble[] ARCTANGENT_EIGHTHS = new DoubleDouble[9];
    private static final DoubleDouble LN2 = new DoubleDouble();
    static final DoubleDouble PI = new DoubleDouble();

    /** pi/2 in units of 2^-65: 66 bits. */
    private static final long HALF_PI_HIGH = 0x3;
    private static final long HALF_PI_LOW = 0x243F_6A88_85A3_08D3L;

    static {
        DoubleDouble one = new DoubleDouble().set(1);
        DoubleDouble factorial = new DoubleDouble().set(1);
        for (int i = 0; i < TERMS; i++) {
            if (i > 0) {
                factorial.multiply(i);
            }
            INVERSE_FACTORIAL[i] = new DoubleDouble().set(one).divide(factorial);
        }
        for (int i = 1; i < INVERSE.length; i++) {
            INVERSE[i] = new DoubleDouble().set(one).divide(new DoubleDouble().set(i));
        }
        // ln 2 = 2 artanh(1/3); pi = 16 arctan(1/5) - 4 arctan(1/239) (Machin).
        sumOdd(LN2, new DoubleDouble().set(INVERSE[3]), false);
        LN2.multiply(2);
        DoubleDouble second = new DoubleDouble();
        sumOdd(PI, new DoubleDouble().set(INVERSE[5]), true);
        sumOdd(second, new DoubleDouble().set(one).divide(new DoubleDouble().set(239)), true);
        PI.multiply(16).add(second.multiply(-4));
        ARCTANGENT_EIGHTHS[0] = new DoubleDouble();
        for (int i = 1; i < 8; i++) {
            // arctan(i/8) = arctan((i-1)/8) + arctan(8 / (64 + i(i-1)))
            DoubleDouble step = new DoubleDouble();
            sumOdd(step, new DoubleDouble().set(8).divide(new DoubleDouble().set(64 + i * (i - 1))), true);
            ARCTANGENT_EIGHTHS[i] = step.add(ARCTANGENT_EIGHTHS[i - 1]);
        }
        ARCTANGENT_EIGHTHS[8] = new DoubleDouble().set(PI).multiply(0.25);
    }

    private final DoubleDouble x = new DoubleDouble();
    private final DoubleDouble y = new DoubleDouble();
    private final DoubleDouble square = new DoubleDouble();
    private final DoubleDouble sum = new DoubleDouble();
    private final DoubleDouble cosine = new DoubleDouble();
    private final DoubleDouble t = new DoubleDouble();

    /** sum = v + v^3/3 + v^5/5 ... with alternating signs for the arctangent. */
    private static void sumOdd(DoubleDouble sum, DoubleDouble v, boolean alternating) {
        DoubleDouble square = new DoubleDouble().set(v).multiply(v);
        sumOdd(sum, v, square, alternating);
    }

    private static void sumOdd(DoubleDouble sum, DoubleDouble v, DoubleDouble square, boolean alternating) {
        int terms = Math.clamp((long) (-110 / (Math.getExponent(square.hi) + 0.9)) + 2, 2, 31);
        sum.set(INVERSE[2 * terms + 1]);
        if (alternating) {
            square.negate();
        }
        for (int k = terms - 1; k >= 0; k--) {
            sum.multiply(square).add(INVERSE[2 * k + 1]);
        }
        sum.multiply(v);
    }

    /** Z = 2^A - 1 for finite A in (-1, 1), A not zero. */
    void exponential(SoftFloat f) {
        if (f.aExp < -80) {
            x.set(f.aSign, 0, f.aSig).multiply(LN2).toResult(f, f.aExp);
            return;
        }
        x.set(f.aSign, f.aExp, f.aSig).multiply(LN2);
        sum.set(INVERSE_FACTORIAL[TERMS - 1]);
        for (int k = TERMS - 2; k >= 1; k--) {
            sum.multiply(x).add(INVERSE_FACTORIAL[k]);
        }
        sum.multiply(x).toResult(f, 0);
    }

    /** Z = B x log2(A) for finite, positive A other than 1 and finite B. */
    void logarithm(SoftFloat f) {
        int exponent = f.aExp;
        x.set(false, 0, f.aSig);
        if (x.hi > 1.4142135) {
            x.multiply(0.5);
            exponent++;
        }
        logarithmOf(exponent);
        timesB(f, 0);
    }

    /** sum = exponent + log2(x), x near 1. */
    private void logarithmOf(int exponent) {
        t.set(x).add(1);
        x.add(-1).divide(t);
        square.set(x).multiply(x);
        sumOdd(sum, x, square, false);
        sum.multiply(2).divide(LN2).add(exponent);
    }

    /** Z = B x log2(A + 1) for finite A and B, not zero, A above -1. */
    void logarithmPlusOne(SoftFloat f) {
        if (f.aExp < -80) {
            sum.set(f.aSign, 0, f.aSig).divide(LN2);
            timesB(f, f.aExp);
            return;
        }
        if (f.aExp >= -2) {
            // Far from zero: no cancellation to fear.
            int scale = Math.max(f.aExp, 0);
            x.set(f.aSign, f.aExp - scale, f.aSig).add(Math.scalb(1.0, Math.max(-scale, -900)));
            int exponent = Math.getExponent(x.hi);
            x.multiply(Math.scalb(1.0, -exponent));
            exponent += scale;
            if (x.hi > 1.4142135) {
                x.multiply(0.5);
                exponent++;
            }
            logarithmOf(exponent);
        } else {
            x.set(f.aSign, f.aExp, f.aSig);
            t.set(x).add(2);
            x.divide(t);
            square.set(x).multiply(x);
            sumOdd(sum, x, square, false);
            sum.multiply(2).divide(LN2);
        }
        timesB(f, 0);
    }

    private void timesB(SoftFloat f, int exponent) {
        y.set(f.bSign, 0, f.bSig);
        sum.multiply(y).toResult(f, exponent + f.bExp);
    }

    /** Reduces finite A with an exponent below 63 into x, within pi/4 of zero; answers the quadrant. */
    private int reduce(SoftFloat f) {
        if (f.aExp < -1) {
            x.set(f.aSign, f.aExp, f.aSig);
            return 0;
        }
        long high = f.aSig >>> 63;
        long low = f.aSig << 1;
        int quadrant = 0;
        for (int i = f.aExp + 1; i >= 0; i--) {
            quadrant <<= 1;
            if (high > HALF_PI_HIGH || high == HALF_PI_HIGH && Long.compareUnsigned(low, HALF_PI_LOW) >= 0) {
                high -= HALF_PI_HIGH + (Long.compareUnsigned(low, HALF_PI_LOW) < 0 ? 1 : 0);
                low -= HALF_PI_LOW;
                quadrant |= 1;
            }
            if (i > 0) {
                high = high << 1 | low >>> 63;
                low <<= 1;
            }
        }
        boolean negative = false;
        long twiceHigh = high << 1 | low >>> 63;
        if (twiceHigh > HALF_PI_HIGH || twiceHigh == HALF_PI_HIGH && Long.compareUnsigned(low << 1, HALF_PI_LOW) > 0) {
            long l = HALF_PI_LOW - low;
            high = HALF_PI_HIGH - high - (Long.compareUnsigned(HALF_PI_LOW, low) < 0 ? 1 : 0);
            low = l;
            negative = true;
            quadrant++;
        }
        x.set(false, -65 + 63, low).add(Math.scalb((double) high, -1));
        if (f.aSign) {
            quadrant = -quadrant;
        }
        if (negative != f.aSign) {
            x.negate();
        }
        return quadrant & 3;
    }

    /** sum = sine of x and cosine = cosine of x for |x| up to pi/4. */
    private void series() {
        square.set(x).multiply(x).negate();
        sum.set(INVERSE_FACTORIAL[29]);
        cosine.set(INVERSE_FACTORIAL[28]);
        for (int k = 27; k >= 1; k -= 2) {
            sum.multiply(square).add(INVERSE_FACTORIAL[k]);
            cosine.multiply(square).add(INVERSE_FACTORIAL[k - 1]);
        }
        sum.multiply(x);
    }

    /** Prepares sine and cosine of A: finite, not zero, exponent below 63. */
    void circle(SoftFloat f) {
        int quadrant = reduce(f);
        series();
        if ((quadrant & 1) != 0) {
            t.set(sum);
            sum.set(cosine);
            cosine.set(t).negate();
        }
        if ((quadrant & 2) != 0) {
            sum.negate();
            cosine.negate();
        }
    }

    /** Z = the sine prepared by {@link #circle}. */
    void sine(SoftFloat f) {
        sum.toResult(f, 0);
    }

    /** Z = the cosine prepared by {@link #circle}. */
    void cosine(SoftFloat f) {
        cosine.toResult(f, 0);
    }

    /** Z = the tangent prepared by {@link #circle}. */
    void tangent(SoftFloat f) {
        sum.divide(cosine).toResult(f, 0);
    }

    /** Z = angle of the point (A, B): A is the abscissa, both finite and not zero. */
    void angle(SoftFloat f) {
        boolean steep = f.bExp > f.aExp || f.bExp == f.aExp && Long.compareUnsigned(f.bSig, f.aSig) > 0;
        int distance = steep ? f.aExp - f.bExp : f.bExp - f.aExp;
        x.set(false, 0, steep ? f.aSig : f.bSig);
        t.set(false, 0, steep ? f.bSig : f.aSig);
        x.divide(t);
        if (distance < -110 && !steep && !f.aSign) {
            if (f.bSign) {
                x.negate();
            }
            x.toResult(f, distance);
            return;
        }
        x.multiply(Math.scalb(1.0, Math.max(distance, -300)));
        int eighths = (int) (x.hi * 8 + 0.5);
        if (eighths > 0) {
            double c = eighths / 8.0;
            t.set(x).multiply(c).add(1);
            x.add(-c).divide(t);
        }
        if (x.hi == 0) {
            sum.set(0);
        } else {
            square.set(x).multiply(x);
            sumOdd(sum, x, square, true);
        }
        sum.add(ARCTANGENT_EIGHTHS[eighths]);
        if (steep) {
            if (!f.aSign) {
                sum.negate();
            }
            sum.add(t.set(PI).multiply(0.5));
        } else if (f.aSign) {
            sum.negate().add(PI);
        }
        if (f.bSign) {
            sum.negate();
        }
        sum.toResult(f, 0);
    }

    /** Z = quarters x pi/4. */
    void quarters(SoftFloat f, int quarters, boolean negative) {
        sum.set(PI).multiply(quarters * 0.25);
        if (negative) {
            sum.negate();
        }
        sum.toResult(f, 0);
    }
}
