package org.viridian.engine.software.emit;

/**
 * Where translated code finds the processor's state: byte distances from the state register. The registers come first, so
 * that they and the busy words behind them are in reach of a one-byte displacement.
 */
public final class StateLayout {
    /** Distance of the state register's value from the start of the block. */
    public static final int BIAS = 128;
    /** Bytes of the block. */
    public static final int BYTES = 640;

    /** General register 0; the others follow at 8 bytes each. */
    public static final int GPR = -128;
    /** Host address of the current TLB context. */
    public static final int TLB = 0;
    /** Linear address of the page that holds the running block. */
    public static final int PAGE = 8;
    /** Host address of the current jump cache. */
    public static final int JUMPS = 16;
    /** Arithmetic flags: bits 8–15 as LAHF gives them, bit 0 OF. 32 bits, the upper half is noise. */
    public static final int FLAGS = 24;
    /** 1: vector registers may be used; 2: the host's registers hold them; 0: neither. 32 bits. */
    public static final int VECTOR = 28;
    /** Base of FS. */
    public static final int FS_BASE = 32;
    /** Base of GS. */
    public static final int GS_BASE = 40;
    /** A word for a value that must outlive both scratch registers. */
    public static final int TEMPORARY = 48;
    /** Another. */
    public static final int TEMPORARY_2 = 56;
    /** And another. */
    public static final int TEMPORARY_3 = 104;
    /** Which exit was taken, see {@link Exit}. 32 bits. */
    public static final int EXIT = 64;
    /** Guest instructions that may still run before the next look at requests. 32 bits, signed. */
    public static final int BUDGET = 68;
    /** The guest's MXCSR. 32 bits. */
    public static final int MXCSR = 72;
    /** What the host's MXCSR must be outside. 32 bits. */
    public static final int HOST_MXCSR = 76;
    /** RFLAGS without the arithmetic flags. 32 bits. */
    public static final int EFLAGS = 80;
    /** Privilege level. 32 bits. */
    public static final int CPL = 84;
    /** Base that SWAPGS brings. */
    public static final int KERNEL_GS_BASE = 88;
    /** Not zero: setting IF needs the interpreter. 32 bits. */
    public static final int DEFERRED = 96;
    /** XMM0, 16-byte aligned; the others follow. */
    public static final int XMM = 128;

    /** Selectors of ES CS SS DS FS GS, 4 bytes each. */
    public static final int SELECTORS = 384;

    /** Right shift that turns a linear address into a TLB entry's distance, after {@link #TLB_MASK}. */
    public static final int TLB_SHIFT = 7;
    /** 1024 entries of 32 bytes. */
    public static final int TLB_MASK = 0x7FE0;
    /** Distance of the tags of readable and writable pages, and of the page's host address, in an entry. */
    public static final int TLB_READ = 0;
    /** See {@link #TLB_READ}. */
    public static final int TLB_WRITE = 8;
    /** See {@link #TLB_READ}. */
    public static final int TLB_HOST = 16;

    /** Entries of a jump cache. */
    public static final int JUMP_ENTRIES = 4096;
    /** Bytes of an entry: linear address, host address. */
    public static final int JUMP_ENTRY_BYTES = 16;

    private StateLayout() {}

    /** The entry of a jump cache that a linear address selects; translated code computes the same. */
    public static int jumpEntry(long linear) {
        return ((int) linear ^ (int) linear >>> 8) & JUMP_ENTRIES - 1;
    }
}
