package org.viridian.engine.software;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A local APIC: the xAPIC page and x2APIC registers, its timer, and what waits for the processor (Intel SDM vol. 3A,
 * chapter 11).
 *
 * <p>Thread rule: {@link #accept} and {@link #matches} from any thread; the rest by the processor's own. Interrupt state is
 * guarded by this object's lock.
 */
final class LocalApic {
    private static final int ENABLED = 0x800;
    private static final int X2APIC = 0x400;
    private static final int MASKED = 0x10000;
    private static final int LVT_TIMER = 0;
    private static final int LVT_LINT0 = 3;
    private static final int LVT_ERROR = 5;
    private static final int VERSION = 0x0005_0014;

    private final Cpu c;
    private final SharedProcessors shared;
    private final int index;

    private long base;
    /** Page that answers as the xAPIC, or -1. */
    private volatile long claimedPage;

    // Guarded by this object's lock.
    private final long[] irr = new long[4];
    private final long[] isr = new long[4];
    private final long[] tmr = new long[4];
    /** Vectors that never enter service: the EOI happens with the acknowledgement. */
    private final long[] autoEoi = new long[4];
    private boolean nmiPending;
    private boolean initPending;
    private int sipiVector = -1;
    private int spurious;
    private int logicalId;
    private int destinationFormat;
    private int taskPriority;
    private boolean waitsForSipi;

    // Own thread only.
    private final int[] lvt = new int[6];
    private long icr;
    private int id;
    private int errors;
    private int divide;
    private int initialCount;
    /** Clock time of the next expiry, or MAX_VALUE. */
    private long deadline = Long.MAX_VALUE;
    private long period;
    private long armedAt;
    private long tscDeadline;

    LocalApic(Cpu c, SharedProcessors shared, int index) {
        this.c = c;
        this.shared = shared;
        this.index = index;
        reset(true);
    }

    int index() {
        return index;
    }

    /** Power-on state; INIT keeps base and id. */
    synchronized void reset(boolean power) {
        if (power) {
            base = 0xFEE0_0000L | ENABLED | (index == 0 ? 0x100 : 0);
            waitsForSipi = index != 0;
            nmiPending = false;
            initPending = false;
            sipiVector = -1;
        }
        id = index;
        for (int i = 0; i < 4; i++) {
            irr[i] = 0;
            isr[i] = 0;
            tmr[i] = 0;
            autoEoi[i] = 0;
        }
        for (int i = 0; i < lvt.length; i++) {
            lvt[i] = MASKED;
        }
        spurious = 0xFF;
        destinationFormat = -1;
        logicalId = 0;
        taskPriority = 0;
        icr = 0;
        errors = 0;
        divide = 0;
        initialCount = 0;
        deadline = Long.MAX_VALUE;
        tscDeadline = 0;
        baseChanged();
    }

    private void baseChanged() {
        claimedPage = (base & ENABLED) != 0 && (base & X2APIC) == 0 ? base & 0xF_FFFF_F000L : -1;
        if ((base & X2APIC) != 0) {
            logicalId = index >> 4 << 16 | 1 << (index & 15);
        }
    }

    boolean claims(long physical) {
        return (physical & ~0xFFFL) == claimedPage;
    }

    boolean globallyEnabled() {
        return (base & ENABLED) != 0;
    }

    long base() {
        return base;
    }

    /** WRMSR APIC_BASE; false is #GP. */
    boolean base(long value) {
        boolean x2 = (value & X2APIC) != 0;
        boolean on = (value & ENABLED) != 0;
        if ((value & ~0xFF_FFFF_FD00L) != 0 || x2 && !on || (base & X2APIC) != 0 && on && !x2) {
            return false;
        }
        synchronized (this) {
            base = value & ~0x100L | (index == 0 ? 0x100 : 0);
            if (!on) {
                reset(false);
            }
            baseChanged();
        }
        c.flushAll();
        return true;
    }

    // ---- arrivals, any thread ----

    /** True when this APIC is named by a destination. */
    synchronized boolean matches(int destination, boolean logical) {
        if (!logical) {
            return destination == index;
        }
        if ((base & X2APIC) != 0) {
            return destination >>> 16 == logicalId >>> 16 && (destination & logicalId & 0xFFFF) != 0;
        }
        int own = logicalId >>> 24;
        if (destinationFormat >>> 28 == 15) {
            return (own & destination) != 0;
        }
        return own >> 4 == destination >> 4 && (own & destination & 15) != 0;
    }

    /** Takes a message; false when disabled. */
    boolean accept(int mode, int vector, boolean level) {
        synchronized (this) {
            switch (mode) {
                case SharedProcessors.NMI -> nmiPending = true;
                case SharedProcessors.INIT -> {
                    initPending = true;
                    sipiVector = -1;
                }
                case SharedProcessors.STARTUP -> {
                    if (!waitsForSipi && !initPending) {
                        return true;
                    }
                    sipiVector = vector;
                }
                default -> {
                    if ((base & ENABLED) == 0 || (spurious & 0x100) == 0) {
                        return false;
                    }
                    if (vector < 16) {
                        return true;
                    }
                    irr[vector >> 6] |= 1L << vector;
                    autoEoi[vector >> 6] &= ~(1L << vector);
                    if (level) {
                        tmr[vector >> 6] |= 1L << vector;
                    } else {
                        tmr[vector >> 6] &= ~(1L << vector);
                    }
                }
            }
        }
        c.request(Cpu.PENDING_INTERRUPT);
        return true;
    }

    /** Takes an edge-triggered message that ends itself when it is acknowledged; false when disabled. */
    boolean acceptAutoEoi(int vector) {
        synchronized (this) {
            if (!accept(SharedProcessors.FIXED, vector, false)) {
                return false;
            }
            autoEoi[vector >> 6] |= 1L << vector;
        }
        return true;
    }

    // ---- what the processor takes ----

    synchronized boolean waitsForSipi() {
        return waitsForSipi;
    }

    synchronized void waitForSipi(boolean waits) {
        waitsForSipi = waits;
    }

    /** Carries out a pending INIT or SIPI; true when one changed the processor. */
    boolean takeReset() {
        boolean init;
        int vector;
        synchronized (this) {
            init = initPending;
            initPending = false;
        }
        if (init) {
            ProcessorReset.init(c);
            reset(false);
            synchronized (this) {
                waitsForSipi = true;
            }
            c.halted = true;
        }
        synchronized (this) {
            vector = waitsForSipi ? sipiVector : -1;
            sipiVector = -1;
            if (vector >= 0) {
                waitsForSipi = false;
            }
        }
        if (vector >= 0) {
            ProcessorReset.startUp(c, vector);
            c.halted = false;
        }
        return init || vector >= 0;
    }

    synchronized boolean takeNmi() {
        boolean nmi = nmiPending;
        nmiPending = false;
        return nmi;
    }

    synchronized void nmiUnblocked() {
        if (nmiPending) {
            c.request(Cpu.PENDING_INTERRUPT);
        }
    }

    /** Moves the highest deliverable vector into service and answers it; else the PIC's; else -1. */
    int acknowledge() {
        synchronized (this) {
            int vector = highest(irr);
            if (vector >= 0 && vector >> 4 > priority() >> 4) {
                irr[vector >> 6] &= ~(1L << vector);
                if ((autoEoi[vector >> 6] >> vector & 1) == 0) {
                    isr[vector >> 6] |= 1L << vector;
                }
                return vector;
            }
        }
        return externalReady() ? shared.acknowledgeExternal() : -1;
    }

    private boolean externalReady() {
        if (index != 0 || !shared.externalAsserted()) {
            return false;
        }
        int lint0 = lvt[LVT_LINT0];
        return (base & ENABLED) == 0 || (lint0 & MASKED) == 0 && (lint0 >> 8 & 7) == SharedProcessors.EXT_INT;
    }

    /** Something could be taken if IF allowed it. */
    synchronized boolean hasWork() {
        int vector = highest(irr);
        return vector >= 0 && vector >> 4 > priority() >> 4 || nmiPending || initPending || externalReady();
    }

    private static int highest(long[] bits) {
        for (int i = 3; i >= 0; i--) {
            if (bits[i] != 0) {
                return i * 64 + 63 - Long.numberOfLeadingZeros(bits[i]);
            }
        }
        return -1;
    }

    private int priority() {
        int service = highest(isr);
        int inService = service < 0 ? 0 : service & 0xF0;
        return inService > (taskPriority & 0xF0) ? inService : taskPriority;
    }

    synchronized int taskPriority() {
        return taskPriority;
    }

    void taskPriority(int value) {
        synchronized (this) {
            taskPriority = value & 0xFF;
        }
        again();
    }

    private void again() {
        if (hasWork()) {
            c.request(Cpu.PENDING_INTERRUPT);
        }
    }

    private void endOfInterrupt() {
        int vector;
        boolean level;
        synchronized (this) {
            vector = highest(isr);
            if (vector < 0) {
                return;
            }
            isr[vector >> 6] &= ~(1L << vector);
            level = (tmr[vector >> 6] >> vector & 1) != 0;
        }
        if (level) {
            shared.broadcastEoi(vector);
        }
        again();
    }

    // ---- timer ----

    /** Fires the timer if it is due; answers the nanoseconds to the next expiry, or -1 without one. */
    long pollTimer() {
        if (deadline == Long.MAX_VALUE) {
            return -1;
        }
        long now = shared.clock.nanoTime();
        if (now < deadline) {
            return deadline - now;
        }
        boolean periodic = (lvt[LVT_TIMER] >> 17 & 3) == 1;
        if (periodic && period > 0) {
            armedAt += period * ((now - armedAt) / period);
            deadline = armedAt + period;
        } else {
            deadline = Long.MAX_VALUE;
            tscDeadline = 0;
        }
        if ((lvt[LVT_TIMER] & MASKED) == 0) {
            accept(SharedProcessors.FIXED, lvt[LVT_TIMER] & 0xFF, false);
        }
        return deadline == Long.MAX_VALUE ? -1 : Math.max(1, deadline - now);
    }

    private int divisor() {
        int code = divide & 3 | divide >> 1 & 4;
        return code == 7 ? 1 : 2 << code;
    }

    private void startTimer(int count) {
        initialCount = count;
        if ((lvt[LVT_TIMER] >> 17 & 3) == 2) {
            return;
        }
        if (count == 0) {
            deadline = Long.MAX_VALUE;
            return;
        }
        period = (count & 0xFFFF_FFFFL) * divisor();
        armedAt = shared.clock.nanoTime();
        deadline = armedAt + period;
    }

    private int currentCount() {
        if (deadline == Long.MAX_VALUE || (lvt[LVT_TIMER] >> 17 & 3) == 2) {
            return 0;
        }
        return (int) (Math.max(0, deadline - shared.clock.nanoTime()) / divisor());
    }

    /** IA32_TSC_DEADLINE. */
    long tscDeadline() {
        pollTimer();
        return tscDeadline;
    }

    void tscDeadline(long value) {
        if ((lvt[LVT_TIMER] >> 17 & 3) != 2) {
            return;
        }
        tscDeadline = value;
        deadline = value == 0 ? Long.MAX_VALUE : value - c.msrs.timestampOffset();
    }

    // ---- registers ----

    int readMmio(int offset, int size) {
        if ((offset & 0xF) >= 4) {
            return 0;
        }
        int value = read(offset >> 4) >>> (offset & 3) * 8;
        return size >= 4 ? value : value & (1 << size * 8) - 1;
    }

    void writeMmio(int offset, int size, long value) {
        if ((offset & 0xF) == 0 && size >= 4) {
            int register = offset >> 4;
            if (register == 0x31) {
                icr = icr & 0xFFFF_FFFFL | value << 32;
            } else {
                write(register, (int) value);
            }
        }
    }

    private int read(int register) {
        if (register >= 0x10 && register < 0x28) {
            long[] bits = register < 0x18 ? isr : register < 0x20 ? tmr : irr;
            synchronized (this) {
                return (int) (bits[(register & 7) >> 1] >>> (register & 1) * 32);
            }
        }
        return switch (register) {
            case 0x02 -> (base & X2APIC) != 0 ? index : id << 24;
            case 0x03 -> VERSION;
            case 0x08 -> taskPriority();
            case 0x0A -> processorPriority();
            case 0x0D -> logicalId;
            case 0x0E -> destinationFormat;
            case 0x0F -> spurious;
            case 0x28 -> errors;
            case 0x30 -> (int) icr;
            case 0x31 -> (int) (icr >>> 32);
            case 0x32, 0x33, 0x34, 0x35, 0x36, 0x37 -> lvt[register - 0x32];
            case 0x38 -> initialCount;
            case 0x39 -> currentCount();
            case 0x3E -> divide;
            default -> 0;
        };
    }

    private synchronized int processorPriority() {
        return priority();
    }

    private void write(int register, int value) {
        switch (register) {
            case 0x02 -> id = value >>> 24;
            case 0x08 -> taskPriority(value);
            case 0x0B -> endOfInterrupt();
            case 0x0D -> setLogical(value & 0xFF00_0000, destinationFormat);
            case 0x0E -> setLogical(logicalId, value | 0x0FFF_FFFF);
            case 0x0F -> {
                synchronized (this) {
                    spurious = value & 0x1FF;
                }
                if ((value & 0x100) == 0) {
                    for (int i = 0; i < lvt.length; i++) {
                        lvt[i] |= MASKED;
                    }
                }
            }
            case 0x28 -> errors = 0;
            case 0x30 -> {
                icr = icr & 0xFFFF_FFFF_0000_0000L | value & 0xFFFF_EFFFL;
                sendInterrupt((int) (icr >>> 56));
            }
            case 0x32, 0x33, 0x34, 0x35, 0x36, 0x37 -> writeLvt(register - 0x32, value);
            case 0x38 -> startTimer(value);
            case 0x3E -> divide = value & 0xB;
            default -> { }
        }
    }

    private synchronized void setLogical(int logical, int format) {
        logicalId = logical;
        destinationFormat = format;
    }

    private void writeLvt(int entry, int value) {
        int known = switch (entry) {
            case LVT_TIMER -> 0x710FF;
            case LVT_ERROR -> 0x110FF;
            default -> 0x1F7FF;
        };
        int old = lvt[entry];
        lvt[entry] = value & known & ~0x1000 | ((spurious & 0x100) == 0 ? MASKED : 0);
        if (entry == LVT_TIMER && ((old ^ value) >> 17 & 3) != 0) {
            deadline = Long.MAX_VALUE;
            tscDeadline = 0;
        }
        if (entry == LVT_LINT0) {
            again();
        }
    }

    private void sendInterrupt(int destination) {
        int low = (int) icr;
        int mode = low >> 8 & 7;
        int vector = low & 0xFF;
        boolean level = (low & 0x8000) != 0;
        if (mode == SharedProcessors.INIT && level && (low & 0x4000) == 0) {
            return;
        }
        boolean logical = (low & 0x800) != 0;
        boolean keepsLevel = mode == SharedProcessors.FIXED && level;
        switch (low >> 18 & 3) {
            case 1 -> accept(mode, vector, keepsLevel);
            case 2 -> shared.sendAll(null, mode, vector, keepsLevel);
            case 3 -> shared.sendAll(c, mode, vector, keepsLevel);
            default -> {
                boolean broadcast = (base & X2APIC) != 0 ? destination == -1 : destination == 0xFF;
                shared.send(destination, logical, mode, vector, keepsLevel, broadcast);
            }
        }
    }

    /** RDMSR 800–8FF. Raises #GP where the register does not exist. */
    long readX2(int msr) {
        int register = msr & 0xFF;
        if ((base & X2APIC) == 0 || register == 0x0E || register == 0x31 || !exists(register)) {
            throw c.raise(CpuFault.GP, 0);
        }
        return register == 0x30 ? icr : read(register) & 0xFFFF_FFFFL;
    }

    private static boolean exists(int register) {
        return register == 2 || register == 3 || register == 8 || register == 0xA || register == 0xD || register == 0xF
                || register >= 0x10 && register <= 0x28 || register == 0x30 || register >= 0x32 && register <= 0x39
                || register == 0x3E;
    }

    /** WRMSR 800–8FF. */
    void writeX2(int msr, long value) {
        int register = msr & 0xFF;
        if ((base & X2APIC) == 0) {
            throw c.raise(CpuFault.GP, 0);
        }
        if (register == 0x30) {
            icr = value & ~0x1000L;
            sendInterrupt((int) (icr >>> 32));
            return;
        }
        boolean writable = register == 8 || register == 0xB || register == 0xF || register == 0x28
                || register >= 0x32 && register <= 0x38 || register == 0x3E || register == 0x3F;
        if (!writable || value >>> 32 != 0) {
            throw c.raise(CpuFault.GP, 0);
        }
        if (register == 0x3F) {
            accept(SharedProcessors.FIXED, (int) value & 0xFF, false);
            return;
        }
        write(register, (int) value);
    }

    // ---- saved state ----

    /** The registers in the layout of the xAPIC page. */
    byte[] save() {
        ByteBuffer page = ByteBuffer.allocate(1024).order(ByteOrder.LITTLE_ENDIAN);
        for (int register = 0; register < 0x40; register++) {
            page.putInt(register * 16, read(register));
        }
        return page.array();
    }

    /** Takes registers over without their side effects; a running timer starts anew. */
    synchronized void restore(byte[] saved) {
        ByteBuffer page = ByteBuffer.wrap(saved).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < 8; i++) {
            put(isr, i, page.getInt((0x10 + i) * 16));
            put(tmr, i, page.getInt((0x18 + i) * 16));
            put(irr, i, page.getInt((0x20 + i) * 16));
        }
        taskPriority = page.getInt(0x80) & 0xFF;
        if ((base & X2APIC) == 0) {
            logicalId = page.getInt(0xD0);
        }
        destinationFormat = page.getInt(0xE0);
        spurious = page.getInt(0xF0) & 0x1FF;
        icr = page.getInt(0x300) & 0xFFFF_FFFFL | (long) page.getInt(0x310) << 32;
        for (int i = 0; i < lvt.length; i++) {
            lvt[i] = page.getInt(0x320 + i * 16);
        }
        divide = page.getInt(0x3E0);
        startTimer(page.getInt(0x380));
        c.request(Cpu.PENDING_INTERRUPT);
    }

    private static void put(long[] bits, int word, int value) {
        int shift = (word & 1) * 32;
        bits[word >> 1] = bits[word >> 1] & ~(0xFFFF_FFFFL << shift) | (value & 0xFFFF_FFFFL) << shift;
    }
}
