package org.viridian.app.machine;

import java.util.ArrayList;
import java.util.List;
import org.viridian.engine.firmware.BoardMap;
import org.viridian.engine.memory.GuestMemory;
import org.viridian.engine.memory.HostPages;
import org.viridian.engine.memory.MemoryRegion;

/** A machine's RAM: host pages placed as the board's map says. Closed after the partition. */
final class GuestRam implements AutoCloseable {
    private final List<HostPages> pages = new ArrayList<>();

    /** Allocates and places the RAM. */
    GuestRam(GuestMemory memory, List<BoardMap.Range> ranges) {
        try {
            for (BoardMap.Range range : ranges) {
                HostPages part = HostPages.allocate(range.size());
                pages.add(part);
                memory.add(new MemoryRegion(range.base(), part.segment(), MemoryRegion.Kind.RAM));
            }
        } catch (OutOfMemoryError | RuntimeException refused) {
            close();
            throw refused;
        }
    }

    @Override
    public void close() {
        pages.forEach(HostPages::close);
        pages.clear();
    }
}
