package org.viridian.devices.storage.qcow2;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.viridian.devices.storage.ImageException;
import org.viridian.devices.storage.ImageFormat;
import org.viridian.devices.storage.file.HostFile;

/** Lays out a new qcow2 image: header, refcount table, one refcount block, L1 table, in this order. */
public final class Qcow2Create {
    private static final int REFCOUNT_ORDER = 4;

    private Qcow2Create() {}

    /**
     * What a new image is like.
     *
     * @param size bytes of the disk
     * @param version 2 or 3
     * @param clusterSize bytes of a cluster, a power of two, 512 to 2 MiB
     * @param zstd compress with zstd instead of deflate; version 3 only
     * @param backing the image below, as the file names it
     * @param backingFormat its format
     */
    public record Layout(long size, int version, int clusterSize, boolean zstd, Optional<String> backing,
            Optional<ImageFormat> backingFormat) {
        /** Version 3, 64 KiB clusters, no image below. */
        public static Layout standard(long size) {
            return new Layout(size, 3, 1 << 16, false, Optional.empty(), Optional.empty());
        }
    }

    /** Writes an image of zeroes into an empty file. */
    public static void write(HostFile file, Layout layout) throws IOException {
        int clusterSize = layout.clusterSize();
        if (Integer.bitCount(clusterSize) != 1 || clusterSize < 512 || clusterSize > 2 << 20) {
            throw new ImageException("a cluster has 512 bytes to 2 MiB, a power of two");
        }
        long covered = (long) clusterSize * (clusterSize / 8);
        long l1Entries = Math.max(1, (layout.size() + covered - 1) / covered);
        if (l1Entries * 8 > 32 << 20) {
            throw new ImageException("a qcow2 image of %d bytes needs larger clusters than %d bytes".formatted(layout.size(), clusterSize));
        }
        int l1Clusters = (int) ((l1Entries * 8 + clusterSize - 1) / clusterSize);
        int perBlock = clusterSize / 2;
        int blocks = 1;
        int tableClusters = 1;
        while (true) {
            int total = 1 + tableClusters + blocks + l1Clusters;
            int needBlocks = (total + perBlock - 1) / perBlock;
            int needTable = (needBlocks * 8 + clusterSize - 1) / clusterSize;
            if (needBlocks <= blocks && needTable <= tableClusters) {
                break;
            }
            blocks = Math.max(blocks, needBlocks);
            tableClusters = Math.max(tableClusters, needTable);
        }
        int used = 1 + tableClusters + blocks + l1Clusters;
        long blockOffset = (1L + tableClusters) * clusterSize;
        ByteBuffer counts = ByteBuffer.allocate(blocks * clusterSize);
        for (int i = 0; i < used; i++) {
            counts.putShort(2 * i, (short) 1);
        }
        ByteBuffer table = ByteBuffer.allocate(tableClusters * clusterSize);
        for (int i = 0; i < blocks; i++) {
            table.putLong(8 * i, blockOffset + (long) i * clusterSize);
        }
        file.resize((long) used * clusterSize);
        file.write(clusterSize, MemorySegment.ofBuffer(table));
        file.write(blockOffset, MemorySegment.ofBuffer(counts));
        file.sync();
        // The header last: a file without it is no image yet.
        file.write(0, header(layout, (int) l1Entries, (1L + tableClusters + blocks) * clusterSize, tableClusters));
        file.sync();
    }

    private static byte[] header(Layout layout, int l1Entries, long l1Offset, int tableClusters) throws ImageException {
        boolean modern = layout.version() == 3;
        if (!modern && layout.zstd()) {
            throw new ImageException("zstd needs version 3");
        }
        ByteBuffer header = ByteBuffer.allocate(Math.min(layout.clusterSize(), 4096));
        int headerLength = modern ? 112 : 72;
        header.putInt(0, Qcow2Header.MAGIC);
        header.putInt(4, layout.version());
        header.putInt(20, Integer.numberOfTrailingZeros(layout.clusterSize()));
        header.putLong(Qcow2Header.SIZE_AT, layout.size());
        header.putInt(Qcow2Header.L1_AT, l1Entries);
        header.putLong(40, l1Offset);
        header.putLong(Qcow2Header.REFCOUNT_TABLE_AT, layout.clusterSize());
        header.putInt(56, tableClusters);
        if (modern) {
            header.putLong(Qcow2Header.INCOMPATIBLE_AT, layout.zstd() ? Qcow2Header.COMPRESSION_TYPE : 0);
            header.putInt(96, REFCOUNT_ORDER);
            header.putInt(100, headerLength);
            header.put(104, (byte) (layout.zstd() ? 1 : 0));
        }
        int at = headerLength;
        if (layout.backingFormat().isPresent()) {
            String word = layout.backingFormat().get() == ImageFormat.VHD ? "vpc" : layout.backingFormat().get().word();
            header.putInt(at, Qcow2Header.EXTENSION_BACKING_FORMAT);
            header.putInt(at + 4, word.length());
            header.put(at + 8, word.getBytes(StandardCharsets.US_ASCII));
            at += 8 + (word.length() + 7) / 8 * 8;
        }
        at += 8;
        if (layout.backing().isPresent()) {
            byte[] name = layout.backing().get().getBytes(StandardCharsets.UTF_8);
            if (name.length > Math.min(1023, header.capacity() - at)) {
                throw new ImageException("the name of the backing file is too long");
            }
            header.putLong(8, at);
            header.putInt(16, name.length);
            header.put(at, name);
        }
        return header.array();
    }
}
