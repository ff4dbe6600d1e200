package org.viridian.devices.storage.vhdx;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.UUID;
import java.util.zip.CRC32C;
import org.viridian.devices.storage.ImageException;
import org.viridian.devices.storage.file.HostFile;

/**
 * The header of a VHDX (MS-VHDX 2.2.2), of which the file has two; the valid one with the higher number counts. Written
 * alternately, so that one is whole at any moment. Little-endian.
 *
 * @param sequence number of this header
 * @param fileWriteId changes when anything is written
 * @param dataWriteId changes when the guest's data is written; children know their parent by it
 * @param logId entries with this id count; zero when the log is empty
 * @param logLength bytes of the log
 * @param logOffset where it lies
 */
record VhdxHeader(long sequence, UUID fileWriteId, UUID dataWriteId, UUID logId, int logLength, long logOffset) {
    static final long FIRST_AT = 64 << 10;
    static final long SECOND_AT = 128 << 10;
    static final UUID NONE = new UUID(0, 0);
    static final int MEBIBYTE = 1 << 20;

    private static final int SIZE = 4096;
    private static final int SIGNATURE = 0x64616568;
    private static final int VERSION = 1;
    /** Longest log this program replays. */
    private static final int MAX_LOG = 64 << 20;

    static VhdxHeader read(HostFile file) throws IOException {
        VhdxHeader first = parse(file, FIRST_AT);
        VhdxHeader second = parse(file, SECOND_AT);
        VhdxHeader best = second == null || first != null && Long.compareUnsigned(first.sequence, second.sequence) >= 0 ? first : second;
        if (best == null) {
            throw new ImageException(file.path() + " has no valid VHDX header");
        }
        if (best.logLength < 0 || best.logLength % MEBIBYTE != 0 || best.logLength > MAX_LOG
                || best.logLength > 0 && (best.logOffset < MEBIBYTE || best.logOffset % MEBIBYTE != 0)
                || best.logOffset > file.size() - best.logLength) {
            throw new ImageException(file.path() + " has an impossible log");
        }
        return best;
    }

    private static VhdxHeader parse(HostFile file, long at) throws IOException {
        byte[] bytes = file.read(at, SIZE);
        ByteBuffer buffer = little(bytes);
        if (buffer.getInt(0) != SIGNATURE || buffer.getInt(4) != checksum(bytes, 4)) {
            return null;
        }
        if ((buffer.getShort(66) & 0xFFFF) != VERSION || buffer.getShort(64) != 0) {
            throw new ImageException("%s is VHDX of version %d; version 1 is known".formatted(file.path(), buffer.getShort(66) & 0xFFFF));
        }
        return new VhdxHeader(buffer.getLong(8), guid(buffer, 16), guid(buffer, 32), guid(buffer, 48), buffer.getInt(68), buffer.getLong(72));
    }

    /** Writes the next header over the older one. */
    VhdxHeader write(HostFile file, UUID newFileWriteId, UUID newDataWriteId, UUID newLogId) throws IOException {
        VhdxHeader next = new VhdxHeader(sequence + 1, newFileWriteId, newDataWriteId, newLogId, logLength, logOffset);
        VhdxHeader first = parse(file, FIRST_AT);
        boolean firstIsCurrent = first != null && first.sequence == sequence;
        file.write(firstIsCurrent ? SECOND_AT : FIRST_AT, next.bytes());
        file.sync();
        return next;
    }

    byte[] bytes() {
        ByteBuffer buffer = little(new byte[SIZE]);
        buffer.putInt(0, SIGNATURE).putLong(8, sequence);
        put(buffer, 16, fileWriteId);
        put(buffer, 32, dataWriteId);
        put(buffer, 48, logId);
        buffer.putShort(66, (short) VERSION).putInt(68, logLength).putLong(72, logOffset);
        buffer.putInt(4, checksum(buffer.array(), 4));
        return buffer.array();
    }

    static ByteBuffer little(byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** CRC-32C of all bytes, those of the checksum itself taken as zero. */
    static int checksum(byte[] bytes, int at) {
        CRC32C crc = new CRC32C();
        crc.update(bytes, 0, at);
        crc.update(new byte[4]);
        crc.update(bytes, at + 4, bytes.length - at - 4);
        return (int) crc.getValue();
    }

    /** A GUID in its mixed byte order. */
    static UUID guid(ByteBuffer buffer, int at) {
        long high = (buffer.getInt(at) & 0xFFFF_FFFFL) << 32 | (buffer.getShort(at + 4) & 0xFFFFL) << 16 | buffer.getShort(at + 6) & 0xFFFFL;
        return new UUID(high, Long.reverseBytes(buffer.getLong(at + 8)));
    }

    static void put(ByteBuffer buffer, int at, UUID id) {
        long high = id.getMostSignificantBits();
        buffer.putInt(at, (int) (high >>> 32)).putShort(at + 4, (short) (high >>> 16)).putShort(at + 6, (short) high);
        buffer.putLong(at + 8, Long.reverseBytes(id.getLeastSignificantBits()));
    }
}
