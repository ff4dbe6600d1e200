package org.viridian.engine.software;

/** Far jumps, calls and returns, IRET, SYSCALL and SYSENTER (Intel SDM vol. 3A, chapters 5 and 6). */
final class FarTransfers {
    private final Cpu c;
    private final Segments s;

    FarTransfers(Cpu c) {
        this.c = c;
        this.s = c.segments;
    }

    private boolean realMode() {
        return !c.protectedMode() || c.virtual8086();
    }

    private void realCode(int selector, long offset) {
        c.segSelector[Cpu.CS] = selector;
        c.segBase[Cpu.CS] = (long) selector << 4;
        if (c.virtual8086()) {
            c.segLimit[Cpu.CS] = 0xFFFF;
        }
        c.gpr[Cpu.RIP] = offset;
    }

    /** JMP far. */
    void jump(int selector, long offset, int size, long next) {
        if (realMode()) {
            realCode(selector, offset & 0xFFFF_FFFFL);
            c.updateMode();
            return;
        }
        if ((selector & 0xFFFC) == 0) {
            throw c.raise(CpuFault.GP, 0);
        }
        long descriptor = s.descriptor(selector, CpuFault.GP);
        int attr = Segments.attributes(descriptor);
        if (!c.longMode() && TaskSwitch.isTask(attr)) {
            c.task.transfer(selector, descriptor, TaskSwitch.Cause.JUMP, next);
            return;
        }
        if ((attr & Segments.CODE_DATA) == 0) {
            Gate gate = gate(selector, descriptor);
            long target = s.descriptor(gate.selector, CpuFault.GP);
            int cpl = checkCode(gate.selector, target, true, false);
            s.markAccessed(gate.selector, target);
            s.setCode(gate.selector, target, cpl);
            c.gpr[Cpu.RIP] = gate.offset;
            return;
        }
        checkCode(selector, descriptor, false, false);
        s.markAccessed(selector, descriptor);
        s.setCode(selector, descriptor, c.cpl);
        c.gpr[Cpu.RIP] = size == 2 ? offset & 0xFFFF : size == 4 ? offset & 0xFFFF_FFFFL : offset;
    }

    private record Gate(int selector, long offset, int parameters, int size) {}

    private Gate gate(int selector, long descriptor) {
        int attr = Segments.attributes(descriptor);
        int type = attr & 0xF;
        boolean longMode = c.longMode();
        if (type != 12 && (type != 4 || longMode)
                || Segments.dpl(attr) < c.cpl || Segments.dpl(attr) < (selector & 3)) {
            throw s.fault(CpuFault.GP, selector);
        }
        if ((attr & Segments.PRESENT) == 0) {
            throw s.fault(CpuFault.NP, selector);
        }
        long offset = descriptor & 0xFFFF | (type == 12 ? descriptor >>> 32 & 0xFFFF_0000L : 0);
        if (longMode) {
            offset |= s.systemLoad64(s.descriptorAddress(selector, 16, CpuFault.GP) + 8) << 32;
        }
        return new Gate((int) (descriptor >>> 16) & 0xFFFF, offset, (int) (descriptor >>> 32) & 31, longMode ? 8 : type == 12 ? 4 : 2);
    }

    /** Checks a code segment as a target; answers the privilege level it would run at. */
    private int checkCode(int selector, long descriptor, boolean throughGate, boolean call) {
        int attr = Segments.attributes(descriptor);
        int dpl = Segments.dpl(attr);
        boolean ok = Segments.isCode(attr);
        if (ok && Segments.isConforming(attr)) {
            ok = dpl <= c.cpl;
            dpl = c.cpl;
        } else if (ok) {
            ok = throughGate ? call ? dpl <= c.cpl : dpl == c.cpl : (selector & 3) <= c.cpl && dpl == c.cpl;
        }
        if (!ok || c.longMode() && (attr & (Segments.LONG | Segments.BIG)) == (Segments.LONG | Segments.BIG)) {
            throw s.fault(CpuFault.GP, selector);
        }
        if ((attr & Segments.PRESENT) == 0) {
            throw s.fault(CpuFault.NP, selector);
        }
        return dpl;
    }

    /** CALL far; {@code next} is the return address. */
    void call(int selector, long offset, int size, long next) {
        if (realMode()) {
            pushPair(c.segSelector[Cpu.CS], next, size);
            realCode(selector, offset);
            c.updateMode();
            return;
        }
        if ((selector & 0xFFFC) == 0) {
            throw c.raise(CpuFault.GP, 0);
        }
        long descriptor = s.descriptor(selector, CpuFault.GP);
        if (!c.longMode() && TaskSwitch.isTask(Segments.attributes(descriptor))) {
            c.task.transfer(selector, descriptor, TaskSwitch.Cause.CALL, next);
            return;
        }
        if ((Segments.attributes(descriptor) & Segments.CODE_DATA) == 0) {
            callGate(gate(selector, descriptor), next);
            return;
        }
        checkCode(selector, descriptor, false, true);
        s.markAccessed(selector, descriptor);
        pushPair(c.segSelector[Cpu.CS], next, size);
        s.setCode(selector, descriptor, c.cpl);
        c.gpr[Cpu.RIP] = size == 2 ? offset & 0xFFFF : size == 4 ? offset & 0xFFFF_FFFFL : offset;
    }

    private void pushPair(int selector, long rip, int size) {
        long before = c.gpr[4];
        try {
            StackOps.push(c, selector, size);
            StackOps.push(c, rip, size);
        } catch (CpuFault fault) {
            c.gpr[4] = before;
            throw fault;
        }
    }

    private void callGate(Gate gate, long next) {
        long target = s.descriptor(gate.selector, CpuFault.GP);
        int cpl = checkCode(gate.selector, target, true, true);
        if (c.longMode() && (Segments.attributes(target) & Segments.LONG) == 0) {
            throw s.fault(CpuFault.GP, gate.selector);
        }
        if (cpl == c.cpl) {
            pushPair(c.segSelector[Cpu.CS], next, gate.size);
        } else {
            enterInner(gate, cpl, next);
        }
        s.markAccessed(gate.selector, target);
        s.setCode(gate.selector, target, cpl);
        c.gpr[Cpu.RIP] = gate.offset;
    }

    private void enterInner(Gate gate, int cpl, long next) {
        int size = gate.size;
        int oldSs = c.segSelector[Cpu.SS];
        long oldSp = c.gpr[4];
        int oldCs = c.segSelector[Cpu.CS];
        long[] parameters = new long[c.longMode() ? 0 : gate.parameters];
        for (int i = 0; i < parameters.length; i++) {
            parameters[i] = StackOps.peek(c, i * size, size);
        }
        Exceptions.Stack stack = c.exceptions.innerStack(cpl);
        stack.begin(c, cpl);
        try {
            stack.push(oldSs, size);
            stack.push(oldSp, size);
            for (int i = parameters.length - 1; i >= 0; i--) {
                stack.push(parameters[i], size);
            }
            stack.push(oldCs, size);
            stack.push(next, size);
        } catch (CpuFault fault) {
            stack.abort();
            throw fault;
        }
        stack.commit();
    }

    /** RET far. */
    void returnFar(int drop, int size) {
        long rip = StackOps.peek(c, 0, size);
        int selector = (int) StackOps.peek(c, size, size) & 0xFFFF;
        if (realMode()) {
            StackOps.drop(c, 2 * size + drop);
            realCode(selector, rip);
            c.updateMode();
            return;
        }
        leave(rip, selector, 2 * size, size, drop, false, 0);
    }

    /** The common part of RET far and IRET in protected mode; the frame is still on the stack. */
    private void leave(long rip, int selector, int frame, int size, int drop, boolean interrupt, long flags) {
        if ((selector & 0xFFFC) == 0) {
            throw c.raise(CpuFault.GP, 0);
        }
        long descriptor = s.descriptor(selector, CpuFault.GP);
        int attr = Segments.attributes(descriptor);
        int rpl = selector & 3;
        if (!Segments.isCode(attr) || rpl < c.cpl
                || (Segments.isConforming(attr) ? Segments.dpl(attr) > rpl : Segments.dpl(attr) != rpl)
                || c.longMode() && (attr & (Segments.LONG | Segments.BIG)) == (Segments.LONG | Segments.BIG)) {
            throw s.fault(CpuFault.GP, selector);
        }
        if ((attr & Segments.PRESENT) == 0) {
            throw s.fault(CpuFault.NP, selector);
        }
        if (c.longMode() && (attr & Segments.LONG) != 0) {
            c.target(rip);
        } else if (rip > Segments.limit(descriptor)) {
            throw c.raise(CpuFault.GP, 0);
        }
        boolean popStack = rpl > c.cpl || interrupt && c.codeSize == 64;
        int cplBefore = c.cpl;
        if (!popStack) {
            s.markAccessed(selector, descriptor);
            StackOps.drop(c, frame + drop);
            s.setCode(selector, descriptor, rpl);
        } else {
            long sp = StackOps.peek(c, frame + drop, size);
            int ss = (int) StackOps.peek(c, frame + drop + size, size) & 0xFFFF;
            long stackDescriptor = 0;
            boolean to64 = c.longMode() && (attr & Segments.LONG) != 0;
            boolean nullStack = (ss & 0xFFFC) == 0;
            if (nullStack) {
                if (!to64 || rpl == 3) {
                    throw c.raise(CpuFault.GP, 0);
                }
            } else {
                stackDescriptor = s.descriptor(ss, CpuFault.GP);
                int stackAttr = Segments.attributes(stackDescriptor);
                if ((ss & 3) != rpl || Segments.dpl(stackAttr) != rpl
                        || (stackAttr & (Segments.CODE_DATA | 8 | 2)) != (Segments.CODE_DATA | 2)) {
                    throw s.fault(CpuFault.GP, ss);
                }
                if ((stackAttr & Segments.PRESENT) == 0) {
                    throw s.fault(CpuFault.SS, ss);
                }
                s.markAccessed(ss, stackDescriptor);
            }
            s.markAccessed(selector, descriptor);
            if (nullStack) {
                s.set(Cpu.SS, ss, 0, 0, Segments.UNUSABLE | rpl << 5);
            } else {
                s.setFrom(Cpu.SS, ss, stackDescriptor);
            }
            s.setCode(selector, descriptor, rpl);
            if (c.codeSize == 64) {
                c.gpr[4] = sp;
            } else {
                StackOps.setSp(c, sp);
            }
            if (!interrupt) {
                StackOps.drop(c, drop);
            }
            if (rpl > cplBefore) {
                dropInner(Cpu.ES, rpl);
                dropInner(Cpu.DS, rpl);
                dropInner(Cpu.FS, rpl);
                dropInner(Cpu.GS, rpl);
            }
        }
        c.gpr[Cpu.RIP] = rip;
        if (interrupt) {
            FlagOps.load(c, flags, size == 2 ? 2 : 4, cplBefore);
            if (size != 2) {
                c.eflags = c.eflags & ~Cpu.F_RF | (int) flags & Cpu.F_RF;
                c.resumeLoaded = true;
            }
        }
    }

    /** Data segments that the outer level may not use become null. */
    private void dropInner(int segment, int cpl) {
        int attr = c.segAttr[segment];
        if ((attr & Segments.UNUSABLE) == 0 && !Segments.isConforming(attr) && Segments.dpl(attr) < cpl) {
            s.set(segment, 0, 0, 0, Segments.UNUSABLE);
        }
    }

    /** IRET. */
    void interruptReturn(int size, long next) {
        c.nmiBlocked = false;
        c.apic.nmiUnblocked();
        if (realMode()) {
            if (c.virtual8086() && FlagOps.iopl(c) != 3) {
                throw c.raise(CpuFault.GP, 0);
            }
            long rip = StackOps.peek(c, 0, size);
            int selector = (int) StackOps.peek(c, size, size) & 0xFFFF;
            long flags = StackOps.peek(c, 2 * size, size);
            StackOps.drop(c, 3 * size);
            realCode(selector, rip);
            FlagOps.load(c, flags, size, c.virtual8086() ? 3 : 0);
            c.updateMode();
            return;
        }
        if ((c.eflags & Cpu.F_NT) != 0) {
            if (c.longMode()) {
                throw c.raise(CpuFault.GP, 0);
            }
            c.task.returnToPrevious(next);
            return;
        }
        long rip = StackOps.peek(c, 0, size);
        int selector = (int) StackOps.peek(c, size, size) & 0xFFFF;
        long flags = StackOps.peek(c, 2 * size, size);
        if (!c.longMode() && size == 4 && (flags & Cpu.F_VM) != 0 && c.cpl == 0) {
            toVirtual8086(rip, selector, flags);
            return;
        }
        leave(rip, selector, 3 * size, size, 0, true, flags);
    }

    private void toVirtual8086(long rip, int selector, long flags) {
        long sp = StackOps.peek(c, 12, 4);
        int[] order = {Cpu.SS, Cpu.ES, Cpu.DS, Cpu.FS, Cpu.GS};
        int[] selectors = new int[order.length];
        for (int i = 0; i < order.length; i++) {
            selectors[i] = (int) StackOps.peek(c, 16 + 4 * i, 4) & 0xFFFF;
        }
        c.resumeLoaded = true;
        c.setRflags(flags);
        for (int i = 0; i < order.length; i++) {
            s.set(order[i], selectors[i], (long) selectors[i] << 4, 0xFFFF, 0xF3);
        }
        s.set(Cpu.CS, selector, (long) selector << 4, 0xFFFF, 0xF3);
        c.gpr[4] = sp;
        c.gpr[Cpu.RIP] = rip & 0xFFFF;
        c.setCpl(3);
        c.updateMode();
        FlagOps.store(c, 0, 0);
    }

    /** SYSCALL; {@code next} is the return address. */
    void syscall(long next) {
        if ((c.efer & Cpu.EFER_SCE) == 0) {
            throw c.raise(CpuFault.UD);
        }
        int selector = (int) (c.star >>> 32) & 0xFFFC;
        // The trap of TF is taken only when SFMASK leaves TF set.
        c.quietTrap = !c.longMode() || (c.fmask & Cpu.F_TF) != 0;
        if (c.longMode()) {
            c.gpr[1] = next;
            c.gpr[11] = c.rflags() & ~(long) Cpu.F_RF;
            c.gpr[Cpu.RIP] = c.codeSize == 64 ? c.lstar : c.cstar;
            c.setRflags(c.rflags() & ~c.fmask & ~Cpu.F_RF);
        } else {
            c.gpr[1] = next & 0xFFFF_FFFFL;
            c.gpr[Cpu.RIP] = c.star & 0xFFFF_FFFFL;
            c.setRflags(c.rflags() & ~(Cpu.F_IF | Cpu.F_RF | Cpu.F_VM));
        }
        s.setFlat(Cpu.CS, selector, c.longMode() ? 0xA09B : 0xC09B);
        s.setFlat(Cpu.SS, selector + 8 & 0xFFFF, 0xC093);
        c.setCpl(0);
        c.updateMode();
    }

    /** SYSRET. */
    void sysret(boolean to64) {
        if ((c.efer & Cpu.EFER_SCE) == 0) {
            throw c.raise(CpuFault.UD);
        }
        c.requireCpl0();
        int selector = (int) (c.star >>> 48) & 0xFFFC;
        s.setFlat(Cpu.CS, (to64 ? selector + 16 : selector) | 3, to64 ? 0xA0FB : 0xC0FB);
        s.setFlat(Cpu.SS, selector + 8 | 3, 0xC0F3);
        c.gpr[Cpu.RIP] = to64 ? c.gpr[1] : c.gpr[1] & 0xFFFF_FFFFL;
        c.setCpl(3);
        c.updateMode();
        if (c.longMode()) {
            FlagOps.store(c, c.gpr[11], 0x3C7FD7 & ~Cpu.F_RF);
        } else {
            FlagOps.store(c, Cpu.F_IF, Cpu.F_IF);
        }
    }

    /** SYSENTER. */
    void sysenter() {
        if (!c.protectedMode() || (c.sysenterCs & 0xFFFC) == 0) {
            throw c.raise(CpuFault.GP, 0);
        }
        int selector = (int) c.sysenterCs & 0xFFFC;
        c.setRflags(c.rflags() & ~(Cpu.F_IF | Cpu.F_VM));
        s.setFlat(Cpu.CS, selector, c.longMode() ? 0xA09B : 0xC09B);
        s.setFlat(Cpu.SS, selector + 8, 0xC093);
        c.gpr[4] = c.longMode() ? c.sysenterEsp : c.sysenterEsp & 0xFFFF_FFFFL;
        c.gpr[Cpu.RIP] = c.longMode() ? c.sysenterEip : c.sysenterEip & 0xFFFF_FFFFL;
        c.setCpl(0);
        c.updateMode();
    }

    /** SYSEXIT. */
    void sysexit(boolean to64) {
        if (!c.protectedMode() || c.cpl != 0 || (c.sysenterCs & 0xFFFC) == 0) {
            throw c.raise(CpuFault.GP, 0);
        }
        int selector = ((int) c.sysenterCs & 0xFFFC) + (to64 ? 32 : 16);
        s.setFlat(Cpu.CS, selector | 3, to64 ? 0xA0FB : 0xC0FB);
        s.setFlat(Cpu.SS, selector + 8 | 3, 0xC0F3);
        c.gpr[4] = to64 ? c.gpr[1] : c.gpr[1] & 0xFFFF_FFFFL;
        c.gpr[Cpu.RIP] = to64 ? c.gpr[2] : c.gpr[2] & 0xFFFF_FFFFL;
        c.setCpl(3);
        c.updateMode();
    }
}
