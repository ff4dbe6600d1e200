package org.viridian.engine.software;

import org.viridian.engine.software.fpu.FpuDecoder;
import org.viridian.engine.software.simd.SimdDecoder;

/**
 * Decodes prefixes and the one-byte opcode map (Intel SDM vol. 2, appendix A); hands 0F opcodes to {@link TwoByteDecoder}
 * and x87 and SIMD to their decoders.
 */
final class Decoder {
    private final ExtensionDecoder fpu = new FpuDecoder();
    private final TwoByteDecoder twoByte = new TwoByteDecoder(new SimdDecoder());

    /** Raises an exception when executed. */
    static final class Raise extends MicroOp {
        private final int vector;
        private final int error;

        Raise(int vector, int error) {
            this.vector = vector;
            this.error = error;
        }

        @Override
        public void exec(Cpu c) {
            throw c.raise(vector, error);
        }
    }

    /** Does nothing. */
    static final class Nop extends MicroOp {
        @Override
        public void exec(Cpu c) {
            // NOP, ENDBR, prefetches and the like.
        }
    }

    /** PAUSE: a spinning guest gives its host processor away for a moment. */
    static final class Pause extends MicroOp {
        @Override
        public void exec(Cpu c) {
            Thread.onSpinWait();
            if ((++c.pauses & 0x3F) == 0) {
                Thread.yield();
            }
        }
    }

    /**
     * Decodes the instruction at {@code position}. If {@link DecodeContext#exhausted} is set afterwards, the result is
     * worthless and more bytes are needed.
     */
    MicroOp decode(DecodeContext in, int mode, int position) {
        in.begin(mode, position);
        MicroOp op = prefixes(in);
        if (in.tooLong) {
            op = new Raise(CpuFault.GP, 0);
        } else if (op == null || in.lock && !in.lockable) {
            op = new Raise(CpuFault.UD, CpuFault.NO_ERROR_CODE);
        }
        if (in.ea != null && in.ea.ripRelative) {
            in.ea.disp += in.position;
        }
        return op;
    }

    private MicroOp prefixes(DecodeContext in) {
        int opcode;
        while (true) {
            opcode = in.u8();
            if (in.exhausted || in.tooLong) {
                return null;
            }
            switch (opcode) {
                case 0x66 -> in.prefix66 = true;
                case 0x67 -> in.prefix67 = true;
                case 0xF0 -> in.lock = true;
                case 0xF2, 0xF3 -> in.rep = opcode;
                case 0x26 -> in.segment = Cpu.ES;
                case 0x2E -> in.segment = Cpu.CS;
                case 0x36 -> in.segment = Cpu.SS;
                case 0x3E -> in.segment = Cpu.DS;
                case 0x64 -> in.segment = Cpu.FS;
                case 0x65 -> in.segment = Cpu.GS;
                default -> {
                    if (in.mode == 64 && opcode >> 4 == 4) {
                        in.rex = opcode;
                        continue;
                    }
                    return opcode(in, opcode);
                }
            }
            // REX counts only directly before the opcode.
            in.rex = 0;
        }
    }

    private MicroOp opcode(DecodeContext in, int opcode) {
        if (in.mode == 64) {
            in.opSize = in.rexW() ? 8 : in.prefix66 ? 2 : 4;
            in.addrSize = in.prefix67 ? 32 : 64;
            if (in.segment >= 0 && in.segment < Cpu.FS) {
                in.segment = -1;
            }
        } else {
            in.opSize = in.mode == 32 != in.prefix66 ? 4 : 2;
            in.addrSize = in.mode == 32 != in.prefix67 ? 32 : 16;
        }
        in.opcode = opcode;
        if (opcode == 0x0F) {
            return twoByte.decode(in);
        }
        if (opcode >= 0xD8 && opcode <= 0xDF || opcode == 0x9B) {
            MicroOp op = fpu.decode(in);
            in.modrmIf(opcode != 0x9B);
            return op;
        }
        if (opcode < 0x40) {
            return alu(in, opcode);
        }
        return opcode < 0x80 ? middle(in, opcode) : opcode < 0xC0 ? upper(in, opcode) : last(in, opcode);
    }

    private MicroOp alu(DecodeContext in, int opcode) {
        int op = opcode >> 3;
        int size = (opcode & 1) == 0 ? 1 : in.opSize;
        switch (opcode & 7) {
            case 0, 1 -> {
                in.modrm();
                if (in.lock && in.mod != 3 && op != AluOps.CMP) {
                    in.lockable = true;
                    return new AtomicOps.Modify(op, Operand.rm(in, size), Operand.reg(in, size));
                }
                return AluOps.make(in, op, false, size);
            }
            case 2, 3 -> {
                in.modrm();
                return AluOps.make(in, op, true, size);
            }
            case 4, 5 -> {
                in.rm = 0;
                return AluOps.immediate(in, op, size == 1 ? in.imm8() : in.immZ(), size);
            }
            default -> {
                if (in.mode == 64) {
                    return null;
                }
                return switch (opcode) {
                    case 0x06, 0x0E, 0x16, 0x1E -> new StackOps.PushSegment(opcode >> 3, in.opSize);
                    case 0x07, 0x17, 0x1F -> {
                        in.endBlockAndSerialise();
                        yield new StackOps.PopSegment(opcode >> 3, in.opSize);
                    }
                    case 0x27, 0x2F, 0x37, 0x3F -> new FlagOps.Decimal(opcode, 0);
                    default -> null;
                };
            }
        }
    }

    private MicroOp middle(DecodeContext in, int opcode) {
        boolean long64 = in.mode == 64;
        int stackSize = long64 ? (in.prefix66 ? 2 : 8) : in.opSize;
        int low = opcode & 7 | (in.rex & 1) << 3;
        switch (opcode >> 3) {
            case 8, 9 -> {
                return new AluOps.Step(Operand.register(in, opcode & 7, in.opSize), opcode < 0x48 ? 1 : -1);
            }
            case 10 -> {
                return stackSize == 8 ? new StackOps.Push64(low) : new StackOps.Push(Operand.register(in, low, stackSize), stackSize);
            }
            case 11 -> {
                return stackSize == 8 ? new StackOps.Pop64(low) : new StackOps.Pop(Operand.register(in, low, stackSize));
            }
            case 14, 15 -> {
                long rel = in.imm8();
                in.endBlock();
                return BranchOps.jcc(opcode & 15, in.position + rel, in.position, in.mode, in.opSize);
            }
            default -> { }
        }
        switch (opcode) {
            case 0x60, 0x61 -> {
                if (long64) {
                    return null;
                }
                return opcode == 0x60 ? new StackOps.PushAll(in.opSize) : new StackOps.PopAll(in.opSize);
            }
            case 0x62 -> {
                in.modrm();
                return long64 || in.mod == 3 ? null : new SystemOps.Bound(Operand.reg(in, in.opSize), in.ea, in.opSize);
            }
            case 0x63 -> {
                in.modrm();
                if (long64) {
                    return MoveOps.signExtend32(in);
                }
                return new SystemOps.AdjustRpl(Operand.rm(in, 2), Operand.reg(in, 2));
            }
            case 0x68 -> {
                return new StackOps.Push(Operand.immediate(stackSize == 2 ? (short) in.imm16() : in.imm32(), stackSize), stackSize);
            }
            case 0x6A -> {
                return new StackOps.Push(Operand.immediate(in.imm8(), stackSize), stackSize);
            }
            case 0x69, 0x6B -> {
                in.modrm();
                long value = opcode == 0x69 ? in.immZ() : in.imm8();
                return MulDivOps.constant(in, value);
            }
            case 0x6C, 0x6D, 0x6E, 0x6F -> {
                int size = (opcode & 1) == 0 ? 1 : Math.min(4, in.opSize);
                return text(in, opcode < 0x6E ? StringOps.INS : StringOps.OUTS, size);
            }
            default -> {
                return null;
            }
        }
    }

    private static MicroOp text(DecodeContext in, int kind, int size) {
        boolean repeats = in.rep != 0;
        if (repeats) {
            in.endBlock();
        }
        return new StringOps.Text(kind, size, in.addrSize, in.segmentFor(Cpu.DS), Cpu.ES, in.rep);
    }

    private MicroOp upper(DecodeContext in, int opcode) {
        int size = (opcode & 1) == 0 ? 1 : in.opSize;
        int low = opcode & 7 | (in.rex & 1) << 3;
        boolean long64 = in.mode == 64;
        int stackSize = long64 ? (in.prefix66 ? 2 : 8) : in.opSize;
        if (opcode >= 0xB0) {
            if (opcode < 0xB8) {
                return new MoveOps.Generic(Operand.register(in, low, 1), Operand.immediate(in.imm8(), 1));
            }
            return switch (in.opSize) {
                case 8 -> new MoveOps.Constant(low, in.imm64());
                case 4 -> new MoveOps.Constant(low, in.imm32() & 0xFFFF_FFFFL);
                default -> new MoveOps.Generic(Operand.register(in, low, 2), Operand.immediate((short) in.imm16(), 2));
            };
        }
        switch (opcode) {
            case 0x80, 0x81, 0x82, 0x83 -> {
                in.modrm();
                if (opcode == 0x82 && long64) {
                    return null;
                }
                int op = in.reg & 7;
                long value = opcode == 0x81 ? in.immZ() : in.imm8();
                if (in.lock && in.mod != 3 && op != AluOps.CMP) {
                    in.lockable = true;
                    return new AtomicOps.Modify(op, Operand.rm(in, size), Operand.immediate(value, size));
                }
                return AluOps.immediate(in, op, value, size);
            }
            case 0x84, 0x85 -> {
                in.modrm();
                return AluOps.test(in, size);
            }
            case 0x86, 0x87 -> {
                in.modrm();
                if (in.mod == 3) {
                    return new MoveOps.Exchange(Operand.rm(in, size), Operand.reg(in, size));
                }
                in.lockable = true;
                return new AtomicOps.Exchange(Operand.rm(in, size), Operand.reg(in, size));
            }
            case 0x88, 0x89 -> {
                in.modrm();
                return MoveOps.mov(in, false, size);
            }
            case 0x8A, 0x8B -> {
                in.modrm();
                return MoveOps.mov(in, true, size);
            }
            case 0x8C -> {
                in.modrm();
                if ((in.reg & 7) > 5) {
                    return null;
                }
                return new SystemOps.StoreSegment(in.reg & 7, Operand.rm(in, in.mod == 3 ? in.opSize : 2));
            }
            case 0x8D -> {
                in.modrm();
                if (in.mod == 3) {
                    return null;
                }
                if (in.addrSize == 64 && in.opSize >= 4) {
                    return in.opSize == 8 ? new MoveOps.Lea64(in.reg, in.ea) : new QuickOps.Lea32(in.reg, in.ea);
                }
                return new MoveOps.Lea(Operand.reg(in, in.opSize), in.ea);
            }
            case 0x8E -> {
                in.modrm();
                int segment = in.reg & 7;
                if (segment > 5 || segment == Cpu.CS) {
                    return null;
                }
                if (in.mode != 64) {
                    in.endBlockAndSerialise();
                } else {
                    in.shadow = segment == Cpu.SS;
                }
                return new SystemOps.LoadSegment(segment, Operand.rm(in, 2), in.mode != 64);
            }
            case 0x8F -> {
                in.modrm();
                return (in.reg & 7) != 0 ? null : new StackOps.Pop(Operand.rm(in, stackSize));
            }
            case 0x90, 0x91, 0x92, 0x93, 0x94, 0x95, 0x96, 0x97 -> {
                if (low == 0) {
                    return in.rep == 0xF3 ? new Pause() : new Nop();
                }
                return new MoveOps.Exchange(Operand.register(in, low, in.opSize), Operand.register(in, 0, in.opSize));
            }
            case 0x98 -> {
                return new MoveOps.SignExtendA(in.opSize);
            }
            case 0x99 -> {
                return new MoveOps.SignIntoD(in.opSize);
            }
            case 0x9A -> {
                return long64 ? null : farImmediate(in, true);
            }
            case 0x9C -> {
                return new StackOps.PushFlags(stackSize);
            }
            case 0x9D -> {
                in.endBlock();
                return new StackOps.PopFlags(stackSize);
            }
            case 0x9E -> {
                return new FlagOps.StoreAh();
            }
            case 0x9F -> {
                return new FlagOps.LoadAh();
            }
            case 0xA0, 0xA1, 0xA2, 0xA3 -> {
                long address = in.addrSize == 64 ? in.imm64() : in.addrSize == 32 ? in.imm32() & 0xFFFF_FFFFL : in.imm16();
                Operand memory = Operand.memory(in.absolute(address), size);
                Operand a = Operand.register(in, 0, size);
                return opcode < 0xA2 ? new MoveOps.Generic(a, memory) : new MoveOps.Generic(memory, a);
            }
            case 0xA4, 0xA5 -> {
                return text(in, StringOps.MOVS, size);
            }
            case 0xA6, 0xA7 -> {
                return text(in, StringOps.CMPS, size);
            }
            case 0xA8, 0xA9 -> {
                in.rm = 0;
                return AluOps.testImmediate(in, size == 1 ? in.imm8() : in.immZ(), size);
            }
            case 0xAA, 0xAB -> {
                return text(in, StringOps.STOS, size);
            }
            case 0xAC, 0xAD -> {
                return text(in, StringOps.LODS, size);
            }
            case 0xAE, 0xAF -> {
                return text(in, StringOps.SCAS, size);
            }
            default -> {
                return null;
            }
        }
    }

    private static MicroOp farImmediate(DecodeContext in, boolean call) {
        long offset = in.opSize == 2 ? in.imm16() : in.imm32() & 0xFFFF_FFFFL;
        int selector = in.imm16();
        in.endBlockAndSerialise();
        return new SystemOps.FarImmediate(call, selector, offset, in.opSize);
    }

    private MicroOp last(DecodeContext in, int opcode) {
        int size = (opcode & 1) == 0 ? 1 : in.opSize;
        boolean long64 = in.mode == 64;
        int branchSize = long64 ? 8 : in.opSize;
        int stackSize = long64 ? (in.prefix66 ? 2 : 8) : in.opSize;
        long mask = long64 ? -1L : in.opSize == 2 ? 0xFFFF : 0xFFFF_FFFFL;
        switch (opcode) {
            case 0xC0, 0xC1 -> {
                in.modrm();
                int n = in.imm8();
                return ShiftOps.make(in, size, Operand.immediate(n, 1), n);
            }
            case 0xD0, 0xD1 -> {
                in.modrm();
                return ShiftOps.make(in, size, Operand.immediate(1, 1), 1);
            }
            case 0xD2, 0xD3 -> {
                in.modrm();
                return ShiftOps.make(in, size, Operand.register(in, 1, 1), 0);
            }
            case 0xC2, 0xC3 -> {
                int drop = opcode == 0xC2 ? in.imm16() : 0;
                in.endBlock();
                return long64 ? new BranchOps.Return64(drop) : new BranchOps.Return(drop, in.opSize);
            }
            case 0xC4, 0xC5 -> {
                in.modrm();
                if (long64 || in.mod == 3) {
                    return null;
                }
                in.endBlockAndSerialise();
                return new SystemOps.LoadFarPointer(opcode == 0xC4 ? Cpu.ES : Cpu.DS, Operand.reg(in, in.opSize), in.ea, true);
            }
            case 0xC6, 0xC7 -> {
                in.modrm();
                if ((in.reg & 7) != 0) {
                    return null;
                }
                return MoveOps.constant(in, size == 1 ? in.imm8() : in.immZ(), size);
            }
            case 0xC8 -> {
                int frame = in.imm16();
                return new StackOps.Enter(frame, in.imm8(), stackSize);
            }
            case 0xC9 -> {
                return new StackOps.Leave(stackSize);
            }
            case 0xCA, 0xCB -> {
                int drop = opcode == 0xCA ? in.imm16() : 0;
                in.endBlockAndSerialise();
                return new SystemOps.FarReturn(drop, in.opSize);
            }
            case 0xCC, 0xCD, 0xCE, 0xF1 -> {
                if (opcode == 0xCE && long64) {
                    return null;
                }
                int vector = opcode == 0xCC ? 3 : opcode == 0xCD ? in.u8() : opcode == 0xCE ? 4 : 1;
                in.endBlockAndSerialise();
                return new SystemOps.Interrupt(vector, opcode);
            }
            case 0xCF -> {
                in.endBlockAndSerialise();
                return new SystemOps.InterruptReturn(in.opSize);
            }
            case 0xD4, 0xD5 -> {
                return long64 ? null : new FlagOps.Decimal(opcode, in.u8());
            }
            case 0xD7 -> {
                return new MoveOps.Translate(in.absolute(0));
            }
            case 0xE0, 0xE1, 0xE2, 0xE3 -> {
                long rel = in.imm8();
                in.endBlock();
                return new BranchOps.Loop(opcode & 3, in.addrSize, in.position + rel, in.position, mask);
            }
            case 0xE4, 0xE5, 0xE6, 0xE7 -> {
                int port = in.u8();
                in.endBlock();
                return new SystemOps.PortAccess(opcode >= 0xE6, port, Math.min(4, size));
            }
            case 0xEC, 0xED, 0xEE, 0xEF -> {
                in.endBlock();
                return new SystemOps.PortAccess(opcode >= 0xEE, -1, Math.min(4, size));
            }
            case 0xE8 -> {
                long rel = long64 ? in.imm32() : in.immZ();
                in.endBlock();
                return long64 ? new BranchOps.Call64(in.position + rel) : new BranchOps.Call(in.position + rel, mask, branchSize);
            }
            case 0xE9 -> {
                long rel = long64 ? in.imm32() : in.immZ();
                in.endBlock();
                return long64 ? new BranchOps.Jump(in.position + rel, mask) : new BranchOps.LegacyJump(in.position + rel, mask);
            }
            case 0xEA -> {
                return long64 ? null : farImmediate(in, false);
            }
            case 0xEB -> {
                long rel = in.imm8();
                in.endBlock();
                return long64 ? new BranchOps.Jump(in.position + rel, mask) : new BranchOps.LegacyJump(in.position + rel, mask);
            }
            case 0xF4 -> {
                in.endBlock();
                return new SystemOps.Halt();
            }
            case 0xF5 -> {
                return new FlagOps.Carry(2);
            }
            case 0xF8, 0xF9 -> {
                return new FlagOps.Carry(opcode & 1);
            }
            case 0xFA -> {
                return new FlagOps.ClearInterrupt();
            }
            case 0xFB -> {
                in.shadow = true;
                return new FlagOps.SetInterrupt();
            }
            case 0xFC, 0xFD -> {
                return new FlagOps.Direction(opcode == 0xFD);
            }
            case 0xF6, 0xF7 -> {
                return group3(in, size);
            }
            case 0xFE, 0xFF -> {
                return group5(in, size);
            }
            default -> {
                return null;
            }
        }
    }

    private static MicroOp group3(DecodeContext in, int size) {
        in.modrm();
        Operand rm = Operand.rm(in, size);
        boolean locked = in.lock && in.mod != 3;
        switch (in.reg & 7) {
            case 0, 1 -> {
                return AluOps.testImmediate(in, size == 1 ? in.imm8() : in.immZ(), size);
            }
            case 2 -> {
                in.lockable = locked;
                return locked ? new AtomicOps.Modify(AtomicOps.NOT, rm, null) : new AluOps.Not(rm);
            }
            case 3 -> {
                in.lockable = locked;
                return locked ? new AtomicOps.Modify(AtomicOps.NEG, rm, null) : new AluOps.Neg(rm);
            }
            case 4 -> {
                return MulDivOps.wide(in, size);
            }
            case 5 -> {
                return new MulDivOps.Multiply(rm, true);
            }
            case 6 -> {
                return new MulDivOps.Divide(rm);
            }
            default -> {
                return new MulDivOps.DivideSigned(rm);
            }
        }
    }

    private static MicroOp group5(DecodeContext in, int size) {
        in.modrm();
        boolean long64 = in.mode == 64;
        int branchSize = long64 ? 8 : in.opSize;
        boolean locked = in.lock && in.mod != 3;
        switch (in.reg & 7) {
            case 0, 1 -> {
                boolean down = (in.reg & 7) == 1;
                Operand rm = Operand.rm(in, size);
                in.lockable = locked;
                if (locked) {
                    return new AtomicOps.Modify(down ? AtomicOps.DEC : AtomicOps.INC, rm, null);
                }
                if (in.mod == 3 && size >= 4) {
                    return size == 8 ? new QuickOps.Step64(in.rm, down ? -1 : 1) : new QuickOps.Step32(in.rm, down ? -1 : 1);
                }
                return new AluOps.Step(rm, down ? -1 : 1);
            }
            case 2, 4 -> {
                if (size == 1) {
                    return null;
                }
                in.endBlock();
                if (long64 && (in.reg & 7) == 2) {
                    return in.mod == 3 ? new QuickOps.CallRegister(in.rm) : new QuickOps.CallMemory(in.ea);
                }
                Operand target = Operand.rm(in, branchSize);
                return (in.reg & 7) == 2 ? new BranchOps.CallIndirect(target) : new BranchOps.JumpIndirect(target);
            }
            case 3, 5 -> {
                if (size == 1 || in.mod == 3) {
                    return null;
                }
                in.endBlockAndSerialise();
                return new SystemOps.FarIndirect((in.reg & 7) == 3, in.ea, in.opSize);
            }
            case 6 -> {
                if (size == 1) {
                    return null;
                }
                int stackSize = long64 ? (in.prefix66 ? 2 : 8) : in.opSize;
                return new StackOps.Push(Operand.rm(in, stackSize), stackSize);
            }
            default -> {
                return null;
            }
        }
    }
}
