package org.viridian.engine.loader;

import java.util.Map;
import org.viridian.engine.memory.GuestMemory;
import org.viridian.engine.processor.ProcessorState;
import org.viridian.engine.processor.SegmentState;

/** The processor states a boot protocol asks for, and the tables in low RAM that they point to. */
final class StartStates {
    private static final long GDT = 0x6000;
    private static final long PAGE_TABLES = 0x9000;
    private static final long CR0_PE = 1;
    private static final long CR0_ET = 1 << 4;
    private static final long CR0_PG = 1L << 31;
    private static final long CR4_PAE = 1 << 5;
    private static final long EFER_LME_LMA = 0x500;
    private static final long RFLAGS_FIXED = 2;
    private static final int RSI = 6;

    private static final int CODE_SELECTOR = 0x10;
    private static final int DATA_SELECTOR = 0x18;
    private static final int TASK_SELECTOR = 0x20;
    private static final long CODE64 = 0x00AF_9B00_0000_FFFFL;
    private static final long CODE32 = 0x00CF_9B00_0000_FFFFL;
    private static final long DATA = 0x00CF_9300_0000_FFFFL;
    private static final long TASK = 0x0000_8B00_0000_0067L;

    private static final int ATTRIBUTES_CODE64 = 0xA09B;
    private static final int ATTRIBUTES_CODE32 = 0xC09B;
    private static final int ATTRIBUTES_DATA = 0xC093;
    private static final int ATTRIBUTES_BUSY_TASK = 0x8B;
    private static final int UNUSABLE = 1 << 16;

    private static final long PAGE_PRESENT_WRITE = 3;
    private static final long PAGE_LARGE = 0x83;
    private static final long LARGE_PAGE = 2 << 20;

    private StartStates() {}

    /** Long mode with the first 4 GiB mapped one to one, interrupts off (Documentation/x86/boot.rst, "64-bit Boot Protocol"). */
    static ProcessorState longMode(GuestMemory memory, long rip, long rsi) {
        writeGdt(memory, CODE64);
        memory.clear(PAGE_TABLES, 6 * GuestMemory.PAGE_SIZE);
        long directories = PAGE_TABLES + 2 * GuestMemory.PAGE_SIZE;
        memory.writeLong(PAGE_TABLES, PAGE_TABLES + GuestMemory.PAGE_SIZE | PAGE_PRESENT_WRITE);
        for (int gib = 0; gib < 4; gib++) {
            memory.writeLong(PAGE_TABLES + GuestMemory.PAGE_SIZE + 8L * gib,
                    directories + (long) gib * GuestMemory.PAGE_SIZE | PAGE_PRESENT_WRITE);
        }
        for (int page = 0; page < 4 * 512; page++) {
            memory.writeLong(directories + 8L * page, page * LARGE_PAGE | PAGE_LARGE);
        }
        long[] gpr = new long[16];
        gpr[RSI] = rsi;
        return state(gpr, rip, ATTRIBUTES_CODE64, CR0_PE | CR0_ET | CR0_PG, PAGE_TABLES, CR4_PAE, EFER_LME_LMA);
    }

    /** Protected mode without paging, flat segments, interrupts off. */
    static ProcessorState protectedMode(GuestMemory memory, long rip, long[] gpr) {
        writeGdt(memory, CODE32);
        return state(gpr, rip, ATTRIBUTES_CODE32, CR0_PE | CR0_ET, 0, 0, 0);
    }

    private static void writeGdt(GuestMemory memory, long code) {
        memory.clear(GDT, 16);
        memory.writeLong(GDT + CODE_SELECTOR, code);
        memory.writeLong(GDT + DATA_SELECTOR, DATA);
        memory.writeLong(GDT + TASK_SELECTOR, TASK);
        memory.writeLong(GDT + TASK_SELECTOR + 8, 0);
    }

    private static ProcessorState state(long[] gpr, long rip, int code, long cr0, long cr3, long cr4, long efer) {
        SegmentState data = new SegmentState(DATA_SELECTOR, 0, 0xFFFF_FFFF, ATTRIBUTES_DATA);
        SegmentState[] segments = {
            data,
            new SegmentState(CODE_SELECTOR, 0, 0xFFFF_FFFF, code),
            data, data, data, data,
            new SegmentState(0, 0, 0, UNUSABLE),
            new SegmentState(TASK_SELECTOR, 0, 0x67, ATTRIBUTES_BUSY_TASK),
        };
        return new ProcessorState(gpr, rip, RFLAGS_FIXED, segments, GDT, TASK_SELECTOR + 15, 0, 0,
                cr0, 0, cr3, cr4, 0, efer, null, Map.of(), null);
    }
}
