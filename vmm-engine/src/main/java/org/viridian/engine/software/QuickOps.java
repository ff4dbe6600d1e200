package org.viridian.engine.software;

/** Short moves, extensions and steps in the forms that compilers emit most, a class for each. */
final class QuickOps {
    private QuickOps() {}

    /** MOV m8, r8 (a low byte). */
    static final class Store8 extends MicroOp {
        private final Ea ea;
        private final int from;

        Store8(Ea ea, int from) {
            this.ea = ea;
            this.from = from;
        }

        @Override
        public void exec(Cpu c) {
            c.store8(ea.store(c, 1), (int) c.gpr[from]);
        }
    }

    /** MOV m16, r16. */
    static final class Store16 extends MicroOp {
        private final Ea ea;
        private final int from;

        Store16(Ea ea, int from) {
            this.ea = ea;
            this.from = from;
        }

        @Override
        public void exec(Cpu c) {
            c.store16(ea.store(c, 2), (int) c.gpr[from]);
        }
    }

    /** MOV r8, m8 (a low byte). */
    static final class Load8 extends MicroOp {
        private final int to;
        private final Ea ea;

        Load8(int to, Ea ea) {
            this.to = to;
            this.ea = ea;
        }

        @Override
        public void exec(Cpu c) {
            int v = c.load8(ea.load(c, 1));
            c.gpr[to] = c.gpr[to] & ~0xFFL | v;
        }
    }

    /** MOV m8, imm8. */
    static final class StoreConstant8 extends MicroOp {
        private final Ea ea;
        private final int value;

        StoreConstant8(Ea ea, int value) {
            this.ea = ea;
            this.value = value;
        }

        @Override
        public void exec(Cpu c) {
            c.store8(ea.store(c, 1), value);
        }
    }

    /** MOV m32, imm32. */
    static final class StoreConstant32 extends MicroOp {
        private final Ea ea;
        private final int value;

        StoreConstant32(Ea ea, int value) {
            this.ea = ea;
            this.value = value;
        }

        @Override
        public void exec(Cpu c) {
            c.store32(ea.store(c, 4), value);
        }
    }

    /** MOV m64, imm32. */
    static final class StoreConstant64 extends MicroOp {
        private final Ea ea;
        private final long value;

        StoreConstant64(Ea ea, long value) {
            this.ea = ea;
            this.value = value;
        }

        @Override
        public void exec(Cpu c) {
            c.store64(ea.store(c, 8), value);
        }
    }

    /** MOVZX r32/64, r8 (a low byte). */
    static final class Zero8 extends MicroOp {
        private final int to;
        private final int from;

        Zero8(int to, int from) {
            this.to = to;
            this.from = from;
        }

        @Override
        public void exec(Cpu c) {
            c.gpr[to] = c.gpr[from] & 0xFF;
        }
    }

    /** MOVZX r32/64, r16. */
    static final class Zero16 extends MicroOp {
        private final int to;
        private final int from;

        Zero16(int to, int from) {
            this.to = to;
            this.from = from;
        }

        @Override
        public void exec(Cpu c) {
            c.gpr[to] = c.gpr[from] & 0xFFFF;
        }
    }

    /** MOVSXD r64, r32. */
    static final class Sign32 extends MicroOp {
        private final int to;
        private final int from;

        Sign32(int to, int from) {
            this.to = to;
            this.from = from;
        }

        @Override
        public void exec(Cpu c) {
            c.gpr[to] = (int) c.gpr[from];
        }
    }

    /** MOVSXD r64, m32. */
    static final class LoadSign32 extends MicroOp {
        private final int to;
        private final Ea ea;

        LoadSign32(int to, Ea ea) {
            this.to = to;
            this.ea = ea;
        }

        @Override
        public void exec(Cpu c) {
            c.gpr[to] = c.load32(ea.load(c, 4));
        }
    }

    /** SETcc r8 (a low byte). */
    static final class Set8 extends MicroOp {
        private final int condition;
        private final int to;

        Set8(int condition, int to) {
            this.condition = condition;
            this.to = to;
        }

        @Override
        public void exec(Cpu c) {
            c.gpr[to] = c.gpr[to] & ~0xFFL | (c.condition(condition) ? 1 : 0);
        }
    }

    /** CMOVcc r64, r64. */
    static final class Move64 extends MicroOp {
        private final int condition;
        private final int to;
        private final int from;

        Move64(int condition, int to, int from) {
            this.condition = condition;
            this.to = to;
            this.from = from;
        }

        @Override
        public void exec(Cpu c) {
            if (c.condition(condition)) {
                c.gpr[to] = c.gpr[from];
            }
        }
    }

    /** CMOVcc r32, r32. */
    static final class Move32 extends MicroOp {
        private final int condition;
        private final int to;
        private final int from;

        Move32(int condition, int to, int from) {
            this.condition = condition;
            this.to = to;
            this.from = from;
        }

        @Override
        public void exec(Cpu c) {
            c.gpr[to] = c.gpr[c.condition(condition) ? from : to] & 0xFFFF_FFFFL;
        }
    }

    /** LEA r32 with 64-bit addresses. */
    static final class Lea32 extends MicroOp {
        private final int to;
        private final Ea ea;

        Lea32(int to, Ea ea) {
            this.to = to;
            this.ea = ea;
        }

        @Override
        public void exec(Cpu c) {
            long[] r = c.gpr;
            r[to] = r[ea.base] + (r[ea.index] << ea.scale) + ea.disp & 0xFFFF_FFFFL;
        }
    }

    /** INC and DEC of a 64-bit register. */
    static final class Step64 extends MicroOp {
        private final int register;
        private final int by;

        Step64(int register, int by) {
            this.register = register;
            this.by = by;
        }

        @Override
        public void exec(Cpu c) {
            long a = c.gpr[register];
            boolean overflow = a == (by > 0 ? Long.MAX_VALUE : Long.MIN_VALUE);
            long r = a + by;
            c.gpr[register] = r;
            // INC and DEC leave CF alone; AF is the carry or borrow of bit 3.
            long cf = c.flagAux >> 63 & 0xC000_0000_0000_0000L;
            c.flagResult = r;
            c.flagAux = (overflow ? cf ^ 0x4000_0000_0000_0000L : cf) | (a ^ r) >> 1 & 8;
        }
    }

    /** INC and DEC of a 32-bit register. */
    static final class Step32 extends MicroOp {
        private final int register;
        private final int by;

        Step32(int register, int by) {
            this.register = register;
            this.by = by;
        }

        @Override
        public void exec(Cpu c) {
            int a = (int) c.gpr[register];
            boolean overflow = a == (by > 0 ? Integer.MAX_VALUE : Integer.MIN_VALUE);
            long r = (int) (a + by);
            c.gpr[register] = r & 0xFFFF_FFFFL;
            // INC and DEC leave CF alone; AF is the carry or borrow of bit 3.
            long cf = c.flagAux >> 63 & 0xC000_0000_0000_0000L;
            c.flagResult = r;
            c.flagAux = (overflow ? cf ^ 0x4000_0000_0000_0000L : cf) | (a ^ r) >> 1 & 8;
        }
    }

    /** CALL m64. */
    static final class CallMemory extends MicroOp {
        private final Ea ea;

        CallMemory(Ea ea) {
            this.ea = ea;
        }

        @Override
        public void exec(Cpu c) {
            long to = c.target(c.load64(ea.load(c, 8)));
            long sp = c.gpr[4] - 8;
            c.store64(sp, nextRip(c));
            c.gpr[4] = sp;
            c.gpr[Cpu.RIP] = to;
        }
    }

    /** CALL r64. */
    static final class CallRegister extends MicroOp {
        private final int register;

        CallRegister(int register) {
            this.register = register;
        }

        @Override
        public void exec(Cpu c) {
            long to = c.target(c.gpr[register]);
            long sp = c.gpr[4] - 8;
            c.store64(sp, nextRip(c));
            c.gpr[4] = sp;
            c.gpr[Cpu.RIP] = to;
        }
    }
}
