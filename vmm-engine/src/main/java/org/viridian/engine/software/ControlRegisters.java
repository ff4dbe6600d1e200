package org.viridian.engine.software;

/** CR0, CR2, CR3, CR4, CR8 and EFER: checks, and what a change entails (Intel SDM vol. 3A, section 2.5). */
final class ControlRegisters {
    private static final long CR0_KNOWN = 0xE005_003FL;
    private static final long CR4_KNOWN = 0x7FFL | Cpu.CR4_UMIP | Cpu.CR4_FSGSBASE | Cpu.CR4_OSXSAVE | Cpu.CR4_SMEP
            | Cpu.CR4_SMAP;
    private static final long EFER_WRITABLE = Cpu.EFER_SCE | Cpu.EFER_LME | Cpu.EFER_NXE | Cpu.EFER_AIBRSE;
    private static final long CR3_RESERVED = 0xFFFF_FF00_0000_0000L;

    private final Cpu c;

    ControlRegisters(Cpu c) {
        this.c = c;
    }

    long read(int register) {
        return switch (register) {
            case 0 -> c.cr0;
            case 2 -> c.cr2;
            case 3 -> c.cr3;
            case 4 -> c.cr4;
            default -> c.apic.taskPriority() >> 4;
        };
    }

    void write(int register, long value) {
        switch (register) {
            case 0 -> cr0(value);
            case 2 -> c.cr2 = value;
            case 3 -> {
                if (c.longMode() && (value & CR3_RESERVED) != 0) {
                    throw c.raise(CpuFault.GP, 0);
                }
                c.cr3 = value;
                c.flushNonGlobal();
            }
            case 4 -> cr4(value);
            default -> {
                if (value >>> 4 != 0) {
                    throw c.raise(CpuFault.GP, 0);
                }
                c.apic.taskPriority((int) value << 4);
            }
        }
    }

    private void cr0(long written) {
        long value = written & CR0_KNOWN | 0x10;
        boolean paging = (value & Cpu.CR0_PG) != 0;
        if (written >>> 32 != 0
                || paging && (value & Cpu.CR0_PE) == 0
                || (value & 0x6000_0000L) == 0x2000_0000L) {
            throw c.raise(CpuFault.GP, 0);
        }
        boolean was = (c.cr0 & Cpu.CR0_PG) != 0;
        if (paging && !was && (c.efer & Cpu.EFER_LME) != 0) {
            if ((c.cr4 & Cpu.CR4_PAE) == 0 || (c.segAttr[Cpu.CS] & Segments.LONG) != 0) {
                throw c.raise(CpuFault.GP, 0);
            }
            c.efer |= Cpu.EFER_LMA;
        }
        if (!paging && was && c.longMode()) {
            if (c.codeSize == 64) {
                throw c.raise(CpuFault.GP, 0);
            }
            c.efer &= ~Cpu.EFER_LMA;
        }
        long changed = c.cr0 ^ value;
        c.cr0 = value;
        if (Stepper.needed(c)) {
            c.request(Cpu.PENDING_TRACE);
        }
        if ((changed & Cpu.CR0_PE) != 0) {
            c.setCpl(0);
        }
        if ((changed & (Cpu.CR0_PG | Cpu.CR0_WP | Cpu.CR0_PE)) != 0) {
            c.flushAll();
        }
        c.updateMode();
    }

    private void cr4(long value) {
        if ((value & ~CR4_KNOWN) != 0 || c.longMode() && (value & Cpu.CR4_PAE) == 0) {
            throw c.raise(CpuFault.GP, 0);
        }
        long changed = c.cr4 ^ value;
        c.cr4 = value;
        c.accessChanged();
        if ((changed & (Cpu.CR4_PAE | Cpu.CR4_PGE | Cpu.CR4_PSE | Cpu.CR4_SMEP | Cpu.CR4_SMAP)) != 0) {
            c.flushAll();
        }
    }

    /** WRMSR EFER. */
    void efer(long value) {
        if ((value & ~(EFER_WRITABLE | Cpu.EFER_LMA)) != 0
                || ((value ^ c.efer) & Cpu.EFER_LME) != 0 && (c.cr0 & Cpu.CR0_PG) != 0) {
            throw c.raise(CpuFault.GP, 0);
        }
        boolean nx = ((value ^ c.efer) & Cpu.EFER_NXE) != 0;
        c.efer = value & EFER_WRITABLE | c.efer & Cpu.EFER_LMA;
        if (nx) {
            c.flushAll();
        }
    }
}
