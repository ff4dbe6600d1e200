package org.viridian.devices.synthetic;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.viridian.vmbus.channel.Packet;
import org.viridian.vmbus.channel.ProtocolViolation;

/** The frame of message pipes: u32 type (1 = data), u32 bytes that follow, then the bytes. */
public final class PipeMessage {
    /** Bytes of the frame's header. */
    public static final int HEADER = 8;

    private static final int DATA = 1;

    private PipeMessage() {}

    /** A framed message with {@code size} zero bytes behind the header; fill it from offset {@link #HEADER} on. */
    public static ByteBuffer allocate(int size) {
        ByteBuffer message = ByteBuffer.allocate(HEADER + size).order(ByteOrder.LITTLE_ENDIAN);
        message.putInt(0, DATA);
        message.putInt(4, size);
        return message;
    }

    /**
     * The bytes inside the frame, little-endian from offset 0 on.
     *
     * @param minimum the shortest message the device's protocol knows
     * @throws ProtocolViolation when the frame is broken or shorter
     */
    public static ByteBuffer open(Packet packet, int minimum) throws ProtocolViolation {
        ByteBuffer message = ByteBuffer.wrap(packet.payload()).order(ByteOrder.LITTLE_ENDIAN);
        if (message.capacity() < HEADER || message.getInt(0) != DATA) {
            throw new ProtocolViolation("not a pipe message");
        }
        int size = message.getInt(4);
        if (size < minimum || size > message.capacity() - HEADER) {
            throw new ProtocolViolation("pipe message of %d bytes in a packet of %d".formatted(size, message.capacity()));
        }
        return message.slice(HEADER, size).order(ByteOrder.LITTLE_ENDIAN);
    }
}
