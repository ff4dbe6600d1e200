package org.viridian.engine.software;

/**
 * CMP or TEST of registers or an immediate with the conditional jump behind it, as one micro-operation of 64-bit code.
 * The flags are still set; the branch need not derive them.
 */
final class FusedOps {
    private FusedOps() {}

    private abstract static class Fused extends MicroOp {
        final int condition;
        final int a;
        final long taken;
        final long passed;

        Fused(int condition, int a, BranchOps.Target target) {
            this.condition = condition;
            this.a = a;
            this.taken = target.taken();
            this.passed = target.passed();
        }
    }

    /** CMP, 64 bits, register. */
    static final class CompareRegister64 extends Fused {
        private final int b;

        CompareRegister64(int condition, int a, int b, BranchOps.Target target) {
            super(condition, a, target);
            this.b = b;
        }

        @Override
        public void exec(Cpu c) {
            long x = c.gpr[a];
            long y = c.gpr[b];
            c.subFlags64(x, y, x - y);
            boolean jump = switch (condition) {
                case 2 -> Long.compareUnsigned(x, y) < 0;
                case 3 -> Long.compareUnsigned(x, y) >= 0;
                case 4 -> x == y;
                case 5 -> x != y;
                case 6 -> Long.compareUnsigned(x, y) <= 0;
                case 7 -> Long.compareUnsigned(x, y) > 0;
                case 12 -> x < y;
                case 13 -> x >= y;
                case 14 -> x <= y;
                case 15 -> x > y;
                default -> c.condition(condition);
            };
            c.gpr[Cpu.RIP] += jump ? taken : passed;
        }
    }

    /** CMP, 64 bits, immediate. */
    static final class CompareImmediate64 extends Fused {
        private final long value;

        CompareImmediate64(int condition, int a, long value, BranchOps.Target target) {
            super(condition, a, target);
            this.value = value;
        }

        @Override
        public void exec(Cpu c) {
            long x = c.gpr[a];
            long y = value;
            c.subFlags64(x, y, x - y);
            boolean jump = switch (condition) {
                case 2 -> Long.compareUnsigned(x, y) < 0;
                case 3 -> Long.compareUnsigned(x, y) >= 0;
                case 4 -> x == y;
                case 5 -> x != y;
                case 6 -> Long.compareUnsigned(x, y) <= 0;
                case 7 -> Long.compareUnsigned(x, y) > 0;
                case 12 -> x < y;
                case 13 -> x >= y;
                case 14 -> x <= y;
                case 15 -> x > y;
                default -> c.condition(condition);
            };
            c.gpr[Cpu.RIP] += jump ? taken : passed;
        }
    }

    /** TEST, 64 bits, register. */
    static final class TestRegister64 extends Fused {
        private final int b;

        TestRegister64(int condition, int a, int b, BranchOps.Target target) {
            super(condition, a, target);
            this.b = b;
        }

        @Override
        public void exec(Cpu c) {
            long x = c.gpr[a];
            long y = c.gpr[b];
            long r = x & y;
            c.logicFlags(r);
            boolean jump = switch (condition) {
                case 4, 6 -> r == 0;
                case 5, 7 -> r != 0;
                case 8, 12 -> r < 0;
                case 9, 13 -> r >= 0;
                case 14 -> r <= 0;
                case 15 -> r > 0;
                default -> c.condition(condition);
            };
            c.gpr[Cpu.RIP] += jump ? taken : passed;
        }
    }

    /** CMP, 32 bits, register. */
    static final class CompareRegister32 extends Fused {
        private final int b;

        CompareRegister32(int condition, int a, int b, BranchOps.Target target) {
            super(condition, a, target);
            this.b = b;
        }

        @Override
        public void exec(Cpu c) {
            int x = (int) c.gpr[a];
            int y = (int) c.gpr[b];
            c.subFlags32(x, y, x - y);
            boolean jump = switch (condition) {
                case 2 -> Integer.compareUnsigned(x, y) < 0;
                case 3 -> Integer.compareUnsigned(x, y) >= 0;
                case 4 -> x == y;
                case 5 -> x != y;
                case 6 -> Integer.compareUnsigned(x, y) <= 0;
                case 7 -> Integer.compareUnsigned(x, y) > 0;
                case 12 -> x < y;
                case 13 -> x >= y;
                case 14 -> x <= y;
                case 15 -> x > y;
                default -> c.condition(condition);
            };
            c.gpr[Cpu.RIP] += jump ? taken : passed;
        }
    }

    /** CMP, 32 bits, immediate. */
    static final class CompareImmediate32 extends Fused {
        private final int value;

        CompareImmediate32(int condition, int a, int value, BranchOps.Target target) {
            super(condition, a, target);
            this.value = value;
        }

        @Override
        public void exec(Cpu c) {
            int x = (int) c.gpr[a];
            int y = value;
            c.subFlags32(x, y, x - y);
            boolean jump = switch (condition) {
                case 2 -> Integer.compareUnsigned(x, y) < 0;
                case 3 -> Integer.compareUnsigned(x, y) >= 0;
                case 4 -> x == y;
                case 5 -> x != y;
                case 6 -> Integer.compareUnsigned(x, y) <= 0;
                case 7 -> Integer.compareUnsigned(x, y) > 0;
                case 12 -> x < y;
                case 13 -> x >= y;
                case 14 -> x <= y;
                case 15 -> x > y;
                default -> c.condition(condition);
            };
            c.gpr[Cpu.RIP] += jump ? taken : passed;
        }
    }

    /** TEST, 32 bits, register. */
    static final class TestRegister32 extends Fused {
        private final int b;

        TestRegister32(int condition, int a, int b, BranchOps.Target target) {
            super(condition, a, target);
            this.b = b;
        }

        @Override
        public void exec(Cpu c) {
            int x = (int) c.gpr[a];
            int y = (int) c.gpr[b];
            int r = x & y;
            c.logicFlags(r);
            boolean jump = switch (condition) {
                case 4, 6 -> r == 0;
                case 5, 7 -> r != 0;
                case 8, 12 -> r < 0;
                case 9, 13 -> r >= 0;
                case 14 -> r <= 0;
                case 15 -> r > 0;
                default -> c.condition(condition);
            };
            c.gpr[Cpu.RIP] += jump ? taken : passed;
        }
    }

    /** One operation for both, or null when they do not fuse. */
    static MicroOp fuse(MicroOp first, MicroOp second) {
        BranchOps.Target target = BranchOps.target(second);
        if (target == null) {
            return null;
        }
        int cc = target.condition();
        MicroOp made = switch (first) {
            case AluOps.CmpRegReg64 op -> new CompareRegister64(cc, op.a, op.b, target);
            case AluOps.CmpRegReg32 op -> new CompareRegister32(cc, op.a, op.b, target);
            case AluOps.CmpRegImm64 op -> new CompareImmediate64(cc, op.a, op.value, target);
            case AluOps.CmpRegImm32 op -> new CompareImmediate32(cc, op.a, op.value, target);
            case AluOps.TestRegReg64 op -> new TestRegister64(cc, op.a, op.b, target);
            case AluOps.TestRegReg32 op -> new TestRegister32(cc, op.a, op.b, target);
            default -> null;
        };
        if (made != null) {
            made.offset = first.offset;
            made.length = first.length + second.length;
        }
        return made;
    }
}
