package org.viridian.devices.storage.qcow2;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.viridian.devices.storage.ImageException;
import org.viridian.devices.storage.ImageFormat;
import org.viridian.devices.storage.file.HostFile;

/**
 * The header of a qcow2 image (QEMU docs/interop/qcow2.txt, section "Header"), checked. All numbers are big-endian.
 *
 * @param version 2 or 3
 * @param clusterBits log2 of the cluster's bytes, 9–21
 * @param size bytes of the disk
 * @param l1Entries entries of the L1 table
 * @param l1Offset where it lies
 * @param refcountOffset where the refcount table lies
 * @param refcountClusters its clusters
 * @param incompatible incompatible features
 * @param compatible compatible features
 * @param autoclear features that an unaware writer must clear
 * @param refcountOrder log2 of the bits of a refcount
 * @param zstd whether compressed clusters are zstd instead of deflate
 * @param backingName file name of the image below, if any
 * @param backingFormat its format, where stated
 * @param bitmaps whether there are dirty bitmaps
 */
record Qcow2Header(int version, int clusterBits, long size, int l1Entries, long l1Offset, long refcountOffset,
        int refcountClusters, long incompatible, long compatible, long autoclear, int refcountOrder, boolean zstd,
        Optional<String> backingName, Optional<ImageFormat> backingFormat, boolean bitmaps) {
    static final int MAGIC = 0x514649FB;
    static final int SIZE_AT = 24;
    static final int L1_AT = 36;
    static final int REFCOUNT_TABLE_AT = 48;
    static final int INCOMPATIBLE_AT = 72;
    static final int AUTOCLEAR_AT = 88;
    static final long DIRTY = 1;
    static final long CORRUPT = 2;
    static final long COMPRESSION_TYPE = 8;
    static final int EXTENSION_BACKING_FORMAT = 0xE2792ACA;
    /** Bytes that a version 3 header has at least. */
    static final int V3_LENGTH = 104;

    private static final long EXTERNAL_DATA = 4;
    private static final long EXTENDED_L2 = 16;
    private static final int EXTENSION_BITMAPS = 0x23852875;
    private static final int MAX_L1_BYTES = 32 << 20;
    private static final int MAX_REFCOUNT_TABLE_BYTES = 8 << 20;
    private static final int MAX_BACKING_NAME = 1023;

    static Qcow2Header read(HostFile file) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(file.read(0, 112));
        if (bytes.getInt(0) != MAGIC) {
            throw bad(file, "has no qcow2 header");
        }
        int version = bytes.getInt(4);
        if (version != 2 && version != 3) {
            throw bad(file, "is qcow2 of version " + Integer.toUnsignedString(version) + "; versions 2 and 3 are known");
        }
        int clusterBits = bytes.getInt(20);
        if (clusterBits < 9 || clusterBits > 21) {
            throw bad(file, "has clusters of 2^" + Integer.toUnsignedString(clusterBits) + " bytes; 512 bytes to 2 MiB are possible");
        }
        long clusterSize = 1L << clusterBits;
        if (bytes.getInt(32) != 0) {
            throw bad(file, "is encrypted; that is not supported");
        }
        if (bytes.getInt(60) != 0) {
            throw bad(file, "has internal snapshots (%d); that is not supported. Delete them with 'qemu-img snapshot -d' or convert the image"
                    .formatted(bytes.getInt(60)));
        }
        boolean modern = version == 3;
        int headerLength = modern ? bytes.getInt(100) : 72;
        if (modern && (headerLength < V3_LENGTH || headerLength > clusterSize || headerLength % 8 != 0)) {
            throw bad(file, "has a header of " + Integer.toUnsignedString(headerLength) + " bytes");
        }
        long incompatible = modern ? bytes.getLong(INCOMPATIBLE_AT) : 0;
        checkFeatures(file, incompatible);
        int order = modern ? bytes.getInt(96) : 4;
        if (order < 0 || order > 6) {
            throw bad(file, "has refcounts of 2^" + Integer.toUnsignedString(order) + " bits");
        }
        boolean zstd = (incompatible & COMPRESSION_TYPE) != 0;
        if (zstd && (headerLength <= V3_LENGTH || bytes.get(104) != 1)) {
            throw bad(file, "uses an unknown compression");
        }
        Extensions extensions = Extensions.read(file, headerLength, clusterSize, bytes.getLong(8));
        Optional<String> backing = backingName(file, bytes, clusterSize);
        Qcow2Header header = new Qcow2Header(version, clusterBits, bytes.getLong(SIZE_AT), bytes.getInt(L1_AT), bytes.getLong(40),
                bytes.getLong(REFCOUNT_TABLE_AT), bytes.getInt(56), incompatible, modern ? bytes.getLong(80) : 0,
                modern ? bytes.getLong(AUTOCLEAR_AT) : 0, order, zstd, backing, extensions.format, extensions.bitmaps);
        header.checkTables(file);
        return header;
    }

    private static void checkFeatures(HostFile file, long incompatible) throws ImageException {
        if ((incompatible & EXTERNAL_DATA) != 0) {
            throw bad(file, "keeps its data in another file; that is not supported");
        }
        if ((incompatible & EXTENDED_L2) != 0) {
            throw bad(file, "has subclusters (extended L2 entries); that is not supported");
        }
        long unknown = incompatible & ~(DIRTY | CORRUPT | COMPRESSION_TYPE);
        if (unknown != 0) {
            throw bad(file, "needs features that this program does not know (0x%x)".formatted(unknown));
        }
    }

    private static Optional<String> backingName(HostFile file, ByteBuffer bytes, long clusterSize) throws IOException {
        long offset = bytes.getLong(8);
        int length = bytes.getInt(16);
        if (offset == 0) {
            return Optional.empty();
        }
        if (length <= 0 || length > MAX_BACKING_NAME || offset < 72 || offset > clusterSize - length) {
            throw bad(file, "has a damaged name of its backing file");
        }
        return Optional.of(new String(file.read(offset, length), StandardCharsets.UTF_8));
    }

    private void checkTables(HostFile file) throws IOException {
        if (size < 0 || size > 1L << 62) {
            throw bad(file, "claims an impossible size");
        }
        long covered = (long) clusterSize() * (clusterSize() / 8);
        long needed = (size + covered - 1) / covered;
        if (l1Entries < 0 || 8L * l1Entries > MAX_L1_BYTES || needed > l1Entries) {
            throw bad(file, "has an L1 table of %d entries for a disk that needs %d".formatted(l1Entries, needed));
        }
        if (refcountClusters <= 0 || (long) refcountClusters << clusterBits > MAX_REFCOUNT_TABLE_BYTES) {
            throw bad(file, "has a refcount table of impossible size");
        }
        long end = file.size();
        boolean good = aligned(refcountOffset) && refcountOffset > 0 && refcountOffset < end
                && (l1Entries == 0 || aligned(l1Offset) && l1Offset > 0 && l1Offset < end);
        if (!good) {
            throw bad(file, "has tables outside the file");
        }
    }

    private boolean aligned(long offset) {
        return (offset & clusterSize() - 1) == 0;
    }

    int clusterSize() {
        return 1 << clusterBits;
    }

    boolean dirty() {
        return (incompatible & DIRTY) != 0;
    }

    boolean corrupt() {
        return (incompatible & CORRUPT) != 0;
    }

    private record Extensions(Optional<ImageFormat> format, boolean bitmaps) {
        static Extensions read(HostFile file, int headerLength, long clusterSize, long backingOffset) throws IOException {
            Optional<ImageFormat> format = Optional.empty();
            boolean bitmaps = false;
            long end = backingOffset > headerLength ? Math.min(backingOffset, clusterSize) : clusterSize;
            for (long at = headerLength; at + 8 <= end; ) {
                ByteBuffer head = ByteBuffer.wrap(file.read(at, 8));
                int type = head.getInt(0);
                long length = head.getInt(4) & 0xFFFF_FFFFL;
                if (type == 0) {
                    break;
                }
                if (length > end - at - 8) {
                    throw bad(file, "has a damaged header extension");
                }
                if (type == EXTENSION_BACKING_FORMAT && length <= 16) {
                    String word = new String(file.read(at + 8, (int) length), StandardCharsets.US_ASCII);
                    format = ImageFormat.of(word);
                    if (format.isEmpty()) {
                        throw bad(file, "has a backing file of the unknown format '" + word + "'");
                    }
                }
                bitmaps |= type == EXTENSION_BITMAPS;
                at += 8 + (length + 7) / 8 * 8;
            }
            return new Extensions(format, bitmaps);
        }
    }

    static ImageException bad(HostFile file, String what) {
        return new ImageException(file.path() + " " + what);
    }
}
