package org.viridian.display.synthvideo;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import org.viridian.vmbus.channel.ProtocolViolation;

/** Puts a pointer shape together from its parts. Channel worker only. */
final class PointerShape {
    private static final int FIELDS = 26;
    private static final int LAST = 0xFF;
    private static final int MAX_SIDE = 96;
    private static final int MAX_BYTES = 4 * MAX_SIDE * MAX_SIDE;

    private final ByteArrayOutputStream parts = new ByteArrayOutputStream();

    void clear() {
        parts.reset();
    }

    /** Takes a part; returns the pointer with the new shape once it is whole, else null. */
    PointerState part(ByteBuffer message, PointerState pointer) throws ProtocolViolation {
        VideoMessage.require(message, FIELDS);
        int index = message.get(8) & 0xFF;
        boolean alpha = message.get(9) != 0;
        int width = message.getInt(10);
        int height = message.getInt(14);
        if (width < 1 || height < 1 || width > MAX_SIDE || height > MAX_SIDE) {
            throw new ProtocolViolation("pointer of %dx%d".formatted(width, height));
        }
        byte[] part = new byte[message.capacity() - FIELDS];
        message.get(FIELDS, part);
        if (index == 0) {
            parts.reset();
        }
        if (parts.size() + part.length > MAX_BYTES + 8) {
            throw new ProtocolViolation("pointer shape of more than %d bytes".formatted(MAX_BYTES));
        }
        parts.writeBytes(part);
        if (index != LAST) {
            return null;
        }
        byte[] pixels = parts.toByteArray();
        parts.reset();
        int needed = alpha ? 4 * width * height : 2 * ((width + 7) / 8) * height;
        if (pixels.length < needed) {
            throw new ProtocolViolation("pointer shape of %d bytes for %dx%d".formatted(pixels.length, width, height));
        }
        return new PointerState(pointer.visible() && width > 1 && height > 1, pointer.x(), pointer.y(), width, height,
                message.getInt(18), message.getInt(22), alpha, java.util.Arrays.copyOf(pixels, needed));
    }
}
