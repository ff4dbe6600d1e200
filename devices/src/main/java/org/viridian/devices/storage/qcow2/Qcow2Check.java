package org.viridian.devices.storage.qcow2;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.viridian.devices.storage.CheckReport;
import org.viridian.devices.storage.ImageException;
import org.viridian.devices.storage.file.HostFile;

/**
 * Counts how often each cluster of a qcow2 file is used and compares that with the file's own counts. Repairing writes
 * new counts behind everything and switches the header over in one sector, so a repair may stop at any moment, too.
 */
public final class Qcow2Check {
    /** Clusters that are counted at most: 4 TiB of file with usual clusters. */
    private static final long MAX_CLUSTERS = 1L << 26;
    private static final int CHUNK_BITS = 16;

    private final HostFile file;
    private final Qcow2Header header;
    private final int clusterBits;
    private final int clusterSize;
    private final long clusters;
    private final short[][] uses;
    private final List<String> errors = new ArrayList<>();
    private long usedEnd;
    private boolean wrongCounts;
    private boolean wrongFlags;
    private boolean wrongPlaces;
    private long leaks;

    private Qcow2Check(HostFile file, Qcow2Header header) throws IOException {
        this.file = file;
        this.header = header;
        this.clusterBits = header.clusterBits();
        this.clusterSize = header.clusterSize();
        this.clusters = (file.size() + clusterSize - 1) / clusterSize;
        if (clusters > MAX_CLUSTERS) {
            throw new ImageException(file.path() + " is too large to be checked with clusters of " + clusterSize + " bytes");
        }
        this.uses = new short[(int) (clusters >> CHUNK_BITS) + 1][];
    }

    /** Checks; with {@code repair} also puts right what can be. */
    public static CheckReport check(HostFile file, boolean repair) throws IOException {
        Qcow2Header header = Qcow2Header.read(file);
        Qcow2Check check = new Qcow2Check(file, header);
        check.compare();
        boolean wrong = !check.errors.isEmpty() || check.leaks > 0 || header.dirty() || header.corrupt();
        if (repair && wrong) {
            check.repair();
            if (header.version() >= 3) {
                long features = header.incompatible() & ~(Qcow2Header.DIRTY | Qcow2Header.CORRUPT);
                file.write(Qcow2Header.INCOMPATIBLE_AT, ByteBuffer.allocate(8).putLong(features).array());
                file.sync();
            }
        }
        return new CheckReport(check.errors, check.leaks, repair && wrong);
    }

    /**
     * Puts the counts of an image right that was not closed.
     *
     * @return the header as it is then
     * @throws ImageException when more than counts is wrong
     */
    static Qcow2Header settle(HostFile file, Qcow2Header header) throws IOException {
        Qcow2Check check = new Qcow2Check(file, header);
        check.compare();
        if (check.wrongPlaces) {
            throw new ImageException("%s is damaged (%s); repair it with 'viridian disk check --repair'"
                    .formatted(file.path(), check.errors.getFirst()));
        }
        if (check.wrongCounts || check.wrongFlags) {
            check.repair();
        }
        return Qcow2Header.read(file);
    }

    private void compare() throws IOException {
        use(0, "the header");
        useRun(header.refcountOffset(), (long) header.refcountClusters() * clusterSize, "the refcount table");
        useRun(header.l1Offset(), header.l1Entries() * 8L, "the L1 table");
        walk(false);
        compareCounts();
        checkFlags();
    }

    private void error(String what) {
        if (errors.size() < CheckReport.MOST_ERRORS) {
            errors.add(what);
        }
    }

    private void useRun(long offset, long length, String what) {
        for (long at = offset; at < offset + length; at += clusterSize) {
            use(at, what);
        }
    }

    /** Counts one use of the cluster at an offset; false when it cannot be there. */
    private boolean use(long offset, String what) {
        long cluster = offset >> clusterBits;
        if (cluster < 0 || cluster >= clusters) {
            error("%s lies behind the end of the file, at 0x%x".formatted(what, offset));
            wrongPlaces = true;
            return false;
        }
        int chunk = (int) (cluster >> CHUNK_BITS);
        if (uses[chunk] == null) {
            uses[chunk] = new short[1 << CHUNK_BITS];
        }
        int within = (int) cluster & (1 << CHUNK_BITS) - 1;
        if (uses[chunk][within] != -1) {
            uses[chunk][within]++;
        }
        usedEnd = Math.max(usedEnd, cluster + 1);
        return true;
    }

    private long uses(long cluster) {
        if (cluster >= clusters || uses[(int) (cluster >> CHUNK_BITS)] == null) {
            return 0;
        }
        return uses[(int) (cluster >> CHUNK_BITS)][(int) cluster & (1 << CHUNK_BITS) - 1] & 0xFFFF;
    }

    /** Visits every entry; with {@code flags} it compares and corrects the COPIED flags, else it counts. */
    private void walk(boolean flags) throws IOException {
        long entries = header.l1Entries();
        int step = 1 << 13;
        for (long from = 0; from < entries; from += step) {
            int count = (int) Math.min(step, entries - from);
            ByteBuffer l1 = ByteBuffer.wrap(file.read(header.l1Offset() + from * 8, count * 8));
            for (int i = 0; i < count; i++) {
                long entry = l1.getLong(i * 8);
                long table = entry & Qcow2Image.OFFSET;
                if (table == 0) {
                    continue;
                }
                if ((table & clusterSize - 1) != 0) {
                    misplaced("an L2 table", table);
                } else if (flags) {
                    flag(header.l1Offset() + (from + i) * 8, entry, table);
                    if (uses(table >> clusterBits) == 1) {
                        walkTable(table, true);
                    }
                } else if (use(table, "an L2 table")) {
                    if (uses(table >> clusterBits) == 1) {
                        walkTable(table, false);
                    } else {
                        misplaced("an L2 table that is used twice", table);
                    }
                }
            }
        }
    }

    private void misplaced(String what, long offset) {
        error("%s lies where it cannot be: 0x%x".formatted(what, offset));
        wrongPlaces = true;
    }

    private void walkTable(long table, boolean flags) throws IOException {
        ByteBuffer l2 = ByteBuffer.wrap(file.read(table, clusterSize));
        for (int at = 0; at < clusterSize; at += 8) {
            long entry = l2.getLong(at);
            if (entry == 0) {
                continue;
            }
            if ((entry & Qcow2Image.COMPRESSED) != 0) {
                if (!flags) {
                    long[] place = Qcow2Image.packedPlace(entry, clusterBits);
                    useRun(place[0] & -clusterSize, (place[0] & clusterSize - 1) + place[1], "a compressed cluster");
                } else if ((entry & Qcow2Image.COPIED) != 0) {
                    flag(table + at, entry, -1);
                }
                continue;
            }
            long host = entry & Qcow2Image.OFFSET;
            if (host == 0) {
                continue;
            }
            if ((host & clusterSize - 1) != 0) {
                misplaced("a data cluster", host);
            } else if (flags) {
                flag(table + at, entry, host);
            } else {
                use(host, "a data cluster");
            }
        }
    }

    private boolean correcting;

    /** The COPIED flag says that an entry's cluster has one use; a compressed one ({@code host} -1) never has it. */
    private void flag(long at, long entry, long host) throws IOException {
        boolean should = host >= 0 && uses(host >> clusterBits) == 1;
        boolean is = (entry & Qcow2Image.COPIED) != 0;
        if (should == is) {
            return;
        }
        wrongFlags = true;
        if (correcting) {
            file.write(at, ByteBuffer.allocate(8).putLong(entry ^ Qcow2Image.COPIED).array());
        } else {
            error("the entry at 0x%x has a wrong copied flag".formatted(at));
        }
    }

    private void checkFlags() throws IOException {
        walk(true);
    }

    private void compareCounts() throws IOException {
        int order = header.refcountOrder();
        long perBlock = 8L * clusterSize >> order;
        long tableEntries = (long) header.refcountClusters() * clusterSize / 8;
        ByteBuffer table = ByteBuffer.wrap(file.read(header.refcountOffset(), (int) (tableEntries * 8)));
        // The blocks themselves are used, too; all of them before any is compared.
        for (int i = 0; i < tableEntries; i++) {
            long block = table.getLong(i * 8) & -512L;
            if (block == 0) {
                continue;
            }
            if ((block & clusterSize - 1) != 0 || !use(block, "a refcount block")
                    || uses(block >> clusterBits) > 1) {
                error("a refcount block is misplaced: 0x%x".formatted(block));
                wrongCounts = true;
                table.putLong(i * 8, 0);
            }
        }
        for (int i = 0; i < tableEntries; i++) {
            long block = table.getLong(i * 8) & -512L;
            if (block != 0) {
                compareBlock(ByteBuffer.wrap(file.read(block, clusterSize)), i * perBlock, perBlock);
            } else if (i * perBlock < clusters) {
                compareBlock(null, i * perBlock, perBlock);
            }
        }
        if (tableEntries * perBlock < usedEnd) {
            compareBlock(null, tableEntries * perBlock, usedEnd - tableEntries * perBlock);
        }
    }

    private void compareBlock(ByteBuffer block, long first, long count) {
        for (long i = 0; i < count; i++) {
            long stored = block == null ? 0 : count(block, i);
            long used = uses(first + i);
            if (stored > used) {
                leaks++;
                wrongCounts = true;
            } else if (stored < used) {
                error("cluster %d is used %d times but counted %d times".formatted(first + i, used, stored));
                wrongCounts = true;
            }
        }
    }

    private long count(ByteBuffer block, long index) {
        int order = header.refcountOrder();
        int i = (int) index;
        return switch (order) {
            case 6 -> block.getLong(i * 8);
            case 5 -> block.getInt(i * 4) & 0xFFFF_FFFFL;
            case 4 -> block.getShort(i * 2) & 0xFFFF;
            case 3 -> block.get(i) & 0xFF;
            default -> {
                int perByte = 8 >> order;
                yield block.get(i / perByte) >> ((i % perByte) << order) & (1 << (1 << order)) - 1;
            }
        };
    }

    /** Writes new counts. */
    private void repair() throws IOException {
        if (wrongPlaces) {
            throw new ImageException(file.path() + " has entries that point nowhere (" + errors.getFirst()
                    + "); what they stood for is lost. Copy what can still be read with 'viridian disk convert'");
        }
        // The old counts lose their users; their clusters stay untouched until the header has changed.
        dropCounts();
        int order = header.refcountOrder();
        long perBlock = 8L * clusterSize >> order;
        long blocks = 1;
        long tableClusters = 1;
        while (true) {
            long total = clusters + blocks + tableClusters;
            long needBlocks = (total + perBlock - 1) / perBlock;
            long needTable = (needBlocks * 8 + clusterSize - 1) / clusterSize;
            if (needBlocks <= blocks && needTable <= tableClusters) {
                break;
            }
            blocks = Math.max(blocks, needBlocks);
            tableClusters = Math.max(tableClusters, needTable);
        }
        long firstNew = clusters;
        long lastNew = clusters + blocks + tableClusters;
        ByteBuffer table = ByteBuffer.allocate((int) (tableClusters * clusterSize));
        for (long b = 0; b < blocks; b++) {
            ByteBuffer block = ByteBuffer.allocate(clusterSize);
            for (long i = 0; i < perBlock; i++) {
                long cluster = b * perBlock + i;
                long value = cluster >= firstNew && cluster < lastNew ? 1 : uses(cluster);
                if (value != 0) {
                    put(block, i, value);
                }
            }
            long offset = firstNew + b << clusterBits;
            file.write(offset, MemorySegment.ofBuffer(block));
            table.putLong((int) (8 * b), offset);
        }
        long tableOffset = firstNew + blocks << clusterBits;
        file.write(tableOffset, MemorySegment.ofBuffer(table));
        file.sync();
        file.write(Qcow2Header.REFCOUNT_TABLE_AT, ByteBuffer.allocate(12).putLong(tableOffset).putInt((int) tableClusters).array());
        file.sync();
        correcting = true;
        checkFlags();
        file.sync();
    }

    private void put(ByteBuffer block, long index, long value) throws ImageException {
        int order = header.refcountOrder();
        int i = (int) index;
        if (order < 6 && value >>> (1 << order) != 0) {
            throw new ImageException(file.path() + " uses a cluster more often than it can count");
        }
        switch (order) {
            case 6 -> block.putLong(i * 8, value);
            case 5 -> block.putInt(i * 4, (int) value);
            case 4 -> block.putShort(i * 2, (short) value);
            case 3 -> block.put(i, (byte) value);
            default -> {
                int perByte = 8 >> order;
                int at = i / perByte;
                block.put(at, (byte) (block.get(at) | value << ((i % perByte) << order)));
            }
        }
    }

    private void dropCounts() throws IOException {
        ByteBuffer table = ByteBuffer.wrap(file.read(header.refcountOffset(), header.refcountClusters() * clusterSize));
        for (int i = 0; i < table.capacity(); i += 8) {
            long block = table.getLong(i) & -512L;
            if (block != 0 && (block & clusterSize - 1) == 0 && block >> clusterBits < clusters) {
                unuse(block);
            }
        }
        for (int i = 0; i < header.refcountClusters(); i++) {
            unuse(header.refcountOffset() + (long) i * clusterSize);
        }
    }

    private void unuse(long offset) {
        long cluster = offset >> clusterBits;
        if (uses(cluster) > 0) {
            uses[(int) (cluster >> CHUNK_BITS)][(int) cluster & (1 << CHUNK_BITS) - 1]--;
        }
    }
}
