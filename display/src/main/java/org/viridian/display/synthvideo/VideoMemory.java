package org.viridian.display.synthvideo;

import java.lang.foreign.MemorySegment;
import org.viridian.engine.firmware.BoardMap;
import org.viridian.engine.memory.GuestMemory;
import org.viridian.engine.memory.HostPages;
import org.viridian.engine.memory.MemoryRegion;
import org.viridian.vmbus.channel.ProtocolViolation;

/**
 * Where the guest has put its frame buffer: in the VMBus MMIO window, where our own memory is then mapped, or in its
 * ordinary RAM (hyperv_fb does so on machines with a BIOS).
 */
final class VideoMemory implements AutoCloseable {
    private final GuestMemory memory;
    private final long address;
    private final HostPages pages;
    private final MemoryRegion region;

    private VideoMemory(GuestMemory memory, long address, HostPages pages, MemoryRegion region) {
        this.memory = memory;
        this.address = address;
        this.pages = pages;
        this.region = region;
    }

    /** Maps {@code size} bytes at {@code address}, or takes the RAM that is there. */
    static VideoMemory place(GuestMemory memory, long address, long size) throws ProtocolViolation {
        if ((address & GuestMemory.PAGE_SIZE - 1) != 0) {
            throw new ProtocolViolation("video memory at 0x%x is not page aligned".formatted(address));
        }
        if (memory.isRam(address, GuestMemory.PAGE_SIZE)) {
            return new VideoMemory(memory, address, null, null);
        }
        if (address < BoardMap.MMIO_LOW || address > BoardMap.MMIO_LOW_END - size) {
            throw new ProtocolViolation("video memory at 0x%x lies neither in RAM nor in the VMBus window".formatted(address));
        }
        HostPages pages = HostPages.allocate(size);
        MemoryRegion region = new MemoryRegion(address, pages.segment(), MemoryRegion.Kind.VIDEO);
        try {
            memory.add(region);
        } catch (IllegalArgumentException overlap) {
            pages.close();
            throw new ProtocolViolation("video memory at 0x%x overlaps other memory".formatted(address));
        }
        return new VideoMemory(memory, address, pages, region);
    }

    /** The bytes from {@code offset} on, or null when they are not all there. */
    MemorySegment slice(long offset, long length) {
        if (region == null) {
            return offset <= Long.MAX_VALUE - address && memory.isRam(address + offset, length)
                    ? memory.slice(address + offset, length) : null;
        }
        return offset <= region.size() - length ? region.segment().asSlice(offset, length) : null;
    }

    /** For the device manager. */
    String describe() {
        return region == null ? "0x%x (guest RAM)".formatted(address) : "0x%x-0x%x".formatted(address, region.end() - 1);
    }

    @Override
    public void close() {
        if (region != null) {
            memory.remove(region);
            pages.close();
        }
    }
}
