package org.viridian.devices.network;

import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.LongAdder;

/**
 * A port of a virtual switch. Devices that share an address, such as a network VSP and its emulated twin, share a port:
 * each attaches while it is in charge, and the last one attached gets the frames.
 *
 * <p>Thread rule: any thread sends; one thread at a time polls.
 */
public final class SwitchPort implements AutoCloseable {
    /** With more debt than this the sender has not waited when asked: its frames are dropped, ns. */
    private static final long MOST_DEBT = 200_000_000;

    private final VirtualSwitch owner;
    private final int number;
    private final String name;
    private final PortOptions options;
    private final FramePool pool = new FramePool();
    private final FairQueue queue = new FairQueue();
    private final TokenBucket sendLimit;
    private final TokenBucket receiveLimit;
    private final CopyOnWriteArrayList<PortClient> clients = new CopyOnWriteArrayList<>();
    private volatile PortClient client;
    private volatile long address;
    private volatile boolean linkUp = true;
    private volatile PacketCapture capture;

    private final LongAdder framesSent = new LongAdder();
    private final LongAdder bytesSent = new LongAdder();
    private final LongAdder framesReceived = new LongAdder();
    private final LongAdder bytesReceived = new LongAdder();
    private final LongAdder sendDrops = new LongAdder();
    private final LongAdder receiveDrops = new LongAdder();
    private final LongAdder spoofed = new LongAdder();

    SwitchPort(VirtualSwitch owner, int number, String name, MacAddress address, PortOptions options) {
        long now = System.nanoTime();
        this.owner = owner;
        this.number = number;
        this.name = name;
        this.options = options;
        this.address = address == null ? 0 : address.value();
        this.sendLimit = options.sendBitsPerSecond() == 0 ? null : new TokenBucket(options.sendBitsPerSecond(), now);
        this.receiveLimit = options.receiveBitsPerSecond() == 0 ? null : new TokenBucket(options.receiveBitsPerSecond(), now);
    }

    /**
     * Counts of one moment. "Sent" is what the client gave to the switch, "received" what it was given.
     *
     * @param sendDrops frames of the client refused: link down, limit exceeded, malformed
     * @param receiveDrops frames for the client lost: queue full, limit exceeded
     * @param spoofed frames of the client with another's address
     */
    public record Counters(long framesSent, long bytesSent, long framesReceived, long bytesReceived, long sendDrops,
            long receiveDrops, long spoofed) {}

    /** The counts so far. */
    public Counters counters() {
        return new Counters(framesSent.sum(), bytesSent.sum(), framesReceived.sum(), bytesReceived.sum(), sendDrops.sum(),
                receiveDrops.sum(), spoofed.sum());
    }

    /** What it was called when it was made. */
    public String name() {
        return name;
    }

    /** Position in the switch. */
    int number() {
        return number;
    }

    /** The switch. */
    public VirtualSwitch owner() {
        return owner;
    }

    /** How it is run. */
    public PortOptions options() {
        return options;
    }

    long address() {
        return address;
    }

    /** The port's own address, or null when it has none. */
    public MacAddress macAddress() {
        long value = address;
        return value == 0 ? null : new MacAddress(value);
    }

    /** Changes the port's own address, as a guest may ask; false on a guarded port. */
    public boolean changeAddress(MacAddress next) {
        if (options.guarded() || !next.station()) {
            return false;
        }
        address = next.value();
        return true;
    }

    /** Gives the frames to this client from now on; what waited for the one before is dropped. */
    public void attach(PortClient next) {
        synchronized (clients) {
            clients.remove(next);
            clients.add(next);
            client = next;
            clear();
        }
    }

    /** The client is no longer in charge; the one before it is again. */
    public void detach(PortClient former) {
        synchronized (clients) {
            clients.remove(former);
            if (client == former) {
                client = clients.isEmpty() ? null : clients.getLast();
                clear();
            }
        }
    }

    private void clear() {
        for (Frame frame = queue.poll(); frame != null; frame = queue.poll()) {
            receiveDrops.increment();
            frame.release();
        }
    }

    /** True while the cable is in. */
    public boolean linkUp() {
        return linkUp;
    }

    /** Pulls the cable or puts it in; a port without link neither sends nor receives. The device tells its guest. */
    public void linkUp(boolean up) {
        linkUp = up;
    }

    /** Copies all frames of the port to a capture from now on; null ends it. The caller closes the capture. */
    public void capture(PacketCapture next) {
        capture = next;
    }

    /** An empty frame of this length to fill and {@link #send}. */
    public Frame frame(int length) {
        return pool.take(length);
    }

    FramePool pool() {
        return pool;
    }

    /**
     * Sends a frame and lets go of it.
     *
     * @return how long the client should wait before it sends more, ns; 0 mostly
     */
    public long send(Frame frame) {
        try {
            int length = frame.length();
            if (!linkUp || length < Checksums.ETHERNET) {
                sendDrops.increment();
                return 0;
            }
            long now = System.nanoTime();
            long pause = 0;
            if (sendLimit != null) {
                pause = sendLimit.spend(length, now);
                if (pause > MOST_DEBT) {
                    sendDrops.increment();
                    return pause;
                }
            }
            if (options.guarded() && frame.source() != address) {
                spoofed.increment();
                sendDrops.increment();
                return pause;
            }
            if (options.accessVlan() != 0) {
                if (frame.tag() != Frame.NO_TAG) {
                    sendDrops.increment();
                    return pause;
                }
                frame.tag(options.accessVlan());
            }
            framesSent.increment();
            bytesSent.add(length);
            PacketCapture tap = capture;
            if (tap != null) {
                tap.record(frame, false);
            }
            owner.forward(this, frame, now);
            return pause;
        } finally {
            frame.release();
        }
    }

    /** True when a frame for this address is the port's business. */
    boolean wants(long destination) {
        return !options.guarded() || destination == address || MacAddress.multicast(destination);
    }

    boolean carries(Frame frame) {
        return options.accessVlan() == 0 || frame.vlan() == options.accessVlan();
    }

    /** Queues a frame for the client; the frame gets one more holder. Large sends are cut for those that want it. */
    void deliver(Frame frame, SwitchPort from) {
        PortClient now = client;
        if (now == null || !linkUp) {
            receiveDrops.increment();
            return;
        }
        if (frame.segmentSize() != 0 && !now.takesLargeSends()) {
            LargeSend.cut(frame, from.pool, segment -> {
                enqueue(segment, from, now);
                segment.release();
            });
            return;
        }
        enqueue(frame, from, now);
    }

    private void enqueue(Frame frame, SwitchPort from, PortClient now) {
        if (receiveLimit != null && !receiveLimit.trySpend(frame.length(), System.nanoTime())) {
            receiveDrops.increment();
            return;
        }
        frame.retain();
        int answer = queue.offer(from.number, from.options.weight(), frame);
        if (answer < 0) {
            frame.release();
            receiveDrops.increment();
            return;
        }
        if (answer > 0) {
            now.framesWaiting();
        }
    }

    /** The next frame for the client, to be released, or null. */
    public Frame poll() {
        Frame frame = queue.poll();
        if (frame != null) {
            framesReceived.increment();
            bytesReceived.add(frame.length());
            PacketCapture tap = capture;
            if (tap != null) {
                tap.record(frame, true);
            }
        }
        return frame;
    }

    /** The tag a client should see: none on an access port. */
    public int tagFor(Frame frame) {
        return options.accessVlan() != 0 ? Frame.NO_TAG : frame.tag();
    }

    /** Frames that wait for the client. */
    public int waiting() {
        return queue.size();
    }

    /** Takes the port out of its switch. */
    @Override
    public void close() {
        linkUp = false;
        owner.remove(this);
        synchronized (clients) {
            clients.clear();
            client = null;
            clear();
        }
    }
}
