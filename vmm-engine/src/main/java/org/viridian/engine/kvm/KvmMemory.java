package org.viridian.engine.kvm;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.BitSet;
import java.util.IdentityHashMap;
import java.util.Map;
import org.viridian.engine.memory.MemoryListener;
import org.viridian.engine.memory.MemoryRegion;

/**
 * Keeps KVM's memory slots equal to the guest's regions. Removing a slot waits in the kernel until no processor can reach
 * it. Host writes need nothing: KVM sees the same pages. Thread rule: calls are serialised here.
 */
final class KvmMemory implements MemoryListener {
    private final int vm;
    private final boolean readOnlySlots;
    private final Map<MemoryRegion, Integer> slots = new IdentityHashMap<>();
    private final BitSet used = new BitSet();
    private boolean closed;

    KvmMemory(int vm, boolean readOnlySlots) {
        this.vm = vm;
        this.readOnlySlots = readOnlySlots;
    }

    @Override
    public synchronized void regionAdded(MemoryRegion region) {
        if (closed) {
            return;
        }
        if (!region.segment().isNative()) {
            throw new IllegalArgumentException("guest memory at 0x%x lies in the Java heap, where KVM cannot reach it".formatted(region.base()));
        }
        if (region.kind() == MemoryRegion.Kind.ROM && !readOnlySlots) {
            throw new IllegalStateException("this KVM has no read-only memory, which firmware needs");
        }
        int slot = used.nextClearBit(0);
        int flags = region.kind() == MemoryRegion.Kind.ROM ? KvmAbi.MEM_READONLY : 0;
        if (set(slot, flags, region, region.size()) < 0) {
            throw new IllegalStateException("KVM refused guest memory at 0x%x+0x%x (error %d)"
                    .formatted(region.base(), region.size(), Libc.errno()));
        }
        used.set(slot);
        slots.put(region, slot);
    }

    @Override
    public synchronized void regionRemoved(MemoryRegion region) {
        Integer slot = slots.remove(region);
        if (slot == null || closed) {
            return;
        }
        set(slot, 0, region, 0);
        used.clear(slot);
    }

    @Override
    public void hostWrote(long address, long length) {
        // One set of pages, coherent caches.
    }

    /** After this the descriptor is no longer used. */
    synchronized void close() {
        closed = true;
        slots.clear();
    }

    private int set(int slot, int flags, MemoryRegion region, long size) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment request = arena.allocate(KvmAbi.MEMORY_REGION_SIZE, 8);
            request.set(ValueLayout.JAVA_INT, 0, slot);
            request.set(ValueLayout.JAVA_INT, 4, flags);
            request.set(ValueLayout.JAVA_LONG, 8, region.base());
            request.set(ValueLayout.JAVA_LONG, 16, size);
            request.set(ValueLayout.JAVA_LONG, 24, region.segment().address());
            return Libc.ioctl(vm, KvmAbi.SET_USER_MEMORY_REGION, request.address());
        }
    }
}
