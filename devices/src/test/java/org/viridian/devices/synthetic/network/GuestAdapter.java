package org.viridian.devices.synthetic.network;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.viridian.devices.synthetic.Rig;
import org.viridian.engine.memory.GuestMemory;
import org.viridian.vmbus.channel.Packet;
import org.viridian.vmbus.loopback.LoopbackChannel;

/** The guest's side of the network protocol, written from the specification and not from the VSP. */
final class GuestAdapter {
    static final int PAGE = GuestMemory.PAGE_SIZE;

    final Rig rig;
    final LoopbackChannel channel;
    final long[] receivePages;
    final long[] sendPages;
    final long[] scratch;
    int receiveGpadl;
    int sendGpadl;
    int sectionSize;
    int sections;
    private long nextId = 1;
    private int nextRequest = 1;
    /** The last message that came in-band: an indirection table. */
    byte[] inBand;

    /** A received RNDIS message and the packet it came in. */
    record Received(int channelType, byte[][] messages, long id) {}

    GuestAdapter(Rig rig, LoopbackChannel channel, int receiveBufferPages) {
        this.rig = rig;
        this.channel = channel;
        this.receivePages = rig.guest.pages(receiveBufferPages);
        this.sendPages = rig.guest.pages(16);
        this.scratch = rig.guest.pages(20);
    }

    static ByteBuffer message(int type) {
        return ByteBuffer.allocate(40).order(ByteOrder.LITTLE_ENDIAN).putInt(0, type);
    }

    static ByteBuffer view(byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** Sends a message and returns its completion. */
    ByteBuffer request(ByteBuffer message) {
        long id = nextId++;
        channel.send(message.array(), true, id);
        return completion(id);
    }

    ByteBuffer completion(long id) {
        Packet packet = channel.receive();
        while (packet.type() != Packet.COMPLETION) {
            packet = channel.receive();
        }
        if (packet.transactionId() != id) {
            throw new AssertionError("completion of %d instead of %d".formatted(packet.transactionId(), id));
        }
        return view(packet.payload());
    }

    int init(int version) {
        ByteBuffer done = request(message(1).putInt(4, version).putInt(8, version));
        return done.getInt(0) == 2 && done.capacity() >= 28 ? done.getInt(12) : -1;
    }

    /** The whole start up to and with the RNDIS initialization. */
    void start(int version, int frameBytes) {
        if (init(version) != 1) {
            throw new AssertionError("version refused");
        }
        channel.send(message(125).putInt(4, frameBytes).putLong(12, 0xAC).array(), false, 0);
        channel.send(message(100).putInt(4, 6).putInt(8, 30).array(), false, 0);
        receiveGpadl = rig.guest.createGpadl(channel.offer().relid(), receivePages);
        ByteBuffer receive = request(message(101).putInt(4, receiveGpadl).putShort(8, (short) 0xCAFE));
        if (receive.getInt(4) != 1 || receive.getInt(8) != 1 || receive.getInt(12) != 0) {
            throw new AssertionError("receive buffer refused");
        }
        sectionSize = receive.getInt(16);
        sections = receive.getInt(20);
        sendGpadl = rig.guest.createGpadl(channel.offer().relid(), sendPages);
        ByteBuffer send = request(message(104).putInt(4, sendGpadl));
        if (send.getInt(4) != 1 || send.getInt(8) != 6144) {
            throw new AssertionError("send buffer refused");
        }
        ByteBuffer done = control(rndis(2, 24).putInt(12, 1).putInt(20, 0x4000));
        if (done.getInt(0) != 0x8000_0002 || done.getInt(12) != 0) {
            throw new AssertionError("RNDIS initialization refused");
        }
    }

    ByteBuffer rndis(int type, int length) {
        return ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN).putInt(0, type).putInt(4, length).putInt(8, nextRequest++);
    }

    ByteBuffer query(int oid) {
        return control(rndis(4, 28).putInt(12, oid).putInt(20, 20));
    }

    int set(int oid, byte[] value) {
        return control(rndis(5, 28 + value.length).putInt(12, oid).putInt(16, value.length).putInt(20, 20).put(28, value)).getInt(12);
    }

    int filter(int bits) {
        return set(0x0001_010E, ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(bits).array());
    }

    /** Sends a control message by pages, as Linux does; returns the answer. */
    ByteBuffer control(ByteBuffer request) {
        byte[] bytes = request.array();
        put(scratch, 0, bytes);
        long id = nextId++;
        channel.sendBuffer(message(107).putInt(4, 1).putInt(8, -1).array(), id, scratch, 0, bytes.length);
        ByteBuffer done = completion(id);
        if (done.getInt(0) != 108 || done.getInt(4) != 1) {
            throw new AssertionError("control message refused: " + done.getInt(4));
        }
        Received answer = receive();
        complete(answer);
        return view(answer.messages[0]);
    }

    void put(long[] pages, int at, byte[] bytes) {
        for (int done = 0; done < bytes.length;) {
            int offset = at + done;
            int count = Math.min(bytes.length - done, PAGE - offset % PAGE);
            rig.guest.memory().write(pages[offset / PAGE] * PAGE + offset % PAGE, bytes, done, count);
            done += count;
        }
    }

    byte[] get(long[] pages, int at, int length) {
        byte[] bytes = new byte[length];
        for (int done = 0; done < length;) {
            int offset = at + done;
            int count = Math.min(length - done, PAGE - offset % PAGE);
            rig.guest.memory().read(pages[offset / PAGE] * PAGE + offset % PAGE, bytes, done, count);
            done += count;
        }
        return bytes;
    }

    /** The next transfer-page packet. */
    Received receive() {
        Received received = receive(5000);
        if (received == null) {
            throw new AssertionError("nothing was received");
        }
        return received;
    }

    Received receive(long millis) {
        Packet packet = channel.receive(millis);
        while (packet != null && packet.type() == Packet.IN_BAND) {
            inBand = packet.payload();
            packet = channel.receive(millis);
        }
        if (packet == null) {
            return null;
        }
        if (packet.type() != Packet.TRANSFER_PAGES || !packet.completionRequested()) {
            throw new AssertionError("packet of type " + packet.type());
        }
        ByteBuffer header = view(channel.header());
        if ((header.getShort(0) & 0xFFFF) != 0xCAFE) {
            throw new AssertionError("page set");
        }
        byte[][] messages = new byte[header.getInt(4)][];
        for (int i = 0; i < messages.length; i++) {
            int count = header.getInt(8 + 8 * i);
            int offset = header.getInt(12 + 8 * i);
            if (count > sectionSize || offset % sectionSize != 0 || offset + count > receivePages.length * PAGE) {
                throw new AssertionError("range %d+%d".formatted(offset, count));
            }
            messages[i] = get(receivePages, offset, count);
        }
        return new Received(view(packet.payload()).getInt(4), messages, packet.transactionId());
    }

    void complete(Received received) {
        channel.complete(received.id, message(108).putInt(4, 1).array());
    }

    /** An RNDIS PACKET message with per-packet information records of type and 32-bit value. */
    static byte[] packet(byte[] frame, int... information) {
        int records = information.length / 2 * 16;
        ByteBuffer out = ByteBuffer.allocate(44 + records + frame.length).order(ByteOrder.LITTLE_ENDIAN);
        out.putInt(1).putInt(out.capacity()).putInt(36 + records).putInt(frame.length).putInt(0).putInt(0).putInt(0)
                .putInt(records == 0 ? 0 : 36).putInt(records).putInt(0).putInt(0);
        for (int i = 0; i < information.length; i += 2) {
            out.putInt(16).putInt(information[i]).putInt(12).putInt(information[i + 1]);
        }
        return out.put(frame).array();
    }

    /** Sends bytes in section {@code index} of the send buffer; returns the status. */
    int sendInSection(int index, byte[] rndis) {
        put(sendPages, index * 6144, rndis);
        return request(message(107).putInt(4, 0).putInt(8, index).putInt(12, rndis.length)).getInt(4);
    }

    /** Sends bytes by pages, beginning at an offset in the first; returns the status. */
    int sendInPages(int offset, byte[] rndis) {
        put(scratch, offset, rndis);
        int pages = (offset + rndis.length + PAGE - 1) / PAGE;
        long id = nextId++;
        channel.sendBuffer(message(107).putInt(4, 0).putInt(8, -1).array(), id, java.util.Arrays.copyOf(scratch, pages), offset, rndis.length);
        return completion(id).getInt(4);
    }

    /** The Ethernet frame of a received PACKET message. */
    static byte[] frame(byte[] message) {
        ByteBuffer in = view(message);
        if (in.getInt(0) != 1 || in.getInt(4) != message.length) {
            throw new AssertionError("no PACKET message");
        }
        byte[] frame = new byte[in.getInt(12)];
        in.get(8 + in.getInt(8), frame);
        return frame;
    }

    /** A value of the per-packet information of a received message, or null. */
    static Integer information(byte[] message, int type) {
        ByteBuffer in = view(message);
        int at = 8 + in.getInt(28);
        int end = at + in.getInt(32);
        while (at < end) {
            if (in.getInt(at + 4) == type) {
                return in.getInt(at + in.getInt(at + 8));
            }
            at += in.getInt(at);
        }
        return null;
    }
}
