package org.viridian.engine.software;

/** Far transfers, segment registers, ports, HLT, CPUID and other instructions that the decoder of integers meets. */
final class SystemOps {
    private SystemOps() {}

    /** BOUND. */
    static final class Bound extends MicroOp {
        private final Operand index;
        private final Ea ea;
        private final int size;

        Bound(Operand index, Ea ea, int size) {
            this.index = index;
            this.ea = ea;
            this.size = size;
        }

        @Override
        public void exec(Cpu c) {
            long at = ea.load(c, size * 2);
            long low = size == 2 ? (short) c.load16(at) : c.load32(at);
            long high = size == 2 ? (short) c.load16(at + 2) : c.load32(at + 4);
            long i = index.read(c);
            if (i < low || i > high) {
                throw c.raise(CpuFault.BR);
            }
        }
    }

    /** ARPL. */
    static final class AdjustRpl extends MicroOp {
        private final Operand to;
        private final Operand from;

        AdjustRpl(Operand to, Operand from) {
            this.to = to;
            this.from = from;
        }

        @Override
        public void exec(Cpu c) {
            if (!c.protectedMode() || c.virtual8086()) {
                throw c.raise(CpuFault.UD);
            }
            long at = to.target(c);
            long a = to.modify(c, at);
            long rpl = from.read(c) & 3;
            boolean adjust = (a & 3) < rpl;
            if (adjust) {
                to.set(c, at, a & ~3 | rpl);
            }
            int kept = c.arithmeticFlags() & ~Cpu.F_ZF;
            c.setArithmeticFlags(adjust ? kept | Cpu.F_ZF : kept);
        }
    }

    /** MOV r/m, Sreg. */
    static final class StoreSegment extends MicroOp {
        private final int segment;
        private final Operand to;

        StoreSegment(int segment, Operand to) {
            this.segment = segment;
            this.to = to;
        }

        @Override
        public void exec(Cpu c) {
            to.write(c, c.segSelector[segment]);
        }
    }

    /** MOV Sreg, r/m. */
    static final class LoadSegment extends MicroOp {
        private final int segment;
        private final Operand from;
        private final boolean ends;

        LoadSegment(int segment, Operand from, boolean ends) {
            this.segment = segment;
            this.from = from;
            this.ends = ends;
        }

        @Override
        public void exec(Cpu c) {
            c.segments.load(segment, (int) from.read(c) & 0xFFFF);
            if (ends) {
                c.gpr[Cpu.RIP] = nextRip(c);
                stackShadow(c, segment);
            }
        }
    }

    /** In 16- and 32-bit code the block ends behind MOV SS, so the next instruction runs alone, without an interrupt before. */
    static void stackShadow(Cpu c, int segment) {
        if (segment == Cpu.SS && !c.flat) {
            c.shadow = Stepper.SHADOW_SS;
            c.request(Cpu.PENDING_TRACE);
        }
    }

    /** LDS, LES, LSS, LFS, LGS. */
    static final class LoadFarPointer extends MicroOp {
        private final int segment;
        private final Operand to;
        private final Ea ea;
        private final boolean ends;

        LoadFarPointer(int segment, Operand to, Ea ea, boolean ends) {
            this.segment = segment;
            this.to = to;
            this.ea = ea;
            this.ends = ends;
        }

        @Override
        public void exec(Cpu c) {
            long at = ea.load(c, to.size + 2);
            long offset = pointer(c, at, to.size);
            int selector = c.load16(at + to.size);
            c.segments.load(segment, selector);
            to.set(c, 0, offset);
            if (ends) {
                c.gpr[Cpu.RIP] = nextRip(c);
            }
        }
    }

    private static long pointer(Cpu c, long at, int size) {
        return switch (size) {
            case 2 -> c.load16(at);
            case 4 -> c.load32(at) & 0xFFFF_FFFFL;
            default -> c.load64(at);
        };
    }

    /** JMP and CALL ptr16:16/32. */
    static final class FarImmediate extends MicroOp {
        private final boolean call;
        private final int selector;
        private final long target;
        private final int size;

        FarImmediate(boolean call, int selector, long target, int size) {
            this.call = call;
            this.selector = selector;
            this.target = target;
            this.size = size;
        }

        @Override
        public void exec(Cpu c) {
            if (call) {
                c.far.call(selector, target, size, nextRip(c));
            } else {
                c.far.jump(selector, target, size, nextRip(c));
            }
        }
    }

    /** JMP and CALL m16:16/32/64. */
    static final class FarIndirect extends MicroOp {
        private final boolean call;
        private final Ea ea;
        private final int size;

        FarIndirect(boolean call, Ea ea, int size) {
            this.call = call;
            this.ea = ea;
            this.size = size;
        }

        @Override
        public void exec(Cpu c) {
            long at = ea.load(c, size + 2);
            long target = pointer(c, at, size);
            int selector = c.load16(at + size);
            if (call) {
                c.far.call(selector, target, size, nextRip(c));
            } else {
                c.far.jump(selector, target, size, nextRip(c));
            }
        }
    }

    /** RET far. */
    static final class FarReturn extends MicroOp {
        private final int drop;
        private final int size;

        FarReturn(int drop, int size) {
            this.drop = drop;
            this.size = size;
        }

        @Override
        public void exec(Cpu c) {
            c.far.returnFar(drop, size);
        }
    }

    /** IRET. */
    static final class InterruptReturn extends MicroOp {
        private final int size;

        InterruptReturn(int size) {
            this.size = size;
        }

        @Override
        public void exec(Cpu c) {
            c.far.interruptReturn(size, nextRip(c));
        }
    }

    /** INT n, INT3, INTO, INT1. */
    static final class Interrupt extends MicroOp {
        private final int vector;
        private final int opcode;

        Interrupt(int vector, int opcode) {
            this.vector = vector;
            this.opcode = opcode;
        }

        @Override
        public void exec(Cpu c) {
            long next = nextRip(c);
            if (opcode == 0xCE && !c.of()) {
                c.gpr[Cpu.RIP] = next;
                return;
            }
            if (opcode == 0xCD && c.virtual8086() && FlagOps.iopl(c) != 3) {
                throw c.raise(CpuFault.GP, 0);
            }
            if (c.flat) {
                // Nothing delivers here; whoever stepped the processor wants to see the vector.
                throw c.raise(vector);
            }
            c.quietTrap = true;
            c.exceptions.software(vector, next, opcode != 0xF1);
        }
    }

    /** IN and OUT; the port is a constant or, at -1, in DX. */
    static final class PortAccess extends MicroOp {
        private final boolean out;
        private final int port;
        private final int size;

        PortAccess(boolean out, int port, int size) {
            this.out = out;
            this.port = port;
            this.size = size;
        }

        @Override
        public void exec(Cpu c) {
            int at = port >= 0 ? port : (int) c.gpr[2] & 0xFFFF;
            c.segments.checkPort(at, size);
            if (c.stepping) {
                c.stepper.port(at, size);
            }
            long next = nextRip(c);
            // Handlers see the present instruction; the processor goes on behind it.
            c.gpr[Cpu.RIP] += offset;
            if (out) {
                long mask = -1L >>> 64 - size * 8;
                c.bus.writePort(at, size, (int) (c.gpr[0] & mask));
            } else {
                int value = c.bus.readPort(at, size);
                c.gpr[0] = switch (size) {
                    case 1 -> c.gpr[0] & ~0xFFL | value & 0xFF;
                    case 2 -> c.gpr[0] & ~0xFFFFL | value & 0xFFFF;
                    default -> value & 0xFFFF_FFFFL;
                };
            }
            c.gpr[Cpu.RIP] = next;
        }
    }

    /** HLT. */
    static final class Halt extends MicroOp {
        @Override
        public void exec(Cpu c) {
            c.requireCpl0();
            c.gpr[Cpu.RIP] = nextRip(c);
            c.halted = true;
            c.request(Cpu.PENDING_HALT);
        }
    }

    /** CPUID. */
    static final class Cpuid extends MicroOp {
        @Override
        public void exec(Cpu c) {
            c.cpuid.execute(c);
        }
    }

    /** RDPID. */
    static final class ReadProcessorId extends MicroOp {
        private final Operand to;

        ReadProcessorId(Operand to) {
            this.to = to;
        }

        @Override
        public void exec(Cpu c) {
            to.write(c, c.tscAux);
        }
    }

    /** RDRAND and RDSEED: always a number, CF set. */
    static final class Random extends MicroOp {
        private static final java.security.SecureRandom SOURCE = new java.security.SecureRandom();
        private final Operand to;

        Random(Operand to) {
            this.to = to;
        }

        @Override
        public void exec(Cpu c) {
            to.write(c, SOURCE.nextLong());
            c.setArithmeticFlags(Cpu.F_CF);
        }
    }
}
