package org.viridian.engine.software;

/** ADD OR ADC SBB AND SUB XOR CMP, TEST, INC, DEC, NEG, NOT: the common forms by class, the rest by {@link Operand}. */
final class AluOps {
    static final int ADD = 0;
    static final int OR = 1;
    static final int ADC = 2;
    static final int SBB = 3;
    static final int AND = 4;
    static final int SUB = 5;
    static final int XOR = 6;
    static final int CMP = 7;

    private AluOps() {}

    /** The operation on values sign-extended from {@code 64 - shift} bits; sets flags and answers the result likewise. */
    static long apply(Cpu c, int op, long a, long b, int shift) {
        long r;
        switch (op) {
            case ADD -> {
                r = a + b << shift >> shift;
                c.addFlags(a, b, r, shift);
            }
            case OR -> {
                r = a | b;
                c.logicFlags(r);
            }
            case ADC -> {
                r = a + b + (c.cf() ? 1 : 0) << shift >> shift;
                c.addFlags(a, b, r, shift);
            }
            case SBB -> {
                r = a - b - (c.cf() ? 1 : 0) << shift >> shift;
                c.subFlags(a, b, r, shift);
            }
            case AND -> {
                r = a & b;
                c.logicFlags(r);
            }
            case XOR -> {
                r = a ^ b;
                c.logicFlags(r);
            }
            default -> {
                r = a - b << shift >> shift;
                c.subFlags(a, b, r, shift);
            }
        }
        return r;
    }

    /** Any form and size. */
    static final class Generic extends MicroOp {
        private final int op;
        private final Operand to;
        private final Operand from;
        private final int shift;

        Generic(int op, Operand to, Operand from) {
            this.op = op;
            this.to = to;
            this.from = from;
            this.shift = to.shift();
        }

        @Override
        public void exec(Cpu c) {
            if (op == CMP) {
                long a = to.read(c);
                apply(c, CMP, a, from.read(c), shift);
                return;
            }
            long at = to.target(c);
            long a = to.modify(c, at);
            long b = from.read(c);
            to.set(c, at, apply(c, op, a, b, shift));
        }
    }

    /** AND without a result. */
    static final class Test extends MicroOp {
        private final Operand to;
        private final Operand from;

        Test(Operand to, Operand from) {
            this.to = to;
            this.from = from;
        }

        @Override
        public void exec(Cpu c) {
            c.logicFlags(to.read(c) & from.read(c));
        }
    }

    /** INC and DEC: CF stays. */
    static final class Step extends MicroOp {
        private final Operand to;
        private final int by;

        Step(Operand to, int by) {
            this.to = to;
            this.by = by;
        }

        @Override
        public void exec(Cpu c) {
            long at = to.target(c);
            long a = to.modify(c, at);
            long r = a + by << to.shift() >> to.shift();
            to.set(c, at, r);
            step(c, a, r, by, to.shift());
        }
    }

    /** Flags of INC ({@code by} 1) and DEC (-1). */
    static void step(Cpu c, long a, long r, int by, int shift) {
        boolean cf = c.cf();
        if (by > 0) {
            c.addFlags(a, 1, r, shift);
        } else {
            c.subFlags(a, 1, r, shift);
        }
        c.setCf(cf);
    }

    /** NOT. */
    static final class Not extends MicroOp {
        private final Operand to;

        Not(Operand to) {
            this.to = to;
        }

        @Override
        public void exec(Cpu c) {
            long at = to.target(c);
            to.set(c, at, ~to.modify(c, at));
        }
    }

    /** NEG. */
    static final class Neg extends MicroOp {
        private final Operand to;

        Neg(Operand to) {
            this.to = to;
        }

        @Override
        public void exec(Cpu c) {
            long at = to.target(c);
            long a = to.modify(c, at);
            long r = -a << to.shift() >> to.shift();
            to.set(c, at, r);
            c.subFlags(0, a, r, to.shift());
        }
    }

    /** CMP of two registers, 64 bits. */
    static final class CmpRegReg64 extends MicroOp {
        final int a;
        final int b;

        CmpRegReg64(int a, int b) {
            this.a = a;
            this.b = b;
        }

        @Override
        public void exec(Cpu c) {
            long x = c.gpr[a];
            long y = c.gpr[b];
            c.subFlags64(x, y, x - y);
        }
    }

    /** CMP of two registers, 32 bits. */
    static final class CmpRegReg32 extends MicroOp {
        final int a;
        final int b;

        CmpRegReg32(int a, int b) {
            this.a = a;
            this.b = b;
        }

        @Override
        public void exec(Cpu c) {
            int x = (int) c.gpr[a];
            int y = (int) c.gpr[b];
            c.subFlags32(x, y, x - y);
        }
    }

    /** CMP of register and immediate, 64 bits. */
    static final class CmpRegImm64 extends MicroOp {
        final int a;
        final long value;

        CmpRegImm64(int a, long value) {
            this.a = a;
            this.value = value;
        }

        @Override
        public void exec(Cpu c) {
            long x = c.gpr[a];
            c.subFlags64(x, value, x - value);
        }
    }

    /** CMP of register and immediate, 32 bits. */
    static final class CmpRegImm32 extends MicroOp {
        final int a;
        final int value;

        CmpRegImm32(int a, int value) {
            this.a = a;
            this.value = value;
        }

        @Override
        public void exec(Cpu c) {
            int x = (int) c.gpr[a];
            c.subFlags32(x, value, x - value);
        }
    }

    /** TEST of two registers, 64 bits. */
    static final class TestRegReg64 extends MicroOp {
        final int a;
        final int b;

        TestRegReg64(int a, int b) {
            this.a = a;
            this.b = b;
        }

        @Override
        public void exec(Cpu c) {
            c.logicFlags(c.gpr[a] & c.gpr[b]);
        }
    }

    /** TEST of two registers, 32 bits. */
    static final class TestRegReg32 extends MicroOp {
        final int a;
        final int b;

        TestRegReg32(int a, int b) {
            this.a = a;
            this.b = b;
        }

        @Override
        public void exec(Cpu c) {
            c.logicFlags((int) c.gpr[a] & (int) c.gpr[b]);
        }
    }

    /** The form for these operands. */
    static MicroOp make(DecodeContext in, int op, boolean toRegister, int size) {
        MicroOp special = switch (size) {
            case 8 -> special64(in, op, toRegister);
            case 4 -> special32(in, op, toRegister);
            case 1 -> op == CMP ? compareBytes(in, toRegister) : null;
            default -> null;
        };
        if (special != null) {
            return special;
        }
        Operand rm = Operand.rm(in, size);
        Operand reg = Operand.reg(in, size);
        return toRegister ? new Generic(op, reg, rm) : new Generic(op, rm, reg);
    }

    private static MicroOp compareBytes(DecodeContext in, boolean toRegister) {
        if (!in.lowByte(in.reg) || in.mod == 3 && !in.lowByte(in.rm)) {
            return null;
        }
        if (in.mod != 3) {
            return toRegister ? new ByteOps.CompareRegisterMemory(in.reg, in.ea) : new ByteOps.CompareMemoryRegister(in.ea, in.reg);
        }
        return toRegister ? new ByteOps.CompareRegisters(in.reg, in.rm) : new ByteOps.CompareRegisters(in.rm, in.reg);
    }

    private static MicroOp special64(DecodeContext in, int op, boolean toRegister) {
        if (op == ADC && (toRegister || in.mod == 3)) {
            return in.mod != 3 ? new WideOps.AddCarryMemory(in.reg, in.ea)
                    : toRegister ? new WideOps.AddCarry(in.reg, in.rm) : new WideOps.AddCarry(in.rm, in.reg);
        }
        if (op == SBB && (toRegister || in.mod == 3)) {
            return in.mod != 3 ? new WideOps.SubtractCarryMemory(in.reg, in.ea)
                    : toRegister ? new WideOps.SubtractCarry(in.reg, in.rm) : new WideOps.SubtractCarry(in.rm, in.reg);
        }
        if (in.mod != 3) {
            return toRegister ? Alu64.regMem(op, in.reg, in.ea) : Alu64.memReg(op, in.reg, in.ea);
        }
        int to = toRegister ? in.reg : in.rm;
        int from = toRegister ? in.rm : in.reg;
        return op == CMP ? new CmpRegReg64(to, from) : Alu64.regReg(op, to, from);
    }

    private static MicroOp special32(DecodeContext in, int op, boolean toRegister) {
        if (in.mod != 3) {
            return toRegister ? Alu32.regMem(op, in.reg, in.ea) : Alu32.memReg(op, in.reg, in.ea);
        }
        int to = toRegister ? in.reg : in.rm;
        int from = toRegister ? in.rm : in.reg;
        return op == CMP ? new CmpRegReg32(to, from) : Alu32.regReg(op, to, from);
    }

    /** ModRM.rm with an immediate. */
    static MicroOp immediate(DecodeContext in, int op, long value, int size) {
        MicroOp special = null;
        if (size == 8 && in.mod == 3 && (op == ADC || op == SBB)) {
            return op == ADC ? new WideOps.AddCarryConstant(in.rm, value) : new WideOps.SubtractCarryConstant(in.rm, value);
        }
        if (size == 1 && op == CMP && (in.mod != 3 || in.lowByte(in.rm))) {
            return in.mod != 3 ? new ByteOps.CompareMemory(in.ea, (int) value) : new ByteOps.CompareRegister(in.rm, (int) value);
        }
        if (size == 8) {
            special = in.mod != 3 ? Alu64.memImm(op, in.ea, value)
                    : op == CMP ? new CmpRegImm64(in.rm, value) : Alu64.regImm(op, in.rm, value);
        } else if (size == 4) {
            special = in.mod != 3 ? Alu32.memImm(op, in.ea, (int) value)
                    : op == CMP ? new CmpRegImm32(in.rm, (int) value) : Alu32.regImm(op, in.rm, (int) value);
        }
        return special != null ? special : new Generic(op, Operand.rm(in, size), Operand.immediate(value, size));
    }

    /** TEST of ModRM.rm and ModRM.reg. */
    static MicroOp test(DecodeContext in, int size) {
        if (size == 8) {
            return in.mod == 3 ? new TestRegReg64(in.rm, in.reg) : Alu64.testMemReg(in.reg, in.ea);
        }
        if (size == 4) {
            return in.mod == 3 ? new TestRegReg32(in.rm, in.reg) : Alu32.testMemReg(in.reg, in.ea);
        }
        if (size == 1 && in.mod == 3 && in.lowByte(in.rm) && in.lowByte(in.reg)) {
            return new ByteOps.TestRegisters(in.rm, in.reg);
        }
        return new Test(Operand.rm(in, size), Operand.reg(in, size));
    }

    /** TEST of ModRM.rm with an immediate. */
    static MicroOp testImmediate(DecodeContext in, long value, int size) {
        if (size == 1 && (in.mod != 3 || in.lowByte(in.rm))) {
            return in.mod != 3 ? new ByteOps.TestMemory(in.ea, (int) value) : new ByteOps.TestRegister(in.rm, (int) value);
        }
        return switch (size) {
            case 8 -> Alu64.testImm(in.rm, in.ea, value);
            case 4 -> Alu32.testImm(in.rm, in.ea, (int) value);
            default -> new Test(Operand.rm(in, size), Operand.immediate(value, size));
        };
    }
}
