package org.viridian.devices.synthetic.storage;

/** SCSI's byte order. */
final class BigEndian {
    private BigEndian() {}

    static void put16(byte[] target, int offset, int value) {
        target[offset] = (byte) (value >> 8);
        target[offset + 1] = (byte) value;
    }

    static void put32(byte[] target, int offset, long value) {
        put16(target, offset, (int) (value >> 16));
        put16(target, offset + 2, (int) value);
    }

    static void put64(byte[] target, int offset, long value) {
        put32(target, offset, value >> 32);
        put32(target, offset + 4, value);
    }
}
