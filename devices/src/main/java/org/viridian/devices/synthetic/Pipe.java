package org.viridian.devices.synthetic;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.viridian.vmbus.channel.ProtocolViolation;

/**
 * The framing of message pipes: u32 type (1 = data), u32 size of what follows. Used by video, mouse and the integration
 * services.
 */
public final class Pipe {
    /** Bytes before the message. */
    public static final int HEADER = 8;

    private static final int DATA = 1;

    private Pipe() {}

    /** A framed message of {@code size} bytes, to be filled in from {@link #HEADER} on. */
    public static ByteBuffer message(int size) {
        ByteBuffer buffer = ByteBuffer.allocate(HEADER + size).order(ByteOrder.LITTLE_ENDIAN);
        buffer.putInt(0, DATA);
        buffer.putInt(4, size);
        return buffer;
    }

    /** The message inside a framed payload: at least {@code minimum} bytes, little-endian. */
    public static ByteBuffer unwrap(byte[] payload, int minimum) throws ProtocolViolation {
        ByteBuffer buffer = ByteBuffer.wrap(payload).order(ByteOrder.LITTLE_ENDIAN);
        if (payload.length < HEADER || buffer.getInt(0) != DATA) {
            throw new ProtocolViolation("not a data message of a pipe");
        }
        int size = buffer.getInt(4);
        if (size < minimum || size > payload.length - HEADER) {
            throw new ProtocolViolation("pipe message of %d bytes in a packet of %d".formatted(size, payload.length));
        }
        return buffer.slice(HEADER, size).order(ByteOrder.LITTLE_ENDIAN);
    }
}
