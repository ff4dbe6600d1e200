package org.viridian.engine.kvm;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * A processor's model-specific registers by KVM_GET_MSRS and KVM_SET_MSRS. Which there are, the kernel lists; what the
 * engine keeps itself (the synthetic MSRs), what is KVM's own interface and what belongs to other parts of the state is left
 * out. Thread rule: the processor's own.
 */
final class KvmMsrs {
    static final int TSC = 0x10;
    static final int APIC_BASE = 0x1B;
    static final int TSC_DEADLINE = 0x6E0;
    /** The old numbers of KVM's paravirtual clock; the new ones are 0x4B564Dxx. */
    private static final int KVM_WALL_CLOCK = 0x11;
    private static final int KVM_SYSTEM_TIME = 0x12;
    private static final int HYPERVISOR_RANGE = 4;
    /** KVM keeps the memory types but leaves them out of its list (Intel SDM vol. 3, "MTRRs"). */
    private static final int[] MEMORY_TYPES = {
        0x200, 0x201, 0x202, 0x203, 0x204, 0x205, 0x206, 0x207, 0x208, 0x209, 0x20A, 0x20B, 0x20C, 0x20D, 0x20E, 0x20F,
        0x250, 0x258, 0x259, 0x268, 0x269, 0x26A, 0x26B, 0x26C, 0x26D, 0x26E, 0x26F, 0x2FF,
    };

    private final int fd;
    private final int[] indices;
    private final MemorySegment single;
    private final MemorySegment batch;

    /** @param listed what the kernel can save */
    KvmMsrs(int fd, int[] listed, Arena arena) {
        this.fd = fd;
        this.indices = IntStream.concat(IntStream.of(listed), IntStream.of(MEMORY_TYPES)).filter(KvmMsrs::saved).distinct().toArray();
        single = arena.allocate(KvmAbi.MSRS_HEADER + KvmAbi.MSR_ENTRY_SIZE, 8);
        batch = arena.allocate(KvmAbi.MSRS_HEADER + (long) KvmAbi.MSR_ENTRY_SIZE * indices.length, 8);
    }

    static boolean saved(int index) {
        return index >>> 28 != HYPERVISOR_RANGE && index != TSC && index != APIC_BASE && index != KVM_WALL_CLOCK
                && index != KVM_SYSTEM_TIME;
    }

    /** Every register that this processor has. */
    Map<Integer, Long> readAll() {
        Map<Integer, Long> values = new LinkedHashMap<>();
        // The kernel stops before the first it does not give: that one is stepped over, and the rest asked again.
        for (int next = 0; next < indices.length;) {
            int count = indices.length - next;
            batch.set(ValueLayout.JAVA_INT, 0, count);
            for (int i = 0; i < count; i++) {
                batch.set(ValueLayout.JAVA_INT, entry(i), indices[next + i]);
            }
            int read = Libc.ioctl(fd, KvmAbi.GET_MSRS, batch.address());
            if (read < 0) {
                throw new IllegalStateException("KVM_GET_MSRS failed with error " + Libc.errno());
            }
            for (int i = 0; i < read; i++) {
                values.put(indices[next + i], batch.get(ValueLayout.JAVA_LONG, entry(i) + 8));
            }
            next += read + 1;
        }
        return values;
    }

    private static long entry(int i) {
        return KvmAbi.MSRS_HEADER + (long) i * KvmAbi.MSR_ENTRY_SIZE;
    }

    /** The value, or null when the processor has no such register. */
    Long read(int index) {
        request(index, 0);
        return Libc.ioctl(fd, KvmAbi.GET_MSRS, single.address()) == 1
                ? single.get(ValueLayout.JAVA_LONG, KvmAbi.MSRS_HEADER + 8) : null;
    }

    /** False when the processor has no such register or refuses the value. */
    boolean write(int index, long value) {
        request(index, value);
        return Libc.ioctl(fd, KvmAbi.SET_MSRS, single.address()) == 1;
    }

    /**
     * Writes all; one at a time, because the kernel stops at the first it does not know, and a state of another backend
     * may name others.
     *
     * @return how many were taken
     */
    int write(Map<Integer, Long> values) {
        int taken = 0;
        for (Map.Entry<Integer, Long> value : values.entrySet()) {
            if (saved(value.getKey()) && value.getKey() != TSC_DEADLINE && write(value.getKey(), value.getValue())) {
                taken++;
            }
        }
        // The timer's mode is in the local APIC, which is in place by now.
        Long deadline = values.get(TSC_DEADLINE);
        if (deadline != null && write(TSC_DEADLINE, deadline)) {
            taken++;
        }
        return taken;
    }

    private void request(int index, long value) {
        single.set(ValueLayout.JAVA_INT, 0, 1);
        single.set(ValueLayout.JAVA_INT, KvmAbi.MSRS_HEADER, index);
        single.set(ValueLayout.JAVA_LONG, KvmAbi.MSRS_HEADER + 8, value);
    }
}
