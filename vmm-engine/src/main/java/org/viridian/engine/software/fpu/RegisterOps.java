package org.viridian.engine.software.fpu;

import org.viridian.engine.software.Cpu;
import org.viridian.engine.software.DecodeContext;

/** x87 instructions that work on the stack only. */
final class RegisterOps {
    private RegisterOps() {}

    /** Stores a computed Z into ST(i), with the masked responses done by {@link SoftFloat}; true when it was stored. */
    static boolean finish(X87 x, int i) {
        SoftFloat f = x.soft;
        boolean store = Arithmetic.mayStore(f);
        x.setC1(store && f.roundedUp);
        x.signal(f.flags);
        if (store) {
            x.set(i, f.packSignExponent(), f.packSignificand());
        }
        return store;
    }

    /** ST(dst) = ST(dst) op ST(src), or a compare. */
    static final class Binary extends X87Op {
        private final int operation;
        private final int dst;
        private final int src;
        private final boolean pops;

        Binary(DecodeContext in, int operation, int dst, int src, boolean pops) {
            super(in);
            this.operation = operation;
            this.dst = dst;
            this.src = src;
            this.pops = pops;
        }

        @Override
        void run(Cpu c, X87 x) {
            boolean go;
            if (x.empty(dst) || x.empty(src)) {
                go = x.stackUnderflow();
                if (go) {
                    x.setIndefinite(dst);
                }
            } else {
                x.soft.beginX87(x.control);
                x.loadA(dst);
                x.loadB(src);
                Arithmetic.compute(x.soft, operation, x.precision());
                go = finish(x, dst);
            }
            if (go && pops) {
                x.pop();
            }
        }
    }

    /** FCOM, FUCOM and their popping forms. */
    static final class Compare extends X87Op {
        private final int src;
        private final boolean quiet;
        private final int pops;

        Compare(DecodeContext in, int src, boolean quiet, int pops) {
            super(in);
            this.src = src;
            this.quiet = quiet;
            this.pops = pops;
        }

        @Override
        void run(Cpu c, X87 x) {
            if (x.empty(0) || x.empty(src)) {
                if (underflow(x)) {
                    popAll(x);
                }
                return;
            }
            x.soft.beginX87(x.control);
            x.loadA(0);
            x.loadB(src);
            if (compare(x, quiet)) {
                popAll(x);
            }
        }

        private void popAll(X87 x) {
            for (int i = 0; i < pops; i++) {
                x.pop();
            }
        }
    }

    /** Condition codes of a compare with an empty register; true when it may pop. */
    static boolean underflow(X87 x) {
        boolean go = x.stackUnderflow();
        x.setConditions(X87.C0 | X87.C2 | X87.C3);
        return go;
    }

    /** Compares the loaded operands and sets the condition codes; true when it may pop. */
    static boolean compare(X87 x, boolean quiet) {
        int order = Arithmetic.compare(x.soft, quiet);
        boolean go = x.signal(x.soft.flags);
        x.setConditions(switch (order) {
            case -1 -> X87.C0;
            case 0 -> X87.C3;
            case 1 -> 0;
            default -> X87.C0 | X87.C2 | X87.C3;
        });
        return go;
    }

    /** FCOMI, FUCOMI and their popping forms. */
    static final class CompareFlags extends X87Op {
        private final int src;
        private final boolean quiet;
        private final boolean pops;

        CompareFlags(DecodeContext in, int src, boolean quiet, boolean pops) {
            super(in);
            this.src = src;
            this.quiet = quiet;
            this.pops = pops;
        }

        @Override
        void run(Cpu c, X87 x) {
            int order = 2;
            boolean go;
            if (x.empty(0) || x.empty(src)) {
                go = x.stackUnderflow();
            } else {
                x.soft.beginX87(x.control);
                x.loadA(0);
                x.loadB(src);
                order = Arithmetic.compare(x.soft, quiet);
                go = x.signal(x.soft.flags);
            }
            // The flags follow even an unmasked invalid operation.
            c.setArithmeticFlags(switch (order) {
                case -1 -> Cpu.F_CF;
                case 0 -> Cpu.F_ZF;
                case 1 -> 0;
                default -> Cpu.F_CF | Cpu.F_ZF | Cpu.F_PF;
            });
            if (go && pops) {
                x.pop();
            }
        }
    }

    /** FLD ST(i). */
    static final class Duplicate extends X87Op {
        private final int src;

        Duplicate(DecodeContext in, int src) {
            super(in);
            this.src = src;
        }

        @Override
        void run(Cpu c, X87 x) {
            if (x.empty(src)) {
                if (x.stackUnderflow()) {
                    x.top = x.top - 1 & 7;
                    x.setIndefinite(0);
                }
                return;
            }
            x.setC1(false);
            int r = x.physical(src);
            x.push(x.exponent[r], x.significand[r]);
        }
    }

    /** FST ST(i), FSTP ST(i). */
    static final class Store extends X87Op {
        private final int dst;
        private final boolean pops;

        Store(DecodeContext in, int dst, boolean pops) {
            super(in);
            this.dst = dst;
            this.pops = pops;
        }

        @Override
        void run(Cpu c, X87 x) {
            if (x.empty(0)) {
                if (!x.stackUnderflow()) {
                    return;
                }
                x.setIndefinite(dst);
            } else {
                x.setC1(false);
                int r = x.top;
                x.set(dst, x.exponent[r], x.significand[r]);
            }
            if (pops) {
                x.pop();
            }
        }
    }

    /** FXCH ST(i). */
    static final class Exchange extends X87Op {
        private final int other;

        Exchange(DecodeContext in, int other) {
            super(in);
            this.other = other;
        }

        @Override
        void run(Cpu c, X87 x) {
            boolean emptyA = x.empty(0);
            boolean emptyB = x.empty(other);
            if (emptyA || emptyB) {
                if (!x.stackUnderflow()) {
                    return;
                }
                if (emptyA) {
                    x.setIndefinite(0);
                }
                if (emptyB) {
                    x.setIndefinite(other);
                }
            } else {
                x.setC1(false);
            }
            int a = x.top;
            int b = x.physical(other);
            int e = x.exponent[a];
            long s = x.significand[a];
            x.exponent[a] = x.exponent[b];
            x.significand[a] = x.significand[b];
            x.exponent[b] = e;
            x.significand[b] = s;
        }
    }

    /** FCMOVcc. */
    static final class Move extends X87Op {
        private final int condition;
        private final int src;

        Move(DecodeContext in, int condition, int src) {
            super(in);
            this.condition = condition;
            this.src = src;
        }

        @Override
        void run(Cpu c, X87 x) {
            if (x.empty(0) || x.empty(src)) {
                if (x.stackUnderflow()) {
                    x.setIndefinite(0);
                }
                return;
            }
            if (c.condition(condition)) {
                int r = x.physical(src);
                x.set(0, x.exponent[r], x.significand[r]);
            }
        }
    }

    /** FFREE and the undocumented popping form. */
    static final class Free extends X87Op {
        private final int register;
        private final boolean pops;

        Free(DecodeContext in, int register, boolean pops) {
            super(in);
            this.register = register;
            this.pops = pops;
        }

        @Override
        void run(Cpu c, X87 x) {
            x.setC1(false);
            x.valid &= ~(1 << x.physical(register));
            if (pops) {
                x.pop();
            }
        }
    }

    /** FINCSTP, FDECSTP. */
    static final class Rotate extends X87Op {
        private final int by;

        Rotate(DecodeContext in, int by) {
            super(in);
            this.by = by;
        }

        @Override
        void run(Cpu c, X87 x) {
            x.setC1(false);
            x.top = x.top + by & 7;
        }
    }

    /** FLD1, FLDL2T, FLDL2E, FLDPI, FLDLG2, FLDLN2, FLDZ. */
    static final class Constant extends X87Op {
        private static final int[] EXPONENT = {0x3FFF, 0x4000, 0x3FFF, 0x4000, 0x3FFD, 0x3FFE, 0};
        /** Truncated significands. */
        private static final long[] SIGNIFICAND = {
            0x8000_0000_0000_0000L, 0xD49A_784B_CD1B_8AFEL, 0xB8AA_3B29_5C17_F0BBL, 0xC90F_DAA2_2168_C234L,
            0x9A20_9A84_FBCF_F798L, 0xB172_17F7_D1CF_79ABL, 0};
        private static final boolean[] UP_WHEN_NEAREST = {false, false, true, true, true, true, false};
        private final int which;

        Constant(DecodeContext in, int which) {
            super(in);
            this.which = which;
        }

        @Override
        void run(Cpu c, X87 x) {
            int mode = x.control >> 10 & 3;
            boolean exact = which == 0 || which == 6;
            boolean up = !exact && (mode == SoftFloat.UP || mode == SoftFloat.NEAREST && UP_WHEN_NEAREST[which]);
            x.setC1(false);
            x.push(EXPONENT[which], SIGNIFICAND[which] + (up ? 1 : 0));
        }
    }

    /** FCHS, FABS, FTST, FXAM, FSQRT, FRNDINT, FXTRACT, FSCALE, FPREM, FPREM1. */
    static final class Unary extends X87Op {
        enum Kind { CHANGE_SIGN, ABSOLUTE, TEST, EXAMINE, SQUARE_ROOT, ROUND, EXTRACT, SCALE, REMAINDER, REMAINDER_NEAREST }

        private final Kind kind;

        Unary(DecodeContext in, Kind kind) {
            super(in);
            this.kind = kind;
        }

        @Override
        void run(Cpu c, X87 x) {
            if (kind == Kind.EXAMINE) {
                examine(x);
                return;
            }
            boolean two = kind.ordinal() >= Kind.SCALE.ordinal();
            if (x.empty(0) || two && x.empty(1)) {
                underflow(x);
                return;
            }
            SoftFloat f = x.soft;
            f.beginX87(x.control);
            x.loadA(0);
            if (two) {
                x.loadB(1);
            }
            int r = x.top;
            switch (kind) {
                case CHANGE_SIGN -> {
                    x.setC1(false);
                    x.exponent[r] ^= 0x8000;
                }
                case ABSOLUTE -> {
                    x.setC1(false);
                    x.exponent[r] &= 0x7FFF;
                }
                case TEST -> {
                    f.b80(0, 0);
                    compare(x, false);
                }
                case SQUARE_ROOT -> {
                    Arithmetic.squareRoot(f, x.precision());
                    finish(x, 0);
                }
                case ROUND -> {
                    roundToInteger(f);
                    finish(x, 0);
                }
                case EXTRACT -> extract(x, f);
                case SCALE -> {
                    Arithmetic.scale(f);
                    finish(x, 0);
                }
                default -> {
                    int codes = Arithmetic.remainder(f, kind == Kind.REMAINDER_NEAREST);
                    x.status &= ~X87.C2;
                    if (finish(x, 0)) {
                        x.setConditions(f.zKind == SoftFloat.QUIET ? x.status & (X87.C0 | X87.C3) : codes);
                    }
                }
            }
        }

        private void underflow(X87 x) {
            boolean go = x.stackUnderflow();
            if (kind.ordinal() > Kind.SCALE.ordinal()) {
                x.status &= ~X87.C2;
            }
            if (kind == Kind.TEST) {
                x.setConditions(X87.C0 | X87.C2 | X87.C3);
            } else if (go) {
                if (kind == Kind.EXTRACT) {
                    x.setIndefinite(0);
                    x.top = x.top - 1 & 7;
                }
                x.setIndefinite(0);
            }
        }

        private static void examine(X87 x) {
            int e = x.exponent[x.top];
            int codes;
            if (x.empty(0)) {
                codes = X87.C3 | X87.C0;
            } else {
                long s = x.significand[x.top];
                codes = switch (SoftFloat.kind80(e & 0x7FFF, s)) {
                    case SoftFloat.ZERO -> X87.C3;
                    case SoftFloat.FINITE -> (e & 0x7FFF) == 0 ? X87.C3 | X87.C2 : X87.C2;
                    case SoftFloat.INFINITE -> X87.C2 | X87.C0;
                    case SoftFloat.UNSUPPORTED -> 0;
                    default -> X87.C0;
                };
            }
            x.setConditions(codes | ((e & 0x8000) != 0 ? X87.C1 : 0));
        }

        private static void roundToInteger(SoftFloat f) {
            if (Arithmetic.nanA(f)) {
                return;
            }
            if (f.aDenormal) {
                f.flags |= SoftFloat.DE;
                if ((f.masked & SoftFloat.DE) == 0) {
                    return;
                }
            }
            f.zFromA();
            if (f.aKind == SoftFloat.FINITE) {
                f.roundToIntegral(f.rounding, false);
            }
        }

        /** Exponent into ST(0), significand pushed. */
        private static void extract(X87 x, SoftFloat f) {
            if (!x.empty(7)) {
                x.setC1(true);
                if (x.signal(SoftFloat.IE | X87.STACK_FAULT)) {
                    x.setIndefinite(0);
                    x.top = x.top - 1 & 7;
                    x.setIndefinite(0);
                }
                return;
            }
            x.setC1(false);
            if (Arithmetic.nanA(f)) {
                if (finish(x, 0)) {
                    x.push(f.packSignExponent(), f.packSignificand());
                }
                return;
            }
            if (f.aKind == SoftFloat.ZERO) {
                if (x.signal(SoftFloat.ZE)) {
                    x.set(0, 0xFFFF, 1L << 63);
                    x.push(f.aSign ? 0x8000 : 0, 0);
                }
                return;
            }
            if (f.aKind == SoftFloat.INFINITE) {
                x.set(0, 0x7FFF, 1L << 63);
                x.push(f.aSign ? 0xFFFF : 0x7FFF, 1L << 63);
                return;
            }
            if (f.aDenormal && !x.signal(SoftFloat.DE)) {
                return;
            }
            boolean sign = f.aSign;
            long significand = f.aSig;
            f.aInteger(f.aExp);
            f.zFromA();
            x.set(0, f.packSignExponent(), f.packSignificand());
            x.push(sign ? 0xBFFF : 0x3FFF, significand);
        }
    }
}
