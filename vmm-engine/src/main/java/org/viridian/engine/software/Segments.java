package org.viridian.engine.software;

/** Segment registers and descriptors: loads, limit checks, port permission (Intel SDM vol. 3A, chapters 3, 5 and 8). */
final class Segments {
    /** Descriptor attribute bits, as in {@link org.viridian.engine.processor.SegmentState#attributes}. */
    static final int CODE_DATA = 0x10;
    static final int PRESENT = 0x80;
    static final int LONG = 1 << 13;
    static final int BIG = 1 << 14;
    static final int GRANULAR = 1 << 15;
    static final int UNUSABLE = 1 << 16;

    private final Cpu c;

    Segments(Cpu c) {
        this.c = c;
    }

    /** Raises #GP(selector), #NP(selector) and the like: the error code of a selector has no RPL. */
    CpuFault fault(int vector, int selector) {
        return c.raise(vector, selector & 0xFFFC);
    }

    static int dpl(int attr) {
        return attr >> 5 & 3;
    }

    static boolean isCode(int attr) {
        return (attr & (CODE_DATA | 8)) == (CODE_DATA | 8);
    }

    static boolean isConforming(int attr) {
        return isCode(attr) && (attr & 4) != 0;
    }

    static int attributes(long descriptor) {
        return (int) (descriptor >>> 40) & 0xF0FF;
    }

    static long base(long descriptor) {
        return descriptor >>> 16 & 0xFF_FFFF | descriptor >>> 32 & 0xFF00_0000L;
    }

    static long limit(long descriptor) {
        long limit = descriptor & 0xFFFF | descriptor >>> 32 & 0xF_0000;
        return (attributes(descriptor) & GRANULAR) != 0 ? limit << 12 | 0xFFF : limit;
    }

    /** Reads 8 bytes with supervisor rights. */
    long systemLoad64(long linear) {
        boolean was = c.enterSystem();
        try {
            return c.load64(linear);
        } finally {
            c.leaveSystem(was);
        }
    }

    /** Reads 4 bytes with supervisor rights. */
    int systemLoad32(long linear) {
        boolean was = c.enterSystem();
        try {
            return c.load32(linear);
        } finally {
            c.leaveSystem(was);
        }
    }

    /** Reads 2 bytes with supervisor rights. */
    int systemLoad16(long linear) {
        boolean was = c.enterSystem();
        try {
            return c.load16(linear);
        } finally {
            c.leaveSystem(was);
        }
    }

    /** Reads a byte with supervisor rights. */
    int systemLoad8(long linear) {
        boolean was = c.enterSystem();
        try {
            return c.load8(linear);
        } finally {
            c.leaveSystem(was);
        }
    }

    /** Raises what a supervisor's store to these bytes would raise. */
    void systemProbe(long linear, int size) {
        boolean was = c.enterSystem();
        try {
            c.probeWrite(linear, size);
        } finally {
            c.leaveSystem(was);
        }
    }

    void systemStore16(long linear, int value) {
        boolean was = c.enterSystem();
        try {
            c.store16(linear, value);
        } finally {
            c.leaveSystem(was);
        }
    }

    void systemStore32(long linear, int value) {
        boolean was = c.enterSystem();
        try {
            c.store32(linear, value);
        } finally {
            c.leaveSystem(was);
        }
    }

    void systemStore8(long linear, int value) {
        boolean was = c.enterSystem();
        try {
            c.store8(linear, value);
        } finally {
            c.leaveSystem(was);
        }
    }

    /** Linear address of a descriptor of {@code bytes} bytes; raises {@code vector}(selector) outside its table. */
    long descriptorAddress(int selector, int bytes, int vector) {
        boolean local = (selector & 4) != 0;
        long limit = local ? c.segLimit[Cpu.LDTR] : c.gdtLimit;
        if (local && (c.segAttr[Cpu.LDTR] & (UNUSABLE | PRESENT)) != PRESENT || (selector & 0xFFF8) + bytes - 1 > limit) {
            throw fault(vector, selector);
        }
        return (local ? c.segBase[Cpu.LDTR] : c.gdtBase) + (selector & 0xFFF8);
    }

    long descriptor(int selector, int vector) {
        return systemLoad64(descriptorAddress(selector, 8, vector));
    }

    /** Sets the accessed bit of a code or data descriptor in its table. */
    void markAccessed(int selector, long descriptor) {
        if ((descriptor >>> 40 & 1) == 0) {
            systemStore8(descriptorAddress(selector, 8, CpuFault.GP) + 5, (int) (descriptor >>> 40) & 0xFF | 1);
        }
    }

    /** Fills a segment register's hidden part. */
    void set(int segment, int selector, long base, long limit, int attr) {
        c.segSelector[segment] = selector;
        c.segBase[segment] = base;
        c.segLimit[segment] = limit;
        c.segAttr[segment] = attr;
    }

    void setFrom(int segment, int selector, long descriptor) {
        int attr = attributes(descriptor) | 1;
        set(segment, selector, base(descriptor), limit(descriptor), attr);
    }

    /** Loads ES, SS, DS, FS or GS as MOV does. */
    void load(int segment, int selector) {
        if (!c.protectedMode() || c.virtual8086()) {
            c.segSelector[segment] = selector;
            c.segBase[segment] = (long) selector << 4;
            if (c.virtual8086()) {
                c.segLimit[segment] = 0xFFFF;
                c.segAttr[segment] = 0xF3;
            }
            return;
        }
        if ((selector & 0xFFFC) == 0) {
            if (segment == Cpu.SS && (c.codeSize != 64 || c.cpl == 3 || (selector & 3) != c.cpl)) {
                throw c.raise(CpuFault.GP, 0);
            }
            set(segment, selector, 0, 0, UNUSABLE | (segment == Cpu.SS ? c.cpl << 5 : 0));
            return;
        }
        long descriptor = descriptor(selector, CpuFault.GP);
        int attr = attributes(descriptor);
        int rpl = selector & 3;
        if (segment == Cpu.SS) {
            if (rpl != c.cpl || dpl(attr) != c.cpl || (attr & (CODE_DATA | 8 | 2)) != (CODE_DATA | 2)) {
                throw fault(CpuFault.GP, selector);
            }
        } else if ((attr & CODE_DATA) == 0 || (attr & (8 | 2)) == 8
                || !isConforming(attr) && dpl(attr) < Math.max(rpl, c.cpl)) {
            throw fault(CpuFault.GP, selector);
        }
        if ((attr & PRESENT) == 0) {
            throw fault(segment == Cpu.SS ? CpuFault.SS : CpuFault.NP, selector);
        }
        markAccessed(selector, descriptor);
        setFrom(segment, selector, descriptor);
        if (segment == Cpu.SS) {
            c.updateMode();
        }
    }

    /** Loads CS after all checks; {@code cpl} becomes the privilege level. */
    void setCode(int selector, long descriptor, int cpl) {
        setFrom(Cpu.CS, selector & 0xFFFC | cpl, descriptor);
        c.setCpl(cpl);
        c.updateMode();
    }

    /** A code segment as SYSCALL and the like set it, without a descriptor. */
    void setFlat(int segment, int selector, int attr) {
        set(segment, selector, 0, 0xFFFF_FFFFL, attr);
    }

    /** LLDT. */
    void loadLdt(int selector) {
        if ((selector & 0xFFFC) == 0) {
            set(Cpu.LDTR, selector, 0, 0, UNUSABLE);
            return;
        }
        if ((selector & 4) != 0) {
            throw fault(CpuFault.GP, selector);
        }
        long at = descriptorAddress(selector, c.longMode() ? 16 : 8, CpuFault.GP);
        long descriptor = systemLoad64(at);
        int attr = attributes(descriptor);
        if ((attr & 0x1F) != 2) {
            throw fault(CpuFault.GP, selector);
        }
        if ((attr & PRESENT) == 0) {
            throw fault(CpuFault.NP, selector);
        }
        set(Cpu.LDTR, selector, base(descriptor) | high(at), limit(descriptor), attr);
    }

    /** LTR: marks the task busy. */
    void loadTask(int selector) {
        if ((selector & 0xFFFC) == 0 || (selector & 4) != 0) {
            throw fault(CpuFault.GP, selector);
        }
        long at = descriptorAddress(selector, c.longMode() ? 16 : 8, CpuFault.GP);
        long descriptor = systemLoad64(at);
        int attr = attributes(descriptor);
        int type = attr & 0x1F;
        if (type != 9 && (type != 1 || c.longMode())) {
            throw fault(CpuFault.GP, selector);
        }
        if ((attr & PRESENT) == 0) {
            throw fault(CpuFault.NP, selector);
        }
        systemStore8(at + 5, attr & 0xFF | 2);
        set(Cpu.TR, selector, base(descriptor) | high(at), limit(descriptor), attr | 2);
    }

    private long high(long at) {
        return c.longMode() ? systemLoad64(at + 8) << 32 : 0;
    }

    /** Address of a segment offset in 16- and 32-bit code, after the checks of type and limit. */
    long legacyLinear(int segment, long offset, int size, boolean write) {
        int attr = c.segAttr[segment];
        int vector = segment == Cpu.SS ? CpuFault.SS : CpuFault.GP;
        if (c.protectedMode() && !c.virtual8086()) {
            boolean code = (attr & 8) != 0;
            if ((attr & UNUSABLE) != 0 || write && (code || (attr & 2) == 0) || !write && code && (attr & 2) == 0) {
                throw c.raise(vector, 0);
            }
        }
        long limit = c.segLimit[segment];
        long last = offset + size - 1;
        boolean inside;
        if ((attr & 0xC) == 4) {
            inside = offset > limit && last <= ((attr & BIG) != 0 ? 0xFFFF_FFFFL : 0xFFFF);
        } else {
            inside = last <= limit;
        }
        if (!inside) {
            throw c.raise(vector, 0);
        }
        return c.segBase[segment] + offset & 0xFFFF_FFFFL;
    }

    /** Raises #GP(0) unless the program may access the port: IOPL, or the bitmap of the TSS. */
    void checkPort(int port, int size) {
        if (!c.protectedMode() || !c.virtual8086() && c.cpl <= FlagOps.iopl(c)) {
            return;
        }
        if ((c.segAttr[Cpu.TR] & 0x8D) != 0x89 && (c.segAttr[Cpu.TR] & 0x8F) != 0x8B || c.segLimit[Cpu.TR] < 103) {
            throw c.raise(CpuFault.GP, 0);
        }
        long at = systemLoad16(c.segBase[Cpu.TR] + 102) + (port >> 3);
        if (at + 1 > c.segLimit[Cpu.TR]) {
            throw c.raise(CpuFault.GP, 0);
        }
        int bits = systemLoad16(c.segBase[Cpu.TR] + at) >> (port & 7);
        if ((bits & (1 << size) - 1) != 0) {
            throw c.raise(CpuFault.GP, 0);
        }
    }
}
