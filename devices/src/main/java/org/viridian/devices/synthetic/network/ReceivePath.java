package org.viridian.devices.synthetic.network;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.viridian.devices.network.Frame;
import org.viridian.devices.network.PortClient;
import org.viridian.devices.network.SwitchPort;
import org.viridian.engine.device.Counter;
import org.viridian.vmbus.channel.Channel;
import org.viridian.vmbus.channel.LentMemory;

/**
 * The way from the switch to the guest. The guest's receive buffer is a set of sections; frames are written into free ones
 * and named in transfer-page packets, several at once; a section is the guest's until it completes the packet.
 *
 * <p>Thread rule: frames are taken from the port and placed by a thread of this object's own; everything is guarded by one
 * lock, so that when a method that stops the flow returns, nothing more is written into guest memory.
 */
final class ReceivePath implements PortClient, AutoCloseable {
    /** Sections kept for control messages, as many as Hyper-V keeps. */
    private static final int RESERVED = 16;
    private static final int MOST_SECTIONS = 1 << 16;
    /** Ranges in one packet; the guest's limit is 375. */
    private static final int BATCH = 128;
    /** Frames taken in one turn; then the guest is told. */
    private static final int TURN = 64;
    private static final int PAGE_SET = 0xCAFE;
    /** The last bytes of each section stay unused: newer Windows drivers write beyond their message. */
    private static final int TAIL = 36;
    private static final int ROOM = 256;
    private static final int ETHERNET = 14;
    private static final int RECORD = 16;

    private static final int TCP_GOOD = 0x08;
    private static final int UDP_GOOD = 0x10;
    private static final int IP_GOOD = 0x20;

    private static final int FIRST = 2;
    private static final int LAST = 4;
    private static final int FRAGMENT = 1;

    private static final byte FREE = 0;
    private static final byte HEAD = 1;
    private static final byte FOLLOWER = 2;

    /** What one queue is about to send. */
    private static final class Batch {
        final int[] ranges = new int[2 * BATCH];
        int count;
        int first;
        int last;
        Channel channel;
    }

    private final ReentrantLock lock = new ReentrantLock();
    private final SwitchPort port;
    private final Counter starved;
    private final byte[] dataMessage;
    private final byte[] controlMessage;
    private final byte[] scratch = new byte[Rndis.PACKET_HEADER + 4 * RECORD];
    private final ByteBuffer header = ByteBuffer.wrap(scratch).order(ByteOrder.LITTLE_ENDIAN);
    private final Batch[] batches = new Batch[AdapterConfig.MOST_QUEUES];
    private final Thread worker;
    private volatile boolean closed;

    // Guarded by the lock.
    private LentMemory buffer;
    private int sectionSize;
    private int frameLimit;
    private int[] next = {};
    private byte[] state = {};
    private byte[] owner = {};
    private int[] free = {};
    private int freeCount;
    private int packetId;
    private boolean flowing;
    private FrameFilter filter = FrameFilter.NOTHING;
    private ReceiveScaling scaling;
    private boolean joining;
    private volatile boolean takesLarge;

    ReceivePath(String name, SwitchPort port, Counter starved) {
        this.port = port;
        this.starved = starved;
        this.dataMessage = Nvsp.message(Nvsp.SEND_RNDIS_PACKET).putInt(4, Nvsp.CHANNEL_DATA).putInt(8, Nvsp.NO_SECTION).array();
        this.controlMessage = Nvsp.message(Nvsp.SEND_RNDIS_PACKET).putInt(4, Nvsp.CHANNEL_CONTROL).putInt(8, Nvsp.NO_SECTION).array();
        for (int i = 0; i < batches.length; i++) {
            batches[i] = new Batch();
        }
        this.worker = Thread.ofVirtual().name("network " + name).start(this::work);
    }

    // The receive buffer.

    /** Layout of a receive buffer, for the guest. */
    record Layout(int sectionSize, int sections) {}

    /** Takes a buffer into use; null when it is too small for the frames. */
    Layout start(LentMemory memory, int frameBytes) {
        lock.lock();
        try {
            int size = ROOM + frameBytes + TAIL;
            int sections = Math.min(memory.size() / size, MOST_SECTIONS);
            if (sections < 2 || buffer != null) {
                return null;
            }
            buffer = memory;
            sectionSize = size;
            frameLimit = frameBytes;
            next = new int[sections];
            state = new byte[sections];
            owner = new byte[sections];
            free = new int[sections];
            for (int i = 0; i < sections; i++) {
                free[i] = sections - 1 - i;
            }
            freeCount = sections;
            return new Layout(size, sections);
        } finally {
            lock.unlock();
        }
    }

    /** Lets go of the buffer, of what the guest holds of it too. */
    void stop() {
        lock.lock();
        try {
            flow(FrameFilter.NOTHING);
            if (buffer != null) {
                buffer.giveBack();
                buffer = null;
            }
            freeCount = 0;
            state = new byte[0];
        } finally {
            lock.unlock();
        }
    }

    /** A queue's channel has opened, or closed when null. */
    void channel(int queue, Channel channel) {
        lock.lock();
        try {
            batches[queue].channel = channel;
        } finally {
            lock.unlock();
        }
    }

    // What flows.

    /** Lets frames that pass the filter flow, or none. After return the former filter is no longer in use. */
    void flow(FrameFilter wanted) {
        lock.lock();
        try {
            filter = wanted;
            boolean now = wanted != FrameFilter.NOTHING && buffer != null;
            if (now != flowing) {
                flowing = now;
                if (now) {
                    port.attach(this);
                } else {
                    port.detach(this);
                }
            }
        } finally {
            lock.unlock();
        }
        LockSupport.unpark(worker);
    }

    /** Spreads frames over the queues; null for queue 0 only. */
    void scaling(ReceiveScaling wanted) {
        lock.lock();
        try {
            scaling = wanted;
        } finally {
            lock.unlock();
        }
    }

    /** Whether the guest takes a large send as joined segments. */
    void joining(boolean wanted) {
        lock.lock();
        try {
            joining = wanted;
            takesLarge = wanted;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public boolean takesLargeSends() {
        return takesLarge;
    }

    @Override
    public void framesWaiting() {
        LockSupport.unpark(worker);
    }

    private void work() {
        while (!closed) {
            try {
                if (deliver()) {
                    continue;
                }
            } catch (RuntimeException | Error failure) {
                System.getLogger("org.viridian.devices").log(System.Logger.Level.ERROR, "receive path " + port.name(), failure);
            }
            LockSupport.park(this);
        }
    }

    /** Places what waits; true when a turn was full and more may wait. */
    private boolean deliver() {
        lock.lock();
        try {
            if (!flowing) {
                return false;
            }
            int taken = 0;
            for (; taken < TURN; taken++) {
                if (freeCount <= Math.min(RESERVED, state.length / 4) + (joining ? joinedSections() : 0)) {
                    starved.increment();
                    break;
                }
                Frame frame = port.poll();
                if (frame == null) {
                    break;
                }
                try {
                    place(frame);
                } finally {
                    frame.release();
                }
            }
            for (int queue = 0; queue < batches.length; queue++) {
                flush(queue);
            }
            return taken == TURN;
        } finally {
            lock.unlock();
        }
    }

    private int joinedSections() {
        return Math.min((65535 + ETHERNET) / frameLimit + 1, state.length / 2);
    }

    private void place(Frame frame) {
        byte[] data = frame.data();
        int length = frame.length();
        if (!filter.passes(data)) {
            return;
        }
        int hash = 0;
        int queue = 0;
        if (scaling != null) {
            hash = scaling.hash(data, length);
            queue = hash == 0 ? 0 : scaling.queue(hash);
            if (batches[queue].channel == null) {
                queue = 0;
            }
        }
        int pieces = length <= frameLimit + 4 ? 1 : (length + frameLimit - 1) / frameLimit;
        if (pieces > 1 && (!joining || frame.segmentSize() == 0) || pieces > freeCount || pieces > BATCH) {
            return;
        }
        if (batches[queue].count + pieces > BATCH) {
            flush(queue);
        }
        int step = pieces == 1 ? length : frameLimit;
        int id = packetId++;
        for (int piece = 0; piece < pieces; piece++) {
            int from = piece * step;
            int count = Math.min(step, length - from);
            int flags = pieces == 1 ? 0 : FRAGMENT | (piece == 0 ? FIRST : 0) | (piece == pieces - 1 ? LAST : 0);
            int head = header(frame, count, piece == 0, hash, flags, id);
            int section = take(queue, head + count);
            buffer.write(section * sectionSize, scratch, 0, head);
            buffer.write(section * sectionSize + head, data, from, count);
        }
    }

    /** Makes the RNDIS header of a frame or a piece of one; returns its length. */
    private int header(Frame frame, int count, boolean first, int hash, int fragment, int id) {
        int at = Rndis.PACKET_HEADER;
        if (first) {
            int good = frame.checksumGood() ? goodBits(frame.data(), frame.length()) : 0;
            if (good != 0) {
                at = record(at, Rndis.PPI_CHECKSUM, good);
            }
            int tag = port.tagFor(frame);
            if (tag != Frame.NO_TAG) {
                at = record(at, Rndis.PPI_VLAN, tag >> 13 & 7 | tag >> 9 & 8 | (tag & 0xFFF) << 4);
            }
            if (hash != 0) {
                at = record(at, Rndis.PPI_HASH, hash);
            }
        }
        if (fragment != 0) {
            at = record(at, Rndis.PPI_PACKET_ID, 1 | fragment << 8 | (id & 0xFFFF) << 16);
        }
        int information = at - Rndis.PACKET_HEADER;
        header.putInt(0, Rndis.PACKET).putInt(4, at + count).putInt(8, at - Rndis.HEADER).putInt(12, count);
        header.putInt(16, 0).putInt(20, 0).putInt(24, 0);
        header.putInt(28, information == 0 ? 0 : Rndis.PACKET_HEADER - Rndis.HEADER).putInt(32, information);
        header.putInt(36, 0).putInt(40, 0);
        return at;
    }

    private int record(int at, int type, int value) {
        header.putInt(at, RECORD).putInt(at + 4, type).putInt(at + 8, Rndis.PPI_HEADER).putInt(at + 12, value);
        return at + RECORD;
    }

    private static int goodBits(byte[] data, int length) {
        if (length < ETHERNET + 20) {
            return 0;
        }
        int type = (data[12] & 0xFF) << 8 | data[13] & 0xFF;
        boolean v4 = type == 0x0800;
        if (!v4 && (type != 0x86DD || length < ETHERNET + 40)) {
            return 0;
        }
        int transport = switch (data[v4 ? ETHERNET + 9 : ETHERNET + 6]) {
            case 6 -> TCP_GOOD;
            case 17 -> UDP_GOOD;
            default -> 0;
        };
        return transport == 0 ? 0 : transport | (v4 ? IP_GOOD : 0);
    }

    /** Takes a free section for {@code bytes} bytes and adds it to a queue's packet. */
    private int take(int queue, int bytes) {
        Batch batch = batches[queue];
        int section = free[--freeCount];
        owner[section] = (byte) queue;
        next[section] = -1;
        if (batch.count == 0) {
            state[section] = HEAD;
            batch.first = section;
        } else {
            state[section] = FOLLOWER;
            next[batch.last] = section;
        }
        batch.last = section;
        batch.ranges[2 * batch.count] = bytes;
        batch.ranges[2 * batch.count + 1] = section * sectionSize;
        batch.count++;
        return section;
    }

    private void flush(int queue) {
        send(queue, dataMessage);
    }

    private boolean send(int queue, byte[] message) {
        Batch batch = batches[queue];
        if (batch.count == 0) {
            return false;
        }
        boolean sent = batch.channel != null
                && batch.channel.sendTransferPages(batch.first + 1L, PAGE_SET, batch.ranges, batch.count, message);
        batch.count = 0;
        if (!sent) {
            giveBack(batch.first);
        }
        return sent;
    }

    private void giveBack(int first) {
        for (int section = first; section >= 0; section = next[section]) {
            state[section] = FREE;
            free[freeCount++] = section;
        }
    }

    /** The guest is done with a packet; false when it never got one with this id on this queue. */
    boolean completed(int queue, long transactionId) {
        boolean waiting;
        lock.lock();
        try {
            if (buffer == null) {
                // Late completions after the buffer was taken back.
                return true;
            }
            if (transactionId < 1 || transactionId > state.length || state[(int) transactionId - 1] != HEAD
                    || owner[(int) transactionId - 1] != queue) {
                return false;
            }
            giveBack((int) transactionId - 1);
            waiting = flowing && port.waiting() > 0;
        } finally {
            lock.unlock();
        }
        if (waiting) {
            LockSupport.unpark(worker);
        }
        return true;
    }

    /** Sends an RNDIS control message on the primary channel; false when there is no room for it. */
    boolean control(byte[] message) {
        lock.lock();
        try {
            if (buffer == null || freeCount == 0 || message.length > sectionSize) {
                return false;
            }
            flush(0);
            int section = take(0, message.length);
            buffer.write(section * sectionSize, message, 0, message.length);
            return send(0, controlMessage);
        } finally {
            lock.unlock();
        }
    }

    /** Sections that the guest holds. */
    int outstanding() {
        lock.lock();
        try {
            return buffer == null ? 0 : state.length - freeCount;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() {
        closed = true;
        stop();
        LockSupport.unpark(worker);
        try {
            worker.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        Arrays.stream(batches).forEach(batch -> batch.channel = null);
    }
}
