package org.viridian.engine.memory;

import java.lang.foreign.MemorySegment;

/**
 * A run of guest physical addresses backed by host memory.
 *
 * @param base first guest physical address, page aligned
 * @param segment the backing host memory, page aligned and of whole pages; shared by all threads
 * @param kind what it is used as
 */
public record MemoryRegion(long base, MemorySegment segment, Kind kind) {
    /** What a region is used as; decides who may address it. */
    public enum Kind {
        /** System RAM: everything may use it, DMA and VMBus included. */
        RAM,
        /** Video memory placed in MMIO space: the processors reach it directly, devices refuse it as a DMA target. */
        VIDEO,
        /** Firmware: the processors may read and execute it; writes exit as MMIO. */
        ROM
    }

    /** Bytes in the region. */
    public long size() {
        return segment.byteSize();
    }

    /** First guest physical address behind the region. */
    public long end() {
        return base + segment.byteSize();
    }

    /** True when all of {@code [address, address + length)} lies inside; never overflows. */
    public boolean contains(long address, long length) {
        long offset = address - base;
        return length >= 0 && offset >= 0 && length <= segment.byteSize() && offset <= segment.byteSize() - length;
    }
}
