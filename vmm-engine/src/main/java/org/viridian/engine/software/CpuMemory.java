package org.viridian.engine.software;

/**
 * Linear memory as micro-operations see it: the software TLB in front, the walker and MMIO behind. Every method takes a
 * linear address, may cross pages, and raises #PF or #GP before it has changed anything.
 */
public abstract class CpuMemory extends CpuState {
    /** Entries of a TLB context. */
    static final int TLB_ENTRIES = 1024;
    static final int READ_TAG = 0;
    static final int WRITE_TAG = 1;
    static final int ADDEND = 2;
    static final int PHYSICAL = 3;
    /** Flags in the low bits of the PHYSICAL word. */
    static final long GLOBAL = 1;
    static final long LARGE = 2;
    /** A store needs no walk, only a look at the page's code. */
    static final long WRITABLE = 4;

    static final int ACCESS_READ = 0;
    static final int ACCESS_WRITE = 1;
    static final int ACCESS_EXECUTE = 2;

    /** Supervisor and user context: 4 words an entry, see the constants above. */
    final long[] supervisorTlb = emptyTlb();
    final long[] userTlb = emptyTlb();
    /** The context of the current privilege level. */
    long[] tlb = supervisorTlb;

    private static long[] emptyTlb() {
        long[] table = new long[TLB_ENTRIES * 4];
        clearTlb(table);
        return table;
    }

    /** An empty tag names a page that another entry would hold, so that it never matches. */
    static long emptyTag(int entry) {
        return entry == 0 ? 0x1000 : 0;
    }

    static void clearTlb(long[] table) {
        for (int entry = 0; entry < TLB_ENTRIES; entry++) {
            clearEntry(table, entry);
        }
    }

    static void clearEntry(long[] table, int entry) {
        table[entry * 4 + READ_TAG] = emptyTag(entry);
        table[entry * 4 + WRITE_TAG] = emptyTag(entry);
        table[entry * 4 + PHYSICAL] = 0;
    }

    private static int slot(long linear) {
        return ((int) (linear >>> 12) & TLB_ENTRIES - 1) << 2;
    }

    /** Loads an unsigned byte. */
    public final int load8(long linear) {
        long[] t = tlb;
        int i = slot(linear);
        if ((t[i] ^ linear) >>> 12 == 0) {
            return Mem.get8(linear + t[i + ADDEND]);
        }
        return (int) slowLoad(linear, 1);
    }

    /** Loads an unsigned 16-bit integer. */
    public final int load16(long linear) {
        long[] t = tlb;
        int i = slot(linear);
        if (Long.compareUnsigned(t[i] ^ linear, 4094) <= 0) {
            return Mem.get16(linear + t[i + ADDEND]);
        }
        return (int) slowLoad(linear, 2);
    }

    /** Loads a 32-bit integer. */
    public final int load32(long linear) {
        long[] t = tlb;
        int i = slot(linear);
        if (Long.compareUnsigned(t[i] ^ linear, 4092) <= 0) {
            return Mem.get32(linear + t[i + ADDEND]);
        }
        return (int) slowLoad(linear, 4);
    }

    /** Loads a 64-bit integer. */
    public final long load64(long linear) {
        long[] t = tlb;
        int i = slot(linear);
        if (Long.compareUnsigned(t[i] ^ linear, 4088) <= 0) {
            return Mem.get64(linear + t[i + ADDEND]);
        }
        return slowLoad(linear, 8);
    }

    /** Loads a byte that the same instruction stores again: raises what the store would raise. */
    public final int modify8(long linear) {
        long[] t = tlb;
        int i = slot(linear);
        if ((t[i + WRITE_TAG] ^ linear) >>> 12 == 0) {
            return Mem.get8(linear + t[i + ADDEND]);
        }
        return (int) slowModify(linear, 1);
    }

    /** Loads 16 bits for a store by the same instruction. */
    public final int modify16(long linear) {
        long[] t = tlb;
        int i = slot(linear);
        if (Long.compareUnsigned(t[i + WRITE_TAG] ^ linear, 4094) <= 0) {
            return Mem.get16(linear + t[i + ADDEND]);
        }
        return (int) slowModify(linear, 2);
    }

    /** Loads 32 bits for a store by the same instruction. */
    public final int modify32(long linear) {
        long[] t = tlb;
        int i = slot(linear);
        if (Long.compareUnsigned(t[i + WRITE_TAG] ^ linear, 4092) <= 0) {
            return Mem.get32(linear + t[i + ADDEND]);
        }
        return (int) slowModify(linear, 4);
    }

    /** Loads 64 bits for a store by the same instruction. */
    public final long modify64(long linear) {
        long[] t = tlb;
        int i = slot(linear);
        if (Long.compareUnsigned(t[i + WRITE_TAG] ^ linear, 4088) <= 0) {
            return Mem.get64(linear + t[i + ADDEND]);
        }
        return slowModify(linear, 8);
    }

    /** Stores the low byte. */
    public final void store8(long linear, int value) {
        long[] t = tlb;
        int i = slot(linear);
        if ((t[i + WRITE_TAG] ^ linear) >>> 12 == 0) {
            Mem.put8(linear + t[i + ADDEND], value);
            return;
        }
        slowStore(linear, 1, value);
    }

    /** Stores the low 16 bits. */
    public final void store16(long linear, int value) {
        long[] t = tlb;
        int i = slot(linear);
        if (Long.compareUnsigned(t[i + WRITE_TAG] ^ linear, 4094) <= 0) {
            Mem.put16(linear + t[i + ADDEND], value);
            return;
        }
        slowStore(linear, 2, value);
    }

    /** Stores 32 bits. */
    public final void store32(long linear, int value) {
        long[] t = tlb;
        int i = slot(linear);
        if (Long.compareUnsigned(t[i + WRITE_TAG] ^ linear, 4092) <= 0) {
            Mem.put32(linear + t[i + ADDEND], value);
            return;
        }
        slowStore(linear, 4, value);
    }

    /** Stores 64 bits. */
    public final void store64(long linear, long value) {
        long[] t = tlb;
        int i = slot(linear);
        if (Long.compareUnsigned(t[i + WRITE_TAG] ^ linear, 4088) <= 0) {
            Mem.put64(linear + t[i + ADDEND], value);
            return;
        }
        slowStore(linear, 8, value);
    }

    /** Stores 128 bits; faults before the first byte. */
    public final void store128(long linear, long low, long high) {
        probeWrite(linear, 16);
        store64(linear, low);
        store64(linear + 8, high);
    }

    /** Raises #GP(0) unless the address is a multiple of 16. */
    public final void checkAligned16(long linear) {
        if ((linear & 15) != 0) {
            throw raise(CpuFault.GP, 0);
        }
    }

    /** Raises what a store of {@code size} (1–4096) bytes would raise, without storing. */
    public final void probeWrite(long linear, int size) {
        int i = slot(linear);
        if (Long.compareUnsigned(tlb[i + WRITE_TAG] ^ linear, 4096 - size) <= 0) {
            return;
        }
        probe(linear, size, ACCESS_WRITE);
    }

    /** Raises what a load of {@code size} (1–4096) bytes would raise. */
    public final void probeRead(long linear, int size) {
        probe(linear, size, ACCESS_READ);
    }

    private void probe(long linear, int size, int access) {
        translate(linear, access);
        long last = linear + size - 1;
        if ((last ^ linear) >>> 12 != 0) {
            // CR2 is the first byte that is missing.
            translate(last & ~0xFFFL, access);
        }
    }

    /**
     * Prepares an exception: {@code throw c.raise(CpuFault.UD)}. For vectors without an error code.
     */
    public final CpuFault raise(int vector) {
        return raise(vector, CpuFault.NO_ERROR_CODE);
    }

    /** Prepares an exception with an error code. */
    public abstract CpuFault raise(int vector, int errorCode);

    /** Loads 1–8 bytes, little-endian, when the TLB has no answer. */
    abstract long slowLoad(long linear, int size);

    /** Loads 1, 2, 4 or 8 bytes that will be stored again, when the TLB has no answer. */
    abstract long slowModify(long linear, int size);

    /** Stores 1, 2, 4 or 8 bytes when the TLB has no answer. */
    abstract void slowStore(long linear, int size, long value);

    /** Physical address for an access at the current privilege level; raises #PF or #GP. */
    abstract long translate(long linear, int access);
}
