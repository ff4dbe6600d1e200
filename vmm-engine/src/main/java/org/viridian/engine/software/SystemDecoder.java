package org.viridian.engine.software;

/** Decodes the system instructions of the 0F map. */
final class SystemDecoder {
    private SystemDecoder() {}

    static MicroOp decode(DecodeContext in) {
        switch (in.opcode) {
            case 0x00 -> {
                return group6(in);
            }
            case 0x01 -> {
                return group7(in);
            }
            case 0x02, 0x03 -> {
                in.modrm();
                return new PrivilegedOps.DescriptorRights(in.opcode == 0x03, Operand.reg(in, in.opSize), Operand.rm(in, 2));
            }
            case 0x05 -> {
                in.endBlockAndSerialise();
                return new PrivilegedOps.SystemCall(PrivilegedOps.SYSCALL, false);
            }
            case 0x07 -> {
                in.endBlockAndSerialise();
                return new PrivilegedOps.SystemCall(PrivilegedOps.SYSRET, in.rexW());
            }
            case 0x34 -> {
                in.endBlockAndSerialise();
                return new PrivilegedOps.SystemCall(PrivilegedOps.SYSENTER, false);
            }
            case 0x35 -> {
                in.endBlockAndSerialise();
                return new PrivilegedOps.SystemCall(PrivilegedOps.SYSEXIT, in.rexW());
            }
            case 0x06 -> {
                return new PrivilegedOps.ClearTaskSwitched();
            }
            case 0x08, 0x09 -> {
                return new PrivilegedOps.CacheControl();
            }
            case 0x20, 0x22 -> {
                in.modrm();
                int register = in.reg;
                boolean write = in.opcode == 0x22;
                if (register == 1 || register > 4 && register != 8) {
                    return null;
                }
                if (register == 0 && in.lock && in.mode != 64) {
                    // AMD's way to reach CR8 from 32-bit code.
                    register = 8;
                    in.lockable = true;
                }
                if (write) {
                    in.endBlockAndSerialise();
                }
                int rm = in.modrm & 7 | (in.rex & 1) << 3;
                return new PrivilegedOps.MoveControl(write, register, rm, in.mode == 64);
            }
            case 0x21, 0x23 -> {
                in.modrm();
                if (in.reg > 7) {
                    return null;
                }
                if (in.opcode == 0x23) {
                    in.endBlockAndSerialise();
                }
                int rm = in.modrm & 7 | (in.rex & 1) << 3;
                return new PrivilegedOps.MoveDebug(in.opcode == 0x23, in.reg, rm, in.mode == 64);
            }
            case 0x30 -> {
                in.endBlockAndSerialise();
                return new PrivilegedOps.ModelSpecific(true);
            }
            case 0x32 -> {
                in.endBlock();
                return new PrivilegedOps.ModelSpecific(false);
            }
            case 0x31 -> {
                return new PrivilegedOps.ReadTimestamp(false);
            }
            case 0x33 -> {
                return new PrivilegedOps.ReadCounter();
            }
            default -> {
                return null;
            }
        }
    }

    private static MicroOp group6(DecodeContext in) {
        in.modrm();
        int op = in.reg & 7;
        return switch (op) {
            case 0, 1 -> new PrivilegedOps.StoreSystemSegment(op, Operand.rm(in, in.mod == 3 ? in.opSize : 2));
            case 2, 3 -> new PrivilegedOps.LoadSystemSegment(op, Operand.rm(in, 2));
            case 4, 5 -> new PrivilegedOps.Verify(op == 5, Operand.rm(in, 2));
            default -> null;
        };
    }

    private static MicroOp group7(DecodeContext in) {
        in.modrm();
        int op = in.reg & 7;
        if (in.mod != 3) {
            switch (op) {
                case 0, 1 -> {
                    return new PrivilegedOps.StoreTable(op == 1, in.ea, in.mode == 64);
                }
                case 2, 3 -> {
                    return new PrivilegedOps.LoadTable(op == 3, in.ea, in.mode == 64, in.opSize);
                }
                case 7 -> {
                    in.endBlockAndSerialise();
                    return new PrivilegedOps.InvalidatePage(in.ea, in.mode == 64);
                }
                default -> { }
            }
        }
        if (op == 4) {
            return new PrivilegedOps.StoreStatusWord(Operand.rm(in, in.mod == 3 ? in.opSize : 2));
        }
        if (op == 6) {
            in.endBlockAndSerialise();
            return new PrivilegedOps.LoadStatusWord(Operand.rm(in, 2));
        }
        return switch (in.modrm) {
            case 0xCA, 0xCB -> {
                in.endBlockAndSerialise();
                yield in.rep != 0 || in.prefix66 ? null : new FlagOps.AccessControl(in.modrm == 0xCB);
            }
            case 0xD0, 0xD1 -> in.rep != 0 || in.prefix66 ? null : new PrivilegedOps.ExtendedControl(in.modrm == 0xD1);
            case 0xF8 -> in.mode == 64 ? new PrivilegedOps.SwapGs() : null;
            case 0xF9 -> new PrivilegedOps.ReadTimestamp(true);
            default -> null;
        };
    }

    /** Fences, CLFLUSH and the FS/GS base instructions of 0F AE; null when it is FXSAVE and kin. */
    static MicroOp group15(DecodeContext in) {
        in.modrm();
        int op = in.reg & 7;
        if (in.mod == 3) {
            if (in.rep == 0xF3) {
                return op < 4 && in.mode == 64
                        ? new PrivilegedOps.SegmentBase(op >= 2, (op & 1) == 0 ? Cpu.FS : Cpu.GS, Operand.register(in, in.rm, in.rexW() ? 8 : 4))
                        : null;
            }
            return op >= 5 && in.rep == 0 ? new PrivilegedOps.Fence() : null;
        }
        if (op == 7 && in.rep == 0) {
            return new PrivilegedOps.FlushLine(in.ea);
        }
        return null;
    }
}
