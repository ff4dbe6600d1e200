package org.viridian.devices.storage.vhdx;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.viridian.devices.storage.CheckReport;
import org.viridian.devices.storage.DiskImage;
import org.viridian.devices.storage.ImageException;
import org.viridian.devices.storage.ImageFormat;
import org.viridian.devices.storage.file.HostFile;
import org.viridian.devices.storage.file.OverlayFile;
import org.viridian.devices.storage.format.FormatImage;
import org.viridian.devices.storage.format.MetadataCache;

/**
 * A VHDX (MS-VHDX). A table names state and place of each payload block; in a differencing disk a block may be present in
 * part, and bitmap blocks say which of its sectors are here. Every change of the tables goes through the log.
 */
public final class VhdxImage extends FormatImage {
    private static final int MEBIBYTE = VhdxHeader.MEBIBYTE;
    private static final int PAGE = 4096;
    private static final int CACHE_PAGES = 4096;
    private static final long OFFSET = -1L << 20;
    /** Bytes of zeroes written into a differencing disk at a time. */
    private static final int ZERO_CHUNK = 1 << 16;
    private static final String LINKAGE = "parent_linkage";

    private static final int NOT_PRESENT = 0;
    private static final int ZERO = 2;
    private static final int FULLY_PRESENT = 6;
    private static final int PARTIALLY_PRESENT = 7;

    private final VhdxMetadata metadata;
    private final int blockSize;
    private final int sector;
    private final long chunkRatio;
    private volatile long size;
    private VhdxHeader header;
    private VhdxRegions regions;
    private VhdxLog log;
    /** MiB of the file that are used. */
    private final BitSet used = new BitSet();
    private final List<long[]> freed = new ArrayList<>();
    private final List<long[]> freedInBatch = new ArrayList<>();

    private VhdxImage(HostFile file, VhdxHeader header, VhdxRegions regions, VhdxMetadata metadata, DiskImage parent, boolean readOnly) {
        super(file, parent, readOnly);
        this.header = header;
        this.regions = regions;
        this.metadata = metadata;
        this.blockSize = metadata.blockSize();
        this.sector = metadata.logicalSector();
        this.chunkRatio = (1L << 23) * sector / blockSize;
        this.size = metadata.size();
        tables(new MetadataCache(file, ByteOrder.LITTLE_ENDIAN, PAGE, CACHE_PAGES, 1));
    }

    /**
     * Opens an image; its log is replayed first, in the file or, for reading only, in memory.
     *
     * @param parents finds and opens the image below
     */
    public static VhdxImage open(HostFile plain, boolean readOnly, Parents parents) throws IOException {
        HostFile file = plain;
        VhdxHeader header = VhdxHeader.read(file);
        if (!header.logId().equals(VhdxHeader.NONE) && header.logLength() > 0) {
            if (readOnly) {
                file = new OverlayFile(file);
            }
            VhdxLog.replay(file, header);
            if (!readOnly) {
                header = header.write(file, header.fileWriteId(), header.dataWriteId(), VhdxHeader.NONE);
            }
        }
        VhdxRegions regions = VhdxRegions.read(file, header);
        VhdxMetadata metadata = VhdxMetadata.read(file, regions);
        if (entries(metadata, metadata.size()) * 8 > regions.batLength()) {
            throw new ImageException(file.path() + " has a block table that is too short");
        }
        if (!readOnly && header.logLength() == 0) {
            throw new ImageException(file.path() + " has no log and can only be read");
        }
        DiskImage parent = metadata.hasParent() ? parents.open(names(metadata.locator()), linkages(file, metadata.locator())) : null;
        try {
            VhdxImage image = new VhdxImage(file, header, regions, metadata, parent, readOnly);
            if (!readOnly) {
                image.survey(null);
            }
            return image;
        } catch (IOException | RuntimeException refused) {
            if (parent != null) {
                parent.close();
            }
            throw refused;
        }
    }

    /** Opens the image below. */
    @FunctionalInterface
    public interface Parents {
        /**
         * Opens it for reading.
         *
         * @param names file names it may have, best first
         * @param ids identities it may have
         */
        DiskImage open(List<String> names, List<UUID> ids) throws IOException;
    }

    /** The identity by which children know a VHDX. */
    public static UUID identity(HostFile file) throws IOException {
        return VhdxHeader.read(file).dataWriteId();
    }

    private static List<String> names(Map<String, String> locator) {
        List<String> names = new ArrayList<>();
        for (String key : List.of("relative_path", "absolute_win32_path", "volume_path")) {
            if (locator.containsKey(key)) {
                names.add(locator.get(key).replace('\\', '/'));
            }
        }
        return names;
    }

    private static List<UUID> linkages(HostFile file, Map<String, String> locator) throws ImageException {
        List<UUID> ids = new ArrayList<>();
        for (String key : List.of(LINKAGE, LINKAGE + "2")) {
            String text = locator.getOrDefault(key, "").replace("{", "").replace("}", "");
            if (!text.isEmpty()) {
                try {
                    ids.add(UUID.fromString(text));
                } catch (IllegalArgumentException e) {
                    throw new ImageException(file.path() + " has a damaged parent locator", e);
                }
            }
        }
        if (ids.isEmpty()) {
            throw new ImageException(file.path() + " does not say which parent it belongs to");
        }
        return ids;
    }

    /** Entries of the table for a disk of some size. */
    static long entries(VhdxMetadata metadata, long size) {
        long ratio = (1L << 23) * metadata.logicalSector() / metadata.blockSize();
        long blocks = (size + metadata.blockSize() - 1) / metadata.blockSize();
        return metadata.hasParent() ? (blocks + ratio - 1) / ratio * (ratio + 1) : blocks + (blocks - 1) / ratio;
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public int logicalSectorSize() {
        return metadata.logicalSector();
    }

    @Override
    public int physicalSectorSize() {
        return metadata.physicalSector();
    }

    @Override
    public ImageFormat format() {
        return ImageFormat.VHDX;
    }

    @Override
    public int discardGranularity() {
        return metadata.fixed() ? PAGE : blockSize;
    }

    // The table.

    private long payloadAt(long block) {
        return regions.batOffset() + (block + block / chunkRatio) * 8;
    }

    private long bitmapEntryAt(long block) {
        long chunk = block / chunkRatio;
        return regions.batOffset() + ((chunk + 1) * chunkRatio + chunk) * 8;
    }

    private static int state(long entry) {
        return (int) entry & 7;
    }

    private long place(long entry) throws ImageException {
        long place = entry & OFFSET;
        if (place < MEBIBYTE) {
            throw new ImageException(location() + " has a damaged block table; check it with 'viridian disk check'");
        }
        return place;
    }

    /** Where the bitmap bits of a block begin: one bit a sector, lowest first. */
    private long bitsAt(long block) throws IOException {
        long entry = tables().getLong(bitmapEntryAt(block));
        if (state(entry) != FULLY_PRESENT) {
            throw new ImageException(location() + " lacks a sector bitmap");
        }
        return place(entry) + block % chunkRatio * (blockSize / sector / 8);
    }

    private int run(long bits, int first, int most, boolean value) throws IOException {
        int count = 0;
        while (count < most) {
            int at = first + count;
            int octet = tables().getByte(bits + (at >> 3));
            if ((at & 7) == 0 && most - count >= 8 && octet == (value ? 0xFF : 0)) {
                count += 8;
            } else if ((octet >> (at & 7) & 1) == (value ? 1 : 0)) {
                count++;
            } else {
                break;
            }
        }
        return count;
    }

    private void mark(long bits, int from, int to, boolean value) throws IOException {
        for (int at = from; at < to; at++) {
            long octet = bits + (at >> 3);
            if ((at & 7) == 0 && to - at >= 8) {
                tables().putByte(octet, value ? 0xFF : 0, 0);
                at += 7;
            } else {
                int old = tables().getByte(octet);
                tables().putByte(octet, value ? old | 1 << (at & 7) : old & ~(1 << (at & 7)), 0);
            }
        }
    }

    // Requests.

    private static final int HERE = 0;
    private static final int BELOW = 1;
    private static final int ZEROES = 2;

    /** What the bytes from an offset on are; {@link #runBytes} of them are alike. */
    private int look(long offset, long length, long[] runBytes) throws IOException {
        int within = (int) (offset % blockSize);
        long count = Math.min(length, blockSize - within);
        long block = offset / blockSize;
        long entry = tables().getLong(payloadAt(block));
        runBytes[0] = count;
        runBytes[1] = 0;
        switch (state(entry)) {
            case FULLY_PRESENT -> {
                runBytes[1] = place(entry) + within;
                return HERE;
            }
            case PARTIALLY_PRESENT -> {
                long bits = bitsAt(block);
                int first = within / sector;
                int last = (int) ((within + count + sector - 1) / sector);
                boolean here = run(bits, first, 1, true) == 1;
                runBytes[0] = Math.min(count, (long) (first + run(bits, first, last - first, here)) * sector - within);
                runBytes[1] = place(entry) + within;
                return here ? HERE : BELOW;
            }
            case NOT_PRESENT -> {
                return BELOW;
            }
            default -> {
                return ZEROES;
            }
        }
    }

    @Override
    protected long readSome(long offset, MemorySegment target) throws IOException {
        long[] run = new long[2];
        int what = look(offset, target.byteSize(), run);
        MemorySegment some = target.asSlice(0, run[0]);
        switch (what) {
            case HERE -> file.read(run[1], some);
            case BELOW -> readParent(offset, some);
            default -> some.fill((byte) 0);
        }
        return run[0];
    }

    @Override
    protected long overwriteSome(long offset, MemorySegment source) throws IOException {
        long[] run = new long[2];
        if (look(offset, source.byteSize(), run) != HERE) {
            return 0;
        }
        file.write(run[1], source.asSlice(0, run[0]));
        return run[0];
    }

    @Override
    protected long allocateSome(long offset, MemorySegment source) throws IOException {
        int within = (int) (offset % blockSize);
        long count = Math.min(source.byteSize(), blockSize - within);
        long block = offset / blockSize;
        long at = payloadAt(block);
        long entry = tables().getLong(at);
        int state = state(entry);
        boolean fresh = state != FULLY_PRESENT && state != PARTIALLY_PRESENT;
        long place = fresh ? allocate(blockSize) : place(entry);
        file.write(place + within, source.asSlice(0, count));
        if (fresh) {
            boolean partly = state == NOT_PRESENT && parent != null && count < Math.min(blockSize, size - block * blockSize);
            if (partly) {
                makeBitmap(block);
                mark(bitsAt(block), 0, blockSize / sector, false);
            }
            tables().putLong(at, place | (partly ? PARTIALLY_PRESENT : FULLY_PRESENT), 0);
            state = partly ? PARTIALLY_PRESENT : FULLY_PRESENT;
        }
        if (state == PARTIALLY_PRESENT) {
            mark(bitsAt(block), within / sector, (int) ((within + count) / sector), true);
        }
        return count;
    }

    private void makeBitmap(long block) throws IOException {
        long at = bitmapEntryAt(block);
        if (state(tables().getLong(at)) != FULLY_PRESENT) {
            tables().putLong(at, allocate(MEBIBYTE) | FULLY_PRESENT, 0);
        }
    }

    /** A run of zero bytes in the file, used from now on. */
    private long allocate(long bytes) throws IOException {
        int units = (int) (bytes / MEBIBYTE);
        int from = used.nextClearBit(0);
        int end = used.nextSetBit(from);
        while (end >= 0 && end - from < units) {
            from = used.nextClearBit(end);
            end = used.nextSetBit(from);
        }
        if (from > Integer.MAX_VALUE - units) {
            throw new IOException(location() + " cannot grow any more");
        }
        used.set(from, from + units);
        long place = (long) from * MEBIBYTE;
        long fileSize = file.size();
        if (place < fileSize) {
            // What a stop has left unnamed may lie here.
            file.zero(place, Math.min(bytes, fileSize - place));
        }
        if (fileSize < place + bytes) {
            file.resize(place + bytes);
        }
        return place;
    }

    @Override
    protected long zeroSome(long offset, long length, boolean mustBeZero, boolean deallocate) throws IOException {
        int within = (int) (offset % blockSize);
        long count = Math.min(length, blockSize - within);
        long block = offset / blockSize;
        long at = payloadAt(block);
        long entry = tables().getLong(at);
        int state = state(entry);
        boolean whole = within == 0 && (count == blockSize || offset + count == size);
        boolean nothingBelow = parent == null || offset - within >= parent.size();
        if (state == NOT_PRESENT && nothingBelow || state != NOT_PRESENT && state != FULLY_PRESENT && state != PARTIALLY_PRESENT) {
            return count;
        }
        if (whole && !(metadata.fixed() && state == FULLY_PRESENT)) {
            tables().putLong(at, ZERO, 0);
            if (state != NOT_PRESENT) {
                freed.add(new long[] {place(entry), blockSize});
            }
        } else if (state != NOT_PRESENT) {
            file.zero(place(entry) + within, count);
            if (state == PARTIALLY_PRESENT && mustBeZero) {
                mark(bitsAt(block), within / sector, (int) ((within + count) / sector), true);
            }
        } else if (mustBeZero) {
            count = Math.min(count, ZERO_CHUNK);
            allocateSome(offset, MemorySegment.ofArray(new byte[(int) count]));
        }
        return count;
    }

    @Override
    protected Extent extentHere(long offset, long length) throws IOException {
        long[] run = new long[2];
        int what = look(offset, length, run);
        if (what == BELOW) {
            Extent below = parentExtent(offset, run[0]);
            return new Extent(offset, below.length(), below.data());
        }
        return new Extent(offset, run[0], what == HERE);
    }

    // Durability.

    @Override
    protected void beginWriting() throws IOException {
        header = header.write(file, UUID.randomUUID(), UUID.randomUUID(), UUID.randomUUID());
        log = new VhdxLog(file, header);
        // Whole MiB from here on: the log speaks of the file's size.
        long whole = (file.size() + MEBIBYTE - 1) / MEBIBYTE * MEBIBYTE;
        if (whole != file.size()) {
            file.resize(whole);
        }
    }

    @Override
    protected void taken() {
        freedInBatch.addAll(freed);
        freed.clear();
    }

    @Override
    protected void store(MetadataCache.Batch batch) throws IOException {
        TreeMap<Long, byte[]> rest = batch.level(0);
        TreeMap<Long, byte[]> part = new TreeMap<>();
        int most = Math.min(VhdxLog.MAX_PAGES, header.logLength() / PAGE - 1);
        for (var page : rest.entrySet()) {
            part.put(page.getKey(), page.getValue());
            if (part.size() == most) {
                storePart(part);
                part.clear();
            }
        }
        if (!part.isEmpty()) {
            storePart(part);
        }
    }

    private void storePart(TreeMap<Long, byte[]> pages) throws IOException {
        log.append(pages);
        tables().store(pages);
        file.sync();
    }

    @Override
    protected void committed() throws IOException {
        for (long[] place : freedInBatch) {
            tables().forget(place[0], place[1] == MEBIBYTE ? place[1] : 0);
            file.zero(place[0], place[1]);
            used.clear((int) (place[0] / MEBIBYTE), (int) ((place[0] + place[1]) / MEBIBYTE));
        }
        freedInBatch.clear();
    }

    @Override
    protected void endWriting() throws IOException {
        file.sync();
        header = header.write(file, header.fileWriteId(), header.dataWriteId(), VhdxHeader.NONE);
        long end = (long) used.length() * MEBIBYTE;
        if (end < file.size()) {
            file.resize(end);
            file.sync();
        }
    }

    // Looking for damage.

    /** Finds what is used; what is wrong is refused, or with a list only noted. */
    private void survey(List<String> errors) throws IOException {
        use(0, MEBIBYTE, "the header", errors);
        use(header.logOffset(), header.logLength(), "the log", errors);
        use(regions.batOffset(), regions.batLength(), "the block table", errors);
        use(regions.metadataOffset(), regions.metadataLength(), "the metadata", errors);
        long blocks = (size + blockSize - 1) / blockSize;
        for (long block = 0; block < blocks; block++) {
            long entry = tables().getLong(payloadAt(block));
            int state = state(entry);
            if (state == FULLY_PRESENT || state == PARTIALLY_PRESENT) {
                use(entry & OFFSET, blockSize, "block " + block, errors);
                if (state == PARTIALLY_PRESENT && !metadata.hasParent()) {
                    wrong("block %d is present in part, but there is no parent".formatted(block), errors);
                }
            } else if (state == 4 || state == 5) {
                wrong("block %d is in no known state".formatted(block), errors);
            }
            if (metadata.hasParent() && block % chunkRatio == 0 && state(tables().getLong(bitmapEntryAt(block))) == FULLY_PRESENT) {
                use(tables().getLong(bitmapEntryAt(block)) & OFFSET, MEBIBYTE, "a sector bitmap", errors);
            }
        }
    }

    private void use(long offset, long length, String what, List<String> errors) throws IOException {
        if (length == 0) {
            return;
        }
        // A block may reach behind the end of the file, which reads as zero, but not begin there.
        long end = file.size();
        if (offset < 0 || offset > 0 && offset < MEBIBYTE || offset >= end) {
            wrong(what + " lies outside the file", errors);
            return;
        }
        int from = (int) (offset / MEBIBYTE);
        int to = (int) ((offset + length) / MEBIBYTE);
        int taken = used.nextSetBit(from);
        if (taken >= 0 && taken < to) {
            wrong(what + " overlaps something else", errors);
        }
        used.set(from, to);
    }

    private void wrong(String what, List<String> errors) throws ImageException {
        if (errors == null) {
            throw new ImageException("%s is damaged: %s".formatted(location(), what));
        }
        if (errors.size() < CheckReport.MOST_ERRORS) {
            errors.add(what);
        }
    }

    /** Looks for damage and for space that nothing uses. */
    public CheckReport check() throws IOException {
        List<String> errors = new ArrayList<>();
        used.clear();
        survey(errors);
        long whole = file.size() / MEBIBYTE;
        return new CheckReport(errors, Math.max(0, whole - used.cardinality()), false);
    }

    // Size.

    /** Changes the size of the disk; what is behind a smaller end is lost, what is new reads as zero. */
    public void resize(long newSize) throws IOException {
        if (newSize > VhdxMetadata.MAX_SIZE || newSize % sector != 0) {
            throw new ImageException("a VHDX holds whole sectors of %d bytes, at most 64 TiB".formatted(sector));
        }
        long oldSize = size;
        if (newSize < oldSize) {
            writeZeroes(newSize, oldSize - newSize, true);
        }
        commit();
        alone(() -> {
            long bytes = entries(metadata, newSize) * 8;
            if (bytes > regions.batLength()) {
                growTable((bytes + MEBIBYTE - 1) / MEBIBYTE * MEBIBYTE);
            }
            if (newSize > oldSize) {
                // Entries behind the old end may hold anything.
                long first = (oldSize + blockSize - 1) / blockSize;
                for (long block = first; block < (newSize + blockSize - 1) / blockSize; block++) {
                    boolean exposed = parent != null && parent.size() > block * blockSize;
                    if (tables().getLong(payloadAt(block)) != (exposed ? ZERO : NOT_PRESENT)) {
                        tables().putLong(payloadAt(block), exposed ? ZERO : NOT_PRESENT, 0);
                    }
                }
                exposeNoParent(oldSize, Math.min(newSize, first * blockSize));
            }
            return null;
        });
        commit();
        alone(() -> {
            tables().putLong(metadata.sizeAt(), newSize, 0);
            size = newSize;
            return null;
        });
        commit();
    }

    /** The end of the last block: not the parent's bytes, for they lie behind the end of this disk. */
    private void exposeNoParent(long from, long to) throws IOException {
        long end = parent == null ? from : Math.min(to, parent.size());
        for (long at = from; at < end; ) {
            at += zeroSome(at, end - at, true, true);
        }
    }

    /** Copies the table to a longer region and switches the region tables over. */
    private void growTable(long length) throws IOException {
        long offset = allocate(length);
        for (long at = 0; at < regions.batLength(); at += MEBIBYTE) {
            file.write(offset + at, MemorySegment.ofBuffer(ByteBuffer.wrap(file.read(regions.batOffset() + at, MEBIBYTE))));
        }
        file.sync();
        VhdxRegions old = regions;
        regions = new VhdxRegions(offset, length, old.metadataOffset(), old.metadataLength());
        regions.write(file);
        tables().forget(old.batOffset(), old.batLength());
        freed.add(new long[] {old.batOffset(), old.batLength()});
    }

    /** Whether its blocks stay allocated. */
    public boolean fixed() {
        return metadata.fixed();
    }

    /** Identity that the guest sees. */
    public UUID diskId() {
        return metadata.diskId();
    }
}
