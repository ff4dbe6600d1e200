package org.viridian.engine.processor;

import java.util.Map;

/**
 * The architectural state of one processor, for loaders, save and restore, and tests.
 *
 * @param gpr RAX RCX RDX RBX RSP RBP RSI RDI R8–R15, in the order of their encoding
 * @param rip instruction pointer
 * @param rflags flags
 * @param segments ES CS SS DS FS GS LDTR TR
 * @param gdtBase base of the GDT
 * @param gdtLimit limit of the GDT
 * @param idtBase base of the IDT
 * @param idtLimit limit of the IDT
 * @param cr0 control register 0
 * @param cr2 page-fault address
 * @param cr3 page-table root
 * @param cr4 control register 4
 * @param cr8 task priority
 * @param efer extended features
 * @param fxsave 512 bytes of FXSAVE64 image, or null for the reset state
 * @param msrs further model-specific registers by index
 * @param localApic 1024 bytes of local APIC registers in the layout of the xAPIC page, or null for the reset state
 * @param live what completes the state of a processor that ran, or null for one about to start, as loaders make it
 */
public record ProcessorState(
        long[] gpr,
        long rip,
        long rflags,
        SegmentState[] segments,
        long gdtBase,
        int gdtLimit,
        long idtBase,
        int idtLimit,
        long cr0,
        long cr2,
        long cr3,
        long cr4,
        long cr8,
        long efer,
        byte[] fxsave,
        Map<Integer, Long> msrs,
        byte[] localApic,
        LiveState live) {
    /** Index of ES in {@link #segments}. */
    public static final int ES = 0;
    /** Index of CS. */
    public static final int CS = 1;
    /** Index of SS. */
    public static final int SS = 2;
    /** Index of DS. */
    public static final int DS = 3;
    /** Index of FS. */
    public static final int FS = 4;
    /** Index of GS. */
    public static final int GS = 5;
    /** Index of LDTR. */
    public static final int LDTR = 6;
    /** Index of TR. */
    public static final int TR = 7;

    /** The state of a processor about to start. */
    public ProcessorState(long[] gpr, long rip, long rflags, SegmentState[] segments, long gdtBase, int gdtLimit, long idtBase,
            int idtLimit, long cr0, long cr2, long cr3, long cr4, long cr8, long efer, byte[] fxsave, Map<Integer, Long> msrs,
            byte[] localApic) {
        this(gpr, rip, rflags, segments, gdtBase, gdtLimit, idtBase, idtLimit, cr0, cr2, cr3, cr4, cr8, efer, fxsave, msrs,
                localApic, null);
    }
}
