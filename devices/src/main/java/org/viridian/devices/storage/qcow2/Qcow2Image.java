package org.viridian.devices.storage.qcow2;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.viridian.devices.storage.DiskImage;
import org.viridian.devices.storage.ImageException;
import org.viridian.devices.storage.ImageFormat;
import org.viridian.devices.storage.file.HostFile;
import org.viridian.devices.storage.format.FormatImage;
import org.viridian.devices.storage.format.MetadataCache;

/**
 * An open qcow2 image: two levels of tables name the host cluster of each guest cluster (qcow2.txt, section "Cluster
 * mapping").
 *
 * <p>While a version 3 image is written its dirty bit is set, so the order in which refcounts reach the disk does not
 * matter: whoever opens it after a crash counts again. Version 2 has no such bit and is counted at every opening for
 * writing. A cluster that is let go is used again only when the tables that no longer name it are durable.
 */
public final class Qcow2Image extends FormatImage {
    private static final int LEVEL_L2 = 2;
    private static final int LEVEL_L1 = 3;
    private static final int LEVELS = 4;
    private static final int MAX_PAGE = 4096;
    private static final int CACHE_BYTES = 16 << 20;

    static final long COPIED = 1L << 63;
    static final long COMPRESSED = 1L << 62;
    static final long ZERO = 1;
    static final long OFFSET = 0x00FF_FFFF_FFFF_FE00L;

    private final Qcow2Header header;
    private final int clusterBits;
    private final int clusterSize;
    private final int l2Bits;
    private final boolean modern;
    private final Refcounts refcounts;
    private final Compression compression;
    private volatile long size;
    private long l1Offset;
    private long l1Entries;

    /** Clusters the tables no longer name; a batch without them is not durable yet. */
    private final List<Long> freed = new ArrayList<>();
    private final List<Long> freedInBatch = new ArrayList<>();
    /** Where the next compressed cluster goes, and how much room its host cluster has. */
    private long packedAt;

    private Qcow2Image(HostFile file, Qcow2Header header, DiskImage parent, boolean readOnly) {
        super(file, parent, readOnly);
        this.header = header;
        this.clusterBits = header.clusterBits();
        this.clusterSize = header.clusterSize();
        this.l2Bits = clusterBits - 3;
        this.modern = header.version() >= 3;
        this.size = header.size();
        this.l1Offset = header.l1Offset();
        this.l1Entries = header.l1Entries();
        int page = Math.min(MAX_PAGE, clusterSize);
        tables(new MetadataCache(file, ByteOrder.BIG_ENDIAN, page, CACHE_BYTES / page, LEVELS));
        this.refcounts = new Refcounts(file, tables(), header);
        this.compression = new Compression(header.zstd(), clusterSize);
    }

    /**
     * Opens an image; a dirty one is repaired first when it is opened for writing.
     *
     * @param parents opens the image below
     */
    public static Qcow2Image open(HostFile file, boolean readOnly, Parents parents) throws IOException {
        Qcow2Header header = Qcow2Header.read(file);
        if (!readOnly) {
            if (header.corrupt()) {
                throw Qcow2Header.bad(file, "is marked as corrupt; open it for reading only, or repair it with 'viridian disk check --repair'");
            }
            if (header.bitmaps()) {
                throw Qcow2Header.bad(file, "has dirty bitmaps, which a writer would have to keep; open it for reading only, or convert it");
            }
            if (header.dirty() || header.version() == 2) {
                header = Qcow2Check.settle(file, header);
            }
        }
        DiskImage parent = header.backingName().isPresent() ? parents.open(header.backingName().get(), header.backingFormat()) : null;
        return new Qcow2Image(file, header, parent, readOnly);
    }

    /** Opens the image below. */
    @FunctionalInterface
    public interface Parents {
        /** Opens it for reading. */
        DiskImage open(String name, java.util.Optional<ImageFormat> format) throws IOException;
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public ImageFormat format() {
        return ImageFormat.QCOW2;
    }

    @Override
    public int discardGranularity() {
        return clusterSize;
    }

    /** 2 or 3. */
    public int version() {
        return header.version();
    }

    /** Whether it was found as somebody had left it in the middle of writing. */
    public boolean wasDirty() {
        return header.dirty();
    }

    // Finding clusters.

    /** Where the L2 entry of a guest offset lies, or 0 when there is no L2 table. */
    private long entryAt(long offset) throws IOException {
        long index = offset >> clusterBits;
        long l1 = index >> l2Bits;
        long l2 = tables().getLong(l1Offset + l1 * 8) & OFFSET;
        if (l2 == 0) {
            return 0;
        }
        if ((l2 & clusterSize - 1) != 0) {
            throw damaged();
        }
        return l2 + (index & (1L << l2Bits) - 1) * 8;
    }

    private long entry(long offset) throws IOException {
        long at = entryAt(offset);
        return at == 0 ? 0 : tables().getLong(at);
    }

    private ImageException damaged() {
        return new ImageException(location() + " has damaged tables; check it with 'viridian disk check'");
    }

    private enum Kind { ABSENT, ZERO, DATA, COMPRESSED }

    private Kind kind(long entry) {
        if ((entry & COMPRESSED) != 0) {
            return Kind.COMPRESSED;
        }
        if (modern && (entry & ZERO) != 0) {
            return Kind.ZERO;
        }
        return (entry & OFFSET) == 0 ? Kind.ABSENT : Kind.DATA;
    }

    private long host(long entry) throws ImageException {
        long host = entry & OFFSET;
        if ((host & clusterSize - 1) != 0) {
            throw damaged();
        }
        return host;
    }

    private int within(long offset) {
        return (int) (offset & clusterSize - 1);
    }

    // Reading.

    @Override
    protected long readSome(long offset, MemorySegment target) throws IOException {
        long entry = entry(offset);
        int within = within(offset);
        long count = Math.min(target.byteSize(), clusterSize - within);
        switch (kind(entry)) {
            case ABSENT -> readParent(offset, target.asSlice(0, count));
            case ZERO -> target.asSlice(0, count).fill((byte) 0);
            case COMPRESSED -> MemorySegment.copy(MemorySegment.ofArray(expand(entry)), within, target, 0, count);
            case DATA -> {
                long host = host(entry) + within;
                // Clusters that follow each other in both worlds are one read.
                while (count < target.byteSize()) {
                    long next = entry(offset + count);
                    if (kind(next) != Kind.DATA || host(next) != host + count) {
                        break;
                    }
                    count = Math.min(target.byteSize(), count + clusterSize);
                }
                file.read(host, target.asSlice(0, count));
            }
        }
        return count;
    }

    private byte[] expand(long entry) throws IOException {
        long[] place = packedPlace(entry, clusterBits);
        return compression.expand(entry, () -> file.read(place[0], (int) place[1]));
    }

    /** Offset and length of a compressed cluster. */
    static long[] packedPlace(long entry, int clusterBits) {
        int shift = 62 - (clusterBits - 8);
        long offset = entry & (1L << shift) - 1;
        long sectors = (entry & COMPRESSED - 1) >>> shift;
        return new long[] {offset, (sectors + 1) * 512 - (offset & 511)};
    }

    // Writing.

    @Override
    protected long overwriteSome(long offset, MemorySegment source) throws IOException {
        long entry = entry(offset);
        if (kind(entry) != Kind.DATA || (entry & COPIED) == 0 || !tableIsOwn(offset)) {
            return 0;
        }
        int within = within(offset);
        long host = writable(host(entry), clusterSize) + within;
        long count = Math.min(source.byteSize(), clusterSize - within);
        while (count < source.byteSize()) {
            long next = entry(offset + count);
            if (kind(next) != Kind.DATA || (next & COPIED) == 0 || !tableIsOwn(offset + count) || host(next) != host + count) {
                break;
            }
            writable(host + count, clusterSize);
            count = Math.min(source.byteSize(), count + clusterSize);
        }
        file.write(host, source.asSlice(0, count));
        return count;
    }

    private boolean tableIsOwn(long offset) throws IOException {
        return (tables().getLong(l1Offset + (offset >> clusterBits >> l2Bits) * 8) & COPIED) != 0;
    }

    /** A damaged or hostile image must not make guest data land in header or tables. */
    private long writable(long host, long length) throws ImageException {
        if (host < clusterSize || overlaps(host, length, l1Offset, l1Entries * 8)
                || overlaps(host, length, refcounts.tableOffset(), refcounts.tableBytes())) {
            throw damaged();
        }
        return host;
    }

    private static boolean overlaps(long a, long aLength, long b, long bLength) {
        return a < b + bLength && b < a + aLength;
    }

    @Override
    protected long allocateSome(long offset, MemorySegment source) throws IOException {
        long at = ownEntryAt(offset);
        long entry = tables().getLong(at);
        int within = within(offset);
        long count = Math.min(source.byteSize(), clusterSize - within);
        Kind kind = kind(entry);
        if (kind == Kind.DATA && (entry & COPIED) != 0) {
            file.write(writable(host(entry), clusterSize) + within, source.asSlice(0, count));
            return count;
        }
        long host = writable(refcounts.allocate(), clusterSize);
        boolean done = false;
        try {
            fill(offset, host, within, source.asSlice(0, count), kind, entry);
            done = true;
        } finally {
            if (!done) {
                refcounts.release(host >> clusterBits);
            }
        }
        tables().putLong(at, host | COPIED, LEVEL_L2);
        letGo(entry);
        return count;
    }

    /** Writes a new cluster: the guest's bytes, and around them what was there before. */
    private void fill(long offset, long host, int within, MemorySegment bytes, Kind kind, long old) throws IOException {
        if (bytes.byteSize() == clusterSize) {
            file.write(host, bytes);
            return;
        }
        if (kind == Kind.ZERO || kind == Kind.ABSENT && zeroBelow(offset - within)) {
            file.zero(host, clusterSize);
            file.write(host + within, bytes);
            return;
        }
        MemorySegment cluster = MemorySegment.ofArray(new byte[clusterSize]);
        switch (kind) {
            case COMPRESSED -> cluster.copyFrom(MemorySegment.ofArray(expand(old)));
            case DATA -> file.read(host(old), cluster);
            default -> readParent(offset - within, cluster);
        }
        MemorySegment.copy(bytes, 0, cluster, within, bytes.byteSize());
        file.write(host, cluster);
    }

    /** True when the whole cluster is known to be zero in the image below. */
    private boolean zeroBelow(long start) throws IOException {
        if (parent == null || start >= parent.size()) {
            return true;
        }
        Extent below = parentExtent(start, clusterSize);
        return !below.data() && below.length() >= Math.min(clusterSize, parent.size() - start);
    }

    /** Where the L2 entry lies in a table that belongs to this image alone; makes the table if needed. */
    private long ownEntryAt(long offset) throws IOException {
        long index = offset >> clusterBits;
        long l1At = l1Offset + (index >> l2Bits) * 8;
        long l1 = tables().getLong(l1At);
        long old = l1 & OFFSET;
        if (old == 0 || (l1 & COPIED) == 0) {
            long table = writable(refcounts.allocate(), clusterSize);
            tables().putZeroes(table, clusterSize, LEVEL_L2);
            for (int i = 0; old != 0 && i < clusterSize; i += 8) {
                tables().putLong(table + i, tables().getLong(old + i), LEVEL_L2);
            }
            tables().putLong(l1At, table | COPIED, LEVEL_L1);
            if (old != 0) {
                freed.add(old >> clusterBits);
            }
        }
        return entryAt(offset);
    }

    /** The tables no longer name what an entry names. */
    private void letGo(long entry) throws ImageException {
        switch (kind(entry)) {
            case COMPRESSED -> {
                long[] place = packedPlace(entry, clusterBits);
                for (long at = place[0] >> clusterBits; at <= place[0] + place[1] - 1 >> clusterBits; at++) {
                    freed.add(at);
                }
            }
            case DATA, ZERO -> {
                if ((entry & OFFSET) != 0) {
                    freed.add(host(entry) >> clusterBits);
                }
            }
            case ABSENT -> { }
        }
    }

    // Zeroes.

    @Override
    protected long zeroSome(long offset, long length, boolean mustBeZero, boolean deallocate) throws IOException {
        return zeroSome(offset, length, mustBeZero);
    }

    private long zeroSome(long offset, long length, boolean mustBeZero) throws IOException {
        int within = within(offset);
        long count = Math.min(length, clusterSize - within);
        long at = entryAt(offset);
        long entry = at == 0 ? 0 : tables().getLong(at);
        Kind kind = kind(entry);
        boolean wholeCluster = within == 0 && (count == clusterSize || offset + count == size);
        boolean nothingBelow = parent == null || offset - within >= parent.size();
        if (kind == Kind.ZERO && (!wholeCluster || (entry & OFFSET) == 0) || kind == Kind.ABSENT && nothingBelow) {
            return count;
        }
        if (wholeCluster && (modern || nothingBelow)) {
            long own = ownEntryAt(offset);
            tables().putLong(own, nothingBelow ? 0 : ZERO, LEVEL_L2);
            letGo(entry);
        } else if (kind == Kind.DATA && (entry & COPIED) != 0 && tableIsOwn(offset)) {
            file.zero(writable(host(entry), clusterSize) + within, count);
        } else if (mustBeZero) {
            allocateSome(offset, MemorySegment.ofArray(new byte[(int) count]));
        }
        return count;
    }

    @Override
    protected Extent extentHere(long offset, long length) throws IOException {
        long entry = entry(offset);
        long count = clusterSize - within(offset);
        Kind kind = kind(entry);
        if (kind == Kind.ABSENT && parent != null) {
            Extent below = parentExtent(offset, Math.min(count, length));
            return new Extent(offset, below.length(), below.data());
        }
        boolean data = kind == Kind.DATA || kind == Kind.COMPRESSED;
        while (count < length) {
            if (entryAt(offset + count) == 0 && !data && parent == null) {
                // A missing table is a missing run of clusters.
                long table = (long) clusterSize << l2Bits;
                count += table - (offset + count) % table;
                continue;
            }
            Kind next = kind(entry(offset + count));
            if (next == Kind.ABSENT && parent != null || (next == Kind.DATA || next == Kind.COMPRESSED) != data) {
                break;
            }
            count += clusterSize;
        }
        return new Extent(offset, Math.min(count, length), data);
    }

    // Durability.

    @Override
    protected void beginWriting() throws IOException {
        if (modern) {
            writeLong(Qcow2Header.INCOMPATIBLE_AT, header.incompatible() | Qcow2Header.DIRTY);
            if (header.autoclear() != 0) {
                writeLong(Qcow2Header.AUTOCLEAR_AT, 0);
            }
            file.sync();
        }
    }

    private void writeLong(long at, long value) throws IOException {
        file.write(at, ByteBuffer.allocate(8).putLong(value).array());
    }

    @Override
    protected void taken() {
        freedInBatch.addAll(freed);
        freed.clear();
    }

    @Override
    protected void store(MetadataCache.Batch batch) throws IOException {
        tables().store(batch.level(Refcounts.LEVEL_BLOCK));
        tables().store(batch.level(Refcounts.LEVEL_TABLE));
        tables().store(batch.level(LEVEL_L2));
        if (!batch.level(LEVEL_L1).isEmpty()) {
            // A table must be there before it is named.
            file.sync();
            tables().store(batch.level(LEVEL_L1));
        }
        file.sync();
    }

    @Override
    protected void committed() throws IOException {
        for (long cluster : freedInBatch) {
            if (refcounts.release(cluster)) {
                file.zero(cluster << clusterBits, clusterSize);
                tables().forget(cluster << clusterBits, clusterSize);
            }
        }
        if (!freedInBatch.isEmpty()) {
            // The place of an expanded cluster may be another's from now on.
            compression.forget();
            packedAt = 0;
        }
        freedInBatch.clear();
    }

    @Override
    protected void endWriting() throws IOException {
        if (modern) {
            file.sync();
            writeLong(Qcow2Header.INCOMPATIBLE_AT, header.incompatible() & ~Qcow2Header.DIRTY);
        }
        file.sync();
    }

    // Size.

    /** Changes the size of the disk; what is behind a smaller end is lost, what is new reads as zero. */
    public void resize(long newSize) throws IOException {
        long oldSize = size;
        commit();
        if (newSize < oldSize) {
            writeZeroes(newSize, oldSize - newSize, true);
            commit();
            alone(() -> {
                writeLong(Qcow2Header.SIZE_AT, newSize);
                size = newSize;
                return null;
            });
            commit();
        } else if (newSize > oldSize) {
            alone(() -> {
                growTable(newSize);
                // Not the parent's bytes: they lie behind the end of this disk.
                long exposed = parent == null ? 0 : Math.min(newSize, parent.size());
                for (long at = oldSize; at < exposed; ) {
                    at += zeroSome(at, exposed - at, true);
                }
                size = newSize;
                return null;
            });
            commit();
            alone(() -> {
                writeLong(Qcow2Header.SIZE_AT, newSize);
                return null;
            });
            commit();
        }
    }

    private void growTable(long newSize) throws IOException {
        long covered = (long) clusterSize << l2Bits;
        long needed = (newSize + covered - 1) / covered;
        if (needed <= l1Entries) {
            return;
        }
        if (needed * 8 > 32 << 20) {
            throw new ImageException("%s cannot become that large with clusters of %d bytes".formatted(location(), clusterSize));
        }
        int clusters = (int) ((needed * 8 + clusterSize - 1) / clusterSize);
        long table = writable(refcounts.allocate(clusters), (long) clusters * clusterSize);
        ByteBuffer entries = ByteBuffer.allocate(clusters * clusterSize);
        for (int i = 0; i < l1Entries; i++) {
            entries.putLong(8 * i, tables().getLong(l1Offset + 8L * i));
        }
        file.write(table, MemorySegment.ofBuffer(entries));
        file.sync();
        file.write(Qcow2Header.L1_AT, ByteBuffer.allocate(12).putInt((int) needed).putLong(table).array());
        file.sync();
        tables().forget(l1Offset, l1Entries * 8);
        for (long at = l1Offset; at < l1Offset + l1Entries * 8; at += clusterSize) {
            freed.add(at >> clusterBits);
        }
        l1Offset = table;
        l1Entries = needed;
    }

    /**
     * Writes a whole cluster compressed, when that makes it smaller; only where the image has nothing yet.
     *
     * @param cluster the bytes of one guest cluster
     * @return false when it must be written plainly
     */
    public boolean writeCompressed(long offset, byte[] cluster) throws IOException {
        byte[] packed = compression.pack(cluster);
        if (packed == null) {
            return false;
        }
        return alone(() -> {
            long at = ownEntryAt(offset);
            if (tables().getLong(at) != 0) {
                return false;
            }
            long place = placeFor(packed.length);
            file.write(place, packed);
            int shift = 62 - (clusterBits - 8);
            long sectors = (place + packed.length - 1 >> 9) - (place >> 9);
            tables().putLong(at, COMPRESSED | sectors << shift | place, LEVEL_L2);
            return true;
        });
    }

    /** Room for a compressed cluster, behind the last one where it fits, so that none is split over two host clusters. */
    private long placeFor(int length) throws IOException {
        if (packedAt != 0 && within(packedAt) + length <= clusterSize && within(packedAt) != 0) {
            long place = packedAt;
            refcounts.retain(place >> clusterBits);
            packedAt += length;
            return place;
        }
        long place = writable(refcounts.allocate(), clusterSize);
        file.zero(place, clusterSize);
        packedAt = place + length;
        return place;
    }

    /** Bytes of a cluster. */
    public int clusterSize() {
        return clusterSize;
    }
}
