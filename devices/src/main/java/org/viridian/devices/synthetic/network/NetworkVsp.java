package org.viridian.devices.synthetic.network;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.viridian.devices.network.MacAddress;
import org.viridian.devices.network.SwitchPort;
import org.viridian.devices.synthetic.SyntheticDevice;
import org.viridian.engine.clock.VmClock;
import org.viridian.engine.device.Counter;
import org.viridian.vmbus.channel.Channel;
import org.viridian.vmbus.channel.ChannelDevice;
import org.viridian.vmbus.channel.LentMemory;
import org.viridian.vmbus.channel.Offer;
import org.viridian.vmbus.channel.Packet;
import org.viridian.vmbus.channel.ProtocolViolation;

/**
 * The network VSP (Linux drivers/net/hyperv): NVSP 1 to 6.1 on one channel and up to seven sub-channels, joined to a port
 * of a virtual switch. Every request is completed, whatever happens: the guest waits for ever, holding its networking lock.
 *
 * <p>Thread rule: control messages on the primary channel's worker; data of each queue on that queue's worker; frames for
 * the guest on the receive path's thread. The port belongs to the caller.
 */
public final class NetworkVsp extends SyntheticDevice implements AutoCloseable {
    private static final UUID CLASS = UUID.fromString("f8615163-df3e-46c5-913f-f2d2f965ed0e");
    private static final int ETHERNET = 14;
    private static final int DEFAULT_FRAME = 1500 + ETHERNET;
    private static final int SECTION = 6144;
    private static final int MDL_CHAIN = 34;
    private static final int ALLOCATE = 1;
    private static final int INDIRECTION_ENTRIES = 16;
    private static final int INDIRECTION_AT = 12;
    private static final byte[] NOTHING = {};
    /** Longest pause for a rate limit in one go, ns; the channel may be closing. */
    private static final long LONGEST_PAUSE = 20_000_000;

    private final AdapterConfig config;
    private final SwitchPort port;
    private final MacAddress permanent;
    private final ReceivePath receive;
    private final TransmitPath transmit;
    private final GuestStream controlStream = new GuestStream();
    private final RndisControl control;
    private final Offloads offloads = new Offloads();
    private final Counter rejected = node().counter("requests-rejected");

    // Set by the primary channel's worker, read by the other queues.
    private volatile int version;
    private volatile int frameLimit = DEFAULT_FRAME;
    private volatile LentMemory sendBuffer;
    private volatile boolean operational;
    private final AtomicInteger openQueues = new AtomicInteger();
    private boolean subChannelsAsked;
    private int receiveBytes;

    /**
     * An adapter at a port.
     *
     * @param config what it can do
     * @param port the way to the network; its address becomes the adapter's permanent one
     * @param clock the VM's time
     */
    public NetworkVsp(AdapterConfig config, SwitchPort port, VmClock clock) {
        super(config.id(), "Synthetic Network Adapter", "network", new Offer(config.id(), CLASS, config.instance(), 0, 0, false),
                clock);
        this.config = config;
        this.port = port;
        this.permanent = port.macAddress();
        this.receive = new ReceivePath(config.id(), port, node().counter("receive-starved"));
        this.transmit = new TransmitPath(port);
        this.control = new RndisControl(new ControlledAdapter());
        node().resource("mac", () -> port.macAddress().toString());
        node().resource("switch", () -> port.owner().name());
        node().resource("link", () -> port.linkUp() ? "up" : "down");
        node().resource("nvsp", () -> version == 0 ? null : Nvsp.text(version));
        node().resource("mtu", () -> version == 0 ? null : Integer.toString(frameLimit - ETHERNET));
        node().resource("queues", () -> operational ? Integer.toString(1 + openQueues.get()) : null);
        node().counter("frames-sent", () -> port.counters().framesSent());
        node().counter("frames-received", () -> port.counters().framesReceived());
        node().counter("network-bytes-sent", () -> port.counters().bytesSent());
        node().counter("network-bytes-received", () -> port.counters().bytesReceived());
        node().counter("send-drops", () -> port.counters().sendDrops());
        node().counter("receive-drops", () -> port.counters().receiveDrops());
        node().counter("frames-spoofed", () -> port.counters().spoofed());
    }

    /** The port it is joined to. */
    public SwitchPort port() {
        return port;
    }

    /** Pulls the cable or puts it in; the guest is told. Any thread. */
    public void link(boolean up) {
        if (port.linkUp() != up) {
            port.linkUp(up);
            if (operational) {
                receive.control(RndisControl.indication(up ? Rndis.MEDIA_CONNECT : Rndis.MEDIA_DISCONNECT));
            }
        }
    }

    @Override
    protected boolean completesItself() {
        return true;
    }

    @Override
    protected void started() {
        forget();
        receive.channel(0, channel());
    }

    @Override
    protected void stopped() {
        operational = false;
        receive.channel(0, null);
        receive.stop();
        releaseSendBuffer();
        forget();
    }

    private void forget() {
        version = 0;
        frameLimit = DEFAULT_FRAME;
        operational = false;
        subChannelsAsked = false;
        receiveBytes = 0;
        receive.scaling(null);
        receive.joining(false);
        offloads.reset();
        control.reset();
    }

    private void releaseSendBuffer() {
        LentMemory held = sendBuffer;
        sendBuffer = null;
        if (held != null) {
            held.giveBack();
        }
    }

    @Override
    protected void handle(Packet packet) throws ProtocolViolation {
        byte[] payload = packet.payload();
        if (packet.type() == Packet.COMPLETION) {
            completed(0, packet);
            return;
        }
        if (payload.length < 4) {
            throw new ProtocolViolation("network message of %d bytes".formatted(payload.length));
        }
        // A short message is one whose missing fields are zero.
        ByteBuffer message = ByteBuffer.wrap(Arrays.copyOf(payload, Nvsp.SIZE)).order(ByteOrder.LITTLE_ENDIAN);
        int type = message.getInt(0);
        if (type == Nvsp.SEND_RNDIS_PACKET && message.getInt(4) == Nvsp.CHANNEL_DATA) {
            data(packet, message, transmit, this::complete);
            return;
        }
        byte[] answer = switch (type) {
            case Nvsp.INIT -> init(message);
            case Nvsp.SEND_NDIS_VERSION -> NOTHING;
            case Nvsp.SEND_NDIS_CONFIG -> {
                ndisConfig(message.getInt(4));
                yield NOTHING;
            }
            case Nvsp.SEND_RECEIVE_BUFFER -> receiveBuffer(message);
            case Nvsp.REVOKE_RECEIVE_BUFFER -> {
                receive.stop();
                receiveBytes = 0;
                yield NOTHING;
            }
            case Nvsp.SEND_SEND_BUFFER -> sendBuffer(message);
            case Nvsp.REVOKE_SEND_BUFFER -> {
                releaseSendBuffer();
                yield NOTHING;
            }
            case Nvsp.SWITCH_DATA_PATH -> NOTHING;
            case Nvsp.SUBCHANNEL -> subChannels(message);
            case Nvsp.SEND_RNDIS_PACKET -> {
                control(packet, message);
                yield null;
            }
            default -> Nvsp.status(type, Nvsp.FAILURE);
        };
        if (answer != null && packet.completionRequested()) {
            complete(packet.transactionId(), answer);
        }
        if (type == Nvsp.SUBCHANNEL && answer != null && ByteBuffer.wrap(answer).order(ByteOrder.LITTLE_ENDIAN).getInt(8) > 0) {
            channel().offerSubChannels(ByteBuffer.wrap(answer).order(ByteOrder.LITTLE_ENDIAN).getInt(8));
        }
    }

    private void completed(int queue, Packet packet) throws ProtocolViolation {
        if (!receive.completed(queue, packet.transactionId())) {
            throw new ProtocolViolation("completion %x of nothing".formatted(packet.transactionId()));
        }
    }

    private byte[] init(ByteBuffer message) {
        int chosen = receiveBytes == 0 ? Nvsp.choose(message.getInt(4), message.getInt(8)) : 0;
        if (chosen != 0) {
            version = chosen;
        }
        return Nvsp.message(Nvsp.INIT_COMPLETE).putInt(4, chosen == Nvsp.VERSION_1 ? Nvsp.VERSION_1 : -1)
                .putInt(8, MDL_CHAIN).putInt(12, chosen == 0 ? Nvsp.FAILURE : Nvsp.SUCCESS).array();
    }

    private void ndisConfig(int frameBytes) {
        if (version >= Nvsp.VERSION_2 && receiveBytes == 0) {
            frameLimit = frameBytes < DEFAULT_FRAME ? DEFAULT_FRAME : Math.min(frameBytes, config.maximumMtu() + ETHERNET);
        }
    }

    private byte[] receiveBuffer(ByteBuffer message) {
        LentMemory memory = version == 0 ? null : channel().lent(message.getInt(4));
        ReceivePath.Layout layout = memory == null ? null : receive.start(memory, frameLimit);
        if (layout == null) {
            if (memory != null) {
                memory.giveBack();
            }
            return Nvsp.status(Nvsp.SEND_RECEIVE_BUFFER_COMPLETE, Nvsp.FAILURE);
        }
        receiveBytes = memory.size();
        return Nvsp.message(Nvsp.SEND_RECEIVE_BUFFER_COMPLETE).putInt(4, Nvsp.SUCCESS).putInt(8, 1).putInt(12, 0)
                .putInt(16, layout.sectionSize()).putInt(20, layout.sections())
                .putInt(24, layout.sectionSize() * layout.sections()).array();
    }

    private byte[] sendBuffer(ByteBuffer message) {
        LentMemory memory = version == 0 || sendBuffer != null ? null : channel().lent(message.getInt(4));
        if (memory != null && memory.size() < SECTION) {
            memory.giveBack();
            memory = null;
        }
        if (memory == null) {
            return Nvsp.status(Nvsp.SEND_SEND_BUFFER_COMPLETE, Nvsp.FAILURE);
        }
        sendBuffer = memory;
        return Nvsp.message(Nvsp.SEND_SEND_BUFFER_COMPLETE).putInt(4, Nvsp.SUCCESS).putInt(8, SECTION).array();
    }

    private byte[] subChannels(ByteBuffer message) {
        int asked = message.getInt(8);
        if (message.getInt(4) != ALLOCATE || version < Nvsp.VERSION_5 || !operational || subChannelsAsked || asked <= 0) {
            return Nvsp.message(Nvsp.SUBCHANNEL).putInt(4, Nvsp.FAILURE).array();
        }
        subChannelsAsked = true;
        int granted = Math.min(asked, config.queues() - 1);
        return Nvsp.message(Nvsp.SUBCHANNEL).putInt(4, Nvsp.SUCCESS).putInt(8, granted).array();
    }

    /** A completion of a queue. */
    private interface Completion {
        void complete(long transactionId, byte[] payload);
    }

    private void data(Packet packet, ByteBuffer message, TransmitPath path, Completion completion) {
        int status = packet.fault() == null && operational ? send(packet, message, path) : Nvsp.FAILURE;
        if (status != Nvsp.SUCCESS) {
            rejected.increment();
        }
        if (packet.completionRequested()) {
            completion.complete(packet.transactionId(), Nvsp.status(Nvsp.SEND_RNDIS_PACKET_COMPLETE, status));
        }
        if (path.pause() > 0) {
            LockSupport.parkNanos(Math.min(path.pause(), LONGEST_PAUSE));
        }
    }

    private int send(Packet packet, ByteBuffer message, TransmitPath path) {
        int index = message.getInt(8);
        if (index == Nvsp.NO_SECTION) {
            return path.transmit(null, 0, 0, packet.ranges(), frameLimit);
        }
        LentMemory buffer = sendBuffer;
        int length = message.getInt(12);
        if (buffer == null || index < 0 || index >= buffer.size() / SECTION || length < 0 || length > SECTION) {
            return Nvsp.FAILURE;
        }
        return path.transmit(buffer, index * SECTION, length, packet.ranges(), frameLimit);
    }

    /** A control message: completed first, then answered by a message of its own. */
    private void control(Packet packet, ByteBuffer message) {
        int index = message.getInt(8);
        int length = message.getInt(12);
        LentMemory buffer = sendBuffer;
        boolean inSection = index != Nvsp.NO_SECTION;
        boolean good = packet.fault() == null && message.getInt(4) == Nvsp.CHANNEL_CONTROL && receiveBytes != 0
                && (!inSection || buffer != null && index >= 0 && index < buffer.size() / SECTION && length >= 0 && length <= SECTION);
        byte[] request = NOTHING;
        if (good) {
            controlStream.set(buffer, inSection ? index * SECTION : 0, inSection ? length : 0, packet.ranges());
            good = controlStream.size() <= RndisControl.LONGEST;
            if (good) {
                request = new byte[controlStream.size()];
                controlStream.read(0, request, 0, request.length);
            }
        }
        if (packet.completionRequested()) {
            complete(packet.transactionId(), Nvsp.status(Nvsp.SEND_RNDIS_PACKET_COMPLETE, good ? Nvsp.SUCCESS : Nvsp.FAILURE));
        }
        byte[] reply = good ? control.handle(request) : null;
        if (reply != null) {
            receive.control(reply);
        }
    }

    @Override
    public ChannelDevice subChannel(int index) {
        return new SubChannel(index);
    }

    /** A further queue: data only. */
    private final class SubChannel implements ChannelDevice {
        private final int index;
        private final TransmitPath path = new TransmitPath(port);
        private Channel open;

        SubChannel(int index) {
            this.index = index;
        }

        @Override
        public Offer offer() {
            return NetworkVsp.this.offer();
        }

        @Override
        public void opened(Channel channel) {
            open = channel;
            openQueues.incrementAndGet();
            receive.channel(index, channel);
        }

        @Override
        public void received(Packet packet) throws ProtocolViolation {
            byte[] payload = packet.payload();
            if (packet.type() == Packet.COMPLETION) {
                completed(index, packet);
                return;
            }
            ByteBuffer message = ByteBuffer.wrap(Arrays.copyOf(payload, Nvsp.SIZE)).order(ByteOrder.LITTLE_ENDIAN);
            if (message.getInt(0) != Nvsp.SEND_RNDIS_PACKET || message.getInt(4) != Nvsp.CHANNEL_DATA) {
                throw new ProtocolViolation("control message on sub-channel %d".formatted(index));
            }
            data(packet, message, path, open::complete);
        }

        @Override
        public void closed() {
            receive.channel(index, null);
            openQueues.decrementAndGet();
        }

        @Override
        public void interrupted() {
            NetworkVsp.this.interrupted();
        }
    }

    /** What the control conversation may ask for and change. */
    private final class ControlledAdapter implements RndisControl.Adapter {
        @Override
        public int frameLimit() {
            return frameLimit;
        }

        @Override
        public int version() {
            return version;
        }

        @Override
        public int queues() {
            return config.queues();
        }

        @Override
        public boolean linkUp() {
            return port.linkUp();
        }

        @Override
        public byte[] permanentAddress() {
            return permanent.bytes();
        }

        @Override
        public byte[] currentAddress() {
            return port.macAddress().bytes();
        }

        @Override
        public long[] statistics() {
            SwitchPort.Counters counts = port.counters();
            return new long[] {counts.framesSent(), counts.framesReceived(), counts.sendDrops(), counts.receiveDrops()};
        }

        @Override
        public int receiveBytes() {
            return receiveBytes;
        }

        @Override
        public boolean changeAddress(long address) {
            MacAddress wanted = new MacAddress(address);
            return wanted.equals(port.macAddress()) || port.changeAddress(wanted);
        }

        @Override
        public void initialized(boolean now) {
            operational = now;
            ready(now);
        }

        @Override
        public void filter(int bits, long[] groups) {
            receive.flow(bits == 0 ? FrameFilter.NOTHING : new FrameFilter(bits, port.macAddress().value(), groups));
        }

        @Override
        public boolean offload(byte[] message, int at, int length) {
            boolean good = offloads.configure(message, at, length, version >= Nvsp.VERSION_6_1);
            receive.joining(offloads.joins(false) && offloads.joins(true));
            return good;
        }

        @Override
        public void scaling(ReceiveScaling wanted) {
            receive.scaling(wanted);
            if (wanted != null && openQueues.get() > 0) {
                sendIndirectionTable();
            }
        }
    }

    /** Tells the guest to spread what it sends over the queues. */
    private void sendIndirectionTable() {
        ByteBuffer table = ByteBuffer.allocate(INDIRECTION_AT + 4 * INDIRECTION_ENTRIES).order(ByteOrder.LITTLE_ENDIAN);
        table.putInt(Nvsp.SEND_INDIRECTION_TABLE).putInt(INDIRECTION_ENTRIES).putInt(INDIRECTION_AT);
        for (int i = 0; i < INDIRECTION_ENTRIES; i++) {
            table.putInt(i % (1 + openQueues.get()));
        }
        send(table.array());
    }

    /** Ends the receive path's thread; after the VMBus server has closed. */
    @Override
    public void close() {
        receive.close();
    }
}
