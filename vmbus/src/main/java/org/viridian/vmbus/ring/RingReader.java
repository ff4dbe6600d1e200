package org.viridian.vmbus.ring;

import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.viridian.engine.memory.GuestMemory;
import org.viridian.vmbus.channel.GpaRange;
import org.viridian.vmbus.channel.Packet;
import org.viridian.vmbus.channel.ProtocolViolation;

/**
 * The host's end of the ring that the guest writes. Each packet is copied out once, then checked, then used; the guest may
 * change the ring at any moment.
 *
 * <p>Thread rule: one thread, the channel's worker.
 */
public final class RingReader {
    private static final int DESCRIPTOR = 16;
    private static final int TRAILER = 8;
    private static final int MAX_RANGES = 32;
    private static final int MAX_TRANSFER = 8 << 20;
    private static final int RANGE_LIST = 24;
    private static final int FLAG_COMPLETION = 1;

    private final RingMemory ring;
    private final GuestMemory memory;
    private final byte[] descriptor = new byte[DESCRIPTOR];
    private final ByteBuffer fields = ByteBuffer.wrap(descriptor).order(ByteOrder.LITTLE_ENDIAN);
    private int readIndex;
    /** Free space the guest saw at the last publication, for the flow-control rule. */
    private int publishedIndex;

    /** Takes over the ring at OPEN: resets the fields that the host owns. */
    public RingReader(RingMemory ring, GuestMemory memory) throws ProtocolViolation {
        this.ring = ring;
        this.memory = memory;
        this.readIndex = index(ring.control(RingMemory.READ_INDEX));
        this.publishedIndex = readIndex;
        ring.control(RingMemory.INTERRUPT_MASK, 0);
    }

    private int index(int value) throws ProtocolViolation {
        if (value < 0 || value >= ring.size() || (value & 7) != 0) {
            throw new ProtocolViolation("ring index 0x%x of a ring of 0x%x bytes".formatted(value, ring.size()));
        }
        return value;
    }

    private int used(int writeIndex, int from) {
        int used = writeIndex - from;
        return used < 0 ? used + ring.size() : used;
    }

    /** Bytes that wait to be read; 0 when the guest's index is broken. For display. */
    public int waiting() {
        int write = ring.control(RingMemory.WRITE_INDEX);
        return write < 0 || write >= ring.size() ? 0 : used(write, readIndex);
    }

    /** Tells the guest whether it should signal new data. */
    public void mask(boolean masked) {
        ring.control(RingMemory.INTERRUPT_MASK, masked ? 1 : 0);
        VarHandle.fullFence();
    }

    /** True when something waits. */
    public boolean hasData() throws ProtocolViolation {
        return index(ring.control(RingMemory.WRITE_INDEX)) != readIndex;
    }

    /** The next packet, or null when the ring is empty. Its space is given back by {@link #publish}. */
    public Packet next() throws ProtocolViolation {
        int available = used(index(ring.control(RingMemory.WRITE_INDEX)), readIndex);
        if (available == 0) {
            return null;
        }
        if (available < DESCRIPTOR + TRAILER) {
            throw new ProtocolViolation("%d bytes in the ring are no packet".formatted(available));
        }
        ring.read(readIndex, descriptor, 0, DESCRIPTOR);
        int type = fields.getShort(0) & 0xFFFF;
        int payloadAt = (fields.getShort(2) & 0xFFFF) * 8;
        int length = (fields.getShort(4) & 0xFFFF) * 8;
        int flags = fields.getShort(6) & 0xFFFF;
        long transactionId = fields.getLong(8);
        if (payloadAt < DESCRIPTOR || payloadAt > length || length + TRAILER > available) {
            throw new ProtocolViolation("packet of %d bytes, payload at %d, in %d bytes".formatted(length, payloadAt, available));
        }
        if ((flags & ~FLAG_COMPLETION) != 0) {
            throw new ProtocolViolation("packet flags 0x%x".formatted(flags));
        }
        List<GpaRange> ranges = List.of();
        String fault = null;
        switch (type) {
            case Packet.IN_BAND, Packet.COMPLETION -> { }
            case Packet.GPA_DIRECT -> {
                try {
                    ranges = ranges(payloadAt);
                } catch (RefusedBuffers refused) {
                    fault = refused.getMessage();
                }
            }
            default -> throw new ProtocolViolation("packet type %d".formatted(type));
        }
        byte[] payload = new byte[length - payloadAt];
        ring.read(wrap(readIndex + payloadAt), payload, 0, payload.length);
        readIndex = wrap(readIndex + length + TRAILER);
        return new Packet(type, (flags & FLAG_COMPLETION) != 0, transactionId, payload, ranges, fault);
    }

    private int wrap(int offset) {
        return offset >= ring.size() ? offset - ring.size() : offset;
    }

    /** Checks a page list; throws {@link RefusedBuffers} when this request, not the channel, is at fault. */
    private List<GpaRange> ranges(int payloadAt) throws RefusedBuffers {
        if (payloadAt < RANGE_LIST) {
            throw new RefusedBuffers("page list of %d bytes".formatted(payloadAt - DESCRIPTOR));
        }
        byte[] list = new byte[payloadAt - DESCRIPTOR];
        ring.read(wrap(readIndex + DESCRIPTOR), list, 0, list.length);
        ByteBuffer words = ByteBuffer.wrap(list).order(ByteOrder.LITTLE_ENDIAN);
        int count = words.getInt(4);
        if (count <= 0 || count > MAX_RANGES) {
            throw new RefusedBuffers("%d buffers in one packet".formatted(count));
        }
        List<GpaRange> ranges = new ArrayList<>(count);
        int at = 8;
        long total = 0;
        for (int i = 0; i < count; i++) {
            if (at + 8 > list.length) {
                throw new RefusedBuffers("page list is cut off");
            }
            long bytes = words.getInt(at) & 0xFFFF_FFFFL;
            long offset = words.getInt(at + 4) & 0xFFFF_FFFFL;
            total += bytes;
            if (bytes == 0 || offset >= GuestMemory.PAGE_SIZE || total > MAX_TRANSFER) {
                throw new RefusedBuffers("buffer of %d bytes at offset %d".formatted(bytes, offset));
            }
            int pages = (int) ((offset + bytes + GuestMemory.PAGE_SIZE - 1) / GuestMemory.PAGE_SIZE);
            at += 8;
            if (pages > (list.length - at) / 8) {
                throw new RefusedBuffers("page list is cut off");
            }
            long[] numbers = new long[pages];
            for (int page = 0; page < pages; page++, at += 8) {
                numbers[page] = words.getLong(at);
                if (numbers[page] < 0 || numbers[page] > Long.MAX_VALUE / GuestMemory.PAGE_SIZE
                        || !memory.isRam(numbers[page] * GuestMemory.PAGE_SIZE, GuestMemory.PAGE_SIZE)) {
                    throw new RefusedBuffers("page 0x%x is not RAM".formatted(numbers[page]));
                }
            }
            ranges.add(new GpaRange(memory, (int) bytes, (int) offset, numbers));
        }
        return ranges;
    }

    private static final class RefusedBuffers extends Exception {
        private static final long serialVersionUID = 1L;

        RefusedBuffers(String message) {
            super(message, null, false, false);
        }
    }

    /**
     * Gives the space of the packets read so far back to the guest.
     *
     * @return true when the guest waits for that space and must be signalled
     */
    public boolean publish() throws ProtocolViolation {
        if (readIndex == publishedIndex) {
            return false;
        }
        int before = publishedIndex;
        ring.control(RingMemory.READ_INDEX, readIndex);
        publishedIndex = readIndex;
        VarHandle.fullFence();
        int pending = ring.control(RingMemory.PENDING_SEND_SIZE) & ~7;
        if (pending == 0) {
            return false;
        }
        // After the pending size: an older index would show room where the guest, having written more, saw none.
        int write = index(ring.control(RingMemory.WRITE_INDEX));
        int freeAfter = ring.size() - used(write, readIndex) - 8;
        int freeBefore = freeAfter - used(readIndex, before);
        int needed = Math.clamp(pending, 8, ring.size() - 8);
        return freeBefore < needed && freeAfter >= needed;
    }
}
