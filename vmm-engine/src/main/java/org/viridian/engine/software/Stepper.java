package org.viridian.engine.software;

/**
 * Runs one instruction at a time while something must be looked at between or inside instructions: RFLAGS.TF, breakpoints in
 * DR7, alignment checks, and the shadow behind MOV SS in 16- and 32-bit code (Intel SDM vol. 3B, chapter 18; vol. 3A, section
 * 6.8.3). All data accesses go the slow way meanwhile, where {@link #access} sees them.
 *
 * <p>Thread rule: the processor's own thread.
 */
final class Stepper {
    /** The next instruction is still covered by STI: no interrupt before it. */
    static final int SHADOW_STI = 1;
    /** Covered by MOV SS or POP SS: no interrupt and no debug trap before it. */
    static final int SHADOW_SS = 2;

    private static final int BREAKPOINTS = 0xFF;
    private static final int GENERAL_DETECT = 0x2000;
    private static final int DR6_DETECTED = 0x2000;
    private static final int DR6_STEP = 0x4000;
    static final int DR6_TASK = 0x8000;
    private static final int EXECUTE = 0;
    private static final int WRITE = 1;
    private static final int PORT = 2;

    private final Cpu c;
    private final BlockCache blocks;

    Stepper(Cpu c, BlockCache blocks) {
        this.c = c;
        this.blocks = blocks;
    }

    /** True when this processor may not run whole blocks now. */
    static boolean needed(Cpu c) {
        return (c.eflags & Cpu.F_TF) != 0 || c.shadow != 0 || (c.dr[7] & BREAKPOINTS) != 0 || alignment(c);
    }

    private static boolean alignment(Cpu c) {
        return (c.eflags & Cpu.F_AC) != 0 && c.cpl == 3 && (c.cr0 & Cpu.CR0_AM) != 0;
    }

    /** Runs the instruction at RIP with all that belongs to it; false on a triple fault. */
    boolean step() {
        boolean trap = (c.eflags & Cpu.F_TF) != 0;
        boolean resume = (c.eflags & Cpu.F_RF) != 0;
        c.shadow = 0;
        c.quietTrap = false;
        c.resumeLoaded = false;
        MicroOp[] ops = null;
        int i = 0;
        c.stepping(true);
        try {
            int hits = resume ? 0 : instructionHits(blocks.linearRip());
            if (hits != 0) {
                c.stepping(false);
                report(hits);
                return c.exceptions.deliverBreakpoint();
            }
            Block block = blocks.single();
            ops = block.ops;
            for (; i < ops.length; i++) {
                ops[i].exec(c);
            }
            c.instructions += block.count;
        } catch (CpuFault fault) {
            if (ops != null) {
                fault.settle(c, ops[i]);
            }
            c.stepping(false);
            c.debugHits = 0;
            return c.exceptions.deliverFault(fault);
        } catch (Block.BlockExit stale) {
            c.gpr[Cpu.RIP] += ops[i].offset;
        } finally {
            c.stepping(false);
        }
        if (!c.resumeLoaded) {
            c.eflags &= ~Cpu.F_RF;
        }
        if (c.shadow == SHADOW_SS) {
            // The trap of MOV SS waits for the next instruction; TF is still set then.
            return true;
        }
        int hits = c.debugHits | (trap && !c.quietTrap ? DR6_STEP : 0);
        c.debugHits = 0;
        if (hits == 0) {
            return true;
        }
        report(hits);
        c.halted = false;
        return c.exceptions.deliverFault(c.raise(CpuFault.DB));
    }

    /** Sets what DR6 tells, and opens the debug registers to the handler. */
    private void report(int hits) {
        c.dr[6] = c.dr[6] & ~0xF | hits;
        c.dr[7] &= ~(long) GENERAL_DETECT;
    }

    /** Raises the #DB of DR7.GD when a debug register is touched. */
    static void generalDetect(Cpu c) {
        if ((c.dr[7] & GENERAL_DETECT) != 0) {
            c.dr[6] |= DR6_DETECTED;
            c.dr[7] &= ~(long) GENERAL_DETECT;
            throw c.raise(CpuFault.DB, Exceptions.FAULT_LIKE);
        }
    }

    private int instructionHits(long linear) {
        int hits = 0;
        for (int n = 0; n < 4; n++) {
            if (enabled(n) && kind(n) == EXECUTE && c.dr[n] == linear) {
                hits |= 1 << n;
            }
        }
        return hits;
    }

    private boolean enabled(int n) {
        return (c.dr[7] >> n * 2 & 3) != 0;
    }

    private int kind(int n) {
        return (int) (c.dr[7] >> 16 + n * 4) & 3;
    }

    private int length(int n) {
        int code = (int) (c.dr[7] >> 18 + n * 4) & 3;
        return code == 2 ? 8 : code + 1;
    }

    /** Looks at a data access of 1–16 bytes before it is made: notes breakpoints, raises #AC. */
    void access(long linear, int size, boolean write, boolean user) {
        if (user && alignment(c) && (linear & size - 1) != 0) {
            throw c.raise(CpuFault.AC, 0);
        }
        if ((c.dr[7] & BREAKPOINTS) == 0) {
            return;
        }
        for (int n = 0; n < 4; n++) {
            int kind = kind(n);
            if (enabled(n) && (kind == 3 || kind == WRITE && write) && overlaps(n, linear, size)) {
                c.debugHits |= 1 << n;
            }
        }
    }

    /** Notes I/O breakpoints. */
    void port(int port, int size) {
        if ((c.cr4 & Cpu.CR4_DE) == 0) {
            return;
        }
        for (int n = 0; n < 4; n++) {
            if (enabled(n) && kind(n) == PORT && overlaps(n, port, size)) {
                c.debugHits |= 1 << n;
            }
        }
    }

    private boolean overlaps(int n, long address, int size) {
        int length = length(n);
        long from = c.dr[n] & -length;
        return address < from + length && from < address + size;
    }
}
