package org.viridian.devices.network;

import com.sun.jna.Callback;
import com.sun.jna.CallbackReference;
import com.sun.jna.Pointer;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/**
 * An uplink that needs no privileges: libslirp plays router, DHCP and DNS server of the network 10.0.2.0/24 and
 * fec0::/64 and speaks to the world through sockets of this process.
 *
 * <p>Thread rule: all of libslirp runs on this object's own thread, which polls its sockets and the port; only
 * {@link #framesWaiting} comes from others.
 */
public final class UserNat implements PortClient, AutoCloseable {
    /** The router and, for the guest, the host. */
    public static final String GATEWAY = "10.0.2.2";
    /** What the first guest is given. */
    public static final String FIRST_GUEST = "10.0.2.15";
    private static final int NETWORK_BITS = address(10, 0, 2, 0);
    private static final int MASK_BITS = address(255, 255, 255, 0);
    private static final int GATEWAY_BITS = address(10, 0, 2, 2);
    private static final int NAME_SERVER_BITS = address(10, 0, 2, 3);
    private static final int FIRST_GUEST_BITS = address(10, 0, 2, 15);
    private static final byte[] PREFIX6 = {(byte) 0xFE, (byte) 0xC0};
    private static final int PREFIX6_LENGTH = 64;

    private static final int CONFIG_SIZE = 184;
    private static final int CALLBACKS = 11;
    private static final int VERSION = 4;
    /** What libslirp may put into one packet; the switch cuts it for adapters that want that. Its own limit. */
    private static final int LARGE_MTU = 65521;
    private static final int MOST_DESCRIPTORS = 4096;
    private static final int POLLFD = 8;
    private static final int TURN = 128;
    private static final long NEVER = Long.MAX_VALUE;
    private static final int LONGEST_WAIT = 1000;
    private static final Object GLOBAL = new Object();

    private final SwitchPort port;
    private final Waker waker;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment packet = arena.allocate(FramePool.LARGEST + 64);
    private final MemorySegment timeout = arena.allocate(4, 4);
    private final MemorySegment descriptors = arena.allocate((MOST_DESCRIPTORS + 1L) * POLLFD, 8);
    /** libslirp keeps plain pointers to these: they must live as long as it. */
    private final List<Callback> callbacks = new ArrayList<>();
    private final NatFrames frames;
    private final SlirpLibrary.AddPoll addPoll = this::addDescriptor;
    private final SlirpLibrary.GetEvents getEvents = this::eventsOf;
    private final long slirp;
    private final Thread thread;
    private volatile boolean closed;

    // Polling thread only.
    private int descriptorCount;
    private long timerOpaque;
    private int timerId;
    private long timerExpiry = NEVER;

    /** Why this host has no user-mode network, in one sentence with the remedy, or null. */
    public static String problem() {
        String problem = SlirpLibrary.problem();
        return problem == null ? null : "User-mode networking needs %s. Install the package %s: sudo apt-get install %s"
                .formatted(SlirpLibrary.FILE, SlirpLibrary.PACKAGE, SlirpLibrary.PACKAGE);
    }

    /**
     * Starts a router at a port.
     *
     * @param forwards ports of the host that lead to the guest
     * @throws UplinkException when the library is missing or a port of the host is taken
     */
    public UserNat(SwitchPort port, List<PortForward> forwards) throws UplinkException {
        if (problem() != null) {
            throw new UplinkException(problem());
        }
        this.port = port;
        this.frames = new NatFrames(port);
        this.waker = new Waker();
        try {
            synchronized (GLOBAL) {
                slirp = SlirpLibrary.slirp_new(config().address(), callbackTable().address(), 0);
            }
            if (slirp == 0) {
                throw new UplinkException("libslirp did not start.");
            }
            for (PortForward forward : forwards) {
                if (SlirpLibrary.slirp_add_hostfwd(slirp, forward.udp() ? 1 : 0, forward.hostAddressBits(), forward.hostPort(),
                        FIRST_GUEST_BITS, forward.guestPort()) != 0) {
                    synchronized (GLOBAL) {
                        SlirpLibrary.slirp_cleanup(slirp);
                    }
                    throw new UplinkException(("The host's %s port %d at %s cannot be forwarded: another program uses it, or it is "
                            + "below 1024 and needs privileges.").formatted(forward.udp() ? "UDP" : "TCP", forward.hostPort(),
                                    forward.hostAddress()));
                }
            }
        } catch (UplinkException | RuntimeException | Error refused) {
            waker.close();
            arena.close();
            throw refused;
        }
        port.attach(this);
        thread = Thread.ofPlatform().daemon().name("nat " + port.owner().name()).start(this::run);
    }

    private static int address(int a, int b, int c, int d) {
        return a | b << 8 | c << 16 | d << 24;
    }

    /** {@code SlirpConfig} of libslirp.h, version 4, on a 64-bit machine. */
    private MemorySegment config() {
        MemorySegment config = arena.allocate(CONFIG_SIZE, 8);
        config.set(ValueLayout.JAVA_INT, 0, VERSION);
        config.set(ValueLayout.JAVA_BYTE, 8, (byte) 1);
        config.set(ValueLayout.JAVA_INT, 12, NETWORK_BITS);
        config.set(ValueLayout.JAVA_INT, 16, MASK_BITS);
        config.set(ValueLayout.JAVA_INT, 20, GATEWAY_BITS);
        config.set(ValueLayout.JAVA_BYTE, 24, (byte) 1);
        MemorySegment.copy(PREFIX6, 0, config, ValueLayout.JAVA_BYTE, 28, PREFIX6.length);
        config.set(ValueLayout.JAVA_BYTE, 44, (byte) PREFIX6_LENGTH);
        MemorySegment.copy(PREFIX6, 0, config, ValueLayout.JAVA_BYTE, 48, PREFIX6.length);
        config.set(ValueLayout.JAVA_BYTE, 63, (byte) 2);
        config.set(ValueLayout.JAVA_INT, 96, FIRST_GUEST_BITS);
        config.set(ValueLayout.JAVA_INT, 100, NAME_SERVER_BITS);
        MemorySegment.copy(PREFIX6, 0, config, ValueLayout.JAVA_BYTE, 104, PREFIX6.length);
        config.set(ValueLayout.JAVA_BYTE, 119, (byte) 3);
        config.set(ValueLayout.JAVA_LONG, 136, LARGE_MTU);
        config.set(ValueLayout.JAVA_LONG, 144, LARGE_MTU);
        return config;
    }

    /** {@code SlirpCb} of libslirp.h: eleven function pointers. */
    private MemorySegment callbackTable() {
        MemorySegment table = arena.allocate(CALLBACKS * 8L, 8);
        callback(table, 0, (SlirpLibrary.SendPacket) (bytes, length, opaque) -> frames.receive(new Pointer(bytes), length));
        callback(table, 1, (SlirpLibrary.GuestError) (message, opaque) -> System.getLogger("org.viridian.devices.network")
                .log(System.Logger.Level.DEBUG, "{0}: {1}", port.owner().name(), message));
        callback(table, 2, (SlirpLibrary.Clock) opaque -> System.nanoTime());
        callback(table, 4, (SlirpLibrary.FreeTimer) (timer, opaque) -> timerExpiry = NEVER);
        callback(table, 5, (SlirpLibrary.ArmTimer) (timer, expiry, opaque) -> timerExpiry = expiry);
        callback(table, 6, (SlirpLibrary.Descriptor) (descriptor, opaque) -> { });
        callback(table, 7, (SlirpLibrary.Descriptor) (descriptor, opaque) -> { });
        callback(table, 8, (SlirpLibrary.Notify) opaque -> waker.wake());
        callback(table, 9, (SlirpLibrary.Completed) (made, opaque) -> { });
        callback(table, 10, (SlirpLibrary.NewTimer) (id, inner, opaque) -> {
            // There is one kind: router advertisements.
            timerId = id;
            timerOpaque = inner;
            return 1;
        });
        return table;
    }

    private void callback(MemorySegment table, int slot, Callback function) {
        callbacks.add(function);
        table.set(ValueLayout.JAVA_LONG, slot * 8L, Pointer.nativeValue(CallbackReference.getFunctionPointer(function)));
    }

    private int addDescriptor(int descriptor, int events, long opaque) {
        if (descriptorCount >= MOST_DESCRIPTORS) {
            return -1;
        }
        int bits = ((events & SlirpLibrary.POLL_IN) != 0 ? Posix.POLLIN : 0)
                | ((events & SlirpLibrary.POLL_OUT) != 0 ? Posix.POLLOUT : 0)
                | ((events & SlirpLibrary.POLL_PRIORITY) != 0 ? Posix.POLLPRI : 0);
        long at = (descriptorCount + 1L) * POLLFD;
        descriptors.set(ValueLayout.JAVA_INT, at, descriptor);
        descriptors.set(ValueLayout.JAVA_INT, at + 4, bits);
        return descriptorCount++;
    }

    private int eventsOf(int index, long opaque) {
        if (index < 0 || index >= descriptorCount) {
            return 0;
        }
        int bits = descriptors.get(ValueLayout.JAVA_SHORT, (index + 1L) * POLLFD + 6);
        return ((bits & Posix.POLLIN) != 0 ? SlirpLibrary.POLL_IN : 0) | ((bits & Posix.POLLOUT) != 0 ? SlirpLibrary.POLL_OUT : 0)
                | ((bits & Posix.POLLPRI) != 0 ? SlirpLibrary.POLL_PRIORITY : 0)
                | ((bits & Posix.POLLERR) != 0 ? SlirpLibrary.POLL_ERROR : 0)
                | ((bits & Posix.POLLHUP) != 0 ? SlirpLibrary.POLL_HANG_UP : 0);
    }

    private void run() {
        try {
            while (!closed) {
                waker.lower();
                boolean more = takeFrames();
                wait(more);
                fireTimer();
            }
        } catch (RuntimeException | Error failure) {
            System.getLogger("org.viridian.devices.network").log(System.Logger.Level.ERROR, "NAT of " + port.owner().name(), failure);
        } finally {
            port.detach(this);
            synchronized (GLOBAL) {
                SlirpLibrary.slirp_cleanup(slirp);
            }
            waker.close();
            arena.close();
            callbacks.clear();
        }
    }

    /** Gives libslirp what the guest has sent; true when more may wait. */
    private boolean takeFrames() {
        for (int i = 0; i < TURN; i++) {
            Frame frame = port.poll();
            if (frame == null) {
                return false;
            }
            try {
                // A tagged frame belongs to a network libslirp does not serve.
                if (port.tagFor(frame) == Frame.NO_TAG) {
                    if (frame.sole()) {
                        NatFrames.widen(frame);
                    }
                    MemorySegment.copy(frame.data(), 0, packet, ValueLayout.JAVA_BYTE, 0, frame.length());
                    SlirpLibrary.slirp_input(slirp, packet.address(), frame.length());
                }
            } finally {
                frame.release();
            }
        }
        return true;
    }

    private void wait(boolean hurry) {
        long now = System.nanoTime() / 1_000_000;
        int limit = hurry ? 0 : Math.clamp(timerExpiry - now, 0, LONGEST_WAIT);
        timeout.set(ValueLayout.JAVA_INT, 0, limit);
        descriptorCount = 0;
        SlirpLibrary.slirp_pollfds_fill(slirp, timeout.address(), addPoll, 0);
        descriptors.set(ValueLayout.JAVA_INT, 0, waker.descriptor());
        descriptors.set(ValueLayout.JAVA_INT, 4, Posix.POLLIN);
        int wait = Math.clamp(timeout.get(ValueLayout.JAVA_INT, 0) & 0xFFFF_FFFFL, 0, limit);
        int ready = Posix.poll(descriptors.address(), descriptorCount + 1L, wait);
        SlirpLibrary.slirp_pollfds_poll(slirp, ready < 0 ? 1 : 0, getEvents, 0);
    }

    private void fireTimer() {
        if (timerExpiry != NEVER && System.nanoTime() / 1_000_000 >= timerExpiry) {
            timerExpiry = NEVER;
            SlirpLibrary.slirp_handle_timer(slirp, timerId, timerOpaque);
        }
    }

    @Override
    public void framesWaiting() {
        waker.wake();
    }

    @Override
    public boolean takesLargeSends() {
        return true;
    }

    /** Stops the router, ends its connections; the port stays. */
    @Override
    public void close() {
        closed = true;
        waker.wake();
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
