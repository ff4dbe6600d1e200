package org.viridian.vmbus.loopback;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.viridian.engine.memory.GuestMemory;
import org.viridian.vmbus.channel.Packet;
import org.viridian.vmbus.protocol.Message;
import org.viridian.vmbus.protocol.MessageType;

/**
 * The guest's side of an open channel: its own reading of the ring rules, apart from the host's code on purpose.
 *
 * <p>Thread rule: one thread.
 */
public final class LoopbackChannel {
    private static final int PAGE = GuestMemory.PAGE_SIZE;
    private static final int WRITE_INDEX = 0;
    private static final int READ_INDEX = 4;
    private static final int MASK = 8;
    private static final int PENDING = 12;
    private static final int FEATURES = 64;

    private final LoopbackGuest guest;
    private final GuestMemory memory;
    private final LoopbackGuest.Offered offer;
    private final long[] pages;
    private final int half;
    private final int gpadl;
    private final int vp;
    private byte[] header = {};

    LoopbackChannel(LoopbackGuest guest, LoopbackGuest.Offered offer, long[] pages, int gpadl, int vp) {
        this.guest = guest;
        this.memory = guest.memory();
        this.offer = offer;
        this.pages = pages;
        this.half = pages.length / 2;
        this.gpadl = gpadl;
        this.vp = vp;
        for (int ring : new int[] {0, half}) {
            memory.writeInt(control(ring, WRITE_INDEX), 0);
            memory.writeInt(control(ring, READ_INDEX), 0);
            memory.writeInt(control(ring, FEATURES), 1);
        }
    }

    /** The offer it came from. */
    public LoopbackGuest.Offered offer() {
        return offer;
    }

    /** Data bytes of one ring. */
    public int ringSize() {
        return (half - 1) * PAGE;
    }

    private long control(int ring, int field) {
        return pages[ring] * PAGE + field;
    }

    /** Sets a control word of the ring the guest writes, to misbehave. */
    public void corruptOutgoing(int field, int value) {
        memory.writeIntRelease(control(0, field), value);
    }

    /** Sets a control word of the ring the guest reads, to misbehave. */
    public void corruptIncoming(int field, int value) {
        memory.writeIntRelease(control(half, field), value);
    }

    /** A control word of the ring the guest reads. */
    public int incoming(int field) {
        return memory.readIntAcquire(control(half, field));
    }

    private void copy(int ring, int offset, byte[] bytes, boolean write) {
        for (int done = 0; done < bytes.length;) {
            int at = (offset + done) % ringSize();
            int count = Math.min(bytes.length - done, PAGE - at % PAGE);
            long address = pages[ring + 1 + at / PAGE] * PAGE + at % PAGE;
            if (write) {
                memory.write(address, bytes, done, count);
            } else {
                memory.read(address, bytes, done, count);
            }
            done += count;
        }
    }

    /** Bytes the guest can still write. */
    public int room() {
        int used = Math.floorMod(memory.readIntAcquire(control(0, WRITE_INDEX)) - memory.readIntAcquire(control(0, READ_INDEX)), ringSize());
        return ringSize() - used - 8;
    }

    /** Writes any packet bytes and publishes them, trailer added; false when there is no room. Signals as Linux does. */
    public boolean writeRaw(byte[] packet) {
        int total = packet.length + 8;
        if (total > room()) {
            return false;
        }
        int start = memory.readIntAcquire(control(0, WRITE_INDEX));
        copy(0, start, packet, true);
        copy(0, start + packet.length, ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putInt(4, start).array(), true);
        memory.writeIntRelease(control(0, WRITE_INDEX), (start + total) % ringSize());
        java.lang.invoke.VarHandle.fullFence();
        if (memory.readIntAcquire(control(0, MASK)) == 0 && memory.readIntAcquire(control(0, READ_INDEX)) == start) {
            guest.signal(offer.connectionId());
        }
        return true;
    }

    private static byte[] packet(int type, int headerBytes, byte[] payload, boolean completion, long id) {
        int padded = payload.length + 7 & ~7;
        ByteBuffer packet = ByteBuffer.allocate(headerBytes + padded).order(ByteOrder.LITTLE_ENDIAN);
        packet.putShort(0, (short) type).putShort(2, (short) (headerBytes / 8)).putShort(4, (short) (packet.capacity() / 8));
        packet.putShort(6, (short) (completion ? 1 : 0)).putLong(8, id);
        return packet.put(headerBytes, payload).array();
    }

    /** Sends an in-band packet; false when there is no room. */
    public boolean send(byte[] payload, boolean completion, long id) {
        return writeRaw(packet(Packet.IN_BAND, 16, payload, completion, id));
    }

    /** Completes a request of the host. */
    public boolean complete(long id, byte[] payload) {
        return writeRaw(packet(Packet.COMPLETION, 16, payload, false, id));
    }

    /** Sends a packet with one buffer: {@code length} bytes from {@code offset} in the first of these pages. */
    public boolean sendBuffer(byte[] payload, long id, long[] buffer, int offset, int length) {
        byte[] packet = packet(Packet.GPA_DIRECT, 32 + 8 * buffer.length, payload, true, id);
        ByteBuffer fields = ByteBuffer.wrap(packet).order(ByteOrder.LITTLE_ENDIAN);
        fields.putInt(20, 1).putInt(24, length).putInt(28, offset);
        for (int i = 0; i < buffer.length; i++) {
            fields.putLong(32 + 8 * i, buffer[i]);
        }
        return writeRaw(packet);
    }

    /** The next packet from the host, or null when none comes in time. */
    public Packet receive(long millis) {
        long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
        while (true) {
            int write = memory.readIntAcquire(control(half, WRITE_INDEX));
            int read = memory.readIntAcquire(control(half, READ_INDEX));
            if (write != read) {
                return take(read, write);
            }
            if (System.nanoTime() > deadline) {
                return null;
            }
            Thread.onSpinWait();
            Thread.yield();
        }
    }

    /** The next packet from the host; throws {@link IllegalStateException} when none comes. */
    public Packet receive() {
        Packet packet = receive(LoopbackGuest.PATIENCE_MILLIS);
        if (packet == null) {
            throw new IllegalStateException("no packet from the host");
        }
        return packet;
    }

    private Packet take(int read, int write) {
        int available = Math.floorMod(write - read, ringSize());
        byte[] descriptor = new byte[16];
        copy(half, read, descriptor, false);
        ByteBuffer fields = ByteBuffer.wrap(descriptor).order(ByteOrder.LITTLE_ENDIAN);
        int payloadAt = fields.getShort(2) * 8;
        int length = (fields.getShort(4) & 0xFFFF) * 8;
        if (payloadAt < 16 || payloadAt > length || length + 8 > available) {
            throw new IllegalStateException("packet of %d bytes in %d".formatted(length, available));
        }
        byte[] whole = new byte[length + 8];
        copy(half, read, whole, false);
        header = Arrays.copyOfRange(whole, 16, payloadAt);
        int trailer = ByteBuffer.wrap(whole).order(ByteOrder.LITTLE_ENDIAN).getInt(length + 4);
        if (trailer != read) {
            throw new IllegalStateException("trailer %x of the packet at %x".formatted(trailer, read));
        }
        int next = (read + length + 8) % ringSize();
        memory.writeIntRelease(control(half, READ_INDEX), next);
        java.lang.invoke.VarHandle.fullFence();
        int pending = memory.readIntAcquire(control(half, PENDING));
        int freeAfter = ringSize() - Math.floorMod(memory.readIntAcquire(control(half, WRITE_INDEX)) - next, ringSize());
        int freeBefore = freeAfter - length - 8;
        if (pending != 0 && freeBefore <= pending && freeAfter > pending) {
            guest.signal(offer.connectionId());
        }
        return new Packet(fields.getShort(0), fields.getShort(6) != 0, fields.getLong(8),
                Arrays.copyOfRange(whole, payloadAt, length), java.util.List.of(), null);
    }

    /** What the last packet had between descriptor and payload, such as the ranges of a transfer-page packet. */
    public byte[] header() {
        return header.clone();
    }

    /** True when the host has raised this channel's event since the last call. */
    public boolean interrupted() {
        return guest.takeFlag(vp, offer.relid());
    }

    /** Closes the channel and takes the ring's pages back. */
    public void close() {
        guest.post(Message.of(MessageType.CLOSE_CHANNEL, 12).u32(8, offer.relid()));
        guest.teardownGpadl(offer.relid(), gpadl);
        guest.free(pages);
    }
}
