package org.viridian.engine.software;

/** Near jumps, calls and returns, and the end of blocks. All set RIP last. */
final class BranchOps {
    private BranchOps() {}

    /** The part of RIP that counts in code of this size. */
    static long mask(int mode) {
        return switch (mode) {
            case 64 -> -1L;
            case 32 -> 0xFFFF_FFFFL;
            default -> 0xFFFF;
        };
    }

    /** Goes on behind the block; no guest instruction. */
    static final class FallThrough extends MicroOp {
        private final int delta;
        private final long mask;

        FallThrough(int delta, int mode) {
            this.delta = delta;
            this.mask = mask(mode);
        }

        @Override
        public void exec(Cpu c) {
            c.gpr[Cpu.RIP] = c.gpr[Cpu.RIP] + delta & mask;
        }
    }

    /** JMP rel. */
    static final class Jump extends MicroOp {
        private final long delta;
        private final long mask;

        Jump(long delta, long mask) {
            this.delta = delta;
            this.mask = mask;
        }

        @Override
        public void exec(Cpu c) {
            c.gpr[Cpu.RIP] = c.gpr[Cpu.RIP] + delta & mask;
        }
    }

    /** JMP rel in 16- and 32-bit code. */
    static final class LegacyJump extends MicroOp {
        private final long delta;
        private final long mask;

        LegacyJump(long delta, long mask) {
            this.delta = delta;
            this.mask = mask;
        }

        @Override
        public void exec(Cpu c) {
            c.gpr[Cpu.RIP] = c.legacyTarget(c.gpr[Cpu.RIP] + delta & mask);
        }
    }

    /** Jcc in 16- and 32-bit code; only a jump that is taken can leave the segment. */
    static final class LegacyConditional extends MicroOp {
        private final int condition;
        private final long taken;
        private final long passed;
        private final long mask;

        LegacyConditional(int condition, long taken, long passed, long mask) {
            this.condition = condition;
            this.taken = taken;
            this.passed = passed;
            this.mask = mask;
        }

        @Override
        public void exec(Cpu c) {
            long rip = c.gpr[Cpu.RIP];
            c.gpr[Cpu.RIP] = c.condition(condition) ? c.legacyTarget(rip + taken & mask) : rip + passed & mask;
        }
    }

    /** Jcc. */
    static final class Conditional extends MicroOp {
        private final int condition;
        private final long taken;
        private final long passed;
        private final long mask;

        Conditional(int condition, long taken, long passed, long mask) {
            this.condition = condition;
            this.taken = taken;
            this.passed = passed;
            this.mask = mask;
        }

        @Override
        public void exec(Cpu c) {
            c.gpr[Cpu.RIP] = c.gpr[Cpu.RIP] + (c.condition(condition) ? taken : passed) & mask;
        }
    }

    /** JE and JNE in 64-bit code. */
    static final class Equal extends MicroOp {
        private final long equal;
        private final long different;

        Equal(long equal, long different) {
            this.equal = equal;
            this.different = different;
        }

        @Override
        public void exec(Cpu c) {
            c.gpr[Cpu.RIP] += c.flagResult == 0 ? equal : different;
        }
    }

    /** CALL rel. */
    static final class Call extends MicroOp {
        private final long delta;
        private final long mask;
        private final int size;

        Call(long delta, long mask, int size) {
            this.delta = delta;
            this.mask = mask;
            this.size = size;
        }

        @Override
        public void exec(Cpu c) {
            long to = c.legacyTarget(c.gpr[Cpu.RIP] + delta & mask);
            StackOps.push(c, nextRip(c), size);
            c.gpr[Cpu.RIP] = to;
        }
    }

    /** CALL rel in 64-bit code. */
    static final class Call64 extends MicroOp {
        private final long delta;

        Call64(long delta) {
            this.delta = delta;
        }

        @Override
        public void exec(Cpu c) {
            long sp = c.gpr[4] - 8;
            c.store64(sp, nextRip(c));
            c.gpr[4] = sp;
            c.gpr[Cpu.RIP] += delta;
        }
    }

    /** JMP r/m. */
    static final class JumpIndirect extends MicroOp {
        private final Operand target;

        JumpIndirect(Operand target) {
            this.target = target;
        }

        @Override
        public void exec(Cpu c) {
            long to = target.read(c) & target.mask();
            c.gpr[Cpu.RIP] = c.codeSize == 64 ? c.target(to) : c.legacyTarget(to);
        }
    }

    /** CALL r/m. */
    static final class CallIndirect extends MicroOp {
        private final Operand target;

        CallIndirect(Operand target) {
            this.target = target;
        }

        @Override
        public void exec(Cpu c) {
            long to = target.read(c) & target.mask();
            if (c.codeSize == 64) {
                c.target(to);
            } else {
                c.legacyTarget(to);
            }
            StackOps.push(c, nextRip(c), target.size);
            c.gpr[Cpu.RIP] = to;
        }
    }

    /** RET in 64-bit code. */
    static final class Return64 extends MicroOp {
        private final int drop;

        Return64(int drop) {
            this.drop = drop + 8;
        }

        @Override
        public void exec(Cpu c) {
            long sp = c.gpr[4];
            long to = c.target(c.load64(sp));
            c.gpr[4] = sp + drop;
            c.gpr[Cpu.RIP] = to;
        }
    }

    /** RET elsewhere. */
    static final class Return extends MicroOp {
        private final int drop;
        private final int size;

        Return(int drop, int size) {
            this.drop = drop;
            this.size = size;
        }

        @Override
        public void exec(Cpu c) {
            long to = c.legacyTarget(StackOps.peek(c, 0, size));
            StackOps.drop(c, size + drop);
            c.gpr[Cpu.RIP] = to;
        }
    }

    /** LOOP, LOOPE, LOOPNE, JCXZ: by opcode E0–E3. */
    static final class Loop extends MicroOp {
        private final int kind;
        private final long counterMask;
        private final long taken;
        private final long passed;
        private final long mask;

        Loop(int kind, int addrSize, long taken, long passed, long mask) {
            this.kind = kind;
            this.counterMask = BranchOps.mask(addrSize);
            this.taken = taken;
            this.passed = passed;
            this.mask = mask;
        }

        @Override
        public void exec(Cpu c) {
            long count = c.gpr[1] & counterMask;
            boolean jump;
            if (kind == 3) {
                jump = count == 0;
            } else {
                count = count - 1 & counterMask;
                jump = count != 0 && (kind == 2 || c.zf() == (kind == 1));
            }
            long to = c.gpr[Cpu.RIP] + (jump ? taken : passed) & mask;
            if (jump && mask != -1L) {
                c.legacyTarget(to);
            }
            if (kind != 3) {
                // A 32-bit counter zero-extends like every 32-bit register write.
                c.gpr[1] = counterMask == 0xFFFF ? c.gpr[1] & ~0xFFFFL | count : count;
            }
            c.gpr[Cpu.RIP] = to;
        }
    }

    /** Where a conditional jump of 64-bit code goes, as distances from the start of the block. */
    record Target(int condition, long taken, long passed) {}

    /** The target of a conditional jump of 64-bit code; null for everything else. */
    static Target target(MicroOp op) {
        return switch (op) {
            case Equal e -> new Target(4, e.equal, e.different);
            case Conditional j when j.mask == -1L -> new Target(j.condition, j.taken, j.passed);
            default -> null;
        };
    }

    static MicroOp jcc(int condition, long taken, long passed, int mode, int opSize) {
        if (mode == 64) {
            if (condition == 4) {
                return new Equal(taken, passed);
            }
            if (condition == 5) {
                return new Equal(passed, taken);
            }
            return new Conditional(condition, taken, passed, -1L);
        }
        return new LegacyConditional(condition, taken, passed, opSize == 2 ? 0xFFFF : 0xFFFF_FFFFL);
    }
}
