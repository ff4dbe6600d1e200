package org.viridian.devices.synthetic.storage;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.UUID;
import org.viridian.devices.storage.DiskImage;

/** A hard disk: blocks of 512 or 4096 bytes, a write cache that SYNCHRONIZE CACHE and FUA make durable, thin where it can be. */
final class ScsiDisk extends LogicalUnit {
    private static final int PAGE_LIST = 0x00;
    private static final int PAGE_SERIAL = 0x80;
    private static final int PAGE_IDENTIFICATION = 0x83;
    private static final int PAGE_LIMITS = 0xB0;
    private static final int PAGE_CHARACTERISTICS = 0xB1;
    private static final int PAGE_PROVISIONING = 0xB2;
    private static final int UNMAP_WORKS = 0x80;
    private static final int UNMAP_BY_WRITE_SAME = 0x60;
    private static final int THIN = 2;
    private static final int MAX_UNMAP_DESCRIPTORS = 256;
    /** Bytes that one WRITE SAME covers at most. */
    private static final int MAX_SAME = 64 << 20;
    private static final int MODE_CACHING = 0x08;
    private static final int MODE_ALL = 0x3F;
    private static final int WRITE_CACHE_ENABLED = 0x04;

    private final DiskImage image;
    private final UUID id;
    private final int block;
    private final int maxTransfer;

    /**
     * @param id stable and unique; guests name the disk by it
     * @param block bytes of a block, 512 or 4096
     * @param maxTransfer bytes of the largest transfer
     */
    ScsiDisk(DiskImage image, UUID id, int block, int maxTransfer, UnitStatistics statistics) {
        super(statistics);
        if (block != 512 && block != 4096 || block < image.logicalSectorSize()) {
            throw new IllegalArgumentException("blocks of %d bytes".formatted(block));
        }
        this.image = image;
        this.id = id;
        this.block = block;
        this.maxTransfer = maxTransfer;
    }

    @Override
    boolean thin() {
        return !image.readOnly();
    }

    @Override
    int deviceType() {
        return 0;
    }

    @Override
    boolean removable() {
        return false;
    }

    @Override
    String product() {
        return "Virtual Disk";
    }

    @Override
    int blockSize() {
        return block;
    }

    @Override
    DiskImage medium() {
        return image;
    }

    @Override
    Sense noMedium() {
        return Sense.NO_MEDIUM_TRAY_CLOSED;
    }

    @Override
    byte[] vitalProductData(int page) {
        return switch (page) {
            case PAGE_LIST -> page(page, new byte[] {
                PAGE_LIST, (byte) PAGE_SERIAL, (byte) PAGE_IDENTIFICATION, (byte) PAGE_LIMITS, (byte) PAGE_CHARACTERISTICS,
                (byte) PAGE_PROVISIONING});
            case PAGE_SERIAL -> page(page, serial());
            case PAGE_IDENTIFICATION -> page(page, identification());
            case PAGE_LIMITS -> page(page, limits());
            case PAGE_PROVISIONING -> page(page, new byte[] {
                0, (byte) (thin() ? UNMAP_WORKS | UNMAP_BY_WRITE_SAME : 0), (byte) (thin() ? THIN : 0), 0});
            case PAGE_CHARACTERISTICS -> {
                byte[] characteristics = new byte[60];
                BigEndian.put16(characteristics, 0, 1);
                yield page(page, characteristics);
            }
            default -> null;
        };
    }

    /** Block limits (SBC-3, section 6.5.3), without the page's header. */
    private byte[] limits() {
        byte[] limits = new byte[60];
        int granularity = Math.max(1, image.discardGranularity() / block);
        // WRITE SAME of no blocks does not mean all blocks.
        limits[0] = 1;
        BigEndian.put16(limits, 2, image.physicalSectorSize() / block);
        BigEndian.put32(limits, 4, maxTransfer / block);
        BigEndian.put32(limits, 8, maxTransfer / block);
        if (thin()) {
            BigEndian.put32(limits, 16, 0xFFFF_FFFFL);
            BigEndian.put32(limits, 20, MAX_UNMAP_DESCRIPTORS);
            BigEndian.put32(limits, 24, granularity);
            BigEndian.put32(limits, 28, 0x8000_0000L);
        }
        BigEndian.put64(limits, 32, MAX_SAME / block);
        return limits;
    }

    private static byte[] page(int code, byte[] body) {
        byte[] data = new byte[4 + body.length];
        data[1] = (byte) code;
        BigEndian.put16(data, 2, body.length);
        System.arraycopy(body, 0, data, 4, body.length);
        return data;
    }

    private byte[] idBytes() {
        return ByteBuffer.allocate(16).putLong(id.getMostSignificantBits()).putLong(id.getLeastSignificantBits()).array();
    }

    private byte[] serial() {
        byte[] text = new byte[32];
        ascii(text, 0, text.length, id.toString().replace("-", ""));
        return text;
    }

    private byte[] identification() {
        byte[] data = new byte[28 + 20];
        data[0] = 1;
        data[1] = 1;
        data[3] = 24;
        ascii(data, 4, 8, "Msft");
        System.arraycopy(idBytes(), 0, data, 12, 16);
        data[28] = 1;
        data[29] = 3;
        data[31] = 16;
        byte[] naa = {0x60, 0x02, 0x24, (byte) 0x80};
        System.arraycopy(naa, 0, data, 32, naa.length);
        System.arraycopy(idBytes(), 4, data, 36, 12);
        return data;
    }

    @Override
    byte[] modePages(int page) {
        if (page != MODE_CACHING && page != MODE_ALL) {
            return new byte[0];
        }
        byte[] caching = new byte[20];
        caching[0] = MODE_CACHING;
        caching[1] = (byte) (caching.length - 2);
        caching[2] = WRITE_CACHE_ENABLED;
        return caching;
    }

    @Override
    ScsiResult executeOwn(ScsiRequest request) {
        return switch (request.opcode()) {
            case Opcode.UNMAP -> unmap(request);
            case Opcode.WRITE_SAME_10, Opcode.WRITE_SAME_16 -> writeSame(request);
            default -> null;
        };
    }

    /** UNMAP (SBC-3, section 5.28): the list is copied once, checked whole, then done. */
    private ScsiResult unmap(ScsiRequest request) {
        if (image.readOnly()) {
            return ScsiResult.check(Sense.WRITE_PROTECTED);
        }
        int length = request.u16(7);
        if (length == 0) {
            return ScsiResult.good(0);
        }
        if (request.buffer() == null || length > request.length() || request.dataIn() != ScsiRequest.TO_DEVICE) {
            return ScsiResult.invalidRequest();
        }
        if (length < 8) {
            return ScsiResult.check(Sense.PARAMETER_LENGTH);
        }
        ByteBuffer list = ByteBuffer.wrap(request.parameters(length));
        int descriptors = list.getShort(2) & 0xFFFF;
        if ((list.getShort(0) & 0xFFFF) > length - 2 || descriptors > length - 8 || descriptors / 16 > MAX_UNMAP_DESCRIPTORS) {
            return ScsiResult.check(Sense.PARAMETER_LENGTH);
        }
        int count = descriptors / 16;
        for (int i = 0; i < count; i++) {
            if (!range(list, i).inside(blocks(image))) {
                return ScsiResult.check(Sense.LBA_OUT_OF_RANGE);
            }
        }
        try {
            for (int i = 0; i < count; i++) {
                BlockRange range = range(list, i);
                image.discard(range.first() * block, range.count() * block);
            }
        } catch (IOException failure) {
            return failed("discard", image, failure, Sense.WRITE_ERROR);
        }
        statistics().discarded();
        return ScsiResult.good(length);
    }

    private static BlockRange range(ByteBuffer list, int index) {
        int at = 8 + 16 * index;
        return new BlockRange(list.getLong(at), list.getInt(at + 8) & 0xFFFF_FFFFL, false);
    }

    /** WRITE SAME (SBC-3, sections 5.44 and 5.45): one block over and over, or none for zeroes. */
    private ScsiResult writeSame(ScsiRequest request) {
        if (image.readOnly()) {
            return ScsiResult.check(Sense.WRITE_PROTECTED);
        }
        BlockRange range = BlockRange.of(request);
        boolean noData = request.opcode() == Opcode.WRITE_SAME_16 && request.bit(1, 1);
        if (range.count() == 0 || range.count() > MAX_SAME / block || request.bit(1, 0x06) && !noData) {
            return ScsiResult.check(Sense.INVALID_FIELD_IN_CDB);
        }
        if (!range.inside(blocks(image))) {
            return ScsiResult.check(Sense.LBA_OUT_OF_RANGE);
        }
        if (!noData && (request.buffer() == null || request.length() < block || request.dataIn() != ScsiRequest.TO_DEVICE)) {
            return ScsiResult.invalidRequest();
        }
        byte[] pattern = noData ? new byte[block] : request.parameters(block);
        boolean zero = true;
        for (byte octet : pattern) {
            zero &= octet == 0;
        }
        try {
            if (zero) {
                image.writeZeroes(range.first() * block, range.count() * block, request.bit(1, 0x08));
            } else {
                repeat(range, pattern);
            }
        } catch (IOException failure) {
            return failed("write", image, failure, Sense.WRITE_ERROR);
        }
        statistics().written(0);
        return ScsiResult.good(noData ? 0 : block);
    }

    private void repeat(BlockRange range, byte[] pattern) throws IOException {
        byte[] run = new byte[(int) Math.min(range.count() * block, 1 << 18)];
        for (int at = 0; at < run.length; at += block) {
            System.arraycopy(pattern, 0, run, at, block);
        }
        long end = (range.first() + range.count()) * block;
        for (long at = range.first() * block; at < end; at += run.length) {
            image.write(at, MemorySegment.ofArray(run).asSlice(0, Math.min(run.length, end - at)));
        }
    }
}
