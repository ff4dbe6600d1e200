package org.viridian.vmbus.server;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.viridian.engine.memory.GuestMemory;
import org.viridian.vmbus.channel.Channel;
import org.viridian.vmbus.channel.ChannelDevice;
import org.viridian.vmbus.channel.LentMemory;
import org.viridian.vmbus.channel.Packet;
import org.viridian.vmbus.channel.ProtocolViolation;
import org.viridian.vmbus.ring.RingMemory;
import org.viridian.vmbus.ring.RingReader;
import org.viridian.vmbus.ring.RingWriter;

/**
 * One open channel: its rings, its worker, and what waits to be sent. The worker drains the guest's ring and runs the
 * device; it sleeps with the ring unmasked.
 */
final class OpenChannel implements Channel {
    /** Packets between two publications of the read index, so that a busy guest sees room in time. */
    private static final int BATCH = 16;
    /** Packets that may wait for room; beyond it a message that is not a completion is dropped (input, pictures). */
    private static final int MAX_WAITING = 1024;
    /** With this many packets waiting the guest's requests stay in its ring until it has read some answers. */
    private static final int BACK_PRESSURE = 256;

    private static final byte[] NO_HEADER = {};
    private static final int WANTS_COMPLETION = 1;

    private record Outgoing(int type, int flags, long transactionId, byte[] header, byte[] payload) {
        int space() {
            return RingWriter.space(header.length, payload.length);
        }
    }

    private final int relid;
    private final int connectionId;
    private final int gpadl;
    private final ChannelDevice device;
    private final RingMemory inboundMemory;
    private final RingMemory outboundMemory;
    private final RingReader reader;
    private final RingWriter writer;
    private final Interrupter interrupter;
    private final Parent parent;
    private final Thread worker;
    /** Whether a violation is worth a line in the log; a guest can cause them without end. */
    private final boolean loud;
    private final ReentrantLock sendLock = new ReentrantLock();
    private final ArrayDeque<Outgoing> waiting = new ArrayDeque<>();
    private volatile int targetVp;
    private volatile boolean signalled;
    private volatile boolean stopping;

    /** Raises the channel's event on a processor. */
    @FunctionalInterface
    interface Interrupter {
        void interrupt(int vp, int relid);
    }

    /** What a channel asks the server for. Any thread. */
    interface Parent {
        /** Pages lent to the channel, or null. */
        LentMemory lent(int relid, int gpadl);

        /** Offers sub-channels of the channel. */
        void offerSubChannels(OpenChannel primary, int count);
    }

    OpenChannel(int relid, int connectionId, int gpadl, ChannelDevice device, GuestMemory memory, long[] inboundPages,
            long[] outboundPages, int targetVp, boolean loud, Interrupter interrupter, Parent parent) throws ProtocolViolation {
        this.relid = relid;
        this.connectionId = connectionId;
        this.gpadl = gpadl;
        this.device = device;
        this.inboundMemory = new RingMemory(memory, inboundPages);
        this.outboundMemory = new RingMemory(memory, outboundPages);
        this.reader = new RingReader(inboundMemory, memory);
        this.writer = new RingWriter(outboundMemory);
        this.targetVp = targetVp;
        this.loud = loud;
        this.interrupter = interrupter;
        this.parent = parent;
        this.worker = Thread.ofVirtual().name("channel " + device.offer().name()).unstarted(this::work);
    }

    void start() {
        worker.start();
    }

    /** The guest signalled: new data, or room in the host's ring. */
    void signal() {
        signalled = true;
        LockSupport.unpark(worker);
    }

    int targetVp() {
        return targetVp;
    }

    /** Moves the channel's interrupts; one more is raised there, lest an event got lost between the two. */
    void moveTo(int vp) {
        targetVp = vp;
        interrupt();
    }

    /** Stops the worker and waits until the device has let go. Not from the worker itself. */
    void stop() {
        stopping = true;
        LockSupport.unpark(worker);
        boolean interrupted = false;
        while (true) {
            try {
                worker.join();
                break;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void work() {
        try {
            device.opened(this);
            while (!stopping) {
                signalled = false;
                reader.mask(true);
                drain();
                flush();
                reader.mask(false);
                if (reader.hasData() && !clogged()) {
                    continue;
                }
                while (!signalled && !stopping) {
                    LockSupport.park(this);
                }
            }
        } catch (ProtocolViolation violation) {
            refuse(violation.getMessage());
        } catch (RuntimeException | Error failure) {
            System.getLogger("org.viridian.vmbus").log(System.Logger.Level.ERROR, "channel " + device.offer().name(), failure);
            refuse("internal error: " + failure);
        } finally {
            stopping = true;
            device.closed();
        }
    }

    private void refuse(String reason) {
        System.getLogger("org.viridian.vmbus").log(loud ? System.Logger.Level.WARNING : System.Logger.Level.DEBUG,
                "channel {0} stopped: {1}", device.offer().name(), reason);
        device.violated(reason);
    }

    private void drain() throws ProtocolViolation {
        int batch = 0;
        while (!stopping && !clogged()) {
            Packet packet = reader.next();
            if (packet == null) {
                break;
            }
            device.received(packet);
            if (++batch == BATCH) {
                batch = 0;
                publish();
            }
        }
        publish();
    }

    /** True when the guest does not read what it is sent: it will signal when it has made room. */
    private boolean clogged() {
        sendLock.lock();
        try {
            return waiting.size() >= BACK_PRESSURE;
        } finally {
            sendLock.unlock();
        }
    }

    private void publish() throws ProtocolViolation {
        if (reader.publish()) {
            interrupt();
        }
    }

    private void interrupt() {
        int vp = targetVp;
        if (vp >= 0 && !stopping) {
            interrupter.interrupt(vp, relid);
            device.interrupted();
        }
    }

    @Override
    public boolean send(byte[] payload) {
        return enqueue(new Outgoing(Packet.IN_BAND, 0, 0, NO_HEADER, payload), false);
    }

    @Override
    public void complete(long transactionId, byte[] payload) {
        enqueue(new Outgoing(Packet.COMPLETION, 0, transactionId, NO_HEADER, payload), true);
    }

    @Override
    public boolean sendTransferPages(long transactionId, int pageSet, int[] ranges, int rangeCount, byte[] payload) {
        ByteBuffer header = ByteBuffer.allocate(8 + 8 * rangeCount).order(ByteOrder.LITTLE_ENDIAN);
        header.putShort((short) pageSet).put((byte) 0).put((byte) 0).putInt(rangeCount);
        for (int i = 0; i < 2 * rangeCount; i++) {
            header.putInt(ranges[i]);
        }
        return enqueue(new Outgoing(Packet.TRANSFER_PAGES, WANTS_COMPLETION, transactionId, header.array(), payload), false);
    }

    @Override
    public LentMemory lent(int id) {
        return parent.lent(relid, id);
    }

    @Override
    public void offerSubChannels(int count) {
        parent.offerSubChannels(this, count);
    }

    private boolean enqueue(Outgoing packet, boolean mustArrive) {
        sendLock.lock();
        try {
            if (stopping || !mustArrive && waiting.size() >= MAX_WAITING
                    || !writer.canHold(packet.space())) {
                return false;
            }
            waiting.add(packet);
        } finally {
            sendLock.unlock();
        }
        try {
            flush();
        } catch (ProtocolViolation broken) {
            // The worker meets the same broken index on its next turn and stops the channel.
            signal();
        }
        return true;
    }

    private void flush() throws ProtocolViolation {
        boolean interrupt = false;
        sendLock.lock();
        try {
            while (!waiting.isEmpty() && !stopping) {
                Outgoing packet = waiting.peek();
                RingWriter.Result result = writer.write(packet.type, packet.flags, packet.transactionId, packet.header,
                        packet.payload);
                if (result == RingWriter.Result.FULL) {
                    if (writer.await(packet.space())) {
                        continue;
                    }
                    break;
                }
                waiting.remove();
                interrupt |= result == RingWriter.Result.SIGNAL;
            }
            if (waiting.isEmpty() && !stopping) {
                writer.await(0);
            }
        } finally {
            sendLock.unlock();
        }
        if (interrupt) {
            interrupt();
        }
    }

    @Override
    public Facts facts() {
        return new Facts(relid, connectionId, targetVp, gpadl, inboundMemory.size(), outboundMemory.size(),
                reader.waiting(), writer.waiting());
    }
}
