package org.viridian.engine.software;

/**
 * Page-table walks: none, 32-bit two-level, PAE and four-level (Intel SDM vol. 3A, chapter 4). Sets accessed and dirty
 * bits in the guest's tables with compare-and-set, and leaves the properties of the last translation in fields.
 */
final class Walker {
    private static final long PRESENT = 1;
    private static final long WRITE = 2;
    private static final long USER = 4;
    private static final long ACCESSED = 0x20;
    private static final long DIRTY = 0x40;
    private static final long PAGE_SIZE_BIT = 0x80;
    private static final long GLOBAL = 0x100;
    private static final long NO_EXECUTE = 1L << 63;
    private static final long FRAME = 0x000F_FFFF_FFFF_F000L;
    /** Physical address bits offered by CPUID 80000008. */
    private static final int PHYSICAL_BITS = 40;
    private static final long RESERVED = 0x000F_FFFF_FFFF_FFFFL & -1L << PHYSICAL_BITS;

    private static final int PF_PRESENT = 1;
    private static final int PF_WRITE = 2;
    private static final int PF_USER = 4;
    private static final int PF_RESERVED = 8;
    private static final int PF_FETCH = 16;

    private static final long PREVENTION = Cpu.CR4_SMEP | Cpu.CR4_SMAP;

    private final Cpu c;

    /** The page may be written from now on without another walk: permission and dirty bit are there. */
    boolean writable;
    /** The translation survives CR3 writes. */
    boolean global;
    /** It comes from a 2 MB, 4 MB or 1 GB page. */
    boolean large;


    Walker(Cpu c) {
        this.c = c;
    }

    /** Translates; {@code user} is the privilege of the access. Raises #PF. */
    long walk(long linear, int access, boolean user) {
        global = false;
        large = false;
        if ((c.cr0 & Cpu.CR0_PG) == 0) {
            writable = true;
            long physical = c.longMode() || c.flat ? linear : linear & 0xFFFF_FFFFL;
            if (c.flat) {
                checkFlat(physical, access);
            }
            return physical;
        }
        if (c.longMode()) {
            return walkLong(linear, access, user, c.cr3 & FRAME, 3);
        }
        if ((c.cr4 & Cpu.CR4_PAE) != 0) {
            return walkPae(linear & 0xFFFF_FFFFL, access, user);
        }
        return walkTwoLevel(linear & 0xFFFF_FFFFL, access, user);
    }

    private void checkFlat(long physical, int access) {
        PhysicalMemory.Region region = c.memory.find(physical);
        if (region == null || access == Cpu.ACCESS_WRITE && !region.writable) {
            throw pageFault(physical, access, true, region != null ? PF_PRESENT : 0);
        }
        writable = region.writable;
    }

    private long walkPae(long linear, int access, boolean user) {
        long pointer = readPhysical((c.cr3 & 0xFFFF_FFE0L) + (linear >>> 30) * 8);
        if ((pointer & PRESENT) == 0) {
            throw pageFault(linear, access, user, 0);
        }
        return walkLong(linear, access, user, pointer & FRAME, 1);
    }

    /** Four-level tables from {@code level} 3 down, or the lower two levels of PAE. */
    private long walkLong(long linear, int access, boolean user, long root, int topLevel) {
        long table = root;
        long rights = WRITE | USER;
        long noExecute = 0;
        boolean nx = (c.efer & Cpu.EFER_NXE) != 0;
        for (int level = topLevel; ; level--) {
            long address = table + (linear >>> 12 + 9 * level & 511) * 8;
            long entry = readPhysical(address);
            if ((entry & PRESENT) == 0) {
                throw pageFault(linear, access, user, 0);
            }
            boolean leaf = level == 0 || (entry & PAGE_SIZE_BIT) != 0 && level < 3;
            long size = 1L << 12 + 9 * level;
            if ((entry & RESERVED) != 0
                    || entry < 0 && !nx
                    || level == 3 && (entry & PAGE_SIZE_BIT) != 0
                    || leaf && level > 0 && (entry & size - 1 & FRAME & ~0x1000L) != 0) {
                throw pageFault(linear, access, user, PF_PRESENT | PF_RESERVED);
            }
            rights &= entry;
            noExecute |= entry & NO_EXECUTE;
            if (!leaf) {
                mark(address, entry, ACCESSED);
                table = entry & FRAME;
                continue;
            }
            check(linear, access, user, rights, noExecute != 0);
            finish(address, entry, access, user, rights);
            large = level > 0;
            return entry & FRAME & -size | linear & size - 1;
        }
    }

    private long walkTwoLevel(long linear, int access, boolean user) {
        long address = (c.cr3 & 0xFFFF_F000L) + (linear >>> 22) * 4;
        int directory = read32(address);
        if ((directory & PRESENT) == 0) {
            throw pageFault(linear, access, user, 0);
        }
        if ((directory & PAGE_SIZE_BIT) != 0 && (c.cr4 & Cpu.CR4_PSE) != 0) {
            check(linear, access, user, directory & (WRITE | USER), false);
            finish32(address, directory, access, user, directory & (WRITE | USER));
            large = true;
            return directory & 0xFFC0_0000L | (long) (directory >>> 13 & 0xFF) << 32 | linear & 0x3F_FFFF;
        }
        mark32(address, directory, ACCESSED);
        address = (directory & 0xFFFF_F000L) + (linear >>> 12 & 1023) * 4;
        int entry = read32(address);
        if ((entry & PRESENT) == 0) {
            throw pageFault(linear, access, user, 0);
        }
        long rights = directory & entry & (WRITE | USER);
        check(linear, access, user, rights, false);
        finish32(address, entry, access, user, rights);
        return entry & 0xFFFF_F000L | linear & 0xFFF;
    }

    private void check(long linear, int access, boolean user, long rights, boolean noExecute) {
        boolean refused = (user ? (rights & USER) == 0 : (rights & USER) != 0 && (c.cr4 & PREVENTION) != 0 && prevented(access))
                || access == Cpu.ACCESS_WRITE && (rights & WRITE) == 0 && (user || (c.cr0 & Cpu.CR0_WP) != 0)
                || access == Cpu.ACCESS_EXECUTE && noExecute;
        if (refused) {
            throw pageFault(linear, access, user, PF_PRESENT);
        }
    }

    /** SMEP and SMAP: what keeps the supervisor off user pages. */
    private boolean prevented(int access) {
        return access == Cpu.ACCESS_EXECUTE ? (c.cr4 & Cpu.CR4_SMEP) != 0 : (c.cr4 & Cpu.CR4_SMAP) != 0 && !c.userPagesOpen();
    }

    private void finish(long address, long entry, int access, boolean user, long rights) {
        boolean write = access == Cpu.ACCESS_WRITE;
        mark(address, entry, write ? ACCESSED | DIRTY : ACCESSED);
        leafProperties(entry, write, user, rights);
    }

    private void finish32(long address, int entry, int access, boolean user, long rights) {
        boolean write = access == Cpu.ACCESS_WRITE;
        mark32(address, entry, (int) (write ? ACCESSED | DIRTY : ACCESSED));
        leafProperties(entry, write, user, rights);
    }

    private void leafProperties(long entry, boolean write, boolean user, long rights) {
        global = (entry & GLOBAL) != 0 && (c.cr4 & Cpu.CR4_PGE) != 0;
        writable = (write || (entry & DIRTY) != 0) && ((rights & WRITE) != 0 || !user && (c.cr0 & Cpu.CR0_WP) == 0);
    }

    private CpuFault pageFault(long linear, int access, boolean user, int cause) {
        c.cr2 = linear;
        int code = cause | (user ? PF_USER : 0);
        if (access == Cpu.ACCESS_WRITE) {
            code |= PF_WRITE;
        } else if (access == Cpu.ACCESS_EXECUTE
                && ((c.efer & Cpu.EFER_NXE) != 0 && (c.cr4 & Cpu.CR4_PAE) != 0 || (c.cr4 & Cpu.CR4_SMEP) != 0 || c.flat)) {
            code |= PF_FETCH;
        }
        return c.raise(CpuFault.PF, code);
    }

    private long readPhysical(long address) {
        PhysicalMemory.Region region = c.memory.find(address);
        // Tables outside memory read as all ones on a PC bus; zero makes them not present, which no guest relies on.
        return region == null ? 0 : Mem.get64(address + region.addend);
    }

    private int read32(long address) {
        PhysicalMemory.Region region = c.memory.find(address);
        return region == null ? 0 : Mem.get32(address + region.addend);
    }

    private void mark(long address, long entry, long bits) {
        PhysicalMemory.Region region = c.memory.find(address);
        long seen = entry;
        while ((seen & bits) != bits && (seen & PRESENT) != 0 && region != null && region.writable) {
            if (Mem.cas64(address + region.addend, seen, seen | bits)) {
                return;
            }
            seen = Mem.get64(address + region.addend);
        }
    }

    private void mark32(long address, int entry, long bits) {
        PhysicalMemory.Region region = c.memory.find(address);
        int seen = entry;
        while ((seen & bits) != bits && (seen & PRESENT) != 0 && region != null && region.writable) {
            if (Mem.cas32(address + region.addend, seen, seen | (int) bits)) {
                return;
            }
            seen = Mem.get32(address + region.addend);
        }
    }
}
