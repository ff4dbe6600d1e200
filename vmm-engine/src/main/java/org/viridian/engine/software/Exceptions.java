package org.viridian.engine.software;

/**
 * Delivery of exceptions and interrupts through the IDT or the real-mode vector table, double and triple faults (Intel
 * SDM vol. 3A, chapter 6).
 */
final class Exceptions {
    /** Error code of a #DB that is a fault: no code is pushed, RF is set in the pushed flags. */
    static final int FAULT_LIKE = -2;

    private final Cpu c;
    private final Stack stack = new Stack();

    Exceptions(Cpu c) {
        this.c = c;
    }

    /** A stack being built at a new privilege level: nothing of the processor changes before {@link #commit}. */
    static final class Stack {
        private Cpu c;
        private int selector;
        private long descriptor;
        /** The stack segment stays as it is. */
        private boolean sameSegment;
        private long base;
        private long mask;
        private long sp;
        private int oldCpl;
        private int newCpl;

        void begin(Cpu cpu, int cpl) {
            c = cpu;
            oldCpl = cpu.cpl;
            newCpl = cpl;
            cpu.setCpl(cpl);
        }

        void push(long value, int size) {
            sp = sp - size & mask;
            long at = base + sp;
            switch (size) {
                case 8 -> c.store64(at, value);
                case 4 -> c.store32(at & 0xFFFF_FFFFL, (int) value);
                default -> c.store16(at & 0xFFFF_FFFFL, (int) value);
            }
        }

        void abort() {
            c.setCpl(oldCpl);
        }

        void commit() {
            if (!sameSegment) {
                if (c.longMode()) {
                    c.segments.set(Cpu.SS, newCpl, 0, 0, Segments.UNUSABLE | newCpl << 5);
                } else {
                    c.segments.setFrom(Cpu.SS, selector, descriptor);
                }
            }
            c.gpr[4] = mask == 0xFFFF ? c.gpr[4] & ~0xFFFFL | sp & 0xFFFF : sp;
        }
    }

    /** The stack of an inner level by the TSS. */
    Stack innerStack(int cpl) {
        if (c.longMode()) {
            return longStack(c.segments.systemLoad64(c.segBase[Cpu.TR] + 4 + cpl * 8L), false);
        }
        Segments s = c.segments;
        boolean wide = (c.segAttr[Cpu.TR] & 8) != 0;
        long tss = c.segBase[Cpu.TR];
        int selector = wide ? s.systemLoad16(tss + 8 + cpl * 8L) : s.systemLoad16(tss + 4 + cpl * 4L);
        long sp = wide ? s.systemLoad32(tss + 4 + cpl * 8L) & 0xFFFF_FFFFL : s.systemLoad16(tss + 2 + cpl * 4L);
        if ((selector & 0xFFFC) == 0) {
            throw s.fault(CpuFault.TS, selector);
        }
        long descriptor = s.descriptor(selector, CpuFault.TS);
        int attr = Segments.attributes(descriptor);
        if ((selector & 3) != cpl || Segments.dpl(attr) != cpl
                || (attr & (Segments.CODE_DATA | 8 | 2)) != (Segments.CODE_DATA | 2)) {
            throw s.fault(CpuFault.TS, selector);
        }
        if ((attr & Segments.PRESENT) == 0) {
            throw s.fault(CpuFault.SS, selector);
        }
        stack.sameSegment = false;
        stack.selector = selector;
        stack.descriptor = descriptor;
        stack.base = Segments.base(descriptor);
        stack.mask = (attr & Segments.BIG) != 0 ? 0xFFFF_FFFFL : 0xFFFF;
        stack.sp = sp;
        return stack;
    }

    private Stack longStack(long sp, boolean sameSegment) {
        stack.sameSegment = sameSegment;
        stack.base = 0;
        stack.mask = -1L;
        stack.sp = sp;
        return stack;
    }

    private Stack currentStack() {
        stack.sameSegment = true;
        stack.base = c.segBase[Cpu.SS];
        stack.mask = c.stackMask;
        stack.sp = c.gpr[4] & c.stackMask;
        return stack;
    }

    /** Delivers a fault; RIP is the faulting instruction. Answers false on a triple fault. */
    boolean deliverFault(CpuFault fault) {
        c.stackFaults.complete(fault);
        return deliverChain(fault.vector, fault.error, false);
    }

    /** Delivers the #DB of an instruction breakpoint: a fault. Answers false on a triple fault. */
    boolean deliverBreakpoint() {
        return deliverChain(CpuFault.DB, FAULT_LIKE, false);
    }

    /** Delivers an external interrupt or NMI. Answers false on a triple fault. */
    boolean deliverInterrupt(int vector) {
        return deliverChain(vector, CpuFault.NO_ERROR_CODE, true);
    }

    /** INT n, INT3, INTO, INT1: raises what goes wrong. {@code next} is the return address. */
    void software(int vector, long next, boolean checkGate) {
        deliver(vector, CpuFault.NO_ERROR_CODE, checkGate, false, next, false);
    }

    private static boolean contributory(int vector) {
        return vector == CpuFault.DE || vector >= CpuFault.TS && vector <= CpuFault.GP;
    }

    private boolean deliverChain(int firstVector, int firstError, boolean external) {
        int vector = firstVector;
        int error = firstError == FAULT_LIKE ? CpuFault.NO_ERROR_CODE : firstError;
        boolean isFault = !external && (vector != CpuFault.DB || firstError == FAULT_LIKE);
        boolean ext = external;
        while (true) {
            try {
                deliver(vector, error, false, ext, c.gpr[Cpu.RIP], isFault);
                return true;
            } catch (CpuFault second) {
                if (vector == CpuFault.DF) {
                    return false;
                }
                boolean exception = !ext;
                boolean twice = exception && contributory(vector) && contributory(second.vector)
                        || exception && vector == CpuFault.PF && (contributory(second.vector) || second.vector == CpuFault.PF);
                int code = second.error | (second.vector == CpuFault.PF || second.error < 0 ? 0 : 1);
                vector = twice ? CpuFault.DF : second.vector;
                error = twice ? 0 : code;
                isFault = !twice;
                ext = false;
            }
        }
    }

    private void deliver(int vector, int error, boolean checkGate, boolean external, long rip, boolean fault) {
        long flags = c.rflags();
        if (fault && vector != CpuFault.DF) {
            flags |= Cpu.F_RF;
        } else if (!fault && !c.stepping && c.shadow == 0) {
            // Every instruction that completes clears RF; blocks do not.
            flags &= ~(long) Cpu.F_RF;
        }
        if (!c.protectedMode()) {
            realMode(vector, rip);
        } else if (c.longMode()) {
            longMode(vector, error, checkGate, rip, flags);
        } else {
            protectedMode(vector, error, checkGate, rip, flags);
        }
    }

    private void realMode(int vector, long rip) {
        if (vector * 4 + 3 > c.idtLimit) {
            throw c.raise(CpuFault.GP, vector * 8 + 2);
        }
        int entry = c.segments.systemLoad32(c.idtBase + vector * 4L);
        long before = c.gpr[4];
        try {
            StackOps.push(c, c.rflags(), 2);
            StackOps.push(c, c.segSelector[Cpu.CS], 2);
            StackOps.push(c, rip, 2);
        } catch (CpuFault fault) {
            c.gpr[4] = before;
            throw fault;
        }
        c.eflags &= ~(Cpu.F_IF | Cpu.F_TF | Cpu.F_AC | Cpu.F_RF);
        c.segSelector[Cpu.CS] = entry >>> 16;
        c.segBase[Cpu.CS] = (long) (entry >>> 16) << 4;
        c.gpr[Cpu.RIP] = entry & 0xFFFF;
        c.updateMode();
    }

    private void longMode(int vector, int error, boolean checkGate, long rip, long flags) {
        Segments s = c.segments;
        int gateError = vector * 8 + 2;
        if (vector * 16 + 15 > c.idtLimit) {
            throw c.raise(CpuFault.GP, gateError);
        }
        long low = s.systemLoad64(c.idtBase + vector * 16L);
        long high = s.systemLoad64(c.idtBase + vector * 16L + 8);
        int attr = Segments.attributes(low);
        int type = attr & 0x1F;
        if (type != 14 && type != 15 || checkGate && Segments.dpl(attr) < c.cpl) {
            throw c.raise(CpuFault.GP, gateError);
        }
        if ((attr & Segments.PRESENT) == 0) {
            throw c.raise(CpuFault.NP, gateError);
        }
        int selector = (int) (low >>> 16) & 0xFFFF;
        if ((selector & 0xFFFC) == 0) {
            throw c.raise(CpuFault.GP, 0);
        }
        long descriptor = s.descriptor(selector, CpuFault.GP);
        int code = Segments.attributes(descriptor);
        int dpl = Segments.dpl(code);
        if (!Segments.isCode(code) || dpl > c.cpl || (code & (Segments.LONG | Segments.BIG)) != Segments.LONG) {
            throw s.fault(CpuFault.GP, selector);
        }
        if ((code & Segments.PRESENT) == 0) {
            throw s.fault(CpuFault.NP, selector);
        }
        int cpl = Segments.isConforming(code) ? c.cpl : dpl;
        int ist = (int) (low >>> 32) & 7;
        Stack to;
        if (ist != 0) {
            to = longStack(s.systemLoad64(c.segBase[Cpu.TR] + 0x24 + (ist - 1) * 8L), cpl == c.cpl);
        } else if (cpl < c.cpl) {
            to = innerStack(cpl);
        } else {
            to = longStack(c.gpr[4], true);
        }
        to.sp &= ~15L;
        int oldSs = c.segSelector[Cpu.SS];
        int oldCs = c.segSelector[Cpu.CS];
        long oldSp = c.gpr[4];
        to.begin(c, cpl);
        try {
            to.push(oldSs, 8);
            to.push(oldSp, 8);
            to.push(flags, 8);
            to.push(oldCs, 8);
            to.push(rip, 8);
            if (error >= 0) {
                to.push(error, 8);
            }
        } catch (CpuFault fault) {
            to.abort();
            throw fault;
        }
        to.commit();
        c.eflags &= ~(Cpu.F_TF | Cpu.F_NT | Cpu.F_RF | Cpu.F_VM | (type == 14 ? Cpu.F_IF : 0));
        s.setCode(selector, descriptor, cpl);
        c.gpr[Cpu.RIP] = low & 0xFFFF | low >>> 32 & 0xFFFF_0000L | high << 32;
    }

    private void protectedMode(int vector, int error, boolean checkGate, long rip, long flags) {
        Segments s = c.segments;
        int gateError = vector * 8 + 2;
        if (vector * 8 + 7 > c.idtLimit) {
            throw c.raise(CpuFault.GP, gateError);
        }
        long gate = s.systemLoad64(c.idtBase + vector * 8L);
        int attr = Segments.attributes(gate);
        int type = attr & 0x1F;
        if (type != TaskSwitch.TASK_GATE && (type & ~9) != 6 || checkGate && Segments.dpl(attr) < c.cpl) {
            throw c.raise(CpuFault.GP, gateError);
        }
        if ((attr & Segments.PRESENT) == 0) {
            throw c.raise(CpuFault.NP, gateError);
        }
        if (type == TaskSwitch.TASK_GATE) {
            c.task.throughGate(gate, TaskSwitch.Cause.INTERRUPT, rip, error, flags);
            return;
        }
        int selector = (int) (gate >>> 16) & 0xFFFF;
        if ((selector & 0xFFFC) == 0) {
            throw c.raise(CpuFault.GP, 0);
        }
        long descriptor = s.descriptor(selector, CpuFault.GP);
        int code = Segments.attributes(descriptor);
        boolean fromVirtual = c.virtual8086();
        if (!Segments.isCode(code) || Segments.dpl(code) > c.cpl || fromVirtual && Segments.dpl(code) != 0) {
            throw s.fault(CpuFault.GP, selector);
        }
        if ((code & Segments.PRESENT) == 0) {
            throw s.fault(CpuFault.NP, selector);
        }
        int cpl = Segments.isConforming(code) ? c.cpl : Segments.dpl(code);
        int size = (type & 8) != 0 ? 4 : 2;
        boolean inner = cpl < c.cpl;
        Stack to = inner ? innerStack(cpl) : currentStack();
        int oldSs = c.segSelector[Cpu.SS];
        int oldCs = c.segSelector[Cpu.CS];
        long oldSp = c.gpr[4];
        to.begin(c, cpl);
        try {
            if (fromVirtual) {
                to.push(c.segSelector[Cpu.GS], size);
                to.push(c.segSelector[Cpu.FS], size);
                to.push(c.segSelector[Cpu.DS], size);
                to.push(c.segSelector[Cpu.ES], size);
            }
            if (inner) {
                to.push(oldSs, size);
                to.push(oldSp, size);
            }
            to.push(flags, size);
            to.push(oldCs, size);
            to.push(rip, size);
            if (error >= 0) {
                to.push(error, size);
            }
        } catch (CpuFault fault) {
            to.abort();
            throw fault;
        }
        to.commit();
        c.eflags &= ~(Cpu.F_TF | Cpu.F_NT | Cpu.F_RF | Cpu.F_VM | ((type & 1) == 0 ? Cpu.F_IF : 0));
        if (fromVirtual) {
            for (int segment : new int[] {Cpu.GS, Cpu.FS, Cpu.DS, Cpu.ES}) {
                s.set(segment, 0, 0, 0, Segments.UNUSABLE);
            }
        }
        s.setCode(selector, descriptor, cpl);
        c.gpr[Cpu.RIP] = gate & 0xFFFF | (size == 4 ? gate >>> 32 & 0xFFFF_0000L : 0);
    }
}
