package org.viridian.vmbus.protocol;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.UUID;

/** GUIDs in Microsoft's mixed order: the first three fields little-endian, the last eight bytes as written. */
public final class Guids {
    private Guids() {}

    /** Puts the 16 bytes of {@code guid} at {@code offset}. */
    public static void put(ByteBuffer buffer, int offset, UUID guid) {
        ByteBuffer target = buffer.duplicate().order(ByteOrder.LITTLE_ENDIAN);
        long high = guid.getMostSignificantBits();
        target.putInt(offset, (int) (high >>> 32));
        target.putShort(offset + 4, (short) (high >>> 16));
        target.putShort(offset + 6, (short) high);
        target.order(ByteOrder.BIG_ENDIAN).putLong(offset + 8, guid.getLeastSignificantBits());
    }

    /** Reads 16 bytes at {@code offset}. */
    public static UUID get(ByteBuffer buffer, int offset) {
        ByteBuffer source = buffer.duplicate().order(ByteOrder.LITTLE_ENDIAN);
        long high = (source.getInt(offset) & 0xFFFF_FFFFL) << 32
                | (source.getShort(offset + 4) & 0xFFFFL) << 16
                | source.getShort(offset + 6) & 0xFFFFL;
        return new UUID(high, source.order(ByteOrder.BIG_ENDIAN).getLong(offset + 8));
    }
}
