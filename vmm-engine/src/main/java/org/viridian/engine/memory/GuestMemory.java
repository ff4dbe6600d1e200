package org.viridian.engine.memory;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * The guest physical address space as the host's devices see it: RAM and other regions backed by host memory.
 *
 * <p>Every address comes from the guest and is checked; a range outside RAM raises {@link GuestMemoryException}. The
 * content may change between two reads: copy once, validate the copy, use the copy. All integers are little-endian.
 *
 * <p>Thread rule: access from any thread. Regions are added and removed under this object's lock; readers see a
 * consistent array. Memory of a removed region stays mapped until the partition closes, so a late reader never faults.
 */
public final class GuestMemory {
    /** Bytes in a guest page. */
    public static final int PAGE_SIZE = 4096;

    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle ALIGNED_INT =
            ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle();

    private volatile MemoryRegion[] regions = {};
    private final List<MemoryListener> listeners = new CopyOnWriteArrayList<>();

    /** Adds a region and tells the listeners. Throws {@link IllegalArgumentException} on overlap or misalignment. */
    public synchronized void add(MemoryRegion region) {
        if (region.size() == 0 || ((region.base() | region.size()) & (PAGE_SIZE - 1)) != 0 || region.base() < 0) {
            throw new IllegalArgumentException("region 0x%x+0x%x is not page aligned".formatted(region.base(), region.size()));
        }
        for (MemoryRegion other : regions) {
            if (region.base() < other.end() && other.base() < region.end()) {
                throw new IllegalArgumentException("region 0x%x+0x%x overlaps 0x%x+0x%x"
                        .formatted(region.base(), region.size(), other.base(), other.size()));
            }
        }
        MemoryRegion[] next = Arrays.copyOf(regions, regions.length + 1);
        next[regions.length] = region;
        Arrays.sort(next, Comparator.comparingLong(MemoryRegion::base));
        regions = next;
        listeners.forEach(listener -> listener.regionAdded(region));
    }

    /** Removes a region and waits until the listeners have let go of it. Unknown regions are ignored. */
    public synchronized void remove(MemoryRegion region) {
        MemoryRegion[] next = Arrays.stream(regions).filter(r -> r != region).toArray(MemoryRegion[]::new);
        if (next.length == regions.length) {
            return;
        }
        regions = next;
        listeners.forEach(listener -> listener.regionRemoved(region));
    }

    /** Registers a listener; it is told of the regions that exist already. */
    public synchronized void addListener(MemoryListener listener) {
        listeners.add(listener);
        for (MemoryRegion region : regions) {
            listener.regionAdded(region);
        }
    }

    /** The regions, sorted by base. */
    public List<MemoryRegion> regions() {
        return List.of(regions);
    }

    /** The region that holds {@code address}, or null. */
    public MemoryRegion find(long address) {
        for (MemoryRegion region : regions) {
            if (region.contains(address, 1)) {
                return region;
            }
        }
        return null;
    }

    /** True when all of the range is RAM in one region. */
    public boolean isRam(long address, long length) {
        MemoryRegion region = find(address);
        return region != null && region.kind() == MemoryRegion.Kind.RAM && region.contains(address, length);
    }

    /** A view of RAM. After writing through it, call {@link #wrote}. Throws {@link GuestMemoryException} outside RAM. */
    public MemorySegment slice(long address, long length) {
        MemoryRegion region = ram(address, length);
        return region.segment().asSlice(address - region.base(), length);
    }

    /** Tells backends that host code changed guest memory through a {@link #slice}. */
    public void wrote(long address, long length) {
        for (MemoryListener listener : listeners) {
            listener.hostWrote(address, length);
        }
    }

    /** Reads an unsigned byte. */
    public int readByte(long address) {
        MemoryRegion region = ram(address, 1);
        return region.segment().get(ValueLayout.JAVA_BYTE, address - region.base()) & 0xFF;
    }

    /** Reads an unsigned 16-bit integer. */
    public int readShort(long address) {
        MemoryRegion region = ram(address, 2);
        return region.segment().get(SHORT, address - region.base()) & 0xFFFF;
    }

    /** Reads a 32-bit integer. */
    public int readInt(long address) {
        MemoryRegion region = ram(address, 4);
        return region.segment().get(INT, address - region.base());
    }

    /** Reads a 64-bit integer. */
    public long readLong(long address) {
        MemoryRegion region = ram(address, 8);
        return region.segment().get(LONG, address - region.base());
    }

    /** Copies guest RAM into {@code target}. */
    public void read(long address, byte[] target, int offset, int length) {
        MemoryRegion region = ram(address, length);
        MemorySegment.copy(region.segment(), ValueLayout.JAVA_BYTE, address - region.base(), target, offset, length);
    }

    /** Writes the low byte of {@code value}. */
    public void writeByte(long address, int value) {
        MemoryRegion region = ram(address, 1);
        region.segment().set(ValueLayout.JAVA_BYTE, address - region.base(), (byte) value);
        wrote(address, 1);
    }

    /** Writes a 16-bit integer. */
    public void writeShort(long address, int value) {
        MemoryRegion region = ram(address, 2);
        region.segment().set(SHORT, address - region.base(), (short) value);
        wrote(address, 2);
    }

    /** Writes a 32-bit integer. */
    public void writeInt(long address, int value) {
        MemoryRegion region = ram(address, 4);
        region.segment().set(INT, address - region.base(), value);
        wrote(address, 4);
    }

    /** Writes a 64-bit integer. */
    public void writeLong(long address, long value) {
        MemoryRegion region = ram(address, 8);
        region.segment().set(LONG, address - region.base(), value);
        wrote(address, 8);
    }

    /** Copies {@code source} into guest RAM. */
    public void write(long address, byte[] source, int offset, int length) {
        MemoryRegion region = ram(address, length);
        MemorySegment.copy(source, offset, region.segment(), ValueLayout.JAVA_BYTE, address - region.base(), length);
        wrote(address, length);
    }

    /** Copies a whole array into guest RAM. */
    public void write(long address, byte[] source) {
        write(address, source, 0, source.length);
    }

    /** Sets guest RAM to zero. */
    public void clear(long address, long length) {
        slice(address, length).fill((byte) 0);
        wrote(address, length);
    }

    /** Reads an aligned 32-bit integer with acquire order. */
    public int readIntAcquire(long address) {
        MemoryRegion region = aligned(address);
        return (int) ALIGNED_INT.getAcquire(region.segment(), address - region.base());
    }

    /** Writes an aligned 32-bit integer with release order. */
    public void writeIntRelease(long address, int value) {
        MemoryRegion region = aligned(address);
        ALIGNED_INT.setRelease(region.segment(), address - region.base(), value);
        wrote(address, 4);
    }

    /** Atomically ORs bits into an aligned 32-bit integer; returns its former value. */
    public int getAndOr(long address, int bits) {
        MemoryRegion region = aligned(address);
        int before = (int) ALIGNED_INT.getAndBitwiseOr(region.segment(), address - region.base(), bits);
        wrote(address, 4);
        return before;
    }

    private MemoryRegion aligned(long address) {
        if ((address & 3) != 0) {
            throw new GuestMemoryException(address, 4);
        }
        return ram(address, 4);
    }

    private MemoryRegion ram(long address, long length) {
        for (MemoryRegion region : regions) {
            if (region.contains(address, length)) {
                if (region.kind() != MemoryRegion.Kind.RAM) {
                    break;
                }
                return region;
            }
        }
        throw new GuestMemoryException(address, length);
    }
}
