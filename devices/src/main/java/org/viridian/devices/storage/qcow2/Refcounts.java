package org.viridian.devices.storage.qcow2;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import org.viridian.devices.storage.file.HostFile;
import org.viridian.devices.storage.format.MetadataCache;

/**
 * Which clusters of a qcow2 file are used, and how often (qcow2.txt, section "Host cluster management"). Under the image's
 * write lock.
 */
final class Refcounts {
    static final int LEVEL_BLOCK = 0;
    static final int LEVEL_TABLE = 1;
    private static final long OFFSET_MASK = -512L;

    private final HostFile file;
    private final MetadataCache tables;
    private final int clusterBits;
    private final int order;
    private final long entriesPerBlock;
    private long tableOffset;
    private long tableEntries;
    /** No cluster below it is free. */
    private long hint;

    Refcounts(HostFile file, MetadataCache tables, Qcow2Header header) {
        this.file = file;
        this.tables = tables;
        this.clusterBits = header.clusterBits();
        this.order = header.refcountOrder();
        this.entriesPerBlock = 8L * header.clusterSize() >> order;
        this.tableOffset = header.refcountOffset();
        this.tableEntries = (long) header.refcountClusters() * header.clusterSize() / 8;
    }

    private long clusterSize() {
        return 1L << clusterBits;
    }

    long tableOffset() {
        return tableOffset;
    }

    long tableBytes() {
        return tableEntries * 8;
    }

    /** A free cluster, used once from now on; its offset. What it holds is unknown. */
    long allocate() throws IOException {
        while (true) {
            long block = block(hint);
            if (block == 0) {
                makeBlock(hint);
            } else if (get(block, hint) == 0) {
                set(block, hint, 1);
                return hint++ << clusterBits;
            }
            hint++;
        }
    }

    /** {@code count} clusters in a row. */
    long allocate(int count) throws IOException {
        long start = hint;
        long run = 0;
        while (run < count) {
            long cluster = start + run;
            long block = block(cluster);
            if (block == 0) {
                makeBlock(cluster);
                start = cluster + 1;
                run = 0;
            } else if (get(block, cluster) != 0) {
                start = cluster + 1;
                run = 0;
            } else {
                run++;
            }
        }
        for (long cluster = start; cluster < start + count; cluster++) {
            set(block(cluster), cluster, 1);
        }
        return start << clusterBits;
    }

    /** One use less; true when the cluster is free now. */
    boolean release(long cluster) throws IOException {
        long block = block(cluster);
        if (block == 0) {
            return false;
        }
        long count = get(block, cluster);
        if (count == 0) {
            return false;
        }
        set(block, cluster, count - 1);
        if (count == 1) {
            hint = Math.min(hint, cluster);
        }
        return count == 1;
    }

    /** One use more. */
    void retain(long cluster) throws IOException {
        long block = block(cluster);
        if (block == 0) {
            makeBlock(cluster);
            block = block(cluster);
        }
        set(block, cluster, get(block, cluster) + 1);
    }

    private long block(long cluster) throws IOException {
        long index = cluster / entriesPerBlock;
        return index >= tableEntries ? 0 : tables.getLong(tableOffset + index * 8) & OFFSET_MASK;
    }

    /** Makes the missing block for a cluster in that cluster itself, so that it counts itself. */
    private void makeBlock(long cluster) throws IOException {
        long index = cluster / entriesPerBlock;
        if (index >= tableEntries) {
            grow(index);
            return;
        }
        long offset = cluster << clusterBits;
        tables.putZeroes(offset, clusterSize(), LEVEL_BLOCK);
        set(offset, cluster, 1);
        tables.putLong(tableOffset + index * 8, offset, LEVEL_TABLE);
    }

    /** Writes a larger table behind everything, with the blocks that count it, and switches the header over. */
    private void grow(long index) throws IOException {
        long entries = Math.max(index + 1, tableEntries + tableEntries / 2);
        long first = tableEntries * entriesPerBlock;
        long tableClusters;
        long blocks = 1;
        while (true) {
            entries = Math.max(entries, tableEntries + blocks);
            tableClusters = (entries * 8 + clusterSize() - 1) >> clusterBits;
            long needed = (blocks + tableClusters + entriesPerBlock - 1) / entriesPerBlock;
            if (needed <= blocks) {
                break;
            }
            blocks = needed;
        }
        if (tableClusters << clusterBits > 8 << 20) {
            throw new IOException(file.path() + " cannot grow any more");
        }
        ByteBuffer table = ByteBuffer.allocate((int) (tableClusters << clusterBits));
        for (long i = 0; i < tableEntries; i++) {
            table.putLong((int) (8 * i), tables.getLong(tableOffset + 8 * i));
        }
        for (long i = 0; i < blocks; i++) {
            long offset = first + i << clusterBits;
            table.putLong((int) (8 * (tableEntries + i)), offset);
            tables.putZeroes(offset, clusterSize(), LEVEL_BLOCK);
        }
        for (long i = 0; i < blocks + tableClusters; i++) {
            set(first + i / entriesPerBlock << clusterBits, first + i, 1);
        }
        long newOffset = first + blocks << clusterBits;
        file.write(newOffset, MemorySegment.ofBuffer(table));
        file.sync();
        byte[] field = ByteBuffer.allocate(12).putLong(newOffset).putInt((int) tableClusters).array();
        file.write(Qcow2Header.REFCOUNT_TABLE_AT, field);
        file.sync();
        long oldOffset = tableOffset;
        long oldBytes = tableEntries * 8;
        tables.forget(oldOffset, oldBytes);
        tableOffset = newOffset;
        tableEntries = (tableClusters << clusterBits) / 8;
        for (long at = oldOffset; at < oldOffset + oldBytes; at += clusterSize()) {
            release(at >> clusterBits);
        }
    }

    private long get(long block, long cluster) throws IOException {
        long index = cluster % entriesPerBlock;
        return switch (order) {
            case 6 -> tables.getLong(block + index * 8);
            case 5 -> tables.getInt(block + index * 4);
            case 4 -> tables.getShort(block + index * 2);
            case 3 -> tables.getByte(block + index);
            default -> {
                int perByte = 8 >> order;
                int shift = (int) (index % perByte) << order;
                yield tables.getByte(block + index / perByte) >> shift & (1 << (1 << order)) - 1;
            }
        };
    }

    private void set(long block, long cluster, long value) throws IOException {
        long index = cluster % entriesPerBlock;
        if (order < 6 && value >>> (1 << order) != 0) {
            throw new IOException("a cluster of %s is used too often".formatted(file.path()));
        }
        switch (order) {
            case 6 -> tables.putLong(block + index * 8, value, LEVEL_BLOCK);
            case 5 -> tables.putInt(block + index * 4, (int) value, LEVEL_BLOCK);
            case 4 -> tables.putShort(block + index * 2, (int) value, LEVEL_BLOCK);
            case 3 -> tables.putByte(block + index, (int) value, LEVEL_BLOCK);
            default -> {
                int perByte = 8 >> order;
                int shift = (int) (index % perByte) << order;
                int mask = (1 << (1 << order)) - 1 << shift;
                long at = block + index / perByte;
                tables.putByte(at, tables.getByte(at) & ~mask | (int) value << shift, LEVEL_BLOCK);
            }
        }
    }
}
