package org.viridian.engine.software;

/** Instructions that work on the flag register alone, and the rules of who may change which flag. */
final class FlagOps {
    /** What software may change in RFLAGS at all. */
    private static final int CHANGEABLE = Cpu.F_ARITHMETIC | Cpu.F_TF | Cpu.F_IF | Cpu.F_DF | Cpu.F_IOPL | Cpu.F_NT | Cpu.F_AC | Cpu.F_ID;

    private FlagOps() {}

    /** Loads flags as POPF does at privilege {@code cpl}: IOPL only at 0, IF only at or below IOPL; RF and VM stay. */
    static void load(Cpu c, long value, int size, int cpl) {
        int mask = CHANGEABLE;
        if (cpl != 0) {
            mask &= ~Cpu.F_IOPL;
        }
        if (cpl > iopl(c)) {
            mask &= ~Cpu.F_IF;
        }
        if (size == 2) {
            mask &= 0xFFFF;
        }
        store(c, value, mask);
        c.eflags &= ~Cpu.F_RF;
    }

    /** Replaces the flags in {@code mask}, and tells the processor of TF and IF. */
    static void store(Cpu c, long value, int mask) {
        c.setRflags(c.rflags() & ~mask | value & mask);
        if (Stepper.needed(c)) {
            c.request(Cpu.PENDING_TRACE);
        }
        c.accessChanged();
        c.interruptsEnabled();
    }

    static int iopl(Cpu c) {
        return c.eflags >> 12 & 3;
    }

    /** STAC and CLAC; end the block, for the supervisor's view of user pages changes. */
    static final class AccessControl extends MicroOp {
        private final boolean open;

        AccessControl(boolean open) {
            this.open = open;
        }

        @Override
        public void exec(Cpu c) {
            if (c.cpl != 0) {
                throw c.raise(CpuFault.UD);
            }
            c.eflags = open ? c.eflags | Cpu.F_AC : c.eflags & ~Cpu.F_AC;
            c.accessChanged();
            c.gpr[Cpu.RIP] = nextRip(c);
        }
    }

    /** CLC, STC, CMC. */
    static final class Carry extends MicroOp {
        private final int how;

        Carry(int how) {
            this.how = how;
        }

        @Override
        public void exec(Cpu c) {
            c.setCf(how == 2 ? !c.cf() : how == 1);
        }
    }

    /** CLD, STD. */
    static final class Direction extends MicroOp {
        private final boolean down;

        Direction(boolean down) {
            this.down = down;
        }

        @Override
        public void exec(Cpu c) {
            c.eflags = down ? c.eflags | Cpu.F_DF : c.eflags & ~Cpu.F_DF;
        }
    }

    /** LAHF. */
    static final class LoadAh extends MicroOp {
        @Override
        public void exec(Cpu c) {
            c.gpr[0] = c.gpr[0] & ~0xFF00L | (c.arithmeticFlags() & 0xD5 | 2) << 8;
        }
    }

    /** SAHF. */
    static final class StoreAh extends MicroOp {
        @Override
        public void exec(Cpu c) {
            c.setArithmeticFlags((int) (c.gpr[0] >> 8) & 0xD5 | (c.of() ? Cpu.F_OF : 0));
        }
    }

    /** CLI. */
    static final class ClearInterrupt extends MicroOp {
        @Override
        public void exec(Cpu c) {
            check(c);
            c.eflags &= ~Cpu.F_IF;
        }

        static void check(Cpu c) {
            if (c.protectedMode() && (c.virtual8086() ? 3 : c.cpl) > iopl(c)) {
                throw c.raise(CpuFault.GP, 0);
            }
        }
    }

    /** STI. The decoder puts the next instruction into the same block: that is the interrupt shadow. */
    static final class SetInterrupt extends MicroOp {
        @Override
        public void exec(Cpu c) {
            ClearInterrupt.check(c);
            if (c.stepping && (c.eflags & Cpu.F_IF) == 0) {
                c.shadow = Stepper.SHADOW_STI;
            }
            c.eflags |= Cpu.F_IF;
            c.interruptsEnabled();
        }
    }

    /** DAA, DAS, AAA, AAS, AAM, AAD: 16- and 32-bit code only. */
    static final class Decimal extends MicroOp {
        private final int opcode;
        private final int base;

        Decimal(int opcode, int base) {
            this.opcode = opcode;
            this.base = base;
        }

        @Override
        public void exec(Cpu c) {
            int al = (int) c.gpr[0] & 0xFF;
            int ah = (int) c.gpr[0] >> 8 & 0xFF;
            switch (opcode) {
                case 0x27, 0x2F -> packed(c, al);
                case 0x37, 0x3F -> unpacked(c, al, ah);
                case 0xD4 -> {
                    if (base == 0) {
                        throw c.raise(CpuFault.DE);
                    }
                    setAx(c, al / base << 8 | al % base);
                    c.logicFlags((byte) (al % base));
                }
                default -> {
                    int r = al + ah * base & 0xFF;
                    setAx(c, r);
                    c.logicFlags((byte) r);
                }
            }
        }

        private void packed(Cpu c, int al) {
            boolean subtract = opcode == 0x2F;
            boolean carry = c.cf() || al > 0x99;
            boolean low = (al & 15) > 9 || c.af();
            int r = al;
            if (low) {
                r += subtract ? -6 : 6;
            }
            boolean borrow = low && (subtract ? al < 6 : al > 0xF9);
            boolean cf = carry || subtract && c.cf() || borrow && subtract;
            if (carry) {
                r += subtract ? -0x60 : 0x60;
            }
            c.gpr[0] = c.gpr[0] & ~0xFFL | r & 0xFF;
            c.logicFlags((byte) r);
            int flags = c.arithmeticFlags() & ~(Cpu.F_CF | Cpu.F_AF) | (cf ? Cpu.F_CF : 0) | (low ? Cpu.F_AF : 0);
            c.setArithmeticFlags(flags);
        }

        private void unpacked(Cpu c, int al, int ah) {
            boolean adjust = (al & 15) > 9 || c.af();
            int ax = ah << 8 | al;
            if (adjust) {
                ax += opcode == 0x37 ? 0x106 : -0x106;
            }
            setAx(c, ax & 0xFF0F);
            int flags = c.arithmeticFlags() & ~(Cpu.F_CF | Cpu.F_AF);
            c.setArithmeticFlags(adjust ? flags | Cpu.F_CF | Cpu.F_AF : flags);
        }

        private static void setAx(Cpu c, int ax) {
            c.gpr[0] = c.gpr[0] & ~0xFFFFL | ax & 0xFFFF;
        }
    }
}
