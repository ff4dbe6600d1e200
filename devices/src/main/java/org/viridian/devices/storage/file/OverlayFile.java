package org.viridian.devices.storage.file;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.viridian.devices.storage.ImageException;

/**
 * A file that is not changed, with changes over it in memory: for looking at an image whose log is not replayed. All
 * changes come before it is shared between threads.
 */
public final class OverlayFile implements HostFile {
    private static final int PAGE = 4096;
    private static final int MAX_PAGES = 4096;

    private final HostFile below;
    private final NavigableMap<Long, byte[]> pages = new TreeMap<>();
    private long size;

    /** @param below belongs to the overlay from now on */
    public OverlayFile(HostFile below) throws IOException {
        this.below = below;
        this.size = below.size();
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public void resize(long newSize) {
        size = newSize;
    }

    @Override
    public void read(long offset, MemorySegment target) throws IOException {
        below.read(offset, target);
        long end = offset + target.byteSize();
        for (var page : pages.subMap(offset & -PAGE, true, end, false).entrySet()) {
            long from = Math.max(offset, page.getKey());
            long to = Math.min(end, page.getKey() + PAGE);
            if (from < to) {
                MemorySegment.copy(MemorySegment.ofArray(page.getValue()), from - page.getKey(), target, from - offset, to - from);
            }
        }
    }

    @Override
    public void write(long offset, MemorySegment source) throws IOException {
        for (long at = 0; at < source.byteSize(); ) {
            long page = offset + at & -PAGE;
            long within = offset + at - page;
            long count = Math.min(PAGE - within, source.byteSize() - at);
            MemorySegment.copy(source, at, MemorySegment.ofArray(page(page)), within, count);
            at += count;
        }
        size = Math.max(size, offset + source.byteSize());
    }

    private byte[] page(long offset) throws IOException {
        byte[] page = pages.get(offset);
        if (page == null) {
            if (pages.size() == MAX_PAGES) {
                throw new ImageException(path() + " has too long a log to be opened for reading only; open it for writing once");
            }
            page = below.read(offset, PAGE);
            pages.put(offset, page);
        }
        return page;
    }

    @Override
    public void zero(long offset, long length) throws IOException {
        for (long at = 0; at < length; at += PAGE) {
            write(offset + at, new byte[(int) Math.min(PAGE, length - at)]);
        }
    }

    @Override
    public void sync() {
        // Nothing of it is ever to last.
    }

    @Override
    public long nextData(long offset) {
        return Math.min(offset, size);
    }

    @Override
    public long nextHole(long offset) {
        return size;
    }

    @Override
    public long allocated() throws IOException {
        return below.allocated();
    }

    @Override
    public Path path() {
        return below.path();
    }

    @Override
    public void close() throws IOException {
        below.close();
    }
}
