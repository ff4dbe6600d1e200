package org.viridian.vmbus.protocol;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A channel message under construction or in reading: u32 type, u32 padding, then fields at fixed offsets.
 *
 * @param bytes the whole message, little-endian
 */
public record Message(ByteBuffer bytes) {
    /** Largest payload of a SynIC message. */
    public static final int MAX_SIZE = 240;

    /** A message of {@code size} bytes, zero but for its type. */
    public static Message of(int type, int size) {
        ByteBuffer bytes = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putInt(0, type);
        return new Message(bytes);
    }

    /** A message that arrived; at least 8 bytes. */
    public static Message parse(byte[] payload) {
        return new Message(ByteBuffer.wrap(payload).order(ByteOrder.LITTLE_ENDIAN));
    }

    /** The type. */
    public int type() {
        return bytes.getInt(0);
    }

    /** Bytes in the message. */
    public int size() {
        return bytes.capacity();
    }

    /** The 32-bit field at {@code offset}. */
    public int u32(int offset) {
        return bytes.getInt(offset);
    }

    /** Sets the 32-bit field at {@code offset}. */
    public Message u32(int offset, int value) {
        bytes.putInt(offset, value);
        return this;
    }

    /** The bytes as an array. */
    public byte[] array() {
        return bytes.array();
    }
}
