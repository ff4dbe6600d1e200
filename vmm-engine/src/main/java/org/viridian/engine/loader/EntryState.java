package org.viridian.engine.loader;

import java.util.Map;
import org.viridian.engine.memory.GuestMemory;
import org.viridian.engine.processor.ProcessorState;
import org.viridian.engine.processor.SegmentState;

/**
 * Puts the first processor where a boot protocol wants it, together with the GDT and page tables that this state
 * refers to, all in the first 64 KiB of RAM.
 */
final class EntryState {
    /** GDT of four entries. */
    private static final long GDT = 0x6000;
    private static final int GDT_ENTRIES = 4;
    /** A stack for code that takes it before it has its own; grows down to 0x8000. */
    private static final long STACK_TOP = 0x8FF0;
    /** One PML4, one PDPT and four page directories: 4 GiB mapped to themselves by 2 MiB pages. */
    private static final long PAGE_TABLES = 0x9000;
    private static final int GIBIBYTES = 4;
    private static final int ENTRIES = 512;
    private static final long TABLE = 0x1000;
    private static final long PRESENT_WRITABLE = 3;
    private static final long LARGE = 0x80;

    private static final int CODE_SELECTOR = 0x10;
    private static final int DATA_SELECTOR = 0x18;
    private static final long CODE_64 = 0x00AF_9B00_0000_FFFFL;
    private static final long CODE_32 = 0x00CF_9B00_0000_FFFFL;
    private static final long DATA = 0x00CF_9300_0000_FFFFL;
    private static final int CODE_64_ATTRIBUTES = 0xA09B;
    private static final int CODE_32_ATTRIBUTES = 0xC09B;
    private static final int DATA_ATTRIBUTES = 0xC093;
    private static final int LDT_ATTRIBUTES = 0x82;
    private static final int BUSY_TSS_ATTRIBUTES = 0x8B;
    private static final int FLAT_LIMIT = -1;

    private static final long CR0_PE = 1;
    private static final long CR0_ET = 1 << 4;
    private static final long CR0_PG = 1L << 31;
    private static final long CR4_PAE = 1 << 5;
    private static final long EFER_LME = 1 << 8;
    private static final long EFER_LMA = 1 << 10;
    private static final long RFLAGS_FIXED = 2;

    /** Numbers of general registers that boot protocols use. */
    static final int RAX = 0;
    static final int RBX = 3;
    private static final int RSP = 4;
    static final int RSI = 6;

    private EntryState() {}

    /** 64-bit mode, paging on, flat segments, interrupts off. */
    static ProcessorState longMode(GuestMemory memory, long rip, Map<Integer, Long> registers) {
        writeGdt(memory, CODE_64);
        memory.clear(PAGE_TABLES, (2 + GIBIBYTES) * TABLE);
        memory.writeLong(PAGE_TABLES, PAGE_TABLES + TABLE | PRESENT_WRITABLE);
        for (int i = 0; i < GIBIBYTES; i++) {
            long directory = PAGE_TABLES + (2 + i) * TABLE;
            memory.writeLong(PAGE_TABLES + TABLE + 8L * i, directory | PRESENT_WRITABLE);
            for (int j = 0; j < ENTRIES; j++) {
                long page = (long) i << 30 | (long) j << 21;
                memory.writeLong(directory + 8L * j, page | LARGE | PRESENT_WRITABLE);
            }
        }
        return state(rip, registers, CODE_64_ATTRIBUTES, CR0_PG | CR0_ET | CR0_PE, PAGE_TABLES, CR4_PAE, EFER_LME | EFER_LMA);
    }

    /** 32-bit protected mode without paging, flat segments, interrupts off. */
    static ProcessorState protectedMode(GuestMemory memory, long rip, Map<Integer, Long> registers) {
        writeGdt(memory, CODE_32);
        return state(rip, registers, CODE_32_ATTRIBUTES, CR0_ET | CR0_PE, 0, 0, 0);
    }

    private static void writeGdt(GuestMemory memory, long code) {
        memory.writeLong(GDT, 0);
        memory.writeLong(GDT + 8, 0);
        memory.writeLong(GDT + CODE_SELECTOR, code);
        memory.writeLong(GDT + DATA_SELECTOR, DATA);
    }

    private static ProcessorState state(
            long rip, Map<Integer, Long> registers, int codeAttributes, long cr0, long cr3, long cr4, long efer) {
        long[] gpr = new long[16];
        gpr[RSP] = STACK_TOP;
        registers.forEach((number, value) -> gpr[number] = value);
        SegmentState data = new SegmentState(DATA_SELECTOR, 0, FLAT_LIMIT, DATA_ATTRIBUTES);
        SegmentState[] segments = new SegmentState[8];
        java.util.Arrays.fill(segments, data);
        segments[ProcessorState.CS] = new SegmentState(CODE_SELECTOR, 0, FLAT_LIMIT, codeAttributes);
        segments[ProcessorState.LDTR] = new SegmentState(0, 0, 0xFFFF, LDT_ATTRIBUTES);
        segments[ProcessorState.TR] = new SegmentState(0, 0, 0xFFFF, BUSY_TSS_ATTRIBUTES);
        return new ProcessorState(gpr, rip, RFLAGS_FIXED, segments, GDT, GDT_ENTRIES * 8 - 1, 0, 0, cr0, 0, cr3, cr4, 0, efer,
                null, Map.of(), null);
    }
}
