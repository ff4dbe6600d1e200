package org.viridian.engine.kvm;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Map;
import org.viridian.engine.processor.LiveState;
import org.viridian.engine.processor.ProcessorState;
import org.viridian.engine.processor.SegmentState;

/**
 * A processor's state outside its general registers: read from the kernel, written to it, and the picture taken right after
 * the processor was made, to which a reset returns. Thread rule: the processor's own.
 */
final class KvmRegisters {
    private final int fd;
    private final MemorySegment sregs;
    private final MemorySegment lapic;
    private final KvmMsrs msrs;
    private final KvmLiveState live;
    private boolean sregsValid;

    private final byte[] resetSregs;
    private final byte[] resetLapic;
    private final Map<Integer, Long> resetMsrs;

    /**
     * @param fd the processor's descriptor, fresh from the kernel and with its CPUID table set
     * @param listedMsrs the registers that the kernel can save
     */
    KvmRegisters(int fd, int[] listedMsrs, Arena arena) {
        this.fd = fd;
        sregs = arena.allocate(KvmAbi.SREGS_SIZE, 8);
        lapic = arena.allocate(KvmAbi.LAPIC_SIZE, 8);
        msrs = new KvmMsrs(fd, listedMsrs, arena);
        live = new KvmLiveState(fd, arena);
        loadSregs();
        call(KvmAbi.GET_LAPIC, lapic, "KVM_GET_LAPIC");
        resetSregs = sregs.toArray(ValueLayout.JAVA_BYTE);
        resetLapic = lapic.toArray(ValueLayout.JAVA_BYTE);
        resetMsrs = msrs.readAll();
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
        Long value = msrs.read(KvmMsrs.TSC);
        return value == null ? 0 : value;
    }

    /** True when the processor took every one. */
    boolean preset(Map<Integer, Long> values) {
        return msrs.write(values) == values.size();
    }

    /** Puts all but the general registers back to what they were after power-on. The TSC runs on, as on hardware's INIT. */
    void reset() {
        MemorySegment.copy(resetSregs, 0, sregs, ValueLayout.JAVA_BYTE, 0, resetSregs.length);
        call(KvmAbi.SET_SREGS, sregs, "KVM_SET_SREGS");
        sregsValid = true;
        localApic(null);
        msrs.write(resetMsrs);
        live.reset();
    }

    /** Reads everything; the caller supplies the general registers. */
    ProcessorState read(long[] gpr, long rip, long rflags) {
        MemorySegment s = sregs();
        SegmentState[] segments = new SegmentState[KvmAbi.SREGS_SEGMENTS.length];
        for (int i = 0; i < segments.length; i++) {
            segments[i] = segment(s, KvmAbi.SREGS_SEGMENTS[i]);
        }
        LiveState rest = live.read(timestamp());
        call(KvmAbi.GET_LAPIC, lapic, "KVM_GET_LAPIC");
        Map<Integer, Long> values = msrs.readAll();
        values.put(KvmMsrs.APIC_BASE, s.get(ValueLayout.JAVA_LONG, KvmAbi.SREGS_APIC_BASE));
        return new ProcessorState(gpr, rip, rflags, segments,
                s.get(ValueLayout.JAVA_LONG, KvmAbi.SREGS_GDT), s.get(ValueLayout.JAVA_SHORT, KvmAbi.SREGS_GDT + KvmAbi.DTABLE_LIMIT) & 0xFFFF,
                s.get(ValueLayout.JAVA_LONG, KvmAbi.SREGS_IDT), s.get(ValueLayout.JAVA_SHORT, KvmAbi.SREGS_IDT + KvmAbi.DTABLE_LIMIT) & 0xFFFF,
                s.get(ValueLayout.JAVA_LONG, KvmAbi.SREGS_CR0), s.get(ValueLayout.JAVA_LONG, KvmAbi.SREGS_CR2),
                s.get(ValueLayout.JAVA_LONG, KvmAbi.SREGS_CR3), s.get(ValueLayout.JAVA_LONG, KvmAbi.SREGS_CR4),
                s.get(ValueLayout.JAVA_LONG, KvmAbi.SREGS_CR8), s.get(ValueLayout.JAVA_LONG, KvmAbi.SREGS_EFER),
                live.fxsave(), values, lapic.toArray(ValueLayout.JAVA_BYTE), rest);
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
        Map<Integer, Long> values = state.msrs() == null ? Map.of() : state.msrs();
        // Before the local APIC: whether it is in x2APIC mode decides how its image is read.
        Long apicBase = values.get(KvmMsrs.APIC_BASE);
        if (apicBase != null) {
            s.set(ValueLayout.JAVA_LONG, KvmAbi.SREGS_APIC_BASE, apicBase);
        }
        s.asSlice(KvmAbi.SREGS_INTERRUPT_BITMAP).fill((byte) 0);
        call(KvmAbi.SET_SREGS, s, "KVM_SET_SREGS");
        LiveState rest = state.live();
        if (rest == null) {
            live.start(state.fxsave());
        } else {
            live.write(rest, state.fxsave());
            // Within a second of where the TSC would be anyway, KVM keeps the processors' TSCs in step.
            msrs.write(KvmMsrs.TSC, rest.timestamp());
        }
        localApic(state.localApic());
        msrs.write(values);
        if (rest != null) {
            live.activity(rest.activity());
        }
        sregsValid = false;
    }

    private void localApic(byte[] image) {
        byte[] from = image == null ? resetLapic : image;
        MemorySegment.copy(from, 0, lapic, ValueLayout.JAVA_BYTE, 0, Math.min(from.length, KvmAbi.LAPIC_SIZE));
        call(KvmAbi.SET_LAPIC, lapic, "KVM_SET_LAPIC");
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
