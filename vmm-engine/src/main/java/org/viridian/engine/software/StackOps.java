package org.viridian.engine.software;

/** PUSH, POP, ENTER, LEAVE, PUSHA, POPA, PUSHF, POPF. RSP moves after the last access that can fault. */
final class StackOps {
    private StackOps() {}

    static long linear(Cpu c, long sp, int size, boolean write) {
        return c.codeSize == 64 ? sp : c.legacyLinear(Cpu.SS, sp, size, write);
    }

    static void setSp(Cpu c, long sp) {
        c.gpr[4] = c.gpr[4] & ~c.stackMask | sp & c.stackMask;
    }

    static void push(Cpu c, long value, int size) {
        long sp = c.gpr[4] - size & c.stackMask;
        storeAt(c, sp, value, size);
        setSp(c, sp);
    }

    static void storeAt(Cpu c, long sp, long value, int size) {
        long at = linear(c, sp, size, true);
        switch (size) {
            case 8 -> c.store64(at, value);
            case 4 -> c.store32(at, (int) value);
            default -> c.store16(at, (int) value);
        }
    }

    /** Reads the stack at RSP + {@code offset}, zero-extended; RSP stays. */
    static long peek(Cpu c, int offset, int size) {
        long at = linear(c, c.gpr[4] + offset & c.stackMask, size, false);
        return switch (size) {
            case 8 -> c.load64(at);
            case 4 -> c.load32(at) & 0xFFFF_FFFFL;
            default -> c.load16(at);
        };
    }

    static long pop(Cpu c, int size) {
        long value = peek(c, 0, size);
        drop(c, size);
        return value;
    }

    static void drop(Cpu c, int bytes) {
        setSp(c, c.gpr[4] + bytes);
    }

    /** PUSH r64. */
    static final class Push64 extends MicroOp {
        private final int register;

        Push64(int register) {
            this.register = register;
        }

        @Override
        public void exec(Cpu c) {
            long sp = c.gpr[4] - 8;
            c.store64(sp, c.gpr[register]);
            c.gpr[4] = sp;
        }
    }

    /** POP r64. */
    static final class Pop64 extends MicroOp {
        private final int register;

        Pop64(int register) {
            this.register = register;
        }

        @Override
        public void exec(Cpu c) {
            long sp = c.gpr[4];
            long value = c.load64(sp);
            c.gpr[4] = sp + 8;
            c.gpr[register] = value;
        }
    }

    /** PUSH of anything. */
    static final class Push extends MicroOp {
        private final Operand from;
        private final int size;

        Push(Operand from, int size) {
            this.from = from;
            this.size = size;
        }

        @Override
        public void exec(Cpu c) {
            push(c, from.read(c), size);
        }
    }

    /** POP into anything; an address with RSP uses its value after the pop. */
    static final class Pop extends MicroOp {
        private final Operand to;

        Pop(Operand to) {
            this.to = to;
        }

        @Override
        public void exec(Cpu c) {
            long before = c.gpr[4];
            long value = pop(c, to.size);
            if (to.isMemory()) {
                try {
                    to.write(c, value);
                } catch (CpuFault fault) {
                    c.gpr[4] = before;
                    throw fault;
                }
            } else {
                to.write(c, value);
            }
        }
    }

    /** PUSH of a segment register. */
    static final class PushSegment extends MicroOp {
        private final int segment;
        private final int size;

        PushSegment(int segment, int size) {
            this.segment = segment;
            this.size = size;
        }

        @Override
        public void exec(Cpu c) {
            push(c, c.segSelector[segment], size);
        }
    }

    /** POP of a segment register. */
    static final class PopSegment extends MicroOp {
        private final int segment;
        private final int size;

        PopSegment(int segment, int size) {
            this.segment = segment;
            this.size = size;
        }

        @Override
        public void exec(Cpu c) {
            long next = nextRip(c);
            long mask = c.stackMask;
            c.segments.load(segment, (int) peek(c, 0, size) & 0xFFFF);
            c.gpr[4] = c.gpr[4] & ~mask | c.gpr[4] + size & mask;
            if (segment == Cpu.SS || c.codeSize != 64) {
                c.gpr[Cpu.RIP] = next;
                SystemOps.stackShadow(c, segment);
            }
        }
    }

    /** PUSHF. */
    static final class PushFlags extends MicroOp {
        private final int size;

        PushFlags(int size) {
            this.size = size;
        }

        @Override
        public void exec(Cpu c) {
            if (c.virtual8086() && (c.eflags & Cpu.F_IOPL) != Cpu.F_IOPL) {
                throw c.raise(CpuFault.GP, 0);
            }
            push(c, c.rflags() & ~(Cpu.F_RF | Cpu.F_VM), size);
        }
    }

    /** POPF; ends the block. */
    static final class PopFlags extends MicroOp {
        private final int size;

        PopFlags(int size) {
            this.size = size;
        }

        @Override
        public void exec(Cpu c) {
            if (c.virtual8086() && (c.eflags & Cpu.F_IOPL) != Cpu.F_IOPL) {
                throw c.raise(CpuFault.GP, 0);
            }
            long value = pop(c, size);
            FlagOps.load(c, value, size, c.cpl);
            c.gpr[Cpu.RIP] = nextRip(c);
        }
    }

    /** LEAVE. */
    static final class Leave extends MicroOp {
        private final int size;

        Leave(int size) {
            this.size = size;
        }

        @Override
        public void exec(Cpu c) {
            long frame = c.gpr[5] & c.stackMask;
            long at = linear(c, frame, size, false);
            long value = switch (size) {
                case 8 -> c.load64(at);
                case 4 -> c.load32(at) & 0xFFFF_FFFFL;
                default -> c.load16(at);
            };
            setSp(c, frame + size);
            c.gpr[5] = size == 2 ? c.gpr[5] & ~0xFFFFL | value : value;
        }
    }

    /** ENTER. */
    static final class Enter extends MicroOp {
        private final int frame;
        private final int level;
        private final int size;

        Enter(int frame, int level, int size) {
            this.frame = frame;
            this.level = level & 31;
            this.size = size;
        }

        @Override
        public void exec(Cpu c) {
            long sp = c.gpr[4] - size & c.stackMask;
            storeAt(c, sp, c.gpr[5], size);
            long pointer = sp;
            long bp = c.gpr[5];
            for (int i = 1; i < level; i++) {
                bp = bp - size;
                long at = linear(c, bp & c.stackMask, size, false);
                long value = size == 8 ? c.load64(at) : size == 4 ? c.load32(at) : c.load16(at);
                sp = sp - size & c.stackMask;
                storeAt(c, sp, value, size);
            }
            if (level > 0) {
                sp = sp - size & c.stackMask;
                storeAt(c, sp, pointer, size);
            }
            sp = sp - frame & c.stackMask;
            c.probeWrite(linear(c, sp, 1, true), 1);
            setSp(c, sp);
            c.gpr[5] = switch (size) {
                case 8 -> pointer;
                case 4 -> pointer & 0xFFFF_FFFFL;
                default -> c.gpr[5] & ~0xFFFFL | pointer & 0xFFFF;
            };
        }
    }

    /** PUSHA. */
    static final class PushAll extends MicroOp {
        private final int size;

        PushAll(int size) {
            this.size = size;
        }

        @Override
        public void exec(Cpu c) {
            long sp = c.gpr[4];
            for (int i = 0; i < 8; i++) {
                sp = sp - size & c.stackMask;
                storeAt(c, sp, c.gpr[i], size);
            }
            setSp(c, sp);
        }
    }

    /** POPA. */
    static final class PopAll extends MicroOp {
        private final int size;

        PopAll(int size) {
            this.size = size;
        }

        @Override
        public void exec(Cpu c) {
            c.probeRead(linear(c, c.gpr[4] + 7 * size & c.stackMask, size, false), size);
            for (int i = 7; i >= 0; i--) {
                long value = peek(c, (7 - i) * size, size);
                if (i != 4) {
                    c.gpr[i] = size == 2 ? c.gpr[i] & ~0xFFFFL | value : value;
                }
            }
            drop(c, 8 * size);
        }
    }
}
