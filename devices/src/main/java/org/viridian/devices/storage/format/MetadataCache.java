package org.viridian.devices.storage.format;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import org.viridian.devices.storage.file.HostFile;

/**
 * Pages of an image's tables in memory. Changed pages stay here until they are taken as a batch; a batch has levels, and
 * what a page of one level points to lies on a lower level or is data, so that writing level by level keeps the file whole.
 *
 * <p>Thread rule: gets under the image's read lock or write lock; puts, {@link #take}, {@link #done} and
 * {@link #putBack} under its write lock.
 */
public final class MetadataCache {
    private static final int RUN = 1 << 20;

    private final HostFile file;
    private final ByteOrder order;
    private final int pageBytes;
    private final int maxPages;
    private final VarHandle longs;
    private final VarHandle ints;
    private final VarHandle shorts;
    private final ConcurrentHashMap<Long, Page> pages = new ConcurrentHashMap<>();
    private final List<ConcurrentSkipListMap<Long, Page>> dirty = new ArrayList<>();

    private static final class Page {
        final byte[] bytes;
        volatile boolean used = true;
        int level = -1;
        int pins;

        Page(byte[] bytes) {
            this.bytes = bytes;
        }
    }

    /** Changed pages of one level: offset → content as it was when the batch was taken. */
    public static final class Batch {
        private final List<TreeMap<Long, byte[]>> levels = new ArrayList<>();

        /** The pages of a level, by offset. */
        public TreeMap<Long, byte[]> level(int level) {
            return levels.get(level);
        }

        /** True when there is nothing to write. */
        public boolean isEmpty() {
            return levels.stream().allMatch(TreeMap::isEmpty);
        }
    }

    /**
     * @param file the image's file
     * @param order byte order of the tables
     * @param pageBytes bytes of a page, a power of two
     * @param maxPages unchanged pages kept
     * @param levels number of levels
     */
    public MetadataCache(HostFile file, ByteOrder order, int pageBytes, int maxPages, int levels) {
        this.file = file;
        this.order = order;
        this.pageBytes = pageBytes;
        this.maxPages = maxPages;
        this.longs = MethodHandles.byteArrayViewVarHandle(long[].class, order);
        this.ints = MethodHandles.byteArrayViewVarHandle(int[].class, order);
        this.shorts = MethodHandles.byteArrayViewVarHandle(short[].class, order);
        for (int i = 0; i < levels; i++) {
            dirty.add(new ConcurrentSkipListMap<>());
        }
    }

    /** A 64-bit field at an offset in the file that is a multiple of 8. */
    public long getLong(long offset) throws IOException {
        return (long) longs.get(page(offset).bytes, within(offset));
    }

    /** Changes a 64-bit field. */
    public void putLong(long offset, long value, int level) throws IOException {
        longs.set(changed(offset, level).bytes, within(offset), value);
    }

    /** A 32-bit field, unsigned. */
    public long getInt(long offset) throws IOException {
        return (int) ints.get(page(offset).bytes, within(offset)) & 0xFFFF_FFFFL;
    }

    /** Changes a 32-bit field. */
    public void putInt(long offset, int value, int level) throws IOException {
        ints.set(changed(offset, level).bytes, within(offset), value);
    }

    /** A 16-bit field, unsigned. */
    public int getShort(long offset) throws IOException {
        return (short) shorts.get(page(offset).bytes, within(offset)) & 0xFFFF;
    }

    /** Changes a 16-bit field. */
    public void putShort(long offset, int value, int level) throws IOException {
        shorts.set(changed(offset, level).bytes, within(offset), (short) value);
    }

    /** One byte, unsigned. */
    public int getByte(long offset) throws IOException {
        return page(offset).bytes[within(offset)] & 0xFF;
    }

    /** Changes one byte. */
    public void putByte(long offset, int value, int level) throws IOException {
        changed(offset, level).bytes[within(offset)] = (byte) value;
    }

    /** Puts pages of zeroes without reading what the file holds there. */
    public void putZeroes(long offset, long length, int level) {
        for (long at = offset; at < offset + length; at += pageBytes) {
            Page old = pages.get(at);
            Page page = new Page(new byte[pageBytes]);
            if (old != null) {
                page.pins = old.pins;
                if (old.level >= 0) {
                    dirty.get(old.level).remove(at);
                }
            }
            pages.put(at, page);
            mark(at, page, level);
        }
    }

    /** Forgets pages whose place in the file is something else from now on. */
    public void forget(long offset, long length) {
        for (long at = offset; at < offset + length; at += pageBytes) {
            Page page = pages.remove(at);
            if (page != null && page.level >= 0) {
                dirty.get(page.level).remove(at);
            }
        }
    }

    private int within(long offset) {
        return (int) (offset & pageBytes - 1);
    }

    private Page changed(long offset, int level) throws IOException {
        Page page = page(offset);
        mark(offset & -pageBytes, page, level);
        return page;
    }

    private void mark(long at, Page page, int level) {
        if (page.level < 0) {
            page.level = level;
            dirty.get(level).put(at, page);
        }
    }

    private Page page(long offset) throws IOException {
        long at = offset & -pageBytes;
        Page page = pages.get(at);
        if (page == null) {
            Page loaded = new Page(file.read(at, pageBytes));
            page = pages.putIfAbsent(at, loaded);
            if (page == null) {
                page = loaded;
                if (pages.size() > maxPages + changedPages()) {
                    evict(at);
                }
            }
        } else if (!page.used) {
            page.used = true;
        }
        return page;
    }

    /** Drops unchanged pages that were not used since the last look: a clock without a hand. */
    private synchronized void evict(long keep) {
        int surplus = pages.size() - maxPages - changedPages() + maxPages / 8;
        Iterator<java.util.Map.Entry<Long, Page>> all = pages.entrySet().iterator();
        while (surplus > 0 && all.hasNext()) {
            var entry = all.next();
            Page page = entry.getValue();
            if (page.used) {
                page.used = false;
            } else if (page.level < 0 && page.pins == 0 && entry.getKey() != keep) {
                all.remove();
                surplus--;
            }
        }
    }

    /** Pages that wait to be written. */
    public int changedPages() {
        int count = 0;
        for (int i = 0; i < dirty.size(); i++) {
            count += dirty.get(i).size();
        }
        return count;
    }

    /** Takes what has changed; the pages count as unchanged from now on, but stay in memory until {@link #done}. */
    public Batch take() {
        Batch batch = new Batch();
        for (ConcurrentSkipListMap<Long, Page> level : dirty) {
            TreeMap<Long, byte[]> copies = new TreeMap<>();
            level.forEach((at, page) -> {
                copies.put(at, page.bytes.clone());
                page.level = -1;
                page.pins++;
            });
            level.clear();
            batch.levels.add(copies);
        }
        return batch;
    }

    /** The batch is in the file. */
    public void done(Batch batch) {
        batch.levels.forEach(level -> unpin(level.keySet()));
    }

    private void unpin(Collection<Long> offsets) {
        for (long at : offsets) {
            Page page = pages.get(at);
            if (page != null && page.pins > 0) {
                page.pins--;
            }
        }
    }

    /** The batch could not be written: its pages wait again. */
    public void putBack(Batch batch) {
        for (int level = 0; level < batch.levels.size(); level++) {
            for (long at : batch.levels.get(level).keySet()) {
                Page page = pages.get(at);
                if (page != null) {
                    page.pins = Math.max(0, page.pins - 1);
                    mark(at, page, level);
                }
            }
        }
    }

    /** Writes pages to their places, neighbours together. */
    public void store(TreeMap<Long, byte[]> level) throws IOException {
        byte[] run = new byte[(int) Math.min(RUN, (long) Math.max(1, level.size()) * pageBytes)];
        int used = 0;
        long start = 0;
        for (var entry : level.entrySet()) {
            if (used > 0 && (entry.getKey() != start + used || used + pageBytes > run.length)) {
                file.write(start, MemorySegment.ofArray(run).asSlice(0, used));
                used = 0;
            }
            if (used == 0) {
                start = entry.getKey();
            }
            System.arraycopy(entry.getValue(), 0, run, used, pageBytes);
            used += pageBytes;
        }
        if (used > 0) {
            file.write(start, MemorySegment.ofArray(run).asSlice(0, used));
        }
    }

    /** Byte order of the tables. */
    public ByteOrder order() {
        return order;
    }
}
