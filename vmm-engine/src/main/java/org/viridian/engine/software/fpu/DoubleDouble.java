package org.viridian.engine.software.fpu;

/**
 * A number of about 106 bits as the unevaluated sum of two doubles (T. J. Dekker, "A floating-point technique for
 * extending the available precision", 1971). Mutable, so that the functions allocate nothing. Callers keep exponents far
 * from the ends of the range of double.
 */
final class DoubleDouble {
    double hi;
    double lo;

    DoubleDouble set(double value) {
        hi = value;
        lo = 0;
        return this;
    }

    DoubleDouble set(DoubleDouble other) {
        hi = other.hi;
        lo = other.lo;
        return this;
    }

    /** significand x 2^(exponent - 63); exact. */
    DoubleDouble set(boolean negative, int exponent, long significand) {
        double high = Math.scalb((double) (significand >>> 32), exponent - 31);
        double low = Math.scalb((double) (significand & 0xFFFF_FFFFL), exponent - 63);
        fast(high, low);
        return negative ? negate() : this;
    }

    private void fast(double a, double b) {
        hi = a + b;
        lo = b - (hi - a);
    }

    DoubleDouble negate() {
        hi = -hi;
        lo = -lo;
        return this;
    }

    DoubleDouble add(DoubleDouble o) {
        return add(o.hi, o.lo);
    }

    DoubleDouble add(double value) {
        return add(value, 0);
    }

    private DoubleDouble add(double oHi, double oLo) {
        double s = hi + oHi;
        double t = s - hi;
        double e = (hi - (s - t)) + (oHi - t);
        double s2 = lo + oLo;
        double t2 = s2 - lo;
        double e2 = (lo - (s2 - t2)) + (oLo - t2);
        e += s2;
        double h = s + e;
        e = e - (h - s) + e2;
        fast(h, e);
        return this;
    }

    DoubleDouble multiply(DoubleDouble o) {
        return multiply(o.hi, o.lo);
    }

    DoubleDouble multiply(double value) {
        return multiply(value, 0);
    }

    private DoubleDouble multiply(double oHi, double oLo) {
        double p = hi * oHi;
        double e = Math.fma(hi, oHi, -p);
        e += hi * oLo + lo * oHi;
        fast(p, e);
        return this;
    }

    DoubleDouble divide(DoubleDouble o) {
        double dHi = o.hi;
        double dLo = o.lo;
        double q1 = hi / dHi;
        subtractProduct(q1, dHi, dLo);
        double q2 = hi / dHi;
        subtractProduct(q2, dHi, dLo);
        double q3 = hi / dHi;
        fast(q1, q2);
        return add(q3, 0);
    }

    private void subtractProduct(double q, double dHi, double dLo) {
        double p = q * dHi;
        double e = Math.fma(q, dHi, -p);
        add(-p, 0);
        add(-e, 0);
        add(-q * dLo, 0);
    }

    /** Puts this number times 2^exponent into Z, unrounded and marked as inexact. */
    void toResult(SoftFloat f, int exponent) {
        boolean negative = hi < 0;
        double h = negative ? -hi : hi;
        double l = negative ? -lo : lo;
        int e = Math.getExponent(h);
        long high = (long) Math.scalb(h, 52 - e) << 11;
        long part = (long) Math.scalb(l, 116 - e);
        f.zKind = SoftFloat.FINITE;
        f.zSign = negative;
        f.zExp = exponent + e;
        f.zHi = high + (part >> 53);
        f.zLo = part << 11 | 1;
        if (f.zHi >= 0) {
            f.zHi = f.zHi << 1 | f.zLo >>> 63;
            f.zLo = f.zLo << 1 | 1;
            f.zExp--;
        }
    }
}
