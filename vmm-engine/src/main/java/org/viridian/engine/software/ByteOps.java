package org.viridian.engine.software;

/** CMP and TEST of bytes, a class for each common form. */
final class ByteOps {
    private ByteOps() {}

    private static void compare(Cpu c, int a, int b) {
        c.subFlags(a, b, (byte) (a - b), 56);
    }

    /** CMP m8, imm8. */
    static final class CompareMemory extends MicroOp {
        private final Ea ea;
        private final int value;

        CompareMemory(Ea ea, int value) {
            this.ea = ea;
            this.value = value;
        }

        @Override
        public void exec(Cpu c) {
            compare(c, (byte) c.load8(ea.load(c, 1)), value);
        }
    }

    /** CMP r8, imm8 (a low byte). */
    static final class CompareRegister extends MicroOp {
        private final int register;
        private final int value;

        CompareRegister(int register, int value) {
            this.register = register;
            this.value = value;
        }

        @Override
        public void exec(Cpu c) {
            compare(c, (byte) c.gpr[register], value);
        }
    }

    /** CMP m8, r8 (a low byte). */
    static final class CompareMemoryRegister extends MicroOp {
        private final Ea ea;
        private final int register;

        CompareMemoryRegister(Ea ea, int register) {
            this.ea = ea;
            this.register = register;
        }

        @Override
        public void exec(Cpu c) {
            int a = (byte) c.load8(ea.load(c, 1));
            compare(c, a, (byte) c.gpr[register]);
        }
    }

    /** CMP r8, m8 (a low byte). */
    static final class CompareRegisterMemory extends MicroOp {
        private final int register;
        private final Ea ea;

        CompareRegisterMemory(int register, Ea ea) {
            this.register = register;
            this.ea = ea;
        }

        @Override
        public void exec(Cpu c) {
            int b = (byte) c.load8(ea.load(c, 1));
            compare(c, (byte) c.gpr[register], b);
        }
    }

    /** CMP r8, r8 (low bytes). */
    static final class CompareRegisters extends MicroOp {
        private final int a;
        private final int b;

        CompareRegisters(int a, int b) {
            this.a = a;
            this.b = b;
        }

        @Override
        public void exec(Cpu c) {
            compare(c, (byte) c.gpr[a], (byte) c.gpr[b]);
        }
    }

    /** TEST m8, imm8. */
    static final class TestMemory extends MicroOp {
        private final Ea ea;
        private final int value;

        TestMemory(Ea ea, int value) {
            this.ea = ea;
            this.value = value;
        }

        @Override
        public void exec(Cpu c) {
            c.logicFlags((byte) (c.load8(ea.load(c, 1)) & value));
        }
    }

    /** TEST r8, imm8 (a low byte). */
    static final class TestRegister extends MicroOp {
        private final int register;
        private final int value;

        TestRegister(int register, int value) {
            this.register = register;
            this.value = value;
        }

        @Override
        public void exec(Cpu c) {
            c.logicFlags((byte) (c.gpr[register] & value));
        }
    }

    /** TEST r8, r8 (low bytes). */
    static final class TestRegisters extends MicroOp {
        private final int a;
        private final int b;

        TestRegisters(int a, int b) {
            this.a = a;
            this.b = b;
        }

        @Override
        public void exec(Cpu c) {
            c.logicFlags((byte) (c.gpr[a] & c.gpr[b]));
        }
    }
}
