package org.viridian.engine.software;

/** IMUL, MUL, ADC, SBB and constant rotates on whole registers: what big-number and hash loops are made of. */
final class WideOps {
    private static final long BOTH = 0x8000_0000_0000_0000L;

    private WideOps() {}

    private static void product64(Cpu c, int to, long a, long b) {
        long r = a * b;
        c.gpr[to] = r;
        c.flagResult = r;
        // CF and OF together.
        c.flagAux = Math.multiplyHigh(a, b) != r >> 63 ? BOTH : 0;
    }

    private static void product32(Cpu c, int to, int a, int b) {
        long r = (long) a * b;
        c.gpr[to] = r & 0xFFFF_FFFFL;
        c.flagResult = (int) r;
        c.flagAux = r != (int) r ? BOTH : 0;
    }

    /** IMUL r64, r64. */
    static final class MultiplyRegister64 extends MicroOp {
        private final int to;
        private final int from;

        MultiplyRegister64(int to, int from) {
            this.to = to;
            this.from = from;
        }

        @Override
        public void exec(Cpu c) {
            product64(c, to, c.gpr[to], c.gpr[from]);
        }
    }

    /** IMUL r64, r64, imm. */
    static final class MultiplyConstant64 extends MicroOp {
        private final int to;
        private final int from;
        private final long value;

        MultiplyConstant64(int to, int from, long value) {
            this.to = to;
            this.from = from;
            this.value = value;
        }

        @Override
        public void exec(Cpu c) {
            product64(c, to, c.gpr[from], value);
        }
    }

    /** IMUL r64, m64. */
    static final class MultiplyMemory64 extends MicroOp {
        private final int to;
        private final Ea ea;

        MultiplyMemory64(int to, Ea ea) {
            this.to = to;
            this.ea = ea;
        }

        @Override
        public void exec(Cpu c) {
            product64(c, to, c.gpr[to], c.load64(ea.load(c, 8)));
        }
    }

    /** IMUL r32, r32. */
    static final class MultiplyRegister32 extends MicroOp {
        private final int to;
        private final int from;

        MultiplyRegister32(int to, int from) {
            this.to = to;
            this.from = from;
        }

        @Override
        public void exec(Cpu c) {
            product32(c, to, (int) c.gpr[to], (int) c.gpr[from]);
        }
    }

    /** IMUL r32, r32, imm. */
    static final class MultiplyConstant32 extends MicroOp {
        private final int to;
        private final int from;
        private final int value;

        MultiplyConstant32(int to, int from, int value) {
            this.to = to;
            this.from = from;
            this.value = value;
        }

        @Override
        public void exec(Cpu c) {
            product32(c, to, (int) c.gpr[from], value);
        }
    }

    /** IMUL r32, m32. */
    static final class MultiplyMemory32 extends MicroOp {
        private final int to;
        private final Ea ea;

        MultiplyMemory32(int to, Ea ea) {
            this.to = to;
            this.ea = ea;
        }

        @Override
        public void exec(Cpu c) {
            product32(c, to, (int) c.gpr[to], c.load32(ea.load(c, 4)));
        }
    }

    /** MUL r64. */
    static final class MultiplyWideRegister extends MicroOp {
        private final int by;

        MultiplyWideRegister(int by) {
            this.by = by;
        }

        @Override
        public void exec(Cpu c) {
            long b = c.gpr[by];
            long a = c.gpr[0];
            long r = a * b;
            long high = Math.unsignedMultiplyHigh(a, b);
            c.gpr[0] = r;
            c.gpr[2] = high;
            c.flagResult = r;
            c.flagAux = high != 0 ? BOTH : 0;
        }
    }

    /** MUL m64. */
    static final class MultiplyWideMemory extends MicroOp {
        private final Ea ea;

        MultiplyWideMemory(Ea ea) {
            this.ea = ea;
        }

        @Override
        public void exec(Cpu c) {
            long b = c.load64(ea.load(c, 8));
            long a = c.gpr[0];
            long r = a * b;
            long high = Math.unsignedMultiplyHigh(a, b);
            c.gpr[0] = r;
            c.gpr[2] = high;
            c.flagResult = r;
            c.flagAux = high != 0 ? BOTH : 0;
        }
    }

    /** ADC r64, r64. */
    static final class AddCarry extends MicroOp {
        private final int to;
        private final int from;

        AddCarry(int to, int from) {
            this.to = to;
            this.from = from;
        }

        @Override
        public void exec(Cpu c) {
            long a = c.gpr[to];
            long b = c.gpr[from];
            long r = a + b + (c.cf() ? 1 : 0);
            c.gpr[to] = r;
            c.addFlags64(a, b, r);
        }
    }

    /** ADC r64, imm. */
    static final class AddCarryConstant extends MicroOp {
        private final int to;
        private final long b;

        AddCarryConstant(int to, long b) {
            this.to = to;
            this.b = b;
        }

        @Override
        public void exec(Cpu c) {
            long a = c.gpr[to];
            long r = a + b + (c.cf() ? 1 : 0);
            c.gpr[to] = r;
            c.addFlags64(a, b, r);
        }
    }

    /** ADC r64, m64. */
    static final class AddCarryMemory extends MicroOp {
        private final int to;
        private final Ea ea;

        AddCarryMemory(int to, Ea ea) {
            this.to = to;
            this.ea = ea;
        }

        @Override
        public void exec(Cpu c) {
            long b = c.load64(ea.load(c, 8));
            long a = c.gpr[to];
            long r = a + b + (c.cf() ? 1 : 0);
            c.gpr[to] = r;
            c.addFlags64(a, b, r);
        }
    }

    /** SBB r64, r64. */
    static final class SubtractCarry extends MicroOp {
        private final int to;
        private final int from;

        SubtractCarry(int to, int from) {
            this.to = to;
            this.from = from;
        }

        @Override
        public void exec(Cpu c) {
            long a = c.gpr[to];
            long b = c.gpr[from];
            long r = a - b - (c.cf() ? 1 : 0);
            c.gpr[to] = r;
            c.subFlags64(a, b, r);
        }
    }

    /** SBB r64, imm. */
    static final class SubtractCarryConstant extends MicroOp {
        private final int to;
        private final long b;

        SubtractCarryConstant(int to, long b) {
            this.to = to;
            this.b = b;
        }

        @Override
        public void exec(Cpu c) {
            long a = c.gpr[to];
            long r = a - b - (c.cf() ? 1 : 0);
            c.gpr[to] = r;
            c.subFlags64(a, b, r);
        }
    }

    /** SBB r64, m64. */
    static final class SubtractCarryMemory extends MicroOp {
        private final int to;
        private final Ea ea;

        SubtractCarryMemory(int to, Ea ea) {
            this.to = to;
            this.ea = ea;
        }

        @Override
        public void exec(Cpu c) {
            long b = c.load64(ea.load(c, 8));
            long a = c.gpr[to];
            long r = a - b - (c.cf() ? 1 : 0);
            c.gpr[to] = r;
            c.subFlags64(a, b, r);
        }
    }

    /** ROL of a 64-bit register by a constant. */
    static final class RotateLeft64 extends MicroOp {
        private final int register;
        private final int n;

        RotateLeft64(int register, int n) {
            this.register = register;
            this.n = n;
        }

        @Override
        public void exec(Cpu c) {
            long r = Long.rotateLeft(c.gpr[register], n);
            c.gpr[register] = r;
            boolean cf = (r & 1) != 0;
            c.setCfOf(cf, cf ^ r < 0);
        }
    }

    /** ROR of a 64-bit register by a constant. */
    static final class RotateRight64 extends MicroOp {
        private final int register;
        private final int n;

        RotateRight64(int register, int n) {
            this.register = register;
            this.n = n;
        }

        @Override
        public void exec(Cpu c) {
            long r = Long.rotateRight(c.gpr[register], n);
            c.gpr[register] = r;
            c.setCfOf(r < 0, r < 0 ^ r << 1 < 0);
        }
    }

    /** ROL of a 32-bit register by a constant. */
    static final class RotateLeft32 extends MicroOp {
        private final int register;
        private final int n;

        RotateLeft32(int register, int n) {
            this.register = register;
            this.n = n;
        }

        @Override
        public void exec(Cpu c) {
            int r = Integer.rotateLeft((int) c.gpr[register], n);
            c.gpr[register] = r & 0xFFFF_FFFFL;
            boolean cf = (r & 1) != 0;
            c.setCfOf(cf, cf ^ r < 0);
        }
    }

    /** ROR of a 32-bit register by a constant. */
    static final class RotateRight32 extends MicroOp {
        private final int register;
        private final int n;

        RotateRight32(int register, int n) {
            this.register = register;
            this.n = n;
        }

        @Override
        public void exec(Cpu c) {
            int r = Integer.rotateRight((int) c.gpr[register], n);
            c.gpr[register] = r & 0xFFFF_FFFFL;
            c.setCfOf(r < 0, r < 0 ^ r << 1 < 0);
        }
    }
}
