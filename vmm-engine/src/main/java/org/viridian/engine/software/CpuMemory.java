package org.viridian.engine.software;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Linear memory as micro-operations see it: the software TLB in front, the walker and MMIO behind. Every method takes a
 * linear address, may cross pages, and raises #PF or #GP before it has changed anything.
 */
public abstract class CpuMemory extends CpuState {
    /** Entries of a TLB context. */
    static final int TLB_ENTRIES = 1024;
    static final int READ_TAG = 0;
    static final int WRITE_TAG = 1;
    /** Host address of the page. */
    static final int HOST = 2;
    static final int PHYSICAL = 3;
    /** Flags in the low bits of the PHYSICAL word. */
    static final long GLOBAL = 1;
    static final long LARGE = 2;
    /** A store needs no walk, only a look at the page's code. */
    static final long WRITABLE = 4;

    static final int ACCESS_READ = 0;
    static final int ACCESS_WRITE = 1;
    static final int ACCESS_EXECUTE = 2;

    /** Bytes of an entry: read tag, write tag, host address of the page, physical page with flags. */
    static final int TLB_ENTRY_BYTES = 32;

    private static final MemorySegment EMPTY_TLB = emptyTlb();

    /** The memory that tier 1 shares with this class; referenced here so that it lives as long as the processor. */
    final NativeArea area = new NativeArea();
    /** Host addresses of the supervisor and the user context: see the constants above. */
    final long supervisorTlb = area.supervisorTlb();
    final long userTlb = area.userTlb();
    /** The supervisor's with CR4.SMAP and RFLAGS.AC: user pages are open. */
    final long openTlb = area.openTlb();
    /** Never filled: every access goes the slow way, where it can be looked at. */
    final long noTlb = area.noTlb();
    /** The context of the current privilege level. */
    long tlb = supervisorTlb;

    private static MemorySegment emptyTlb() {
        MemorySegment table = Arena.global().allocate((long) TLB_ENTRIES * TLB_ENTRY_BYTES, 64);
        for (int entry = 0; entry < TLB_ENTRIES; entry++) {
            clearEntry(table.address(), entry);
        }
        return table;
    }

    /** An empty tag names a page that another entry would hold, so that it never matches. */
    static long emptyTag(int entry) {
        return entry == 0 ? 0x1000 : 0;
    }

    static void clearTlb(long table) {
        Mem.copy(EMPTY_TLB.address(), table, (long) TLB_ENTRIES * TLB_ENTRY_BYTES);
    }

    static void clearEntry(long table, int entry) {
        tlbWord(table, entry, READ_TAG, emptyTag(entry));
        tlbWord(table, entry, WRITE_TAG, emptyTag(entry));
        tlbWord(table, entry, PHYSICAL, 0);
    }

    static long tlbWord(long table, int entry, int word) {
        return Mem.raw64(table + entry * (long) TLB_ENTRY_BYTES + word * 8L);
    }

    static void tlbWord(long table, int entry, int word, long value) {
        Mem.raw64(table + entry * (long) TLB_ENTRY_BYTES + word * 8L, value);
    }

    /** The entry of the current context that a linear address selects. */
    static int tlbIndex(long linear) {
        return (int) (linear >>> 12) & TLB_ENTRIES - 1;
    }

    private long entry(long linear) {
        return tlb + (linear >>> 7 & (TLB_ENTRIES - 1) * TLB_ENTRY_BYTES);
    }

    /** Loads an unsigned byte. */
    public final int load8(long linear) {
        long e = entry(linear);
        long at = Mem.raw64(e) ^ linear;
        if (at >>> 12 == 0) {
            return Mem.get8(at + Mem.raw64(e + HOST * 8));
        }
        return (int) slowLoad(linear, 1);
    }

    /** Loads an unsigned 16-bit integer. */
    public final int load16(long linear) {
        long e = entry(linear);
        long at = Mem.raw64(e) ^ linear;
        if (Long.compareUnsigned(at, 4094) <= 0) {
            return Mem.get16(at + Mem.raw64(e + HOST * 8));
        }
        return (int) slowLoad(linear, 2);
    }

    /** Loads a 32-bit integer. */
    public final int load32(long linear) {
        long e = entry(linear);
        long at = Mem.raw64(e) ^ linear;
        if (Long.compareUnsigned(at, 4092) <= 0) {
            return Mem.get32(at + Mem.raw64(e + HOST * 8));
        }
        return (int) slowLoad(linear, 4);
    }

    /** Loads a 64-bit integer. */
    public final long load64(long linear) {
        long e = entry(linear);
        long at = Mem.raw64(e) ^ linear;
        if (Long.compareUnsigned(at, 4088) <= 0) {
            return Mem.get64(at + Mem.raw64(e + HOST * 8));
        }
        return slowLoad(linear, 8);
    }

    /** Loads a byte that the same instruction stores again: raises what the store would raise. */
    public final int modify8(long linear) {
        long e = entry(linear);
        long at = Mem.raw64(e + WRITE_TAG * 8) ^ linear;
        if (at >>> 12 == 0) {
            return Mem.get8(at + Mem.raw64(e + HOST * 8));
        }
        return (int) slowModify(linear, 1);
    }

    /** Loads 16 bits for a store by the same instruction. */
    public final int modify16(long linear) {
        long e = entry(linear);
        long at = Mem.raw64(e + WRITE_TAG * 8) ^ linear;
        if (Long.compareUnsigned(at, 4094) <= 0) {
            return Mem.get16(at + Mem.raw64(e + HOST * 8));
        }
        return (int) slowModify(linear, 2);
    }

    /** Loads 32 bits for a store by the same instruction. */
    public final int modify32(long linear) {
        long e = entry(linear);
        long at = Mem.raw64(e + WRITE_TAG * 8) ^ linear;
        if (Long.compareUnsigned(at, 4092) <= 0) {
            return Mem.get32(at + Mem.raw64(e + HOST * 8));
        }
        return (int) slowModify(linear, 4);
    }

    /** Loads 64 bits for a store by the same instruction. */
    public final long modify64(long linear) {
        long e = entry(linear);
        long at = Mem.raw64(e + WRITE_TAG * 8) ^ linear;
        if (Long.compareUnsigned(at, 4088) <= 0) {
            return Mem.get64(at + Mem.raw64(e + HOST * 8));
        }
        return slowModify(linear, 8);
    }

    /** Stores the low byte. */
    public final void store8(long linear, int value) {
        long e = entry(linear);
        long at = Mem.raw64(e + WRITE_TAG * 8) ^ linear;
        if (at >>> 12 == 0) {
            Mem.put8(at + Mem.raw64(e + HOST * 8), value);
            return;
        }
        slowStore(linear, 1, value);
    }

    /** Stores the low 16 bits. */
    public final void store16(long linear, int value) {
        long e = entry(linear);
        long at = Mem.raw64(e + WRITE_TAG * 8) ^ linear;
        if (Long.compareUnsigned(at, 4094) <= 0) {
            Mem.put16(at + Mem.raw64(e + HOST * 8), value);
            return;
        }
        slowStore(linear, 2, value);
    }

    /** Stores 32 bits. */
    public final void store32(long linear, int value) {
        long e = entry(linear);
        long at = Mem.raw64(e + WRITE_TAG * 8) ^ linear;
        if (Long.compareUnsigned(at, 4092) <= 0) {
            Mem.put32(at + Mem.raw64(e + HOST * 8), value);
            return;
        }
        slowStore(linear, 4, value);
    }

    /** Stores 64 bits. */
    public final void store64(long linear, long value) {
        long e = entry(linear);
        long at = Mem.raw64(e + WRITE_TAG * 8) ^ linear;
        if (Long.compareUnsigned(at, 4088) <= 0) {
            Mem.put64(at + Mem.raw64(e + HOST * 8), value);
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
        if (Long.compareUnsigned(Mem.raw64(entry(linear) + WRITE_TAG * 8) ^ linear, 4096 - size) <= 0) {
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
