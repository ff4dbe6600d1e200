package org.viridian.engine.software;

/**
 * Hardware task switches through TSS descriptors and task gates, 16- and 32-bit (Intel SDM vol. 3A, chapter 8). Long mode
 * has none.
 *
 * <p>Thread rule: the processor's own thread.
 */
final class TaskSwitch {
    /** Why the task changes: what becomes of busy bits, back link and NT. */
    enum Cause { JUMP, CALL, INTERRUPT, RETURN }

    static final int TASK_GATE = 5;
    private static final int BUSY = 2;
    private static final int[] SEGMENTS = {Cpu.ES, Cpu.CS, Cpu.SS, Cpu.DS, Cpu.FS, Cpu.GS};
    private static final int LAST_32 = 0x67;
    private static final int LAST_16 = 0x2B;
    private static final int LOCAL_BREAKPOINTS = 0x55;

    private final Cpu c;
    private final Segments s;

    TaskSwitch(Cpu c) {
        this.c = c;
        this.s = c.segments;
    }

    /** True for an available TSS or a task gate: what jumps and calls may name. */
    static boolean isTask(int attr) {
        int type = attr & 0x1F;
        return type == 1 || type == 3 || type == 9 || type == 11 || type == TASK_GATE;
    }

    /** JMP or CALL to a TSS or task gate; {@code next} is the instruction behind. */
    void transfer(int selector, long descriptor, Cause cause, long next) {
        int attr = Segments.attributes(descriptor);
        if (Segments.dpl(attr) < c.cpl || Segments.dpl(attr) < (selector & 3)) {
            throw s.fault(CpuFault.GP, selector);
        }
        if ((attr & 0x1F) == TASK_GATE) {
            if ((attr & Segments.PRESENT) == 0) {
                throw s.fault(CpuFault.NP, selector);
            }
            throughGate(descriptor, cause, next, CpuFault.NO_ERROR_CODE, c.rflags());
        } else {
            switchTo(selector, cause, next, CpuFault.NO_ERROR_CODE, c.rflags());
        }
    }

    /** Goes to the TSS that a task gate names; its privilege does not count. */
    void throughGate(long gate, Cause cause, long next, int error, long flags) {
        switchTo((int) (gate >>> 16) & 0xFFFF, cause, next, error, flags);
    }

    /** IRET with NT: back to the task that the present one names. */
    void returnToPrevious(long next) {
        int link = s.systemLoad16(c.segBase[Cpu.TR]);
        switchTo(link, Cause.RETURN, next, CpuFault.NO_ERROR_CODE, c.rflags() & ~(long) Cpu.F_NT);
    }

    private long checked(int selector, Cause cause) {
        int vector = cause == Cause.RETURN ? CpuFault.TS : CpuFault.GP;
        if ((selector & 4) != 0 || (selector & 0xFFFC) == 0) {
            throw s.fault(vector, selector);
        }
        long descriptor = s.descriptor(selector, vector);
        int attr = Segments.attributes(descriptor);
        int type = attr & 0x1F & ~BUSY;
        boolean busy = (attr & BUSY) != 0;
        if (type != 1 && type != 9 || busy != (cause == Cause.RETURN)) {
            throw s.fault(vector, selector);
        }
        if ((attr & Segments.PRESENT) == 0) {
            throw s.fault(CpuFault.NP, selector);
        }
        if (Segments.limit(descriptor) < (type == 9 ? LAST_32 : LAST_16)) {
            throw s.fault(CpuFault.TS, selector);
        }
        return descriptor;
    }

    /** What a TSS holds of a task. */
    private static final class Image {
        final long[] gpr = new long[8];
        final int[] selectors = new int[6];
        long cr3;
        long rip;
        long flags;
        int ldt;
        boolean trap;
    }

    private Image read(long base, boolean wide) {
        Image image = new Image();
        if (wide) {
            image.cr3 = s.systemLoad32(base + 0x1C) & 0xFFFF_FFFFL;
            image.rip = s.systemLoad32(base + 0x20) & 0xFFFF_FFFFL;
            image.flags = s.systemLoad32(base + 0x24) & 0xFFFF_FFFFL;
            for (int i = 0; i < 8; i++) {
                image.gpr[i] = s.systemLoad32(base + 0x28 + i * 4L) & 0xFFFF_FFFFL;
            }
            for (int i = 0; i < 6; i++) {
                image.selectors[i] = s.systemLoad16(base + 0x48 + i * 4L);
            }
            image.ldt = s.systemLoad16(base + 0x60);
            image.trap = (s.systemLoad16(base + 0x64) & 1) != 0;
            return image;
        }
        image.rip = s.systemLoad16(base + 0x0E);
        image.flags = s.systemLoad16(base + 0x10);
        for (int i = 0; i < 8; i++) {
            image.gpr[i] = 0xFFFF_0000L | s.systemLoad16(base + 0x12 + i * 2L);
        }
        for (int i = 0; i < 4; i++) {
            image.selectors[i] = s.systemLoad16(base + 0x22 + i * 2L);
        }
        image.ldt = s.systemLoad16(base + 0x2A);
        return image;
    }

    private void save(long base, boolean wide, long rip, long flags) {
        if (wide) {
            s.systemStore32(base + 0x20, (int) rip);
            s.systemStore32(base + 0x24, (int) flags);
            for (int i = 0; i < 8; i++) {
                s.systemStore32(base + 0x28 + i * 4L, (int) c.gpr[i]);
            }
            for (int i = 0; i < 6; i++) {
                s.systemStore16(base + 0x48 + i * 4L, c.segSelector[SEGMENTS[i]]);
            }
            return;
        }
        s.systemStore16(base + 0x0E, (int) rip);
        s.systemStore16(base + 0x10, (int) flags);
        for (int i = 0; i < 8; i++) {
            s.systemStore16(base + 0x12 + i * 2L, (int) c.gpr[i]);
        }
        for (int i = 0; i < 4; i++) {
            s.systemStore16(base + 0x22 + i * 2L, c.segSelector[SEGMENTS[i]]);
        }
    }

    private void switchTo(int selector, Cause cause, long next, int error, long flags) {
        long descriptor = checked(selector, cause);
        int attr = Segments.attributes(descriptor);
        boolean wide = (attr & 8) != 0;
        boolean oldWide = (c.segAttr[Cpu.TR] & 8) != 0;
        long base = Segments.base(descriptor);
        long oldBase = c.segBase[Cpu.TR];
        int oldSelector = c.segSelector[Cpu.TR];
        // Everything that can fault in memory comes first.
        s.systemProbe(oldBase, (oldWide ? LAST_32 : LAST_16) + 1);
        Image image = read(base, wide);
        save(oldBase, oldWide, next, flags);
        if (cause == Cause.CALL || cause == Cause.INTERRUPT) {
            s.systemStore16(base, oldSelector);
        }
        if (cause == Cause.JUMP || cause == Cause.RETURN) {
            busy(oldSelector, false);
        }
        if (cause != Cause.RETURN) {
            busy(selector, true);
        }
        commit(selector, descriptor, image, wide, cause);
        try {
            enter(image, wide, error);
        } catch (CpuFault fault) {
            fault.inNewTask = true;
            throw fault;
        }
    }

    /** What happens in the new task already. */
    private void enter(Image image, boolean wide, int error) {
        loadSegments(image);
        if (c.gpr[Cpu.RIP] > c.segLimit[Cpu.CS]) {
            throw c.raise(CpuFault.GP, 0);
        }
        if (error >= 0) {
            StackOps.push(c, error, wide ? 4 : 2);
        }
        if (image.trap && wide) {
            c.dr[6] |= Stepper.DR6_TASK;
            throw c.raise(CpuFault.DB);
        }
    }

    private void busy(int selector, boolean on) {
        long at = s.descriptorAddress(selector, 8, CpuFault.GP) + 5;
        int type = s.systemLoad8(at);
        s.systemStore8(at, on ? type | BUSY : type & ~BUSY);
    }

    private void commit(int selector, long descriptor, Image image, boolean wide, Cause cause) {
        s.set(Cpu.TR, selector, Segments.base(descriptor), Segments.limit(descriptor), Segments.attributes(descriptor) | BUSY);
        c.cr0 |= Cpu.CR0_TS;
        if (wide && (c.cr0 & Cpu.CR0_PG) != 0) {
            c.control.write(3, image.cr3);
        }
        c.dr[7] &= ~(long) LOCAL_BREAKPOINTS;
        System.arraycopy(image.gpr, 0, c.gpr, 0, 8);
        long flags = image.flags | (cause == Cause.CALL || cause == Cause.INTERRUPT ? Cpu.F_NT : 0);
        c.resumeLoaded = true;
        FlagOps.store(c, flags, wide ? -1 : 0xFFFF);
        c.gpr[Cpu.RIP] = image.rip;
        s.set(Cpu.LDTR, image.ldt, 0, 0, Segments.UNUSABLE);
        for (int i = 0; i < 6; i++) {
            s.set(SEGMENTS[i], image.selectors[i], 0, 0, Segments.UNUSABLE);
        }
    }

    private void loadSegments(Image image) {
        if (c.virtual8086()) {
            for (int i = 0; i < 6; i++) {
                s.set(SEGMENTS[i], image.selectors[i], (long) image.selectors[i] << 4, 0xFFFF, 0xF3);
            }
            c.setCpl(3);
            c.updateMode();
            loadLdt(image.ldt);
            return;
        }
        int cpl = image.selectors[1] & 3;
        c.setCpl(cpl);
        loadLdt(image.ldt);
        loadCode(image.selectors[1]);
        loadStack(image.selectors[2]);
        for (int i : new int[] {0, 3, 4, 5}) {
            loadData(SEGMENTS[i], image.selectors[i]);
        }
    }

    private void loadLdt(int selector) {
        if ((selector & 0xFFFC) == 0) {
            return;
        }
        if ((selector & 4) != 0) {
            throw s.fault(CpuFault.TS, selector);
        }
        long descriptor = s.descriptor(selector, CpuFault.TS);
        int attr = Segments.attributes(descriptor);
        if ((attr & 0x1F) != 2 || (attr & Segments.PRESENT) == 0) {
            throw s.fault(CpuFault.TS, selector);
        }
        s.set(Cpu.LDTR, selector, Segments.base(descriptor), Segments.limit(descriptor), attr);
    }

    private void loadCode(int selector) {
        if ((selector & 0xFFFC) == 0) {
            throw s.fault(CpuFault.TS, selector);
        }
        long descriptor = s.descriptor(selector, CpuFault.TS);
        int attr = Segments.attributes(descriptor);
        int rpl = selector & 3;
        if (!Segments.isCode(attr) || (Segments.isConforming(attr) ? Segments.dpl(attr) > rpl : Segments.dpl(attr) != rpl)) {
            throw s.fault(CpuFault.TS, selector);
        }
        if ((attr & Segments.PRESENT) == 0) {
            throw s.fault(CpuFault.NP, selector);
        }
        s.markAccessed(selector, descriptor);
        s.setCode(selector, descriptor, rpl);
    }

    private void loadStack(int selector) {
        if ((selector & 0xFFFC) == 0) {
            throw s.fault(CpuFault.TS, selector);
        }
        long descriptor = s.descriptor(selector, CpuFault.TS);
        int attr = Segments.attributes(descriptor);
        if ((selector & 3) != c.cpl || Segments.dpl(attr) != c.cpl
                || (attr & (Segments.CODE_DATA | 8 | 2)) != (Segments.CODE_DATA | 2)) {
            throw s.fault(CpuFault.TS, selector);
        }
        if ((attr & Segments.PRESENT) == 0) {
            throw s.fault(CpuFault.SS, selector);
        }
        s.markAccessed(selector, descriptor);
        s.setFrom(Cpu.SS, selector, descriptor);
        c.updateMode();
    }

    private void loadData(int segment, int selector) {
        if ((selector & 0xFFFC) == 0) {
            return;
        }
        long descriptor = s.descriptor(selector, CpuFault.TS);
        int attr = Segments.attributes(descriptor);
        if ((attr & Segments.CODE_DATA) == 0 || (attr & (8 | 2)) == 8
                || !Segments.isConforming(attr) && Segments.dpl(attr) < Math.max(selector & 3, c.cpl)) {
            throw s.fault(CpuFault.TS, selector);
        }
        if ((attr & Segments.PRESENT) == 0) {
            throw s.fault(CpuFault.NP, selector);
        }
        s.markAccessed(selector, descriptor);
        s.setFrom(segment, selector, descriptor);
    }
}
