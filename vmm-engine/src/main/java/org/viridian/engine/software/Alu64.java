package org.viridian.engine.software;

/** The common two-operand forms of ADD OR AND SUB XOR CMP TEST on 64-bit operands, a class for each. */
final class Alu64 {
    private Alu64() {}

    /** Register and register; {@code b} is the source. */
    private abstract static class RegReg extends MicroOp {
        final int to;
        final int from;

        RegReg(int to, int from) {
            this.to = to;
            this.from = from;
        }
    }

    /** Register and immediate. */
    private abstract static class RegImm extends MicroOp {
        final int to;
        final long b;

        RegImm(int to, long b) {
            this.to = to;
            this.b = b;
        }
    }

    /** Register and memory, in either direction. */
    private abstract static class RegMem extends MicroOp {
        final int register;
        final Ea ea;

        RegMem(int register, Ea ea) {
            this.register = register;
            this.ea = ea;
        }
    }

    /** Memory and immediate. */
    private abstract static class MemImm extends MicroOp {
        final Ea ea;
        final long b;

        MemImm(Ea ea, long b) {
            this.ea = ea;
            this.b = b;
        }
    }

    private static final class AddRegReg extends RegReg {
        AddRegReg(int to, int from) {
            super(to, from);
        }

        @Override
        public void exec(Cpu c) {
            long a = c.gpr[to];
            long b = c.gpr[from];
            long r = a + b;
            c.gpr[to] = r;
            c.addFlags64(a, b, r);
        }
    }

    private static final class AddRegImm extends RegImm {
        AddRegImm(int to, long b) {
            super(to, b);
        }

        @Override
        public void exec(Cpu c) {
            long a = c.gpr[to];
            long r = a + b;
            c.gpr[to] = r;
            c.addFlags64(a, b, r);
        }
    }

    private static final class AddRegMem extends RegMem {
        AddRegMem(int register, Ea ea) {
            super(register, ea);
        }

        @Override
        public void exec(Cpu c) {
            long b = c.load64(ea.load(c, 8));
            long a = c.gpr[register];
            long r = a + b;
            c.gpr[register] = r;
            c.addFlags64(a, b, r);
        }
    }

    private static final class AddMemReg extends RegMem {
        AddMemReg(int register, Ea ea) {
            super(register, ea);
        }

        @Override
        public void exec(Cpu c) {
            long at = ea.store(c, 8);
            long a = c.modify64(at);
            long b = c.gpr[register];
            long r = a + b;
            c.store64(at, r);
            c.addFlags64(a, b, r);
        }
    }

    private static final class AddMemImm extends MemImm {
        AddMemImm(Ea ea, long b) {
            super(ea, b);
        }

        @Override
        public void exec(Cpu c) {
            long at = ea.store(c, 8);
            long a = c.modify64(at);
            long r = a + b;
            c.store64(at, r);
            c.addFlags64(a, b, r);
        }
    }

    private static final class OrRegReg extends RegReg {
        OrRegReg(int to, int from) {
            super(to, from);
        }

        @Override
        public void exec(Cpu c) {
            long a = c.gpr[to];
            long b = c.gpr[from];
            long r = a | b;
            c.gpr[to] = r;
            c.logicFlags(r);
        }
    }

    private static final class OrRegImm extends RegImm {
        OrRegImm(int to, long b) {
            super(to, b);
        }

        @Override
        public void exec(Cpu c) {
            long a = c.gpr[to];
            long r = a | b;
            c.gpr[to] = r;
            c.logicFlags(r);
        }
    }

    private static final class OrRegMem extends RegMem {
        OrRegMem(int register, Ea ea) {
            super(register, ea);
        }

        @Override
        public void exec(Cpu c) {
            long b = c.load64(ea.load(c, 8));
            long a = c.gpr[register];
            long r = a | b;
            c.gpr[register] = r;
            c.logicFlags(r);
        }
    }

    private static final class OrMemReg extends RegMem {
        OrMemReg(int register, Ea ea) {
            super(register, ea);
        }

        @Override
        public void exec(Cpu c) {
            long at = ea.store(c, 8);
            long a = c.modify64(at);
            long b = c.gpr[register];
            long r = a | b;
            c.store64(at, r);
            c.logicFlags(r);
        }
    }

    private static final class OrMemImm extends MemImm {
        OrMemImm(Ea ea, long b) {
            super(ea, b);
        }

        @Override
        public void exec(Cpu c) {
            long at = ea.store(c, 8);
            long a = c.modify64(at);
            long r = a | b;
            c.store64(at, r);
            c.logicFlags(r);
        }
    }

    private static final class AndRegReg extends RegReg {
        AndRegReg(int to, int from) {
            super(to, from);
        }

        @Override
        public void exec(Cpu c) {
            long a = c.gpr[to];
            long b = c.gpr[from];
            long r = a & b;
            c.gpr[to] = r;
            c.logicFlags(r);
        }
    }

    private static final class AndRegImm extends RegImm {
        AndRegImm(int to, long b) {
            super(to, b);
        }

        @Override
        public void exec(Cpu c) {
            long a = c.gpr[to];
            long r = a & b;
            c.gpr[to] = r;
            c.logicFlags(r);
        }
    }

    private static final class AndRegMem extends RegMem {
        AndRegMem(int register, Ea ea) {
            super(register, ea);
        }

        @Override
        public void exec(Cpu c) {
            long b = c.load64(ea.load(c, 8));
            long a = c.gpr[register];
            long r = a & b;
            c.gpr[register] = r;
            c.logicFlags(r);
        }
    }

    private static final class AndMemReg extends RegMem {
        AndMemReg(int register, Ea ea) {
            super(register, ea);
        }

        @Override
        public void exec(Cpu c) {
            long at = ea.store(c, 8);
            long a = c.modify64(at);
            long b = c.gpr[register];
            long r = a & b;
            c.store64(at, r);
            c.logicFlags(r);
        }
    }

    private static final class AndMemImm extends MemImm {
        AndMemImm(Ea ea, long b) {
            super(ea, b);
        }

        @Override
        public void exec(Cpu c) {
            long at = ea.store(c, 8);
            long a = c.modify64(at);
            long r = a & b;
            c.store64(at, r);
            c.logicFlags(r);
        }
    }

    private static final class SubRegReg extends RegReg {
        SubRegReg(int to, int from) {
            super(to, from);
        }

        @Override
        public void exec(Cpu c) {
            long a = c.gpr[to];
            long b = c.gpr[from];
            long r = a - b;
            c.gpr[to] = r;
            c.subFlags64(a, b, r);
        }
    }

    private static final class SubRegImm extends RegImm {
        SubRegImm(int to, long b) {
            super(to, b);
        }

        @Override
        public void exec(Cpu c) {
            long a = c.gpr[to];
            long r = a - b;
            c.gpr[to] = r;
            c.subFlags64(a, b, r);
        }
    }

    private static final class SubRegMem extends RegMem {
        SubRegMem(int register, Ea ea) {
            super(register, ea);
        }

        @Override
        public void exec(Cpu c) {
            long b = c.load64(ea.load(c, 8));
            long a = c.gpr[register];
            long r = a - b;
            c.gpr[register] = r;
            c.subFlags64(a, b, r);
        }
    }

    private static final class SubMemReg extends RegMem {
        SubMemReg(int register, Ea ea) {
            super(register, ea);
        }

        @Override
        public void exec(Cpu c) {
            long at = ea.store(c, 8);
            long a = c.modify64(at);
            long b = c.gpr[register];
            long r = a - b;
            c.store64(at, r);
            c.subFlags64(a, b, r);
        }
    }

    private static final class SubMemImm extends MemImm {
        SubMemImm(Ea ea, long b) {
            super(ea, b);
        }

        @Override
        public void exec(Cpu c) {
            long at = ea.store(c, 8);
            long a = c.modify64(at);
            long r = a - b;
            c.store64(at, r);
            c.subFlags64(a, b, r);
        }
    }

    private static final class XorRegReg extends RegReg {
        XorRegReg(int to, int from) {
            super(to, from);
        }

        @Override
        public void exec(Cpu c) {
            long a = c.gpr[to];
            long b = c.gpr[from];
            long r = a ^ b;
            c.gpr[to] = r;
            c.logicFlags(r);
        }
    }

    private static final class XorRegImm extends RegImm {
        XorRegImm(int to, long b) {
            super(to, b);
        }

        @Override
        public void exec(Cpu c) {
            long a = c.gpr[to];
            long r = a ^ b;
            c.gpr[to] = r;
            c.logicFlags(r);
        }
    }

    private static final class XorRegMem extends RegMem {
        XorRegMem(int register, Ea ea) {
            super(register, ea);
        }

        @Override
        public void exec(Cpu c) {
            long b = c.load64(ea.load(c, 8));
            long a = c.gpr[register];
            long r = a ^ b;
            c.gpr[register] = r;
            c.logicFlags(r);
        }
    }

    private static final class XorMemReg extends RegMem {
        XorMemReg(int register, Ea ea) {
            super(register, ea);
        }

        @Override
        public void exec(Cpu c) {
            long at = ea.store(c, 8);
            long a = c.modify64(at);
            long b = c.gpr[register];
            long r = a ^ b;
            c.store64(at, r);
            c.logicFlags(r);
        }
    }

    private static final class XorMemImm extends MemImm {
        XorMemImm(Ea ea, long b) {
            super(ea, b);
        }

        @Override
        public void exec(Cpu c) {
            long at = ea.store(c, 8);
            long a = c.modify64(at);
            long r = a ^ b;
            c.store64(at, r);
            c.logicFlags(r);
        }
    }

    private static final class CmpRegMem extends RegMem {
        CmpRegMem(int register, Ea ea) {
            super(register, ea);
        }

        @Override
        public void exec(Cpu c) {
            long b = c.load64(ea.load(c, 8));
            long a = c.gpr[register];
            c.subFlags64(a, b, a - b);
        }
    }

    private static final class CmpMemReg extends RegMem {
        CmpMemReg(int register, Ea ea) {
            super(register, ea);
        }

        @Override
        public void exec(Cpu c) {
            long a = c.load64(ea.load(c, 8));
            long b = c.gpr[register];
            c.subFlags64(a, b, a - b);
        }
    }

    private static final class CmpMemImm extends MemImm {
        CmpMemImm(Ea ea, long b) {
            super(ea, b);
        }

        @Override
        public void exec(Cpu c) {
            long a = c.load64(ea.load(c, 8));
            c.subFlags64(a, b, a - b);
        }
    }

    private static final class TestMemImm extends MemImm {
        TestMemImm(Ea ea, long b) {
            super(ea, b);
        }

        @Override
        public void exec(Cpu c) {
            c.logicFlags(c.load64(ea.load(c, 8)) & b);
        }
    }

    private static final class TestMemReg extends RegMem {
        TestMemReg(int register, Ea ea) {
            super(register, ea);
        }

        @Override
        public void exec(Cpu c) {
            c.logicFlags(c.load64(ea.load(c, 8)) & c.gpr[register]);
        }
    }

    private static final class TestRegImm extends RegImm {
        TestRegImm(int to, long b) {
            super(to, b);
        }

        @Override
        public void exec(Cpu c) {
            c.logicFlags(c.gpr[to] & b);
        }
    }

    /** Register to register; null for operations without a class. */
    static MicroOp regReg(int op, int to, int from) {
        return switch (op) {
            case AluOps.ADD -> new AddRegReg(to, from);
            case AluOps.OR -> new OrRegReg(to, from);
            case AluOps.AND -> new AndRegReg(to, from);
            case AluOps.SUB -> new SubRegReg(to, from);
            case AluOps.XOR -> new XorRegReg(to, from);
            default -> null;
        };
    }

    /** Immediate to register; null for operations without a class. */
    static MicroOp regImm(int op, int to, long b) {
        return switch (op) {
            case AluOps.ADD -> new AddRegImm(to, b);
            case AluOps.OR -> new OrRegImm(to, b);
            case AluOps.AND -> new AndRegImm(to, b);
            case AluOps.SUB -> new SubRegImm(to, b);
            case AluOps.XOR -> new XorRegImm(to, b);
            default -> null;
        };
    }

    /** Memory to register; null for operations without a class. */
    static MicroOp regMem(int op, int register, Ea ea) {
        return switch (op) {
            case AluOps.ADD -> new AddRegMem(register, ea);
            case AluOps.OR -> new OrRegMem(register, ea);
            case AluOps.AND -> new AndRegMem(register, ea);
            case AluOps.SUB -> new SubRegMem(register, ea);
            case AluOps.XOR -> new XorRegMem(register, ea);
            case AluOps.CMP -> new CmpRegMem(register, ea);
            default -> null;
        };
    }

    /** Register to memory; null for operations without a class. */
    static MicroOp memReg(int op, int register, Ea ea) {
        return switch (op) {
            case AluOps.ADD -> new AddMemReg(register, ea);
            case AluOps.OR -> new OrMemReg(register, ea);
            case AluOps.AND -> new AndMemReg(register, ea);
            case AluOps.SUB -> new SubMemReg(register, ea);
            case AluOps.XOR -> new XorMemReg(register, ea);
            case AluOps.CMP -> new CmpMemReg(register, ea);
            default -> null;
        };
    }

    /** Immediate to memory; null for operations without a class. */
    static MicroOp memImm(int op, Ea ea, long b) {
        return switch (op) {
            case AluOps.ADD -> new AddMemImm(ea, b);
            case AluOps.OR -> new OrMemImm(ea, b);
            case AluOps.AND -> new AndMemImm(ea, b);
            case AluOps.SUB -> new SubMemImm(ea, b);
            case AluOps.XOR -> new XorMemImm(ea, b);
            case AluOps.CMP -> new CmpMemImm(ea, b);
            default -> null;
        };
    }

    /** TEST of memory and register. */
    static MicroOp testMemReg(int register, Ea ea) {
        return new TestMemReg(register, ea);
    }

    /** TEST with an immediate: of memory, or of a register when {@code ea} is null. */
    static MicroOp testImm(int register, Ea ea, long b) {
        return ea != null ? new TestMemImm(ea, b) : new TestRegImm(register, b);
    }
}
