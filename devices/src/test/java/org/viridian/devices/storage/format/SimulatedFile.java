package org.viridian.devices.storage.format;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.viridian.devices.storage.file.HostFile;

/**
 * A file in memory that can stop: after a number of changes every further one fails, the last one perhaps done in part.
 * What is left is either what a killed process leaves (all changes before the stop) or what a machine that lost its power
 * leaves (everything synced, and of the changes since then any). Sectors of 512 bytes are whole.
 */
final class SimulatedFile implements HostFile {
    private static final int PAGE = 4096;
    private static final int SECTOR = 512;

    /** A change: bytes, zeroes ({@code bytes} null), or with {@code offset} -1 a new size {@code length}. */
    private record Change(long offset, byte[] bytes, long length) {}

    /** Content of a file. */
    static final class Content {
        private final Map<Long, byte[]> pages;
        private long size;

        Content() {
            pages = new HashMap<>();
        }

        Content(Content other) {
            pages = new HashMap<>();
            other.pages.forEach((at, page) -> pages.put(at, page.clone()));
            size = other.size;
        }

        private void apply(Change change) {
            if (change.offset < 0) {
                resize(change.length);
                return;
            }
            for (long at = change.offset; at < change.offset + change.length; ) {
                long page = at & -PAGE;
                int within = (int) (at - page);
                int count = (int) Math.min(PAGE - within, change.offset + change.length - at);
                if (change.bytes != null) {
                    System.arraycopy(change.bytes, (int) (at - change.offset), pages.computeIfAbsent(page, p -> new byte[PAGE]), within, count);
                } else if (count == PAGE) {
                    pages.remove(page);
                } else if (pages.containsKey(page)) {
                    java.util.Arrays.fill(pages.get(page), within, within + count, (byte) 0);
                }
                at += count;
            }
            if (change.bytes != null) {
                size = Math.max(size, change.offset + change.length);
            }
        }

        private void resize(long newSize) {
            if (newSize < size) {
                apply(new Change(newSize, null, size - newSize));
            }
            size = newSize;
        }

        private void read(long offset, MemorySegment target) {
            target.fill((byte) 0);
            long end = Math.min(size, offset + target.byteSize());
            for (long at = offset; at < end; ) {
                long page = at & -PAGE;
                int within = (int) (at - page);
                long count = Math.min(PAGE - within, end - at);
                byte[] bytes = pages.get(page);
                if (bytes != null) {
                    MemorySegment.copy(MemorySegment.ofArray(bytes), within, target, at - offset, count);
                }
                at += count;
            }
        }
    }

    private final Path path;
    private final Random random;
    private Content now;
    private final Content durable;
    private final List<Change> unsynced = new ArrayList<>();
    private long budget = Long.MAX_VALUE;
    private boolean stopped;

    SimulatedFile(Path path, Content content, Random random) {
        this.path = path;
        this.now = content;
        this.durable = new Content(content);
        this.random = random;
    }

    /** Stops after this many more changes. */
    synchronized void stopAfter(long changes) {
        budget = changes;
    }

    synchronized boolean stopped() {
        return stopped;
    }

    /** What a killed process leaves. */
    synchronized Content afterKill() {
        return new Content(now);
    }

    /** What a loss of power leaves: of the changes that were not synced some, each whole or in part. */
    synchronized Content afterPowerLoss() {
        Content left = new Content(durable);
        for (Change change : unsynced) {
            if (random.nextInt(3) > 0) {
                left.apply(random.nextInt(8) == 0 ? torn(change) : change);
            }
        }
        return left;
    }

    /** Writes the content into a real file. */
    static void materialize(Content content, Path target) throws IOException {
        try (var channel = java.nio.channels.FileChannel.open(target, java.nio.file.StandardOpenOption.CREATE,
                java.nio.file.StandardOpenOption.WRITE, java.nio.file.StandardOpenOption.TRUNCATE_EXISTING)) {
            for (var page : content.pages.entrySet()) {
                if (page.getKey() < content.size) {
                    int count = (int) Math.min(PAGE, content.size - page.getKey());
                    channel.write(java.nio.ByteBuffer.wrap(page.getValue(), 0, count), page.getKey());
                }
            }
            if (channel.size() < content.size) {
                channel.write(java.nio.ByteBuffer.allocate(1), content.size - 1);
            }
        }
    }

    /** Reads a real file. */
    static Content load(Path source) throws IOException {
        Content content = new Content();
        byte[] bytes = Files.readAllBytes(source);
        content.apply(new Change(0, bytes, bytes.length));
        return content;
    }

    private Change torn(Change change) {
        if (change.offset < 0) {
            return change;
        }
        long sectors = (change.length + SECTOR - 1) / SECTOR;
        long keep = Math.min(change.length, SECTOR * (sectors <= 1 ? 1 : random.nextLong(sectors)));
        return new Change(change.offset, change.bytes == null ? null : java.util.Arrays.copyOf(change.bytes, (int) keep), keep);
    }

    private synchronized void change(Change change) throws IOException {
        if (stopped) {
            throw new IOException("stopped");
        }
        if (budget-- <= 0) {
            stopped = true;
            Change part = torn(change);
            now.apply(part);
            unsynced.add(part);
            throw new IOException("stopped");
        }
        now.apply(change);
        unsynced.add(change);
    }

    @Override
    public synchronized long size() {
        return now.size;
    }

    @Override
    public void resize(long size) throws IOException {
        change(new Change(-1, null, size));
    }

    @Override
    public synchronized void read(long offset, MemorySegment target) {
        now.read(offset, target);
    }

    @Override
    public void write(long offset, MemorySegment source) throws IOException {
        change(new Change(offset, source.toArray(ValueLayout.JAVA_BYTE), source.byteSize()));
    }

    @Override
    public void zero(long offset, long length) throws IOException {
        change(new Change(offset, null, Math.max(0, Math.min(length, size() - offset))));
    }

    @Override
    public synchronized void sync() throws IOException {
        if (stopped) {
            throw new IOException("stopped");
        }
        unsynced.forEach(durable::apply);
        unsynced.clear();
    }

    @Override
    public synchronized long nextData(long offset) {
        return Math.min(offset, now.size);
    }

    @Override
    public synchronized long nextHole(long offset) {
        return now.size;
    }

    @Override
    public synchronized long allocated() {
        return (long) now.pages.size() * PAGE;
    }

    @Override
    public Path path() {
        return path;
    }

    @Override
    public void close() {
        // The content outlives it.
    }
}
