package org.viridian.engine.software;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.viridian.engine.software.emit.StateLayout;

/**
 * The off-heap memory of one processor that translated code reads and writes: its state block, the TLB contexts and the
 * jump caches. Freed with the object.
 *
 * <p>Thread rule: the processor's own thread.
 */
final class NativeArea {
    private static final long TLB_BYTES = (long) CpuMemory.TLB_ENTRIES * CpuMemory.TLB_ENTRY_BYTES;
    private static final long JUMP_BYTES = (long) StateLayout.JUMP_ENTRIES * StateLayout.JUMP_ENTRY_BYTES;

    private final MemorySegment memory = Arena.ofAuto().allocate(StateLayout.BYTES + 4 * TLB_BYTES + 2 * JUMP_BYTES, 64);

    NativeArea() {
        CpuMemory.clearTlb(supervisorTlb());
        CpuMemory.clearTlb(userTlb());
        CpuMemory.clearTlb(openTlb());
        CpuMemory.clearTlb(noTlb());
    }

    /** What translated code holds in its state register: {@link StateLayout} counts from here. */
    long state() {
        return memory.address() + StateLayout.BIAS;
    }

    long supervisorTlb() {
        return memory.address() + StateLayout.BYTES;
    }

    long userTlb() {
        return supervisorTlb() + TLB_BYTES;
    }

    long openTlb() {
        return userTlb() + TLB_BYTES;
    }

    long noTlb() {
        return openTlb() + TLB_BYTES;
    }

    long supervisorJumps() {
        return noTlb() + TLB_BYTES;
    }

    long userJumps() {
        return supervisorJumps() + JUMP_BYTES;
    }
}
