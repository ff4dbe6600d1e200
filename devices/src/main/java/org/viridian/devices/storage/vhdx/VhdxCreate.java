package org.viridian.devices.storage.vhdx;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import org.viridian.devices.storage.ImageException;
import org.viridian.devices.storage.file.HostFile;

/** Lays out new VHDX images: headers, log, metadata, block table, then for fixed disks the blocks, each at whole MiB. */
public final class VhdxCreate {
    private static final int MEBIBYTE = VhdxHeader.MEBIBYTE;
    private static final long LOG_AT = MEBIBYTE;
    private static final long METADATA_AT = 2L * MEBIBYTE;
    private static final long TABLE_AT = 3L * MEBIBYTE;
    private static final int FULLY_PRESENT = 6;

    private VhdxCreate() {}

    /**
     * What a new image is like.
     *
     * @param size bytes of the disk
     * @param blockSize bytes of a block, 1–256 MiB
     * @param fixed allocate all blocks at once
     * @param logicalSector 512 or 4096
     * @param physicalSector 512 or 4096
     */
    public record Layout(long size, int blockSize, boolean fixed, int logicalSector, int physicalSector) {
        /** Dynamic, 2 MiB blocks, 512-byte sectors on 4 KiB ones. */
        public static Layout standard(long size) {
            return new Layout(size, 2 << 20, false, 512, 4096);
        }
    }

    /** Writes an image of zeroes into an empty file. */
    public static void write(HostFile file, Layout layout) throws IOException {
        write(file, layout, Map.of());
    }

    /**
     * Writes an image that holds what differs from its parent.
     *
     * @param parent the parent's file, a VHDX
     * @param parentId the parent's identity
     */
    public static void differencing(HostFile file, Layout layout, Path parent, UUID parentId) throws IOException {
        Path target = parent.toAbsolutePath().normalize();
        String near = file.path().toAbsolutePath().normalize().getParent().relativize(target).toString();
        Map<String, String> locator = new LinkedHashMap<>();
        locator.put("parent_linkage", "{" + parentId + "}");
        locator.put("relative_path", (near.startsWith("..") ? near : "./" + near).replace('/', '\\'));
        locator.put("absolute_win32_path", target.toString());
        write(file, layout, locator);
    }

    private static void write(HostFile file, Layout layout, Map<String, String> locator) throws IOException {
        if (layout.size() <= 0 || layout.size() > VhdxMetadata.MAX_SIZE || layout.size() % layout.logicalSector() != 0) {
            throw new ImageException("a VHDX holds whole sectors of %d bytes, at most 64 TiB".formatted(layout.logicalSector()));
        }
        if (Integer.bitCount(layout.blockSize()) != 1 || layout.blockSize() < MEBIBYTE || layout.blockSize() > 256 * MEBIBYTE) {
            throw new ImageException("a VHDX block has 1 to 256 MiB, a power of two");
        }
        if (locator.values().stream().anyMatch(text -> text.length() > 16 << 10)) {
            throw new ImageException("the parent's name is too long");
        }
        VhdxMetadata metadata = new VhdxMetadata(layout.blockSize(), layout.fixed(), !locator.isEmpty(), layout.size(), 0, UUID.randomUUID(),
                layout.logicalSector(), layout.physicalSector(), locator);
        long entries = VhdxImage.entries(metadata, layout.size());
        long tableLength = (entries * 8 + MEBIBYTE - 1) / MEBIBYTE * MEBIBYTE;
        long blocks = (layout.size() + layout.blockSize() - 1) / layout.blockSize();
        long end = TABLE_AT + tableLength + (layout.fixed() ? blocks * layout.blockSize() : 0);
        file.resize(end);
        if (layout.fixed()) {
            writeTable(file, layout, tableLength, blocks);
        }
        file.write(METADATA_AT, metadata.bytes());
        new VhdxRegions(TABLE_AT, tableLength, METADATA_AT, MEBIBYTE).write(file);
        VhdxHeader header = new VhdxHeader(1, UUID.randomUUID(), UUID.randomUUID(), VhdxHeader.NONE, MEBIBYTE, LOG_AT);
        file.write(VhdxHeader.FIRST_AT, header.bytes());
        file.write(VhdxHeader.SECOND_AT,
                new VhdxHeader(2, header.fileWriteId(), header.dataWriteId(), VhdxHeader.NONE, MEBIBYTE, LOG_AT).bytes());
        file.sync();
        ByteBuffer identifier = VhdxHeader.little(new byte[4096]);
        identifier.put(0, "vhdxfile".getBytes(StandardCharsets.US_ASCII));
        identifier.put(8, "Viridian".getBytes(StandardCharsets.UTF_16LE));
        // The identifier last: a file without it is no image yet.
        file.write(0, identifier.array());
        file.sync();
    }

    private static void writeTable(HostFile file, Layout layout, long tableLength, long blocks) throws IOException {
        long ratio = (1L << 23) * layout.logicalSector() / layout.blockSize();
        long place = TABLE_AT + tableLength;
        ByteBuffer part = VhdxHeader.little(new byte[MEBIBYTE]);
        long partStart = 0;
        for (long block = 0; block < blocks; block++) {
            long at = (block + block / ratio) * 8;
            if (at >= partStart + MEBIBYTE) {
                file.write(TABLE_AT + partStart, MemorySegment.ofBuffer(part.clear()));
                part = VhdxHeader.little(new byte[MEBIBYTE]);
                partStart = at / MEBIBYTE * MEBIBYTE;
            }
            part.putLong((int) (at - partStart), place + block * layout.blockSize() | FULLY_PRESENT);
        }
        file.write(TABLE_AT + partStart, MemorySegment.ofBuffer(part.clear()));
    }
}
