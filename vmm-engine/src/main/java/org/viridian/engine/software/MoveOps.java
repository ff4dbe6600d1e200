package org.viridian.engine.software;

/** MOV, MOVZX, MOVSX, LEA, XCHG, CMOVcc, SETcc, BSWAP, PUSH, POP and their kin. */
final class MoveOps {
    private MoveOps() {}

    /** MOV in any form. */
    static final class Generic extends MicroOp {
        private final Operand to;
        private final Operand from;

        Generic(Operand to, Operand from) {
            this.to = to;
            this.from = from;
        }

        @Override
        public void exec(Cpu c) {
            to.write(c, from.read(c));
        }
    }

    /** MOV r64, r64. */
    static final class RegReg64 extends MicroOp {
        private final int to;
        private final int from;

        RegReg64(int to, int from) {
            this.to = to;
            this.from = from;
        }

        @Override
        public void exec(Cpu c) {
            c.gpr[to] = c.gpr[from];
        }
    }

    /** MOV r32, r32. */
    static final class RegReg32 extends MicroOp {
        private final int to;
        private final int from;

        RegReg32(int to, int from) {
            this.to = to;
            this.from = from;
        }

        @Override
        public void exec(Cpu c) {
            c.gpr[to] = c.gpr[from] & 0xFFFF_FFFFL;
        }
    }

    /** MOV of a constant into a whole register. */
    static final class Constant extends MicroOp {
        private final int to;
        private final long value;

        Constant(int to, long value) {
            this.to = to;
            this.value = value;
        }

        @Override
        public void exec(Cpu c) {
            c.gpr[to] = value;
        }
    }

    /** MOV r64, m64. */
    static final class Load64 extends MicroOp {
        private final int to;
        private final Ea ea;

        Load64(int to, Ea ea) {
            this.to = to;
            this.ea = ea;
        }

        @Override
        public void exec(Cpu c) {
            c.gpr[to] = c.load64(ea.load(c, 8));
        }
    }

    /** MOV r32, m32. */
    static final class Load32 extends MicroOp {
        private final int to;
        private final Ea ea;

        Load32(int to, Ea ea) {
            this.to = to;
            this.ea = ea;
        }

        @Override
        public void exec(Cpu c) {
            c.gpr[to] = c.load32(ea.load(c, 4)) & 0xFFFF_FFFFL;
        }
    }

    /** MOVZX r32/64, m8. */
    static final class LoadZero8 extends MicroOp {
        private final int to;
        private final Ea ea;

        LoadZero8(int to, Ea ea) {
            this.to = to;
            this.ea = ea;
        }

        @Override
        public void exec(Cpu c) {
            c.gpr[to] = c.load8(ea.load(c, 1));
        }
    }

    /** MOVZX r32/64, m16. */
    static final class LoadZero16 extends MicroOp {
        private final int to;
        private final Ea ea;

        LoadZero16(int to, Ea ea) {
            this.to = to;
            this.ea = ea;
        }

        @Override
        public void exec(Cpu c) {
            c.gpr[to] = c.load16(ea.load(c, 2));
        }
    }

    /** MOV m64, r64. */
    static final class Store64 extends MicroOp {
        private final Ea ea;
        private final int from;

        Store64(Ea ea, int from) {
            this.ea = ea;
            this.from = from;
        }

        @Override
        public void exec(Cpu c) {
            c.store64(ea.store(c, 8), c.gpr[from]);
        }
    }

    /** MOV m32, r32. */
    static final class Store32 extends MicroOp {
        private final Ea ea;
        private final int from;

        Store32(Ea ea, int from) {
            this.ea = ea;
            this.from = from;
        }

        @Override
        public void exec(Cpu c) {
            c.store32(ea.store(c, 4), (int) c.gpr[from]);
        }
    }

    /** MOVZX and MOVSX: the operands' sizes differ. */
    static final class Extend extends MicroOp {
        private final Operand to;
        private final Operand from;
        private final long mask;

        Extend(Operand to, Operand from, boolean signed) {
            this.to = to;
            this.from = from;
            this.mask = signed ? -1L : from.mask();
        }

        @Override
        public void exec(Cpu c) {
            to.write(c, from.read(c) & mask);
        }
    }

    /** LEA. */
    static final class Lea extends MicroOp {
        private final Operand to;
        private final Ea ea;

        Lea(Operand to, Ea ea) {
            this.to = to;
            this.ea = ea;
        }

        @Override
        public void exec(Cpu c) {
            to.set(c, 0, ea.offset(c));
        }
    }

    /** LEA r64 with 64-bit addresses. */
    static final class Lea64 extends MicroOp {
        private final int to;
        private final Ea ea;

        Lea64(int to, Ea ea) {
            this.to = to;
            this.ea = ea;
        }

        @Override
        public void exec(Cpu c) {
            long[] r = c.gpr;
            r[to] = r[ea.base] + (r[ea.index] << ea.scale) + ea.disp;
        }
    }

    /** XCHG of registers. */
    static final class Exchange extends MicroOp {
        private final Operand a;
        private final Operand b;

        Exchange(Operand a, Operand b) {
            this.a = a;
            this.b = b;
        }

        @Override
        public void exec(Cpu c) {
            long x = a.read(c);
            a.set(c, 0, b.read(c));
            b.set(c, 0, x);
        }
    }

    /** CMOVcc: loads always; a 32-bit target is zero-extended even when not moved. */
    static final class Conditional extends MicroOp {
        private final int condition;
        private final Operand to;
        private final Operand from;

        Conditional(int condition, Operand to, Operand from) {
            this.condition = condition;
            this.to = to;
            this.from = from;
        }

        @Override
        public void exec(Cpu c) {
            long value = from.read(c);
            to.set(c, 0, c.condition(condition) ? value : to.get(c, 0));
        }
    }

    /** SETcc. */
    static final class SetCondition extends MicroOp {
        private final int condition;
        private final Operand to;

        SetCondition(int condition, Operand to) {
            this.condition = condition;
            this.to = to;
        }

        @Override
        public void exec(Cpu c) {
            to.write(c, c.condition(condition) ? 1 : 0);
        }
    }

    /** BSWAP. */
    static final class SwapBytes extends MicroOp {
        private final int register;
        private final int size;

        SwapBytes(int register, int size) {
            this.register = register;
            this.size = size;
        }

        @Override
        public void exec(Cpu c) {
            long v = c.gpr[register];
            c.gpr[register] = switch (size) {
                case 8 -> Long.reverseBytes(v);
                case 4 -> Integer.reverseBytes((int) v) & 0xFFFF_FFFFL;
                // Undefined by the architecture; processors clear the word.
                default -> v & ~0xFFFFL;
            };
        }
    }

    /** MOVBE. */
    static final class MoveBigEndian extends MicroOp {
        private final Operand to;
        private final Operand from;

        MoveBigEndian(Operand to, Operand from) {
            this.to = to;
            this.from = from;
        }

        @Override
        public void exec(Cpu c) {
            to.write(c, Long.reverseBytes(from.read(c)) >>> from.shift());
        }
    }

    /** CBW, CWDE, CDQE by operand size. */
    static final class SignExtendA extends MicroOp {
        private final int size;

        SignExtendA(int size) {
            this.size = size;
        }

        @Override
        public void exec(Cpu c) {
            long a = c.gpr[0];
            c.gpr[0] = switch (size) {
                case 2 -> a & ~0xFFFFL | (byte) a & 0xFFFF;
                case 4 -> (short) a & 0xFFFF_FFFFL;
                default -> (int) a;
            };
        }
    }

    /** CWD, CDQ, CQO. */
    static final class SignIntoD extends MicroOp {
        private final int size;

        SignIntoD(int size) {
            this.size = size;
        }

        @Override
        public void exec(Cpu c) {
            long a = c.gpr[0];
            switch (size) {
                case 2 -> c.gpr[2] = c.gpr[2] & ~0xFFFFL | (short) a >> 15 & 0xFFFF;
                case 4 -> c.gpr[2] = (int) a >> 31 & 0xFFFF_FFFFL;
                default -> c.gpr[2] = a >> 63;
            }
        }
    }

    /** XLAT. */
    static final class Translate extends MicroOp {
        private final Ea ea;

        Translate(Ea ea) {
            this.ea = ea;
        }

        @Override
        public void exec(Cpu c) {
            Ea at = ea;
            long offset = c.gpr[3] + (c.gpr[0] & 0xFF);
            long linear;
            if (at.width == 0) {
                linear = offset + c.segBase[at.segment];
            } else {
                offset &= at.width == 16 ? 0xFFFF : 0xFFFF_FFFFL;
                linear = at.legacy ? c.legacyLinear(at.segment, offset, 1, false) : offset + c.segBase[at.segment];
            }
            c.gpr[0] = c.gpr[0] & ~0xFFL | c.load8(linear);
        }
    }

    static MicroOp mov(DecodeContext in, boolean toRegister, int size) {
        if (in.mod == 3 && size >= 4) {
            int to = toRegister ? in.reg : in.rm;
            int from = toRegister ? in.rm : in.reg;
            return size == 8 ? new RegReg64(to, from) : new RegReg32(to, from);
        }
        if (in.mod != 3 && size == 8) {
            return toRegister ? new Load64(in.reg, in.ea) : new Store64(in.ea, in.reg);
        }
        if (in.mod != 3 && size == 4) {
            return toRegister ? new Load32(in.reg, in.ea) : new Store32(in.ea, in.reg);
        }
        if (in.mod != 3 && size == 2 && !toRegister) {
            return new QuickOps.Store16(in.ea, in.reg);
        }
        if (in.mod != 3 && size == 1 && in.lowByte(in.reg)) {
            return toRegister ? new QuickOps.Load8(in.reg, in.ea) : new QuickOps.Store8(in.ea, in.reg);
        }
        Operand rm = Operand.rm(in, size);
        Operand reg = Operand.reg(in, size);
        return toRegister ? new Generic(reg, rm) : new Generic(rm, reg);
    }

    /** MOV r/m, imm. */
    static MicroOp constant(DecodeContext in, long value, int size) {
        if (in.mod == 3) {
            return switch (size) {
                case 8 -> new Constant(in.rm, value);
                case 4 -> new Constant(in.rm, value & 0xFFFF_FFFFL);
                default -> new Generic(Operand.rm(in, size), Operand.immediate(value, size));
            };
        }
        return switch (size) {
            case 8 -> new QuickOps.StoreConstant64(in.ea, value);
            case 4 -> new QuickOps.StoreConstant32(in.ea, (int) value);
            case 1 -> new QuickOps.StoreConstant8(in.ea, (int) value);
            default -> new Generic(Operand.rm(in, size), Operand.immediate(value, size));
        };
    }

    /** CMOVcc. */
    static MicroOp conditional(DecodeContext in, int condition) {
        if (in.mod == 3 && in.opSize == 8) {
            return new QuickOps.Move64(condition, in.reg, in.rm);
        }
        if (in.mod == 3 && in.opSize == 4) {
            return new QuickOps.Move32(condition, in.reg, in.rm);
        }
        return new Conditional(condition, Operand.reg(in, in.opSize), Operand.rm(in, in.opSize));
    }

    /** MOVSXD. */
    static MicroOp signExtend32(DecodeContext in) {
        if (in.opSize == 8) {
            return in.mod == 3 ? new QuickOps.Sign32(in.reg, in.rm) : new QuickOps.LoadSign32(in.reg, in.ea);
        }
        return new Extend(Operand.reg(in, in.opSize), Operand.rm(in, in.opSize), true);
    }

    static MicroOp extend(DecodeContext in, int fromSize, boolean signed) {
        if (!signed && in.mod != 3 && in.opSize >= 4) {
            return fromSize == 1 ? new LoadZero8(in.reg, in.ea) : new LoadZero16(in.reg, in.ea);
        }
        if (!signed && in.mod == 3 && in.opSize >= 4 && (fromSize == 2 || in.lowByte(in.rm))) {
            return fromSize == 1 ? new QuickOps.Zero8(in.reg, in.rm) : new QuickOps.Zero16(in.reg, in.rm);
        }
        return new Extend(Operand.reg(in, in.opSize), Operand.rm(in, fromSize), signed);
    }
}
