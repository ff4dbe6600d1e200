package org.viridian.vmbus.ring;

import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.viridian.vmbus.channel.ProtocolViolation;

/**
 * The host's end of the ring that the guest reads. A packet and its trailer are written whole before the index is
 * published.
 *
 * <p>Thread rule: one thread at a time; the channel holds its send lock.
 */
public final class RingWriter {
    private static final int DESCRIPTOR = 16;
    private static final int TRAILER = 8;
    /** The writer leaves this much, so that a full ring never looks empty. */
    private static final int RESERVE = 8;
    private static final byte[] NO_HEADER = {};

    private final RingMemory ring;
    private final byte[] frame = new byte[DESCRIPTOR];
    private final ByteBuffer fields = ByteBuffer.wrap(frame).order(ByteOrder.LITTLE_ENDIAN);
    private final byte[] padding = new byte[8];
    private int writeIndex;

    /** Takes over the ring at OPEN: resets the fields that the host owns. */
    public RingWriter(RingMemory ring) throws ProtocolViolation {
        this.ring = ring;
        this.writeIndex = ring.control(RingMemory.WRITE_INDEX);
        if (writeIndex < 0 || writeIndex >= ring.size() || (writeIndex & 7) != 0) {
            throw new ProtocolViolation("ring index 0x%x of a ring of 0x%x bytes".formatted(writeIndex, ring.size()));
        }
        ring.control(RingMemory.PENDING_SEND_SIZE, 0);
        ring.control(RingMemory.FEATURE_BITS, ring.control(RingMemory.FEATURE_BITS) | RingMemory.FEATURE_PENDING_SEND);
    }

    private int used() throws ProtocolViolation {
        int read = ring.control(RingMemory.READ_INDEX);
        if (read < 0 || read >= ring.size() || (read & 7) != 0) {
            throw new ProtocolViolation("ring index 0x%x of a ring of 0x%x bytes".formatted(read, ring.size()));
        }
        int used = writeIndex - read;
        return used < 0 ? used + ring.size() : used;
    }

    /** Bytes that the guest has not read; 0 when its index is broken. For display. */
    public int waiting() {
        try {
            return used();
        } catch (ProtocolViolation broken) {
            return 0;
        }
    }

    /** Bytes of ring that a packet with this payload takes. */
    public static int space(int payload) {
        return space(0, payload);
    }

    /** Bytes of ring that a packet with this header of its type and this payload takes. */
    public static int space(int header, int payload) {
        return DESCRIPTOR + header + (payload + 7 & ~7) + TRAILER;
    }

    /** True when a packet of {@code space} bytes can ever fit. */
    public boolean canHold(int space) {
        return space <= ring.size() - RESERVE;
    }

    /** What became of a write. */
    public enum Result {
        /** No room now; nothing was written. */
        FULL,
        /** Written; the guest is reading anyway. */
        WRITTEN,
        /** Written; the guest must be signalled. */
        SIGNAL
    }

    /** Writes one packet and publishes it. */
    public Result write(int type, long transactionId, byte[] payload) throws ProtocolViolation {
        return write(type, 0, transactionId, NO_HEADER, payload);
    }

    /**
     * Writes one packet and publishes it.
     *
     * @param flags bit 0: a completion is wanted
     * @param header what a packet of this type has between descriptor and payload, a multiple of 8 bytes
     */
    public Result write(int type, int flags, long transactionId, byte[] header, byte[] payload) throws ProtocolViolation {
        int space = space(header.length, payload.length);
        if (space > ring.size() - used() - RESERVE) {
            return Result.FULL;
        }
        int start = writeIndex;
        fields.putShort(0, (short) type);
        fields.putShort(2, (short) ((DESCRIPTOR + header.length) / 8));
        fields.putShort(4, (short) ((space - TRAILER) / 8));
        fields.putShort(6, (short) flags);
        fields.putLong(8, transactionId);
        ring.write(start, frame, 0, DESCRIPTOR);
        ring.write(wrap(start + DESCRIPTOR), header, 0, header.length);
        int body = DESCRIPTOR + header.length;
        ring.write(wrap(start + body), payload, 0, payload.length);
        int pad = -payload.length & 7;
        ring.write(wrap(start + body + payload.length), padding, 0, pad);
        fields.putInt(0, 0);
        fields.putInt(4, start);
        ring.write(wrap(start + space - TRAILER), frame, 0, TRAILER);
        writeIndex = wrap(start + space);
        ring.control(RingMemory.WRITE_INDEX, writeIndex);
        VarHandle.fullFence();
        boolean masked = ring.control(RingMemory.INTERRUPT_MASK) != 0;
        boolean wasEmpty = ring.control(RingMemory.READ_INDEX) == start;
        return !masked && wasEmpty ? Result.SIGNAL : Result.WRITTEN;
    }

    private int wrap(int offset) {
        return offset >= ring.size() ? offset - ring.size() : offset;
    }

    /**
     * Says that {@code space} bytes are waited for (0 = no longer).
     *
     * @return true when there is room already and the caller should try again
     */
    public boolean await(int space) throws ProtocolViolation {
        ring.control(RingMemory.PENDING_SEND_SIZE, space);
        VarHandle.fullFence();
        return space > 0 && space <= ring.size() - used() - RESERVE;
    }
}
