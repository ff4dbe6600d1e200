package org.viridian.devices.synthetic.storage;

import java.nio.ByteBuffer;
import java.util.UUID;
import org.viridian.devices.storage.DiskImage;

/** A hard disk: 512-byte blocks, a write cache that SYNCHRONIZE CACHE and FUA make durable. */
final class ScsiDisk extends LogicalUnit {
    private static final int BLOCK = 512;
    private static final int PAGE_LIST = 0x00;
    private static final int PAGE_SERIAL = 0x80;
    private static final int PAGE_IDENTIFICATION = 0x83;
    private static final int PAGE_LIMITS = 0xB0;
    private static final int PAGE_CHARACTERISTICS = 0xB1;
    private static final int MODE_CACHING = 0x08;
    private static final int MODE_ALL = 0x3F;
    private static final int WRITE_CACHE_ENABLED = 0x04;

    private final DiskImage image;
    private final UUID id;
    private final int maxTransferBlocks;

    /** @param id stable and unique; guests name the disk by it */
    ScsiDisk(DiskImage image, UUID id, int maxTransfer, Transfers transfers) {
        super(transfers);
        this.image = image;
        this.id = id;
        this.maxTransferBlocks = maxTransfer / BLOCK;
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
        return BLOCK;
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
                PAGE_LIST, (byte) PAGE_SERIAL, (byte) PAGE_IDENTIFICATION, (byte) PAGE_LIMITS, (byte) PAGE_CHARACTERISTICS});
            case PAGE_SERIAL -> page(page, serial());
            case PAGE_IDENTIFICATION -> page(page, identification());
            case PAGE_LIMITS -> {
                byte[] limits = new byte[60];
                BigEndian.put32(limits, 4, maxTransferBlocks);
                BigEndian.put32(limits, 8, maxTransferBlocks);
                yield page(page, limits);
            }
            case PAGE_CHARACTERISTICS -> {
                byte[] characteristics = new byte[60];
                BigEndian.put16(characteristics, 0, 1);
                yield page(page, characteristics);
            }
            default -> null;
        };
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
        return null;
    }
}
