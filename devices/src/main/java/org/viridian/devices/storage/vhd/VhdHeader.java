package org.viridian.devices.storage.vhd;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.UUID;
import org.viridian.devices.storage.ImageException;
import org.viridian.devices.storage.file.HostFile;

/**
 * The header of a dynamic or differencing VHD ("Dynamic Disk Header Format"): 1024 bytes, big-endian.
 *
 * @param bytes all of it
 */
record VhdHeader(byte[] bytes) {
    static final int SIZE = 1024;
    static final int LOCATORS_AT = 576;
    static final int LOCATORS = 8;
    static final int LOCATOR_SIZE = 24;
    static final int NAME_AT = 64;
    static final int NAME_SIZE = 512;

    private static final long COOKIE = ByteBuffer.wrap("cxsparse".getBytes(StandardCharsets.US_ASCII)).getLong();
    private static final int CHECKSUM_AT = 36;
    private static final int MAX_BLOCK = 256 << 20;

    /** Reads and checks. */
    static VhdHeader read(HostFile file, VhdFooter footer) throws IOException {
        long at = footer.dataOffset();
        if (at < VhdFooter.SIZE || at > file.size() - SIZE || at % 512 != 0) {
            throw new ImageException(file.path() + " has its VHD header outside the file");
        }
        VhdHeader header = new VhdHeader(file.read(at, SIZE));
        ByteBuffer buffer = header.buffer();
        if (buffer.getLong(0) != COOKIE || buffer.getInt(CHECKSUM_AT) != VhdFooter.checksum(header.bytes, CHECKSUM_AT)) {
            throw new ImageException(file.path() + " has a damaged VHD header");
        }
        long block = header.blockSize();
        if (block < 512 || block > MAX_BLOCK || Long.bitCount(block) != 1) {
            throw new ImageException(file.path() + " has VHD blocks of %d bytes".formatted(block));
        }
        long size = footer.size();
        if (size <= 0 || size > VhdFooter.MAX_SIZE || (size + block - 1) / block > header.entries()) {
            throw new ImageException(file.path() + " has a block table of %d entries for a disk of %d bytes"
                    .formatted(header.entries(), size));
        }
        long table = header.tableOffset();
        if (table < 0 || table % 512 != 0 || table > file.size() || header.entries() * 4 > file.size() - table) {
            throw new ImageException(file.path() + " has its block table outside the file");
        }
        return header;
    }

    static VhdHeader create(long tableOffset, long entries, int blockSize) {
        ByteBuffer header = ByteBuffer.allocate(SIZE);
        header.putLong(0, COOKIE);
        header.putLong(8, -1L);
        header.putLong(16, tableOffset);
        header.putInt(24, 0x0001_0000);
        header.putInt(28, (int) entries);
        header.putInt(32, blockSize);
        return new VhdHeader(header.array()).sealed();
    }

    VhdHeader withTable(long offset, long entries) {
        VhdHeader copy = new VhdHeader(bytes.clone());
        copy.buffer().putLong(16, offset).putInt(28, (int) entries);
        return copy.sealed();
    }

    VhdHeader sealed() {
        buffer().putInt(CHECKSUM_AT, VhdFooter.checksum(bytes, CHECKSUM_AT));
        return this;
    }

    ByteBuffer buffer() {
        return ByteBuffer.wrap(bytes);
    }

    long tableOffset() {
        return buffer().getLong(16);
    }

    long entries() {
        return buffer().getInt(28) & 0xFFFF_FFFFL;
    }

    long blockSize() {
        return buffer().getInt(32) & 0xFFFF_FFFFL;
    }

    UUID parentId() {
        return new UUID(buffer().getLong(40), buffer().getLong(48));
    }
}
