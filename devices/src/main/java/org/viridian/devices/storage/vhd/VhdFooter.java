package org.viridian.devices.storage.vhd;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;
import org.viridian.devices.storage.ImageException;
import org.viridian.devices.storage.file.HostFile;

/**
 * The footer of a VHD (Virtual Hard Disk Image Format Specification 1.0, "Hard Disk Footer Format"): 512 bytes at the end
 * of the file, and in dynamic and differencing disks also at its beginning. Big-endian.
 *
 * @param bytes all of it, so that fields this program does not use survive
 */
record VhdFooter(byte[] bytes) {
    static final int SIZE = 512;
    static final int FIXED = 2;
    static final int DYNAMIC = 3;
    static final int DIFFERENCING = 4;
    /** Largest disk: 2040 GiB. */
    static final long MAX_SIZE = 2040L << 30;

    private static final long COOKIE = ByteBuffer.wrap("conectix".getBytes(StandardCharsets.US_ASCII)).getLong();
    private static final int CHECKSUM_AT = 64;
    private static final Instant EPOCH = Instant.parse("2000-01-01T00:00:00Z");
    /** Cylinders, heads and sectors of the largest disk that CHS can say. */
    private static final long MAX_CHS = 65535L * 16 * 255;

    /** The footer in these bytes, if it is one. */
    static Optional<VhdFooter> parse(byte[] bytes) {
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        return buffer.getLong(0) == COOKIE && buffer.getInt(CHECKSUM_AT) == checksum(bytes, CHECKSUM_AT)
                ? Optional.of(new VhdFooter(bytes)) : Optional.empty();
    }

    /** The valid footer of a file: the copy at the beginning first, for a stop may have hit the end. */
    static VhdFooter read(HostFile file) throws IOException {
        long size = file.size();
        if (size < SIZE) {
            throw new ImageException(file.path() + " is too short for a VHD");
        }
        Optional<VhdFooter> first = parse(file.read(0, SIZE)).filter(footer -> footer.type() != FIXED);
        if (first.isPresent()) {
            return first.get();
        }
        return parse(file.read(size - SIZE, SIZE))
                .orElseThrow(() -> new ImageException(file.path() + " has no valid VHD footer"));
    }

    /** A footer of a new disk. */
    static VhdFooter create(int type, long size, UUID id) {
        ByteBuffer footer = ByteBuffer.allocate(SIZE);
        footer.putLong(0, COOKIE);
        footer.putInt(8, 2);
        footer.putInt(12, 0x0001_0000);
        footer.putLong(16, type == FIXED ? -1L : SIZE);
        footer.putInt(24, now());
        // Readers go by this field whether the size or the geometry counts; with this one it is the size.
        footer.put(28, "win ".getBytes(StandardCharsets.US_ASCII));
        footer.putInt(32, 0x0006_0001);
        footer.put(36, "Wi2k".getBytes(StandardCharsets.US_ASCII));
        footer.putLong(40, size);
        footer.putInt(60, type);
        footer.putLong(68, id.getMostSignificantBits());
        footer.putLong(76, id.getLeastSignificantBits());
        return new VhdFooter(footer.array()).withSize(size);
    }

    static int now() {
        return (int) (Instant.now().getEpochSecond() - EPOCH.getEpochSecond());
    }

    /** The same with another size of the disk. */
    VhdFooter withSize(long size) {
        ByteBuffer copy = ByteBuffer.wrap(bytes.clone());
        copy.putLong(48, size);
        copy.putInt(56, geometry(size / 512));
        copy.putInt(CHECKSUM_AT, checksum(copy.array(), CHECKSUM_AT));
        return new VhdFooter(copy.array());
    }

    /** The geometry for a number of sectors ("CHS Calculation" in the specification). */
    private static int geometry(long sectors) {
        long total = Math.min(sectors, MAX_CHS);
        long perTrack;
        long heads;
        long tracks;
        if (total >= 65535L * 16 * 63) {
            perTrack = 255;
            heads = 16;
            tracks = total / perTrack;
        } else {
            perTrack = 17;
            tracks = total / perTrack;
            heads = Math.max(4, (tracks + 1023) / 1024);
            if (tracks >= heads * 1024 || heads > 16) {
                perTrack = 31;
                heads = 16;
                tracks = total / perTrack;
            }
            if (tracks >= heads * 1024) {
                perTrack = 63;
                heads = 16;
                tracks = total / perTrack;
            }
        }
        return (int) (tracks / heads << 16 | heads << 8 | perTrack);
    }

    int type() {
        return ByteBuffer.wrap(bytes).getInt(60);
    }

    long dataOffset() {
        return ByteBuffer.wrap(bytes).getLong(16);
    }

    /**
     * Bytes of the disk. Virtual PC and QEMU by default mean the geometry, everybody else the size; the creator's name
     * tells (as in QEMU block/vpc.c). A geometry at its limit says nothing.
     */
    long size() {
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        String creator = new String(bytes, 28, 4, StandardCharsets.US_ASCII);
        int geometry = buffer.getInt(56);
        long chs = (geometry >>> 16 & 0xFFFFL) * (geometry >>> 8 & 0xFF) * (geometry & 0xFF);
        boolean byGeometry = (creator.equals("vpc ") || creator.equals("qemu") || creator.equals("vs  ")) && chs > 0 && chs < MAX_CHS;
        return byGeometry ? chs * 512 : buffer.getLong(48) / 512 * 512;
    }

    UUID id() {
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        return new UUID(buffer.getLong(68), buffer.getLong(76));
    }

    /** One's complement of the sum of all bytes but the checksum's. */
    static int checksum(byte[] bytes, int at) {
        int sum = 0;
        for (int i = 0; i < bytes.length; i++) {
            if (i < at || i >= at + 4) {
                sum += bytes[i] & 0xFF;
            }
        }
        return ~sum;
    }
}
