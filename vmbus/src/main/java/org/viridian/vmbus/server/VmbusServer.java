package org.viridian.vmbus.server;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.viridian.engine.hyperv.HypercallStatus;
import org.viridian.engine.hyperv.SynicHost;
import org.viridian.engine.memory.GuestMemory;
import org.viridian.vmbus.channel.ChannelDevice;
import org.viridian.vmbus.channel.LentMemory;
import org.viridian.vmbus.channel.Offer;
import org.viridian.vmbus.channel.ProtocolViolation;
import org.viridian.vmbus.protocol.Guids;
import org.viridian.vmbus.protocol.Message;
import org.viridian.vmbus.protocol.MessageType;
import org.viridian.vmbus.protocol.ProtocolVersion;

/**
 * The host's side of VMBus: negotiates, offers the devices, keeps page lists, opens and closes channels. Versions 2.4 to
 * 5.3. Every request that has a reply gets one, also when it is refused: Linux waits without a time-out.
 *
 * <p>Thread rule: any thread may call; all work is done on one control thread per VM, in the order of arrival, so a
 * processor that posts a message never waits for a device.
 */
public final class VmbusServer implements AutoCloseable {
    private static final int OLD_CONNECTION = 1;
    private static final int NEW_CONNECTION = 4;
    private static final int SINT = 2;
    private static final int MESSAGE_TYPE = 1;
    private static final int FIRST_PROCESSOR = 0;
    private static final int MAX_RELID = 2047;
    private static final int MAX_QUEUED = 4096;
    /** Pages that all page lists of a VM may hold: 1280 MiB, as Hyper-V since Server 2019. */
    private static final int MAX_GPADL_PAGES = 1280 << 8;
    private static final int MAX_GPADLS = 4096;
    /** Page lists of one channel: a ring and a few buffers; a guest that makes more is up to something. */
    private static final int MAX_GPADLS_PER_CHANNEL = 64;
    private static final int FAILURE = 0x8000FFFF;
    private static final int MONITOR_NONE = 0xFF;
    private static final int NO_INTERRUPT = -1;
    private static final int MESSAGE_PIPE = 4;

    private final SynicHost synic;
    private final GuestMemory memory;
    private final int processors;
    private final AutoCloseable oldPort;
    private final AutoCloseable newPort;
    private final LinkedBlockingQueue<Runnable> work = new LinkedBlockingQueue<>();
    private final AtomicInteger queued = new AtomicInteger();
    private final Thread control;
    private volatile int generation;
    private volatile boolean closed;

    private final OpenChannel.Parent parent = new OpenChannel.Parent() {
        @Override
        public LentMemory lent(int relid, int gpadl) {
            Gpadl found = gpadls.get(gpadl);
            return found == null || found.relid() != relid ? null : found.lend(memory);
        }

        @Override
        public void offerSubChannels(OpenChannel primary, int count) {
            run(() -> sendSubOffers(primary, count));
        }
    };

    // Control thread only, except that page lists are looked up by channels.
    private final List<ChannelDevice> devices = new ArrayList<>();
    private final Map<Integer, OfferedChannel> channels = new TreeMap<>();
    private final Map<Integer, Gpadl> gpadls = new ConcurrentHashMap<>();
    private int gpadlPages;
    private ProtocolVersion version;
    private int messageVp;
    private boolean offersSent;
    private volatile String connection = "not connected";

    /**
     * Opens the message ports.
     *
     * @param name the VM's name
     * @param synic the way to and from the guest
     * @param memory the guest's memory
     * @param processors number of virtual processors
     */
    public VmbusServer(String name, SynicHost synic, GuestMemory memory, int processors) {
        this.synic = synic;
        this.memory = memory;
        this.processors = processors;
        this.control = Thread.ofPlatform().name("vmbus " + name).daemon().start(this::controlLoop);
        this.oldPort = synic.messagePort(OLD_CONNECTION, this::receive);
        this.newPort = synic.messagePort(NEW_CONNECTION, this::receive);
    }

    /** Adds a device; it is offered now if the guest has asked for offers, else when it asks. */
    public void offer(ChannelDevice device) {
        run(() -> {
            devices.add(device);
            if (offersSent && !stillKnown(device)) {
                sendOffer(device);
            }
        });
    }

    /** True while the guest has not released an earlier channel of the device: its GUID must not be offered again. */
    private boolean stillKnown(ChannelDevice device) {
        return channels.values().stream().anyMatch(channel -> channel.device() == device);
    }

    /** Withdraws a device; the guest's driver is unbound. */
    public void rescind(ChannelDevice device) {
        run(() -> {
            devices.remove(device);
            for (OfferedChannel channel : channels.values()) {
                if (channel.device() == device && !channel.rescinded()) {
                    withdraw(channel);
                }
            }
        });
    }

    private void withdraw(OfferedChannel channel) {
        channel.rescinded(true);
        stop(channel);
        post(Message.of(MessageType.RESCIND_CHANNEL_OFFER, 12).u32(8, channel.relid()));
    }

    /** Stops a channel. A primary channel takes its sub-channels along: they are withdrawn, to be offered again on request. */
    private void stop(OfferedChannel channel) {
        for (OfferedChannel sub : List.copyOf(channels.values())) {
            if (sub.primary() == channel && !sub.rescinded()) {
                withdraw(sub);
            }
        }
        channel.stop();
    }

    /** The VM has been reset: drops the connection. Returns when no device touches guest memory any more. */
    public void reset() {
        generation++;
        CompletableFuture<Void> done = new CompletableFuture<>();
        run(() -> {
            disconnect();
            done.complete(null);
        });
        if (!closed) {
            done.join();
        }
    }

    /** The connection for the device manager, such as {@code version 5.3}. */
    public String connection() {
        return connection;
    }

    @Override
    public void close() {
        reset();
        closed = true;
        work.add(() -> { });
        try {
            oldPort.close();
            newPort.close();
            control.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (Exception failure) {
            throw new IllegalStateException(failure);
        }
    }

    private void run(Runnable task) {
        work.add(task);
    }

    private void controlLoop() {
        while (!closed) {
            try {
                work.take().run();
            } catch (InterruptedException e) {
                return;
            } catch (RuntimeException | Error failure) {
                // Without this thread the guest would wait for ever: whatever went wrong, the next message is served.
                System.getLogger("org.viridian.vmbus").log(System.Logger.Level.ERROR, "VMBus control", failure);
            }
        }
    }

    private int receive(int messageType, byte[] payload) {
        if (messageType != MESSAGE_TYPE || payload.length < 8) {
            return HypercallStatus.SUCCESS;
        }
        if (queued.incrementAndGet() > MAX_QUEUED) {
            queued.decrementAndGet();
            return HypercallStatus.INSUFFICIENT_BUFFERS;
        }
        int arrived = generation;
        run(() -> {
            queued.decrementAndGet();
            if (arrived == generation) {
                dispatch(Message.parse(payload));
            }
        });
        return HypercallStatus.SUCCESS;
    }

    private void dispatch(Message message) {
        int type = message.type();
        if (message.size() < minimum(type)) {
            refuseShort(type, message);
            return;
        }
        switch (type) {
            case MessageType.INITIATE_CONTACT -> initiateContact(message);
            case MessageType.UNLOAD -> unload();
            default -> {
                if (version != null) {
                    dispatchConnected(type, message);
                }
            }
        }
    }

    private void dispatchConnected(int type, Message message) {
        switch (type) {
            case MessageType.REQUEST_OFFERS -> requestOffers();
            case MessageType.OPEN_CHANNEL -> openChannel(message);
            case MessageType.CLOSE_CHANNEL -> closeChannel(message.u32(8));
            case MessageType.GPADL_HEADER -> gpadlHeader(message);
            case MessageType.GPADL_BODY -> gpadlBody(message);
            case MessageType.GPADL_TEARDOWN -> gpadlTeardown(message);
            case MessageType.RELID_RELEASED -> relidReleased(message.u32(8));
            case MessageType.MODIFY_CHANNEL -> modifyChannel(message);
            default -> { }
        }
    }

    /** Refuses a message shorter than its layout, when it says enough to whom the refusal goes; else it is ignored. */
    private void refuseShort(int type, Message message) {
        int size = message.size();
        switch (type) {
            case MessageType.INITIATE_CONTACT -> {
                if (size >= 12) {
                    disconnect();
                    messageVp = FIRST_PROCESSOR;
                    respond(new ProtocolVersion(message.u32(8)), false);
                }
            }
            case MessageType.OPEN_CHANNEL -> {
                if (size >= 16 && version != null) {
                    openResult(message.u32(8), message.u32(12), FAILURE);
                }
            }
            case MessageType.GPADL_HEADER -> {
                if (size >= 16 && version != null) {
                    created(message.u32(8), message.u32(12), FAILURE);
                }
            }
            case MessageType.MODIFY_CHANNEL -> {
                if (size >= 12 && version != null) {
                    modified(message.u32(8), FAILURE);
                }
            }
            default -> { }
        }
    }

    /** Shortest message of a type that can be answered; unknown types and host-only types never are. */
    private static int minimum(int type) {
        return switch (type) {
            case MessageType.REQUEST_OFFERS, MessageType.UNLOAD -> 8;
            case MessageType.CLOSE_CHANNEL, MessageType.RELID_RELEASED -> 12;
            case MessageType.GPADL_TEARDOWN, MessageType.MODIFY_CHANNEL, MessageType.GPADL_BODY -> 16;
            case MessageType.GPADL_HEADER -> 20;
            case MessageType.OPEN_CHANNEL -> 148;
            case MessageType.INITIATE_CONTACT -> 40;
            default -> Integer.MAX_VALUE;
        };
    }

    private void post(Message message) {
        synic.postMessage(messageVp, SINT, MESSAGE_TYPE, message.array());
    }

    private void disconnect() {
        // Sub-channels first: they use what their primary channel holds.
        channels.values().stream().filter(channel -> channel.primary() != null).forEach(OfferedChannel::stop);
        channels.values().forEach(OfferedChannel::stop);
        channels.clear();
        gpadls.clear();
        gpadlPages = 0;
        version = null;
        offersSent = false;
        connection = "not connected";
        synic.discardMessages();
    }

    private void initiateContact(Message message) {
        disconnect();
        ProtocolVersion asked = new ProtocolVersion(message.u32(8));
        int vp = message.u32(12);
        boolean modern = asked.atLeast(ProtocolVersion.V5_0);
        boolean goodSint = !modern || (message.u32(16) & 0xFF) == SINT && (message.u32(16) >>> 8 & 0xFF) == 0;
        if (!asked.atLeast(ProtocolVersion.V3_0)) {
            vp = FIRST_PROCESSOR;
        }
        boolean goodVp = vp >= 0 && vp < processors;
        messageVp = goodVp ? vp : FIRST_PROCESSOR;
        boolean accepted = asked.supported() && goodSint && goodVp;
        if (accepted) {
            version = asked;
            connection = "version " + asked;
        }
        respond(asked, accepted);
    }

    private void respond(ProtocolVersion asked, boolean accepted) {
        Message response = Message.of(MessageType.VERSION_RESPONSE, 16);
        response.bytes().put(8, (byte) (accepted ? 1 : 0));
        response.u32(12, asked.atLeast(ProtocolVersion.V5_0) ? NEW_CONNECTION : asked.value());
        post(response);
    }

    private void unload() {
        disconnect();
        post(Message.of(MessageType.UNLOAD_RESPONSE, 8));
    }

    private void requestOffers() {
        if (offersSent) {
            return;
        }
        offersSent = true;
        devices.forEach(this::sendOffer);
        post(Message.of(MessageType.ALL_OFFERS_DELIVERED, 8));
    }

    private void sendOffer(ChannelDevice device) {
        sendOffer(device.offer(), device, null, 0);
    }

    private void sendSubOffers(OpenChannel opened, int count) {
        for (OfferedChannel primary : List.copyOf(channels.values())) {
            if (primary.open() == opened && !primary.rescinded()) {
                for (int index = 1; index <= count; index++) {
                    sendOffer(primary.device().offer(), primary.device().subChannel(index), primary, index);
                }
            }
        }
    }

    private void sendOffer(Offer offer, ChannelDevice device, OfferedChannel primary, int index) {
        int relid = 1;
        while (channels.containsKey(relid)) {
            relid++;
        }
        if (relid > MAX_RELID) {
            return;
        }
        OfferedChannel channel = new OfferedChannel(relid, device, primary);
        channels.put(relid, channel);
        Message message = Message.of(MessageType.OFFER_CHANNEL, 196);
        Guids.put(message.bytes(), 8, offer.interfaceType());
        Guids.put(message.bytes(), 24, offer.instance());
        message.bytes().putShort(56, (short) offer.flags());
        message.bytes().putShort(58, (short) offer.mmioMegabytes());
        message.u32(60, offer.pipe() ? MESSAGE_PIPE : 0);
        message.bytes().putShort(180, (short) index);
        message.u32(184, relid);
        message.bytes().put(188, (byte) MONITOR_NONE);
        message.bytes().putShort(190, (short) 1);
        message.u32(192, channel.connectionId());
        post(message);
    }

    private void gpadlHeader(Message message) {
        int relid = message.u32(8);
        int id = message.u32(12);
        int bytes = message.bytes().getShort(16) & 0xFFFF;
        int ranges = message.bytes().getShort(18) & 0xFFFF;
        OfferedChannel channel = channels.get(relid);
        if (channel != null && channel.rescinded()) {
            created(relid, id, 0);
            return;
        }
        if (channel == null || gpadls.containsKey(id) || bytes < 16 || bytes % 8 != 0 || ranges == 0
                || gpadls.size() >= MAX_GPADLS || channel.gpadls() >= MAX_GPADLS_PER_CHANNEL
                || gpadlPages + bytes / 8 > MAX_GPADL_PAGES) {
            created(relid, id, FAILURE);
            return;
        }
        Gpadl gpadl = new Gpadl(relid, id, bytes, ranges);
        gpadls.put(id, gpadl);
        channel.countGpadls(1);
        gpadlPages += gpadl.announcedPages();
        gpadl.append(message.bytes(), 20);
        finishIfComplete(gpadl);
    }

    private void gpadlBody(Message message) {
        Gpadl gpadl = gpadls.get(message.u32(12));
        if (gpadl != null && !gpadl.complete()) {
            gpadl.append(message.bytes(), 16);
            finishIfComplete(gpadl);
        }
    }

    private void finishIfComplete(Gpadl gpadl) {
        if (!gpadl.complete()) {
            return;
        }
        boolean good = gpadl.validate(memory);
        if (!good) {
            drop(gpadl);
        }
        created(gpadl.relid(), gpadl.id(), good ? 0 : FAILURE);
    }

    private void drop(Gpadl gpadl) {
        gpadls.remove(gpadl.id());
        gpadlPages -= gpadl.announcedPages();
        OfferedChannel channel = channels.get(gpadl.relid());
        if (channel != null) {
            channel.countGpadls(-1);
        }
    }

    private void created(int relid, int id, int status) {
        post(Message.of(MessageType.GPADL_CREATED, 20).u32(8, relid).u32(12, id).u32(16, status));
    }

    private void gpadlTeardown(Message message) {
        int id = message.u32(12);
        Gpadl gpadl = gpadls.get(id);
        if (gpadl != null) {
            OfferedChannel channel = channels.get(gpadl.relid());
            boolean used = gpadl.held() || channel != null && channel.open() != null && channel.open().facts().gpadl() == id;
            if (channel != null && used) {
                stop(channel);
            }
            drop(gpadl);
        }
        post(Message.of(MessageType.GPADL_TORNDOWN, 12).u32(8, id));
    }

    private void openChannel(Message message) {
        int relid = message.u32(8);
        OfferedChannel channel = channels.get(relid);
        if (channel != null && channel.rescinded()) {
            return;
        }
        boolean opened = channel != null && tryOpen(channel, message);
        openResult(relid, message.u32(12), opened ? 0 : FAILURE);
        if (opened) {
            channel.open().start();
            channel.open().signal();
        }
    }

    private void openResult(int relid, int openId, int status) {
        post(Message.of(MessageType.OPEN_CHANNEL_RESULT, 20).u32(8, relid).u32(12, openId).u32(16, status));
    }

    private boolean tryOpen(OfferedChannel channel, Message message) {
        Gpadl gpadl = gpadls.get(message.u32(16));
        int vp = message.u32(20);
        long downstream = message.u32(24) & 0xFFFF_FFFFL;
        if (channel.open() != null || gpadl == null || gpadl.relid() != channel.relid() || gpadl.ringPages() == null
                || vp != NO_INTERRUPT && (vp < 0 || vp >= processors)) {
            return false;
        }
        long[] pages = gpadl.ringPages();
        if (downstream < 2 || downstream > pages.length - 2L) {
            return false;
        }
        int split = (int) downstream;
        try {
            OpenChannel open = new OpenChannel(channel.relid(), channel.connectionId(), gpadl.id(), channel.device(), memory,
                    java.util.Arrays.copyOf(pages, split), java.util.Arrays.copyOfRange(pages, split, pages.length), vp, channel.firstOpenings(),
                    (target, flag) -> synic.signalEvent(target, SINT, flag), parent);
            channel.open(open, synic.eventPort(channel.connectionId(), open::signal));
            return true;
        } catch (ProtocolViolation broken) {
            return false;
        }
    }

    private void closeChannel(int relid) {
        OfferedChannel channel = channels.get(relid);
        if (channel != null) {
            stop(channel);
        }
    }

    private void relidReleased(int relid) {
        OfferedChannel channel = channels.remove(relid);
        if (channel == null) {
            return;
        }
        stop(channel);
        for (Gpadl gpadl : List.copyOf(gpadls.values())) {
            if (gpadl.relid() == relid) {
                drop(gpadl);
            }
        }
        if (channel.rescinded() && offersSent && devices.contains(channel.device())) {
            sendOffer(channel.device());
        }
    }

    private void modifyChannel(Message message) {
        OfferedChannel channel = channels.get(message.u32(8));
        int vp = message.u32(12);
        boolean good = channel != null && !channel.rescinded() && channel.open() != null && vp >= 0 && vp < processors;
        if (good) {
            channel.open().moveTo(vp);
        }
        modified(message.u32(8), good ? 0 : FAILURE);
    }

    private void modified(int relid, int status) {
        if (version.atLeast(ProtocolVersion.V5_3)) {
            post(Message.of(MessageType.MODIFY_CHANNEL_RESPONSE, 16).u32(8, relid).u32(12, status));
        }
    }
}
