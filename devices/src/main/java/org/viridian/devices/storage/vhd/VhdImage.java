package org.viridian.devices.storage.vhd;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeSet;
import java.util.UUID;
import org.viridian.devices.storage.CheckReport;
import org.viridian.devices.storage.DiskImage;
import org.viridian.devices.storage.ImageException;
import org.viridian.devices.storage.ImageFormat;
import org.viridian.devices.storage.file.HostFile;
import org.viridian.devices.storage.format.FormatImage;
import org.viridian.devices.storage.format.MetadataCache;

/**
 * A dynamic or differencing VHD: a table names the place of each block, and a bitmap before each block says which of its
 * sectors are here. In a dynamic disk a sector whose bit is clear is zero in the file too, so only differencing disks need
 * the bits for reading.
 *
 * <p>The footer is moved before the block that takes its place is named, and the copy of it at the beginning of the file
 * stays, so there is a valid one at any moment.
 */
public final class VhdImage extends FormatImage {
    static final long UNUSED = 0xFFFF_FFFFL;
    private static final int SECTOR = 512;
    private static final int LEVEL_BITMAP = 0;
    private static final int LEVEL_TABLE = 1;
    private static final int CACHE_PAGES = 16384;
    /** Bytes of zeroes written into a differencing disk at a time. */
    private static final int ZERO_CHUNK = 1 << 16;

    private final VhdFooter original;
    private final boolean differencing;
    private final int blockSize;
    private final int bitmapBytes;
    private volatile long size;
    private VhdFooter footer;
    private VhdHeader header;
    /** Where blocks end and the footer belongs. */
    private long end;
    private final TreeSet<Long> free = new TreeSet<>();
    private final List<Long> freed = new ArrayList<>();
    private final List<Long> freedInBatch = new ArrayList<>();

    private VhdImage(HostFile file, VhdFooter footer, VhdHeader header, DiskImage parent, boolean readOnly) throws IOException {
        super(file, parent, readOnly);
        this.original = footer;
        this.footer = footer;
        this.header = header;
        this.differencing = footer.type() == VhdFooter.DIFFERENCING;
        this.blockSize = (int) header.blockSize();
        this.bitmapBytes = bitmapBytes(blockSize);
        this.size = footer.size();
        tables(new MetadataCache(file, ByteOrder.BIG_ENDIAN, SECTOR, CACHE_PAGES, 2));
    }

    /** Bytes of a block's bitmap with its padding. */
    static int bitmapBytes(int blockSize) {
        return (blockSize / SECTOR / 8 + SECTOR - 1) / SECTOR * SECTOR;
    }

    /**
     * Opens an image; a fixed one is a {@link org.viridian.devices.storage.RawImage}.
     *
     * @param parents finds and opens the image below
     */
    public static DiskImage open(HostFile file, boolean readOnly, Parents parents) throws IOException {
        VhdFooter footer = VhdFooter.read(file);
        switch (footer.type()) {
            case VhdFooter.FIXED -> {
                long size = footer.size();
                if (size <= 0 || size > file.size() - VhdFooter.SIZE) {
                    throw new ImageException(file.path() + " is shorter than its disk");
                }
                return org.viridian.devices.storage.RawImage.ofFixedVhd(file, size, readOnly);
            }
            case VhdFooter.DYNAMIC, VhdFooter.DIFFERENCING -> {
                VhdHeader header = VhdHeader.read(file, footer);
                DiskImage parent = footer.type() == VhdFooter.DIFFERENCING
                        ? parents.open(ParentNames.read(file, header), header.parentId()) : null;
                try {
                    VhdImage image = new VhdImage(file, footer, header, parent, readOnly);
                    if (!readOnly) {
                        image.survey();
                    }
                    return image;
                } catch (IOException | RuntimeException refused) {
                    if (parent != null) {
                        parent.close();
                    }
                    throw refused;
                }
            }
            default -> throw new ImageException(file.path() + " is a VHD of the unknown type " + Integer.toUnsignedString(footer.type()));
        }
    }

    /** The identity by which children know a VHD. */
    public static UUID identity(HostFile file) throws IOException {
        return VhdFooter.read(file).id();
    }

    /** Opens the image below. */
    @FunctionalInterface
    public interface Parents {
        /**
         * Opens it for reading.
         *
         * @param names file names it may have, best first
         * @param id its identity
         */
        DiskImage open(List<String> names, UUID id) throws IOException;
    }

    /** Finds where blocks are and what lies free between them. */
    private void survey() throws IOException {
        long[] places = places(new ArrayList<>());
        long tableEnd = header.tableOffset() + (header.entries() * 4 + SECTOR - 1) / SECTOR * SECTOR;
        // A table that has been moved lies between or behind the blocks: then nothing before it counts as free.
        long at = Math.max(Math.max(tableEnd, footer.dataOffset() + VhdHeader.SIZE), ParentNames.end(header));
        for (long place : places) {
            for (; place - at >= blockBytes(); at += blockBytes()) {
                free.add(at);
            }
            at = Math.max(at, place + blockBytes());
        }
        end = at;
    }

    private long blockBytes() {
        return (long) bitmapBytes + blockSize;
    }

    /** The blocks' places in order; what is wrong with the table goes to {@code errors}, and without it is refused. */
    private long[] places(List<String> errors) throws IOException {
        long entries = Math.min(header.entries(), (size + blockSize - 1) / blockSize);
        long[] found = new long[1024];
        int count = 0;
        long fileSize = file.size();
        for (long i = 0; i < entries; i++) {
            long entry = entry(i);
            if (entry == UNUSED) {
                continue;
            }
            if (!inside(entry, fileSize)) {
                error(errors, "block %d lies outside the file, at sector %d".formatted(i, entry));
                continue;
            }
            if (count == found.length) {
                found = Arrays.copyOf(found, 2 * count);
            }
            found[count++] = entry * SECTOR;
        }
        long[] places = Arrays.copyOf(found, count);
        Arrays.sort(places);
        for (int i = 1; i < count; i++) {
            if (places[i] - places[i - 1] < blockBytes()) {
                error(errors, "two blocks overlap at 0x%x".formatted(places[i]));
            }
        }
        return places;
    }

    private void error(List<String> errors, String what) throws ImageException {
        if (!checking) {
            throw new ImageException("%s is damaged: %s".formatted(location(), what));
        }
        if (errors.size() < CheckReport.MOST_ERRORS) {
            errors.add(what);
        }
    }

    private boolean checking;

    /** Looks for damage; a VHD has nothing that could leak unseen. */
    public CheckReport check() throws IOException {
        checking = true;
        List<String> errors = new ArrayList<>();
        places(errors);
        if (VhdFooter.parse(file.read(file.size() - SECTOR, SECTOR)).isEmpty()) {
            errors.add("the footer at the end of the file is missing");
        }
        return new CheckReport(errors, 0, false);
    }

    private boolean inside(long entry, long fileSize) {
        // The last block may be cut by a creator that saves space; the footer follows it.
        return entry * SECTOR >= footer.dataOffset() + VhdHeader.SIZE && entry * SECTOR + bitmapBytes < fileSize;
    }

    private ImageException damaged() {
        return new ImageException(location() + " has a damaged block table; check it with 'viridian disk check'");
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public ImageFormat format() {
        return ImageFormat.VHD;
    }

    @Override
    public int discardGranularity() {
        return differencing ? 4096 : blockSize;
    }

    // Blocks.

    private long entry(long block) throws IOException {
        return tables().getInt(header.tableOffset() + block * 4);
    }

    /** Where the bitmap of the block with this byte lies, or -1. */
    private long place(long offset) throws IOException {
        long entry = entry(offset / blockSize);
        if (entry == UNUSED) {
            return -1;
        }
        if (entry * SECTOR < footer.dataOffset() + VhdHeader.SIZE) {
            throw damaged();
        }
        return entry * SECTOR;
    }

    private boolean present(long place, int sector) throws IOException {
        return (tables().getByte(place + (sector >> 3)) & 0x80 >> (sector & 7)) != 0;
    }

    /** Sectors from {@code sector} on whose bits are alike, at most {@code most}. */
    private int run(long place, int sector, int most, boolean value) throws IOException {
        int count = 0;
        while (count < most) {
            int at = sector + count;
            if ((at & 7) == 0 && most - count >= 8 && tables().getByte(place + (at >> 3)) == (value ? 0xFF : 0)) {
                count += 8;
            } else if (present(place, at) == value) {
                count++;
            } else {
                break;
            }
        }
        return count;
    }

    private void mark(long place, int from, int to) throws IOException {
        for (int sector = from; sector < to; sector++) {
            long at = place + (sector >> 3);
            if ((sector & 7) == 0 && to - sector >= 8) {
                tables().putByte(at, 0xFF, LEVEL_BITMAP);
                sector += 7;
            } else {
                tables().putByte(at, tables().getByte(at) | 0x80 >> (sector & 7), LEVEL_BITMAP);
            }
        }
    }

    @Override
    protected long readSome(long offset, MemorySegment target) throws IOException {
        int within = (int) (offset % blockSize);
        long count = Math.min(target.byteSize(), blockSize - within);
        long place = place(offset);
        if (place < 0) {
            readParent(offset, target.asSlice(0, count));
            return count;
        }
        if (differencing) {
            int first = within / SECTOR;
            int last = (int) ((within + count + SECTOR - 1) / SECTOR);
            boolean here = present(place, first);
            count = Math.min(count, (long) (first + run(place, first, last - first, here)) * SECTOR - within);
            if (!here) {
                readParent(offset, target.asSlice(0, count));
                return count;
            }
        }
        file.read(place + bitmapBytes + within, target.asSlice(0, count));
        return count;
    }

    @Override
    protected long overwriteSome(long offset, MemorySegment source) throws IOException {
        int within = (int) (offset % blockSize);
        long place = place(offset);
        if (place < 0) {
            return 0;
        }
        long count = Math.min(source.byteSize(), blockSize - within);
        int sectors = (int) (count / SECTOR);
        if (run(place, within / SECTOR, sectors, true) < sectors) {
            return 0;
        }
        file.write(place + bitmapBytes + within, source.asSlice(0, count));
        return count;
    }

    @Override
    protected long allocateSome(long offset, MemorySegment source) throws IOException {
        int within = (int) (offset % blockSize);
        long count = Math.min(source.byteSize(), blockSize - within);
        long place = place(offset);
        boolean fresh = place < 0;
        if (fresh) {
            place = newBlock();
        }
        file.write(place + bitmapBytes + within, source.asSlice(0, count));
        mark(place, within / SECTOR, (int) ((within + count) / SECTOR));
        if (fresh) {
            tables().putInt(header.tableOffset() + offset / blockSize * 4, (int) (place / SECTOR), LEVEL_TABLE);
        }
        return count;
    }

    /** Room for a block of zeroes; in a dynamic disk all of its sectors count as present. */
    private long newBlock() throws IOException {
        long place;
        if (free.isEmpty()) {
            place = end;
            file.write(end + blockBytes(), footer.bytes());
            end += blockBytes();
        } else {
            place = free.pollFirst();
        }
        // The old footer, or a block that a stop left unnamed, may lie here.
        file.zero(place, blockBytes());
        tables().putZeroes(place, bitmapBytes, LEVEL_BITMAP);
        if (!differencing) {
            mark(place, 0, blockSize / SECTOR);
        }
        return place;
    }

    @Override
    protected long zeroSome(long offset, long length, boolean mustBeZero, boolean deallocate) throws IOException {
        int within = (int) (offset % blockSize);
        long count = Math.min(length, blockSize - within);
        long place = place(offset);
        boolean whole = within == 0 && (count == blockSize || offset + count == size);
        if (place < 0) {
            boolean nothingBelow = parent == null || offset >= parent.size();
            if (mustBeZero && !nothingBelow) {
                count = Math.min(count, ZERO_CHUNK);
                allocateSome(offset, MemorySegment.ofArray(new byte[(int) count]));
            }
            return count;
        }
        if (whole && !differencing) {
            tables().putInt(header.tableOffset() + offset / blockSize * 4, (int) UNUSED, LEVEL_TABLE);
            freed.add(place);
            return count;
        }
        file.zero(place + bitmapBytes + within, count);
        if (differencing && mustBeZero) {
            mark(place, within / SECTOR, (int) ((within + count) / SECTOR));
        }
        return count;
    }

    @Override
    protected Extent extentHere(long offset, long length) throws IOException {
        int within = (int) (offset % blockSize);
        long count = Math.min(length, blockSize - within);
        long place = place(offset);
        if (place < 0) {
            Extent below = parentExtent(offset, count);
            return new Extent(offset, below.length(), below.data());
        }
        if (differencing) {
            int first = within / SECTOR;
            int last = (int) ((within + count + SECTOR - 1) / SECTOR);
            boolean here = present(place, first);
            count = Math.min(count, (long) (first + run(place, first, last - first, here)) * SECTOR - within);
            if (!here) {
                Extent below = parentExtent(offset, count);
                return new Extent(offset, below.length(), below.data());
            }
        }
        return new Extent(offset, count, true);
    }

    // Durability.

    @Override
    protected void beginWriting() throws IOException {
        // Behind whatever a stop left there.
        if (VhdFooter.parse(file.read(file.size() - SECTOR, SECTOR)).isEmpty()) {
            file.write(Math.max(end, file.size()), footer.bytes());
        }
    }

    @Override
    protected void taken() {
        freedInBatch.addAll(freed);
        freed.clear();
    }

    @Override
    protected void store(MetadataCache.Batch batch) throws IOException {
        if (!batch.level(LEVEL_BITMAP).isEmpty()) {
            tables().store(batch.level(LEVEL_BITMAP));
            file.sync();
        }
        tables().store(batch.level(LEVEL_TABLE));
        file.sync();
    }

    @Override
    protected void committed() throws IOException {
        for (long place : freedInBatch) {
            tables().forget(place, bitmapBytes);
            file.zero(place, blockBytes());
            free.add(place);
        }
        freedInBatch.clear();
    }

    @Override
    protected void endWriting() throws IOException {
        while (free.remove(end - blockBytes())) {
            end -= blockBytes();
        }
        file.write(end, footer.bytes());
        file.sync();
        file.resize(end + SECTOR);
        file.sync();
    }

    /** Changes the size of the disk; what is behind a smaller end is lost, what is new reads as zero. */
    public void resize(long newSize) throws IOException {
        if (newSize > VhdFooter.MAX_SIZE) {
            throw new ImageException("a VHD holds at most 2040 GiB");
        }
        long oldSize = size;
        if (newSize < oldSize) {
            writeZeroes(newSize, oldSize - newSize, true);
        }
        commit();
        alone(() -> {
            long entries = (newSize + blockSize - 1) / blockSize;
            if (entries > header.entries()) {
                growTable(entries);
            }
            if (newSize > oldSize && parent != null && parent.size() > oldSize) {
                // Not the parent's bytes: they lie behind the end of this disk.
                long exposed = Math.min(newSize, parent.size());
                for (long at = oldSize; at < exposed; ) {
                    at += zeroSome(at, exposed - at, true, true);
                }
            }
            return null;
        });
        commit();
        alone(() -> {
            footer = original.withSize(newSize);
            size = newSize;
            file.write(0, footer.bytes());
            file.write(end, footer.bytes());
            return null;
        });
        commit();
    }

    /** Writes a longer table behind the blocks and switches the header over, which is one sector. */
    private void growTable(long entries) throws IOException {
        long bytes = (entries * 4 + SECTOR - 1) / SECTOR * SECTOR;
        ByteBuffer table = ByteBuffer.allocate((int) bytes);
        for (int i = 0; i < bytes / 4; i++) {
            table.putInt(4 * i, i < header.entries() ? (int) entry(i) : (int) UNUSED);
        }
        long offset = end;
        file.write(offset + bytes, footer.bytes());
        file.sync();
        file.write(offset, MemorySegment.ofBuffer(table));
        file.sync();
        tables().forget(header.tableOffset() / SECTOR * SECTOR, (header.entries() * 4 + SECTOR - 1) / SECTOR * SECTOR);
        header = header.withTable(offset, entries);
        file.write(footer.dataOffset(), Arrays.copyOf(header.bytes(), SECTOR));
        file.sync();
        end = offset + bytes;
    }
}
