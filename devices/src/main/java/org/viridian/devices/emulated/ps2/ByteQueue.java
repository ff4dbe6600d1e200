package org.viridian.devices.emulated.ps2;

/** A bounded queue of bytes inside a PS/2 device. */
final class ByteQueue {
    private final byte[] bytes;
    private int head;
    private int count;

    ByteQueue(int capacity) {
        bytes = new byte[capacity];
    }

    int room() {
        return bytes.length - count;
    }

    boolean isEmpty() {
        return count == 0;
    }

    void clear() {
        count = 0;
    }

    /** Adds a byte, or loses it when there is no room. */
    void add(int value) {
        if (count < bytes.length) {
            bytes[(head + count++) % bytes.length] = (byte) value;
        }
    }

    /** Takes the oldest byte; the queue must not be empty. */
    int remove() {
        int value = bytes[head] & 0xFF;
        head = (head + 1) % bytes.length;
        count--;
        return value;
    }

    byte[] save() {
        byte[] copy = new byte[count];
        for (int i = 0; i < count; i++) {
            copy[i] = bytes[(head + i) % bytes.length];
        }
        return copy;
    }

    void restore(byte[] saved) {
        if (saved == null || saved.length > bytes.length) {
            throw new IllegalArgumentException("queue of more than %d bytes".formatted(bytes.length));
        }
        head = 0;
        count = saved.length;
        System.arraycopy(saved, 0, bytes, 0, count);
    }
}
