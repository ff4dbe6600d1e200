package org.viridian.engine.kvm;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HashMap;
import java.util.Map;
import org.viridian.engine.processor.ProcessorState;
import org.viridian.engine.processor.SegmentState;

/**
 * A processor's state outside its general registers: read from the kernel, written to it, and the picture taken right after
 * the processor was made, to which a reset returns. Thread rule: the processor's own.
 */
final class KvmRegisters {
    private static final int MSR_TSC = 0x10;
    private static final int MSR_TSC_DEADLINE = 0x6E0;
    private static final int MTRR_CAP_DEF_TYPE = 0x2FF;
    /** Saved and restored where the processor has them: SYSENTER, SYSCALL, GS, PAT, MTRRs, TSC_AUX, MISC_ENABLE. */
    private static final int[] MSRS = {
        0x174, 0x175, 0x176, 0xC000_0081, 0xC000_0082, 0xC000_0083, 0xC000_0084, 0xC000_0102, 0xC000_0103, 0x1A0, 0x277,
        0x200, 0x201, 0x202, 0x203, 0x204, 0x205, 0x206, 0x207, 0x208, 0x209, 0x20A, 0x20B, 0x20C, 0x20D, 0x20E, 0x20F,
        0x250, 0x258, 0x259, 0x268, 0x269, 0x26A, 0x26B, 0x26C, 0x26D, 0x26E, 0x26F, MTRR_CAP_DEF_TYPE, MSR_TSC_DEADLINE,
    };
    private static final int FCW_RESET = 0x37F;
    private static final int MXCSR_OFFSET = 24;
    private static final int MXCSR_RESET = 0x1F80;

    private final int fd;
    private final MemorySegment sregs;
    private final MemorySegment msr;
    private final MemorySegment xsave;
    private final MemorySegment lapic;
    private final MemorySegment events;
    private final MemorySegment word;
    private boolean sregsValid;

    private final byte[] resetSregs;
    private final byte[] resetLapic;
    private final byte[] resetEvents;
    private final int resetRunState;
    private final Map<Integer, Long> resetMsrs = new HashMap<>();

    /** @param fd the processor's descriptor, fresh from the kernel and with its CPUID table set */
    KvmRegisters(int fd, Arena arena) {
        this.fd = fd;
        sregs = arena.allocate(KvmAbi.SREGS_SIZE, 8);
        msr = arena.allocate(KvmAbi.MSRS_HEADER + KvmAbi.MSR_ENTRY_SIZE, 8);
        xsave = arena.allocate(KvmAbi.XSAVE_SIZE, 64);
        lapic = arena.allocate(KvmAbi.LAPIC_SIZE, 8);
        events = arena.allocate(KvmAbi.VCPU_EVENTS_SIZE, 8);
        word = arena.allocate(8, 8);
        loadSregs();
        call(KvmAbi.GET_LAPIC, lapic, "KVM_GET_LAPIC");
        call(KvmAbi.GET_VCPU_EVENTS, events, "KVM_GET_VCPU_EVENTS");
        call(KvmAbi.GET_MP_STATE, word, "KVM_GET_MP_STATE");
        resetSregs = sregs.toArray(ValueLayout.JAVA_BYTE);
        resetLapic = lapic.toArray(ValueLayout.JAVA_BYTE);
        resetEvents = events.toArray(ValueLayout.JAVA_BYTE);
        resetRunState = word.get(ValueLayout.JAVA_INT, 0);
        for (int index : MSRS) {
            Long value = readMsr(index);
            if (value != null) {
                resetMsrs.put(index, value);
            }
        }
    }

    /** The guest ran: nothing read before is true any more. */
    void stale() {
        sregsValid = false;
    }

    private MemorySegment sregs() {
        if (!sregsValid) {
            loadSregs();
        }
        return sregs;
    }

    private void loadSregs() {
        call(KvmAbi.GET_SREGS, sregs, "KVM_GET_SREGS");
        sregsValid = true;
    }

    boolean inLongMode() {
        MemorySegment s = sregs();
        return (s.get(ValueLayout.JAVA_LONG, KvmAbi.SREGS_EFER) & 1 << 10) != 0
                && s.get(ValueLayout.JAVA_BYTE, KvmAbi.SREGS_CS + KvmAbi.SEGMENT_L) != 0;
    }

    int privilegeLevel() {
        MemorySegment s = sregs();
        if ((s.get(ValueLayout.JAVA_LONG, KvmAbi.SREGS_CR0) & 1) == 0) {
            return 0;
        }
        return s.get(ValueLayout.JAVA_BYTE, KvmAbi.SREGS_SS + KvmAbi.SEGMENT_DPL) & 3;
    }

    long timestamp() {
        Long value = readMsr(MSR_TSC);
        return value == null ? 0 : value;
    }

    /** Puts all but the general registers back to what they were after power-on. The TSC runs on, as on hardware's INIT. */
    void reset() {
        MemorySegment.copy(resetSregs, 0, sregs, ValueLayout.JAVA_BYTE, 0, resetSregs.length);
        call(KvmAbi.SET_SREGS, sregs, "KVM_SET_SREGS");
        sregsValid = true;
        resetMsrs.forEach(this::writeMsr);
        floatingPoint(null);
        localApic(null);
        MemorySegment.copy(resetEvents, 0, events, ValueLayout.JAVA_BYTE, 0, resetEvents.length);
        call(KvmAbi.SET_VCPU_EVENTS, events, "KVM_SET_VCPU_EVENTS");
        runState(resetRunState);
    }

    /** Reads everything; the caller supplies the general registers. */
    ProcessorState read(long[] gpr, long rip, long rflags) {
        MemorySegment s = sregs();
        SegmentState[] segments = new SegmentState[KvmAbi.SREGS_SEGMENTS.length];
        for (int i = 0; i < segments.length; i++) {
            segments[i] = segment(s, KvmAbi.SREGS_SEGMENTS[i]);
        }
        call(KvmAbi.GET_XSAVE, xsave, "KVM_GET_XSAVE");
        call(KvmAbi.GET_LAPIC, lapic, "KVM_GET_LAPIC");
        Map<Integer, Long> msrs = new HashMap<>();
        for (Integer index : resetMsrs.keySet()) {
            Long value = readMsr(index);
            if (value != null) {
                msrs.put(index, value);
            }
        }
        return new ProcessorState(gpr, rip, rflags, segments,
                s.get(ValueLayout.JAVA_LONG, KvmAbi.SREGS_GDT), s.get(ValueLayout.JAVA_SHORT, KvmAbi.SREGS_GDT + KvmAbi.DTABLE_LIMIT) & 0xFFFF,
                s.get(ValueLayout.JAVA_LONG, KvmAbi.SREGS_IDT), s.get(ValueLayout.JAVA_SHORT, KvmAbi.SREGS_IDT + KvmAbi.DTABLE_LIMIT) & 0xFFFF,
                s.get(ValueLayout.JAVA_LONG, KvmAbi.SREGS_CR0), s.get(ValueLayout.JAVA_LONG, KvmAbi.SREGS_CR2),
                s.get(ValueLayout.JAVA_LONG, KvmAbi.SREGS_CR3), s.get(ValueLayout.JAVA_LONG, KvmAbi.SREGS_CR4),
                s.get(ValueLayout.JAVA_LONG, KvmAbi.SREGS_CR8), s.get(ValueLayout.JAVA_LONG, KvmAbi.SREGS_EFER),
                xsave.asSlice(0, KvmAbi.FXSAVE_SIZE).toArray(ValueLayout.JAVA_BYTE), msrs, lapic.toArray(ValueLayout.JAVA_BYTE));
    }

    /** Writes everything but the general registers. */
    void write(ProcessorState state) {
        MemorySegment s = sregs();
        for (int i = 0; i < KvmAbi.SREGS_SEGMENTS.length; i++) {
            segment(s, KvmAbi.SREGS_SEGMENTS[i], state.segments()[i]);
        }
        s.set(ValueLayout.JAVA_LONG, KvmAbi.SREGS_GDT, state.gdtBase());
        s.set(ValueLayout.JAVA_SHORT, KvmAbi.SREGS_GDT + KvmAbi.DTABLE_LIMIT, (short) state.gdtLimit());
        s.set(ValueLayout.JAVA_LONG, KvmAbi.SREGS_IDT, state.idtBase());
        s.set(ValueLayout.JAVA_SHORT, KvmAbi.SREGS_IDT + KvmAbi.DTABLE_LIMIT, (short) state.idtLimit());
        s.set(ValueLayout.JAVA_LONG, KvmAbi.SREGS_CR0, state.cr0());
        s.set(ValueLayout.JAVA_LONG, KvmAbi.SREGS_CR2, state.cr2());
        s.set(ValueLayout.JAVA_LONG, KvmAbi.SREGS_CR3, state.cr3());
        s.set(ValueLayout.JAVA_LONG, KvmAbi.SREGS_CR4, state.cr4());
        s.set(ValueLayout.JAVA_LONG, KvmAbi.SREGS_CR8, state.cr8());
        s.set(ValueLayout.JAVA_LONG, KvmAbi.SREGS_EFER, state.efer());
        s.asSlice(KvmAbi.SREGS_INTERRUPT_BITMAP).fill((byte) 0);
        call(KvmAbi.SET_SREGS, s, "KVM_SET_SREGS");
        floatingPoint(state.fxsave());
        localApic(state.localApic());
        if (state.msrs() != null) {
            // One at a time: the kernel stops at the first it does not know, and a guest's state may name others.
            state.msrs().forEach(this::writeMsr);
        }
        MemorySegment.copy(resetEvents, 0, events, ValueLayout.JAVA_BYTE, 0, resetEvents.length);
        call(KvmAbi.SET_VCPU_EVENTS, events, "KVM_SET_VCPU_EVENTS");
        runState(KvmAbi.MP_STATE_RUNNABLE);
        sregsValid = false;
    }

    private void localApic(byte[] image) {
        byte[] from = image == null ? resetLapic : image;
        MemorySegment.copy(from, 0, lapic, ValueLayout.JAVA_BYTE, 0, Math.min(from.length, KvmAbi.LAPIC_SIZE));
        call(KvmAbi.SET_LAPIC, lapic, "KVM_SET_LAPIC");
    }

    private void floatingPoint(byte[] image) {
        call(KvmAbi.GET_XSAVE, xsave, "KVM_GET_XSAVE");
        if (image == null) {
            xsave.fill((byte) 0);
            xsave.set(ValueLayout.JAVA_SHORT, 0, (short) FCW_RESET);
            xsave.set(ValueLayout.JAVA_INT, MXCSR_OFFSET, MXCSR_RESET);
        } else {
            MemorySegment.copy(image, 0, xsave, ValueLayout.JAVA_BYTE, 0, KvmAbi.FXSAVE_SIZE);
        }
        long present = xsave.get(ValueLayout.JAVA_LONG, KvmAbi.XSAVE_XSTATE_BV);
        xsave.set(ValueLayout.JAVA_LONG, KvmAbi.XSAVE_XSTATE_BV, present | KvmAbi.XSTATE_FP_SSE);
        call(KvmAbi.SET_XSAVE, xsave, "KVM_SET_XSAVE");
    }

    private void runState(int state) {
        word.set(ValueLayout.JAVA_INT, 0, state);
        call(KvmAbi.SET_MP_STATE, word, "KVM_SET_MP_STATE");
    }

    private Long readMsr(int index) {
        request(index, 0);
        return Libc.ioctl(fd, KvmAbi.GET_MSRS, msr.address()) == 1
                ? msr.get(ValueLayout.JAVA_LONG, KvmAbi.MSRS_HEADER + 8) : null;
    }

    private void writeMsr(int index, long value) {
        request(index, value);
        Libc.ioctl(fd, KvmAbi.SET_MSRS, msr.address());
    }

    private void request(int index, long value) {
        msr.set(ValueLayout.JAVA_INT, 0, 1);
        msr.set(ValueLayout.JAVA_INT, KvmAbi.MSRS_HEADER, index);
        msr.set(ValueLayout.JAVA_LONG, KvmAbi.MSRS_HEADER + 8, value);
    }

    private void call(long request, MemorySegment argument, String what) {
        if (Libc.ioctl(fd, request, argument.address()) < 0) {
            throw new IllegalStateException("%s failed with error %d".formatted(what, Libc.errno()));
        }
    }

    private static SegmentState segment(MemorySegment s, int at) {
        int attributes = bits(s, at + KvmAbi.SEGMENT_TYPE, 15) | bits(s, at + KvmAbi.SEGMENT_S, 1) << 4
                | bits(s, at + KvmAbi.SEGMENT_DPL, 3) << 5 | bits(s, at + KvmAbi.SEGMENT_PRESENT, 1) << 7
                | bits(s, at + KvmAbi.SEGMENT_AVL, 1) << 12 | bits(s, at + KvmAbi.SEGMENT_L, 1) << 13
                | bits(s, at + KvmAbi.SEGMENT_DB, 1) << 14 | bits(s, at + KvmAbi.SEGMENT_G, 1) << 15
                | bits(s, at + KvmAbi.SEGMENT_UNUSABLE, 1) << 16;
        return new SegmentState(s.get(ValueLayout.JAVA_SHORT, at + KvmAbi.SEGMENT_SELECTOR) & 0xFFFF,
                s.get(ValueLayout.JAVA_LONG, at), s.get(ValueLayout.JAVA_INT, at + KvmAbi.SEGMENT_LIMIT), attributes);
    }

    private static int bits(MemorySegment s, int at, int mask) {
        return s.get(ValueLayout.JAVA_BYTE, at) & mask;
    }

    private static void segment(MemorySegment s, int at, SegmentState segment) {
        int attributes = segment.attributes();
        s.set(ValueLayout.JAVA_LONG, at, segment.base());
        s.set(ValueLayout.JAVA_INT, at + KvmAbi.SEGMENT_LIMIT, segment.limit());
        s.set(ValueLayout.JAVA_SHORT, at + KvmAbi.SEGMENT_SELECTOR, (short) segment.selector());
        s.set(ValueLayout.JAVA_BYTE, at + KvmAbi.SEGMENT_TYPE, (byte) (attributes & 15));
        s.set(ValueLayout.JAVA_BYTE, at + KvmAbi.SEGMENT_S, (byte) (attributes >> 4 & 1));
        s.set(ValueLayout.JAVA_BYTE, at + KvmAbi.SEGMENT_DPL, (byte) (attributes >> 5 & 3));
        s.set(ValueLayout.JAVA_BYTE, at + KvmAbi.SEGMENT_PRESENT, (byte) (attributes >> 7 & 1));
        s.set(ValueLayout.JAVA_BYTE, at + KvmAbi.SEGMENT_AVL, (byte) (attributes >> 12 & 1));
        s.set(ValueLayout.JAVA_BYTE, at + KvmAbi.SEGMENT_L, (byte) (attributes >> 13 & 1));
        s.set(ValueLayout.JAVA_BYTE, at + KvmAbi.SEGMENT_DB, (byte) (attributes >> 14 & 1));
        s.set(ValueLayout.JAVA_BYTE, at + KvmAbi.SEGMENT_G, (byte) (attributes >> 15 & 1));
        s.set(ValueLayout.JAVA_BYTE, at + KvmAbi.SEGMENT_UNUSABLE, (byte) (attributes >> 16 & 1));
    }
}
