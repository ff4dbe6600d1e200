package org.viridian.engine.software;

/** Decodes the 0F, 0F 38 and 0F 3A maps: integer and system instructions here, the rest by the SIMD decoder. */
final class TwoByteDecoder {
    private final ExtensionDecoder simd;

    TwoByteDecoder(ExtensionDecoder simd) {
        this.simd = simd;
    }

    MicroOp decode(DecodeContext in) {
        int opcode = in.u8();
        if (opcode == 0x38 || opcode == 0x3A) {
            in.map = opcode == 0x38 ? 2 : 3;
            in.opcode = in.u8();
            return threeByte(in);
        }
        in.map = 1;
        in.opcode = opcode;
        int size = (opcode & 1) == 0 ? 1 : in.opSize;
        int high = opcode >> 4;
        switch (high) {
            case 4 -> {
                in.modrm();
                return MoveOps.conditional(in, opcode & 15);
            }
            case 8 -> {
                long rel = in.mode == 64 ? in.imm32() : in.immZ();
                in.endBlock();
                return BranchOps.jcc(opcode & 15, in.position + rel, in.position, in.mode, in.opSize);
            }
            case 9 -> {
                in.modrm();
                if (in.mod == 3 && in.lowByte(in.rm)) {
                    return new QuickOps.Set8(opcode & 15, in.rm);
                }
                return new MoveOps.SetCondition(opcode & 15, Operand.rm(in, 1));
            }
            default -> { }
        }
        switch (opcode) {
            case 0x00, 0x01, 0x02, 0x03, 0x05, 0x06, 0x07, 0x08, 0x09, 0x20, 0x21, 0x22, 0x23, 0x30, 0x31, 0x32, 0x33, 0x34, 0x35 -> {
                return SystemDecoder.decode(in);
            }
            case 0x0B, 0xB9, 0xFF -> {
                in.modrmIf(opcode != 0x0B);
                return null;
            }
            case 0x0D, 0x18, 0x19, 0x1A, 0x1B, 0x1C, 0x1D, 0x1E, 0x1F -> {
                in.modrm();
                return new Decoder.Nop();
            }
            case 0xA0, 0xA8 -> {
                return new StackOps.PushSegment(opcode == 0xA0 ? Cpu.FS : Cpu.GS, in.mode == 64 ? (in.prefix66 ? 2 : 8) : in.opSize);
            }
            case 0xA1, 0xA9 -> {
                if (in.mode != 64) {
                    in.endBlockAndSerialise();
                }
                return new StackOps.PopSegment(opcode == 0xA1 ? Cpu.FS : Cpu.GS, in.mode == 64 ? (in.prefix66 ? 2 : 8) : in.opSize);
            }
            case 0xA2 -> {
                return new SystemOps.Cpuid();
            }
            case 0xA3, 0xAB, 0xB3, 0xBB -> {
                in.modrm();
                return bitTest(in, opcode >> 3 & 3, Operand.reg(in, in.opSize), in.ea);
            }
            case 0xBA -> {
                in.modrm();
                if ((in.reg & 7) < 4) {
                    return null;
                }
                int op = in.reg & 3;
                return bitTest(in, op, Operand.immediate(in.imm8(), 1), null);
            }
            case 0xA4, 0xAC -> {
                in.modrm();
                return new ShiftOps.Double(opcode == 0xA4, Operand.rm(in, in.opSize), Operand.reg(in, in.opSize), Operand.immediate(in.imm8(), 1));
            }
            case 0xA5, 0xAD -> {
                in.modrm();
                return new ShiftOps.Double(opcode == 0xA5, Operand.rm(in, in.opSize), Operand.reg(in, in.opSize), Operand.register(in, 1, 1));
            }
            case 0xAF -> {
                in.modrm();
                return MulDivOps.pair(in);
            }
            case 0xB0, 0xB1 -> {
                in.modrm();
                in.lockable = in.mod != 3;
                return new AtomicOps.CompareExchange(Operand.rm(in, size), Operand.reg(in, size), Operand.register(in, 0, size), in.lock);
            }
            case 0xB2, 0xB4, 0xB5 -> {
                in.modrm();
                if (in.mod == 3) {
                    return null;
                }
                boolean ends = in.mode != 64 || opcode == 0xB2;
                if (ends) {
                    in.endBlockAndSerialise();
                }
                int segment = opcode == 0xB2 ? Cpu.SS : opcode == 0xB4 ? Cpu.FS : Cpu.GS;
                return new SystemOps.LoadFarPointer(segment, Operand.reg(in, in.opSize), in.ea, ends);
            }
            case 0xB6, 0xB7, 0xBE, 0xBF -> {
                in.modrm();
                return MoveOps.extend(in, (opcode & 1) == 0 ? 1 : 2, opcode >= 0xBE);
            }
            case 0xB8 -> {
                if (in.rep != 0xF3) {
                    return null;
                }
                in.modrm();
                return new BitOps.Population(Operand.reg(in, in.opSize), Operand.rm(in, in.opSize));
            }
            case 0xBC, 0xBD -> {
                // With LZCNT and BMI hidden, F3 is ignored here.
                in.modrm();
                return new BitOps.Scan(opcode == 0xBD, Operand.reg(in, in.opSize), Operand.rm(in, in.opSize));
            }
            case 0xC0, 0xC1 -> {
                in.modrm();
                in.lockable = in.mod != 3;
                return new AtomicOps.ExchangeAdd(Operand.rm(in, size), Operand.reg(in, size), in.lock);
            }
            case 0xC3 -> {
                in.modrm();
                if (in.mod == 3 || in.opSize == 2) {
                    return null;
                }
                return new MoveOps.Generic(Operand.rm(in, in.opSize), Operand.reg(in, in.opSize));
            }
            case 0xC7 -> {
                return group9(in);
            }
            case 0xC8, 0xC9, 0xCA, 0xCB, 0xCC, 0xCD, 0xCE, 0xCF -> {
                return new MoveOps.SwapBytes(opcode & 7 | (in.rex & 1) << 3, in.opSize);
            }
            case 0xAE -> {
                MicroOp op = SystemDecoder.group15(in);
                return op != null ? op : extension(in);
            }
            default -> {
                return extension(in);
            }
        }
    }

    private MicroOp extension(DecodeContext in) {
        MicroOp op = simd.decode(in);
        in.modrmIf(op == null);
        return op;
    }

    private static MicroOp bitTest(DecodeContext in, int op, Operand offset, Ea stringBase) {
        boolean locked = in.lock && in.mod != 3 && op != 0;
        in.lockable = locked;
        return new BitOps.Test(op, Operand.rm(in, in.opSize), offset, stringBase, locked);
    }

    private static MicroOp group9(DecodeContext in) {
        in.modrm();
        int op = in.reg & 7;
        if (in.mod != 3) {
            if (op != 1) {
                return null;
            }
            in.lockable = true;
            return in.rexW() ? new AtomicOps.CompareExchange16(in.ea, in.lock) : new AtomicOps.CompareExchange8(in.ea, in.lock);
        }
        if (op == 7 && in.rep == 0xF3) {
            return new SystemOps.ReadProcessorId(Operand.register(in, in.rm, in.mode == 64 ? 8 : 4));
        }
        if (op >= 6) {
            return new SystemOps.Random(Operand.rm(in, in.opSize));
        }
        return null;
    }

    private MicroOp threeByte(DecodeContext in) {
        if (in.map == 2 && (in.opcode == 0xF0 || in.opcode == 0xF1)) {
            boolean store = in.opcode == 0xF1;
            if (in.rep == 0xF2) {
                in.modrm();
                int size = store ? in.opSize : 1;
                return new BitOps.Crc32(Operand.reg(in, in.rexW() ? 8 : 4), Operand.rm(in, size));
            }
            in.modrm();
            if (in.mod == 3) {
                return null;
            }
            Operand rm = Operand.rm(in, in.opSize);
            Operand reg = Operand.reg(in, in.opSize);
            return store ? new MoveOps.MoveBigEndian(rm, reg) : new MoveOps.MoveBigEndian(reg, rm);
        }
        return extension(in);
    }
}
