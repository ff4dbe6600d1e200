package org.viridian.engine.software.fpu;

import static org.viridian.engine.software.fpu.SoftFloat.DE;
import static org.viridian.engine.software.fpu.SoftFloat.FINITE;
import static org.viridian.engine.software.fpu.SoftFloat.INFINITE;
import static org.viridian.engine.software.fpu.SoftFloat.ZE;
import static org.viridian.engine.software.fpu.SoftFloat.ZERO;

import org.viridian.engine.software.Cpu;
import org.viridian.engine.software.DecodeContext;

/** F2XM1, FYL2X, FPTAN, FPATAN, FYL2XP1, FSINCOS, FSIN, FCOS: operands, special values, stack. */
final class TranscendentalOps extends X87Op {
    private static final int F2XM1 = 0;
    private static final int FYL2X = 1;
    private static final int FPTAN = 2;
    private static final int FPATAN = 3;
    private static final int FYL2XP1 = 9;
    private static final int FSINCOS = 11;
    private static final int FSIN = 14;
    private static final long TOP = 1L << 63;

    private final int which;

    /** {@code which}: the low four bits of the ModRM byte. */
    TranscendentalOps(DecodeContext in, int which) {
        super(in);
        this.which = which;
    }

    @Override
    void run(Cpu c, X87 x) {
        switch (which) {
            case FYL2X, FPATAN, FYL2XP1 -> two(x);
            case F2XM1 -> exponential(x);
            default -> circle(x);
        }
    }

    private static boolean stops(SoftFloat f) {
        return !Arithmetic.mayStore(f);
    }

    private static boolean denormal(SoftFloat f) {
        if (f.aDenormal) {
            f.flags |= DE;
        }
        return stops(f);
    }

    private static void exponential(X87 x) {
        if (x.empty(0)) {
            if (x.stackUnderflow()) {
                x.setIndefinite(0);
            }
            return;
        }
        SoftFloat f = x.soft;
        f.beginX87(x.control);
        x.loadA(0);
        if (!Arithmetic.nanA(f) && !denormal(f)) {
            f.zFromA();
            if (f.aKind == INFINITE && f.aSign) {
                f.zKind = FINITE;
                f.zExp = 0;
                f.zHi = TOP;
            } else if (f.aKind == FINITE && f.aExp < 0) {
                x.functions.exponential(f);
                f.round80(64);
            } else if (f.aKind == FINITE && f.aSign && f.aExp == 0 && f.aSig == TOP) {
                f.zExp = -1;
            } else if (f.aKind == FINITE) {
                // 2^1 - 1 = 1, reported as inexact; undefined beyond, where processors keep the operand.
                f.flags |= SoftFloat.PE;
            }
        }
        RegisterOps.finish(x, 0);
    }

    private void circle(X87 x) {
        boolean pushes = which == FPTAN || which == FSINCOS;
        x.status &= ~X87.C2;
        if (x.empty(0)) {
            if (x.stackUnderflow()) {
                x.setIndefinite(0);
                if (pushes) {
                    x.top = x.top - 1 & 7;
                    x.setIndefinite(0);
                }
            }
            return;
        }
        if (pushes && !x.empty(7)) {
            x.status |= X87.C1;
            if (x.signal(SoftFloat.IE | X87.STACK_FAULT)) {
                x.setIndefinite(0);
                x.top = x.top - 1 & 7;
                x.setIndefinite(0);
            }
            return;
        }
        x.setConditions(x.status & (X87.C0 | X87.C3));
        SoftFloat f = x.soft;
        f.beginX87(x.control);
        x.loadA(0);
        if (f.aKind == FINITE && f.aExp >= 63) {
            x.status |= X87.C2;
            return;
        }
        boolean nan = Arithmetic.nanA(f);
        if (!nan && f.aKind == INFINITE) {
            Arithmetic.indefinite(f);
            nan = true;
        }
        if (nan) {
            if (RegisterOps.finish(x, 0) && pushes) {
                x.push(f.packSignExponent(), f.packSignificand());
            }
            return;
        }
        if (denormal(f)) {
            x.signal(f.flags);
            return;
        }
        if (f.aKind == ZERO) {
            zero(x, f);
            return;
        }
        finite(x, f);
    }

    private void zero(X87 x, SoftFloat f) {
        f.zFromA();
        if (which == FSINCOS || which == FPTAN) {
            x.push(0x3FFF, TOP);
        } else if (which != FSIN) {
            x.set(0, 0x3FFF, TOP);
        }
    }

    private void finite(X87 x, SoftFloat f) {
        boolean tiny = f.aExp < -70;
        if (!tiny) {
            x.functions.circle(f);
        }
        switch (which) {
            case FSIN, FSINCOS -> {
                if (tiny) {
                    nearly(f, -1);
                } else {
                    x.functions.sine(f);
                }
                f.round80(64);
                int sinExponent = f.packSignExponent();
                long sinSignificand = f.packSignificand();
                if (which == FSIN) {
                    RegisterOps.finish(x, 0);
                    return;
                }
                cosine(x, f, tiny);
                f.round80(64);
                x.setC1(f.roundedUp);
                x.signal(f.flags);
                x.set(0, sinExponent, sinSignificand);
                x.push(f.packSignExponent(), f.packSignificand());
            }
            case FPTAN -> {
                if (tiny) {
                    nearly(f, 1);
                } else {
                    x.functions.tangent(f);
                }
                f.round80(64);
                if (RegisterOps.finish(x, 0)) {
                    x.push(0x3FFF, TOP);
                }
            }
            default -> {
                cosine(x, f, tiny);
                f.round80(64);
                RegisterOps.finish(x, 0);
            }
        }
    }

    private static void cosine(X87 x, SoftFloat f, boolean tiny) {
        if (tiny) {
            f.zKind = FINITE;
            f.zSign = false;
            f.zExp = -1;
            f.zHi = -1L;
            f.zLo = -1L;
        } else {
            x.functions.cosine(f);
        }
    }

    /** Z = A and a very little more (1) or less (-1) in magnitude. */
    private static void nearly(SoftFloat f, int direction) {
        f.zFromA();
        if (direction > 0) {
            f.zLo = 1;
        } else {
            f.zLo = -1L;
            f.zHi--;
            if (f.zHi >= 0) {
                f.zHi = -1L;
                f.zExp--;
            }
        }
    }

    /** ST(1) = f(ST(1), ST(0)), pop. B is ST(1), A is ST(0). */
    private void two(X87 x) {
        if (x.empty(0) || x.empty(1)) {
            if (x.stackUnderflow()) {
                x.setIndefinite(1);
                x.pop();
            }
            return;
        }
        SoftFloat f = x.soft;
        f.beginX87(x.control);
        x.loadA(0);
        x.loadB(1);
        if (!Arithmetic.nan(f)) {
            switch (which) {
                case FPATAN -> angle(x, f);
                case FYL2X -> logarithm(x, f);
                default -> logarithmPlusOne(x, f);
            }
        }
        if (RegisterOps.finish(x, 1)) {
            x.pop();
        }
    }

    private static boolean anyDenormal(SoftFloat f) {
        if (f.aDenormal || f.bDenormal) {
            f.flags |= DE;
        }
        return stops(f);
    }

    private static void angle(X87 x, SoftFloat f) {
        if (anyDenormal(f)) {
            return;
        }
        boolean sign = f.bSign;
        if (f.aKind == FINITE && f.bKind == FINITE) {
            x.functions.angle(f);
        } else if (f.bKind == INFINITE) {
            x.functions.quarters(f, f.aKind != INFINITE ? 2 : f.aSign ? 3 : 1, sign);
        } else if (f.aKind == INFINITE || f.bKind == ZERO) {
            if (!f.aSign) {
                f.zZero(sign);
                return;
            }
            x.functions.quarters(f, 4, sign);
        } else {
            x.functions.quarters(f, 2, sign);
        }
        f.round80(64);
    }

    private static void logarithm(X87 x, SoftFloat f) {
        if (f.aSign && f.aKind != ZERO) {
            Arithmetic.indefinite(f);
            return;
        }
        boolean one = f.aKind == FINITE && f.aExp == 0 && f.aSig == TOP;
        if (f.aKind == ZERO && f.bKind == ZERO || f.aKind == INFINITE && f.bKind == ZERO || one && f.bKind == INFINITE) {
            Arithmetic.indefinite(f);
            return;
        }
        boolean below = f.aKind == ZERO || f.aKind == FINITE && f.aExp < 0;
        boolean sign = f.bSign != below;
        if (f.aKind == ZERO) {
            if (f.bKind == FINITE) {
                f.flags |= ZE;
            }
            f.zInfinite(sign);
            return;
        }
        if (anyDenormal(f)) {
            return;
        }
        if (f.aKind == INFINITE || f.bKind == INFINITE) {
            f.zInfinite(sign);
        } else if (f.bKind == ZERO || one) {
            f.zZero(sign);
        } else {
            x.functions.logarithm(f);
            f.round80(64);
        }
    }

    private static void logarithmPlusOne(X87 x, SoftFloat f) {
        if (f.aKind == INFINITE && f.aSign || f.aKind == ZERO && f.bKind == INFINITE || f.aKind == INFINITE && f.bKind == ZERO) {
            Arithmetic.indefinite(f);
            return;
        }
        boolean sign = f.aSign != f.bSign;
        if (anyDenormal(f)) {
            return;
        }
        if (f.aKind == INFINITE || f.bKind == INFINITE) {
            f.zInfinite(sign);
        } else if (f.aKind == ZERO || f.bKind == ZERO) {
            f.zZero(sign);
        } else if (f.aSign && f.aExp >= 0) {
            // Undefined at -1 and below; processors keep the operand.
            f.zFromA();
            f.flags |= SoftFloat.PE;
        } else {
            x.functions.logarithmPlusOne(f);
            f.round80(64);
        }
    }
}
