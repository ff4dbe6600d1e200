package org.viridian.engine.software;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.viridian.engine.memory.MemoryListener;
import org.viridian.engine.memory.MemoryRegion;

/**
 * Guest physical memory as the processors reach it: host addresses of the regions, and which pages hold decoded code.
 * Shared by all processors of a partition; the region array is replaced as a whole.
 */
final class PhysicalMemory implements MemoryListener {
    /** A region with its host address and code marks. */
    static final class Region {
        final MemoryRegion source;
        final long base;
        final long end;
        /** Host address minus guest physical address. */
        final long addend;
        final boolean writable;
        private final AtomicReferenceArray<CodePage> code;

        Region(MemoryRegion source) {
            this.source = source;
            this.base = source.base();
            this.end = source.end();
            this.addend = source.segment().address() - source.base();
            this.writable = source.kind() != MemoryRegion.Kind.ROM;
            this.code = new AtomicReferenceArray<>((int) (source.size() >>> 12));
        }

        /** The code of a page, or null when none was decoded there yet. */
        CodePage codePage(long physical) {
            return code.get((int) (physical - base >>> 12));
        }

        CodePage makeCodePage(long physical) {
            int page = (int) (physical - base >>> 12);
            CodePage existing = code.get(page);
            if (existing != null) {
                return existing;
            }
            CodePage made = new CodePage(physical & ~0xFFFL);
            return code.compareAndSet(page, null, made) ? made : code.get(page);
        }
    }

    /** Longest wait for processors to drop a removed region, ns. */
    private static final long FLUSH_WAIT = 5_000_000;

    private volatile Region[] regions = {};
    private final List<Cpu> processors = new CopyOnWriteArrayList<>();
    /** Counts requests to drop write tags; see {@link Cpu#acknowledgedEpoch}. */
    private long epoch;

    /** Adds a processor that must hear of changes. */
    void addProcessor(Cpu cpu) {
        processors.add(cpu);
    }

    void removeProcessor(Cpu cpu) {
        processors.remove(cpu);
    }

    /** How many processors have been added. */
    int processors() {
        return processors.size();
    }

    /** The region that holds this guest physical address, or null. */
    Region find(long physical) {
        for (Region region : regions) {
            if (physical >= region.base && physical < region.end) {
                return region;
            }
        }
        return null;
    }

    /** Asks every processor but {@code self} to drop its write tags; answers the epoch they will acknowledge. */
    synchronized long requestWriteTagFlush(Cpu self) {
        long wanted = ++epoch;
        for (Cpu cpu : processors) {
            if (cpu != self) {
                cpu.request(Cpu.PENDING_WRITE_TAGS);
            }
        }
        return wanted;
    }

    synchronized long epoch() {
        return epoch;
    }

    /** True when every processor but {@code self} has dropped its write tags since the request. */
    boolean acknowledged(long wanted, Cpu self) {
        for (Cpu cpu : processors) {
            if (cpu != self && cpu.acknowledgedEpoch < wanted) {
                return false;
            }
        }
        return true;
    }

    @Override
    public synchronized void regionAdded(MemoryRegion region) {
        List<Region> next = new ArrayList<>(List.of(regions));
        next.add(new Region(region));
        regions = next.toArray(Region[]::new);
        processors.forEach(cpu -> cpu.request(Cpu.PENDING_FLUSH));
    }

    @Override
    public void regionRemoved(MemoryRegion region) {
        synchronized (this) {
            List<Region> next = new ArrayList<>(List.of(regions));
            next.removeIf(r -> r.source == region);
            regions = next.toArray(Region[]::new);
        }
        processors.forEach(cpu -> cpu.request(Cpu.PENDING_FLUSH));
        // A processor inside a device's handler may be waiting for a lock that the caller holds, so the wait is bounded:
        // such a processor drops its translations before its next guest instruction, and the memory stays mapped.
        long end = System.nanoTime() + FLUSH_WAIT;
        for (Cpu cpu : processors) {
            while (cpu.flushOutstanding() && System.nanoTime() < end) {
                Thread.onSpinWait();
            }
        }
    }

    @Override
    public void hostWrote(long address, long length) {
        long at = address;
        long end = address + length;
        while (at < end) {
            Region region = find(at);
            if (region == null) {
                return;
            }
            long stop = Math.min(Math.min(end, region.end), (at | 0xFFF) + 1);
            CodePage page = region.codePage(at);
            if (page != null) {
                page.wrote((int) at & 0xFFF, (int) (stop - at));
            }
            at = stop;
        }
    }
}
