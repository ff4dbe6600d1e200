package org.viridian.display.synthvideo;

import java.lang.foreign.MemorySegment;
import java.util.List;
import org.viridian.engine.firmware.BoardMap;
import org.viridian.engine.memory.GuestMemory;
import org.viridian.engine.memory.HostPages;
import org.viridian.engine.memory.MemoryRegion;

/**
 * The memory of the picture, where the guest wants it: in a window for MMIO, backed by host memory that lives as long as
 * the device, or in the guest's own RAM (hyperv_fb on a machine with a BIOS). Its content is never cleared.
 *
 * <p>Thread rule: {@link #place} and {@link #remove} by one thread, the channel's worker.
 */
final class VideoMemory {
    private static final List<BoardMap.Range> WINDOWS = List.of(
            new BoardMap.Range(BoardMap.MMIO_LOW, BoardMap.MMIO_LOW_END - BoardMap.MMIO_LOW),
            new BoardMap.Range(BoardMap.MMIO_HIGH, BoardMap.MMIO_HIGH_END - BoardMap.MMIO_HIGH));

    private final GuestMemory memory;
    private final long size;
    private HostPages pages;
    private MemoryRegion region;
    private volatile MemorySegment placed;
    private volatile long address;

    VideoMemory(GuestMemory memory, long size) {
        this.memory = memory;
        this.size = size;
    }

    /** Puts the memory at a guest physical address; false when it cannot be there. */
    boolean place(long gpa) {
        if (placed != null && gpa == address) {
            return true;
        }
        remove();
        if ((gpa & (GuestMemory.PAGE_SIZE - 1)) != 0 || gpa < 0) {
            return false;
        }
        MemoryRegion ram = memory.find(gpa);
        if (ram != null && ram.kind() == MemoryRegion.Kind.RAM) {
            // The guest allocates no more than one picture there: the rest of what was offered may lie behind its RAM.
            placed = memory.slice(gpa, Math.min(size, ram.end() - gpa));
        } else {
            if (WINDOWS.stream().noneMatch(window -> gpa >= window.base() && gpa <= window.end() - size)) {
                return false;
            }
            if (pages == null) {
                pages = HostPages.allocate(size);
            }
            MemoryRegion next = new MemoryRegion(gpa, pages.segment(), MemoryRegion.Kind.VIDEO);
            try {
                memory.add(next);
            } catch (IllegalArgumentException overlap) {
                return false;
            }
            region = next;
            placed = pages.segment();
        }
        address = gpa;
        return true;
    }

    /** Takes it out of the guest's address space. */
    void remove() {
        placed = null;
        if (region != null) {
            memory.remove(region);
            region = null;
        }
    }

    /** Where it is, or null. */
    MemorySegment segment() {
        return placed;
    }

    /** Guest physical address; meaningful while it is placed. */
    long address() {
        return address;
    }

    /** Gives the host memory back. */
    void close() {
        remove();
        if (pages != null) {
            pages.close();
            pages = null;
        }
    }
}
