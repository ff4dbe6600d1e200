package org.viridian.engine.software;

import org.viridian.engine.software.fpu.XState;

/** Operations on control, debug, model-specific and table registers. */
final class PrivilegedOps {
    static final int SYSCALL = 0;
    static final int SYSRET = 1;
    static final int SYSENTER = 2;
    static final int SYSEXIT = 3;

    private PrivilegedOps() {}

    /** SYSCALL, SYSRET, SYSENTER, SYSEXIT. */
    static final class SystemCall extends MicroOp {
        private final int kind;
        private final boolean wide;

        SystemCall(int kind, boolean wide) {
            this.kind = kind;
            this.wide = wide;
        }

        @Override
        public void exec(Cpu c) {
            if (c.flat) {
                throw c.raise(CpuFault.UD);
            }
            switch (kind) {
                case SYSCALL -> c.far.syscall(nextRip(c));
                case SYSRET -> c.far.sysret(wide);
                case SYSENTER -> c.far.sysenter();
                default -> c.far.sysexit(wide);
            }
        }
    }

    /** CLTS. */
    static final class ClearTaskSwitched extends MicroOp {
        @Override
        public void exec(Cpu c) {
            c.requireCpl0();
            c.cr0 &= ~Cpu.CR0_TS;
        }
    }

    /** INVD and WBINVD: caches are coherent here. */
    static final class CacheControl extends MicroOp {
        @Override
        public void exec(Cpu c) {
            c.requireCpl0();
        }
    }

    /** MOV to and from CRn. */
    static final class MoveControl extends MicroOp {
        private final boolean write;
        private final int register;
        private final int gpr;
        private final boolean wide;

        MoveControl(boolean write, int register, int gpr, boolean wide) {
            this.write = write;
            this.register = register;
            this.gpr = gpr;
            this.wide = wide;
        }

        @Override
        public void exec(Cpu c) {
            c.requireCpl0();
            if (write) {
                long next = nextRip(c);
                c.control.write(register, wide ? c.gpr[gpr] : c.gpr[gpr] & 0xFFFF_FFFFL);
                c.gpr[Cpu.RIP] = next;
            } else {
                long value = c.control.read(register);
                c.gpr[gpr] = wide ? value : value & 0xFFFF_FFFFL;
            }
        }
    }

    /** MOV to and from DRn; a write ends the block, for breakpoints count from the next instruction. */
    static final class MoveDebug extends MicroOp {
        private final boolean write;
        private final int register;
        private final int gpr;
        private final boolean wide;

        MoveDebug(boolean write, int register, int gpr, boolean wide) {
            this.write = write;
            this.register = register;
            this.gpr = gpr;
            this.wide = wide;
        }

        @Override
        public void exec(Cpu c) {
            c.requireCpl0();
            int r = register == 4 || register == 5 ? register + 2 : register;
            if (r != register && (c.cr4 & Cpu.CR4_DE) != 0) {
                throw c.raise(CpuFault.UD);
            }
            Stepper.generalDetect(c);
            if (!write) {
                c.gpr[gpr] = wide ? c.dr[r] : c.dr[r] & 0xFFFF_FFFFL;
                return;
            }
            long next = nextRip(c);
            long value = wide ? c.gpr[gpr] : c.gpr[gpr] & 0xFFFF_FFFFL;
            if (r >= 6 && value >>> 32 != 0) {
                throw c.raise(CpuFault.GP, 0);
            }
            c.dr[r] = r == 6 ? value & 0xE00F | 0xFFFF0FF0L : r == 7 ? value & 0xFFFF2BFFL | 0x400 : value;
            if (Stepper.needed(c)) {
                c.request(Cpu.PENDING_TRACE);
            }
            c.gpr[Cpu.RIP] = next;
        }
    }

    /** RDMSR and WRMSR. */
    static final class ModelSpecific extends MicroOp {
        private final boolean write;

        ModelSpecific(boolean write) {
            this.write = write;
        }

        @Override
        public void exec(Cpu c) {
            c.requireCpl0();
            long next = nextRip(c);
            int msr = (int) c.gpr[1];
            if (write) {
                c.msrs.write(msr, c.gpr[0] & 0xFFFF_FFFFL | c.gpr[2] << 32);
            } else {
                long value = c.msrs.read(msr);
                c.gpr[0] = value & 0xFFFF_FFFFL;
                c.gpr[2] = value >>> 32;
            }
            c.gpr[Cpu.RIP] = next;
        }
    }

    /** RDTSC and RDTSCP. */
    static final class ReadTimestamp extends MicroOp {
        private final boolean withId;

        ReadTimestamp(boolean withId) {
            this.withId = withId;
        }

        @Override
        public void exec(Cpu c) {
            if (c.cpl != 0 && (c.cr4 & Cpu.CR4_TSD) != 0) {
                throw c.raise(CpuFault.GP, 0);
            }
            long tsc = c.msrs.timestamp();
            c.gpr[0] = tsc & 0xFFFF_FFFFL;
            c.gpr[2] = tsc >>> 32;
            if (withId) {
                c.gpr[1] = c.tscAux & 0xFFFF_FFFFL;
            }
        }
    }

    /** RDPMC: there are no counters. */
    static final class ReadCounter extends MicroOp {
        @Override
        public void exec(Cpu c) {
            throw c.raise(CpuFault.GP, 0);
        }
    }

    /** SLDT, STR. */
    static final class StoreSystemSegment extends MicroOp {
        private final int op;
        private final Operand to;

        StoreSystemSegment(int op, Operand to) {
            this.op = op;
            this.to = to;
        }

        @Override
        public void exec(Cpu c) {
            requireProtected(c);
            checkUmip(c);
            to.write(c, c.segSelector[op == 0 ? Cpu.LDTR : Cpu.TR]);
        }
    }

    /** UMIP: these instructions tell user programs nothing. */
    private static void checkUmip(Cpu c) {
        if (c.cpl != 0 && (c.cr4 & Cpu.CR4_UMIP) != 0) {
            throw c.raise(CpuFault.GP, 0);
        }
    }

    /** XGETBV and XSETBV. */
    static final class ExtendedControl extends MicroOp {
        private final boolean write;

        ExtendedControl(boolean write) {
            this.write = write;
        }

        @Override
        public void exec(Cpu c) {
            if (!c.extendedStates()) {
                throw c.raise(CpuFault.UD);
            }
            if (write) {
                c.requireCpl0();
            }
            if ((c.gpr[1] & 0xFFFF_FFFFL) != 0) {
                throw c.raise(CpuFault.GP, 0);
            }
            if (!write) {
                c.gpr[0] = c.xcr0 & 0xFFFF_FFFFL;
                c.gpr[2] = c.xcr0 >>> 32;
                return;
            }
            long value = c.gpr[0] & 0xFFFF_FFFFL | c.gpr[2] << 32;
            if ((value & 1) == 0 || (value & ~XState.COMPONENTS) != 0) {
                throw c.raise(CpuFault.GP, 0);
            }
            c.xcr0 = value;
        }
    }

    private static void requireProtected(Cpu c) {
        if (!c.protectedMode() || c.virtual8086()) {
            throw c.raise(CpuFault.UD);
        }
    }

    /** LLDT, LTR. */
    static final class LoadSystemSegment extends MicroOp {
        private final int op;
        private final Operand from;

        LoadSystemSegment(int op, Operand from) {
            this.op = op;
            this.from = from;
        }

        @Override
        public void exec(Cpu c) {
            requireProtected(c);
            c.requireCpl0();
            int selector = (int) from.read(c) & 0xFFFF;
            if (op == 2) {
                c.segments.loadLdt(selector);
            } else {
                c.segments.loadTask(selector);
            }
        }
    }

    /** VERR, VERW. */
    static final class Verify extends MicroOp {
        private final boolean write;
        private final Operand from;

        Verify(boolean write, Operand from) {
            this.write = write;
            this.from = from;
        }

        @Override
        public void exec(Cpu c) {
            requireProtected(c);
            int selector = (int) from.read(c) & 0xFFFF;
            boolean ok = false;
            try {
                if ((selector & 0xFFFC) != 0) {
                    int attr = Segments.attributes(c.segments.descriptor(selector, CpuFault.GP));
                    boolean code = (attr & 8) != 0;
                    ok = (attr & Segments.CODE_DATA) != 0
                            && (write ? !code && (attr & 2) != 0 : !code || (attr & 2) != 0)
                            && (Segments.isConforming(attr) || Segments.dpl(attr) >= Math.max(c.cpl, selector & 3));
                }
            } catch (CpuFault outside) {
                if (outside.vector == CpuFault.PF) {
                    throw outside;
                }
            }
            setZf(c, ok);
        }
    }

    private static void setZf(Cpu c, boolean zf) {
        int kept = c.arithmeticFlags() & ~Cpu.F_ZF;
        c.setArithmeticFlags(zf ? kept | Cpu.F_ZF : kept);
    }

    /** LAR, LSL. */
    static final class DescriptorRights extends MicroOp {
        private static final int LAR_SYSTEM = 1 << 1 | 1 << 2 | 1 << 3 | 1 << 4 | 1 << 5 | 1 << 9 | 1 << 11 | 1 << 12;
        private static final int LAR_SYSTEM_LONG = 1 << 2 | 1 << 9 | 1 << 11 | 1 << 12;
        private static final int LSL_SYSTEM = 1 << 1 | 1 << 2 | 1 << 3 | 1 << 9 | 1 << 11;
        private static final int LSL_SYSTEM_LONG = 1 << 2 | 1 << 9 | 1 << 11;
        private final boolean limit;
        private final Operand to;
        private final Operand from;

        DescriptorRights(boolean limit, Operand to, Operand from) {
            this.limit = limit;
            this.to = to;
            this.from = from;
        }

        @Override
        public void exec(Cpu c) {
            requireProtected(c);
            int selector = (int) from.read(c) & 0xFFFF;
            boolean ok = false;
            try {
                if ((selector & 0xFFFC) != 0) {
                    long descriptor = c.segments.descriptor(selector, CpuFault.GP);
                    int attr = Segments.attributes(descriptor);
                    int system = limit ? c.longMode() ? LSL_SYSTEM_LONG : LSL_SYSTEM : c.longMode() ? LAR_SYSTEM_LONG : LAR_SYSTEM;
                    ok = ((attr & Segments.CODE_DATA) != 0 || (system >> (attr & 15) & 1) != 0)
                            && (Segments.isConforming(attr) || Segments.dpl(attr) >= Math.max(c.cpl, selector & 3));
                    if (ok) {
                        to.write(c, limit ? Segments.limit(descriptor) : descriptor >>> 32 & 0xF0FF00);
                    }
                }
            } catch (CpuFault outside) {
                if (outside.vector == CpuFault.PF) {
                    throw outside;
                }
            }
            setZf(c, ok);
        }
    }

    /** SGDT, SIDT. */
    static final class StoreTable extends MicroOp {
        private final boolean idt;
        private final Ea ea;
        private final boolean wide;

        StoreTable(boolean idt, Ea ea, boolean wide) {
            this.idt = idt;
            this.ea = ea;
            this.wide = wide;
        }

        @Override
        public void exec(Cpu c) {
            checkUmip(c);
            long at = ea.store(c, wide ? 10 : 6);
            c.probeWrite(at, wide ? 10 : 6);
            c.store16(at, idt ? c.idtLimit : c.gdtLimit);
            long base = idt ? c.idtBase : c.gdtBase;
            if (wide) {
                c.store64(at + 2, base);
            } else {
                c.store32(at + 2, (int) base);
            }
        }
    }

    /** LGDT, LIDT. */
    static final class LoadTable extends MicroOp {
        private final boolean idt;
        private final Ea ea;
        private final boolean wide;
        private final int opSize;

        LoadTable(boolean idt, Ea ea, boolean wide, int opSize) {
            this.idt = idt;
            this.ea = ea;
            this.wide = wide;
            this.opSize = opSize;
        }

        @Override
        public void exec(Cpu c) {
            c.requireCpl0();
            long at = ea.load(c, wide ? 10 : 6);
            int limit = c.load16(at);
            long base = wide ? c.load64(at + 2) : c.load32(at + 2) & (opSize == 2 ? 0xFF_FFFFL : 0xFFFF_FFFFL);
            if (wide && base << 16 >> 16 != base) {
                throw c.raise(CpuFault.GP, 0);
            }
            if (idt) {
                c.idtBase = base;
                c.idtLimit = limit;
            } else {
                c.gdtBase = base;
                c.gdtLimit = limit;
            }
        }
    }

    /** SMSW. */
    static final class StoreStatusWord extends MicroOp {
        private final Operand to;

        StoreStatusWord(Operand to) {
            this.to = to;
        }

        @Override
        public void exec(Cpu c) {
            checkUmip(c);
            to.write(c, c.cr0);
        }
    }

    /** LMSW: may set PE, not clear it. */
    static final class LoadStatusWord extends MicroOp {
        private final Operand from;

        LoadStatusWord(Operand from) {
            this.from = from;
        }

        @Override
        public void exec(Cpu c) {
            c.requireCpl0();
            long next = nextRip(c);
            long value = from.read(c) & 15;
            c.control.write(0, c.cr0 & ~14 | value);
            c.gpr[Cpu.RIP] = next;
        }
    }

    /** INVLPG. */
    static final class InvalidatePage extends MicroOp {
        private final Ea ea;
        private final boolean wide;

        InvalidatePage(Ea ea, boolean wide) {
            this.ea = ea;
            this.wide = wide;
        }

        @Override
        public void exec(Cpu c) {
            c.requireCpl0();
            long linear = ea.offset(c) + c.segBase[ea.segment];
            c.flushPage(wide ? linear : linear & 0xFFFF_FFFFL);
            c.gpr[Cpu.RIP] = nextRip(c);
        }
    }

    /** SWAPGS. */
    static final class SwapGs extends MicroOp {
        @Override
        public void exec(Cpu c) {
            c.requireCpl0();
            long base = c.segBase[Cpu.GS];
            c.segBase[Cpu.GS] = c.kernelGsBase;
            c.kernelGsBase = base;
        }
    }

    /** RDFSBASE, RDGSBASE, WRFSBASE, WRGSBASE. */
    static final class SegmentBase extends MicroOp {
        private final boolean write;
        private final int segment;
        private final Operand register;

        SegmentBase(boolean write, int segment, Operand register) {
            this.write = write;
            this.segment = segment;
            this.register = register;
        }

        @Override
        public void exec(Cpu c) {
            if ((c.cr4 & Cpu.CR4_FSGSBASE) == 0) {
                throw c.raise(CpuFault.UD);
            }
            if (!write) {
                register.write(c, c.segBase[segment]);
                return;
            }
            long base = register.read(c) & register.mask();
            if (base << 16 >> 16 != base) {
                throw c.raise(CpuFault.GP, 0);
            }
            c.segBase[segment] = base;
        }
    }

    /** LFENCE, MFENCE, SFENCE. */
    static final class Fence extends MicroOp {
        @Override
        public void exec(Cpu c) {
            Mem.fence();
        }
    }

    /** CLFLUSH: only the access check. */
    static final class FlushLine extends MicroOp {
        private final Ea ea;

        FlushLine(Ea ea) {
            this.ea = ea;
        }

        @Override
        public void exec(Cpu c) {
            c.load8(ea.load(c, 1));
        }
    }
}
