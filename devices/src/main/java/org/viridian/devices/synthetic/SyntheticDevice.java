package org.viridian.devices.synthetic;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.viridian.engine.clock.VmClock;
import org.viridian.engine.device.Counter;
import org.viridian.engine.device.DeviceKind;
import org.viridian.engine.device.DeviceNode;
import org.viridian.engine.device.DeviceState;
import org.viridian.vmbus.channel.Channel;
import org.viridian.vmbus.channel.ChannelDevice;
import org.viridian.vmbus.channel.Offer;
import org.viridian.vmbus.channel.Packet;
import org.viridian.vmbus.channel.ProtocolViolation;

/**
 * What the VSPs share: a node with the channel's facts and counters, the life of the channel as device states, and
 * readiness. A device is <em>ready</em> when its protocol is agreed on, which is later than the opening of the channel.
 *
 * <p>Thread rule: {@link #started}, {@link #handle} and {@link #stopped} on the channel's worker, one at a time; the rest
 * from any thread.
 */
public abstract class SyntheticDevice implements ChannelDevice {
    private static final byte[] NOTHING = {};

    // Configuration and glue.
    private final Offer offer;
    private final DeviceNode node;
    private final Counter packetsIn;
    private final Counter packetsOut;
    private final Counter bytesIn;
    private final Counter bytesOut;
    private final Counter interrupts;
    private final List<Consumer<Boolean>> readyListeners = new CopyOnWriteArrayList<>();

    // Volatile.
    private volatile Channel channel;
    private volatile boolean ready;

    /**
     * @param id stable within the VM
     * @param name what the device manager shows
     * @param type group in the view by type, see {@link DeviceNode}
     * @param offer what the guest is told
     * @param clock the VM's time
     */
    protected SyntheticDevice(String id, String name, String type, Offer offer, VmClock clock) {
        this.offer = offer;
        this.node = new DeviceNode(id, name, DeviceKind.SYNTHETIC, type, DeviceState.WAITING_FOR_DRIVER, clock::nanoTime);
        this.packetsIn = node.counter("packets-in");
        this.packetsOut = node.counter("packets-out");
        this.bytesIn = node.counter("bytes-in");
        this.bytesOut = node.counter("bytes-out");
        this.interrupts = node.counter("interrupts");
        node.resource("class", () -> offer.interfaceType().toString());
        node.resource("instance", () -> offer.instance().toString());
        fact("relid", facts -> Integer.toString(facts.relid()));
        fact("connection", facts -> "0x%x".formatted(facts.connectionId()));
        fact("target-vp", facts -> facts.targetVp() < 0 ? "none" : Integer.toString(facts.targetVp()));
        fact("gpadl", facts -> "0x%x".formatted(facts.gpadl()));
        fact("ring-in", facts -> ring(facts.inboundBytes(), facts.inboundUsed()));
        fact("ring-out", facts -> ring(facts.outboundBytes(), facts.outboundUsed()));
    }

    private void fact(String key, java.util.function.Function<Channel.Facts, String> text) {
        node.resource(key, () -> {
            Channel open = channel;
            return open == null ? null : text.apply(open.facts());
        });
    }

    private static String ring(int bytes, int used) {
        return "%d KiB, %d%% full".formatted(bytes >> 10, Math.round(used * 100.0 / bytes));
    }

    /** How the device appears to the device manager. */
    public final DeviceNode node() {
        return node;
    }

    @Override
    public final Offer offer() {
        return offer;
    }

    /** True when the guest's driver has agreed on the protocol and listens. */
    public final boolean ready() {
        return ready;
    }

    /** Is told when {@link #ready} changes, on the thread that changes it; must not block. */
    public final void onReadyChange(Consumer<Boolean> listener) {
        readyListeners.add(listener);
    }

    /** Sets {@link #ready}. */
    protected final void ready(boolean value) {
        if (ready != value) {
            ready = value;
            readyListeners.forEach(listener -> listener.accept(value));
        }
    }

    /** The channel has opened: the device's protocol starts from its beginning. */
    protected void started() {}

    /** A packet; unless the device completes it by {@link #complete}, a requested completion has been sent already. */
    protected abstract void handle(Packet packet) throws ProtocolViolation;

    /** The channel has closed: forget the protocol's state, let go of guest memory. */
    protected void stopped() {}

    /** True for a device that answers by completions: the base then sends none and refuses no buffers. */
    protected boolean completesItself() {
        return false;
    }

    /** The open channel, or null. */
    protected final Channel channel() {
        return channel;
    }

    /** Sends an in-band packet; false when no channel is open or it does not take more. */
    protected final boolean send(byte[] payload) {
        Channel open = channel;
        if (open == null || !open.send(payload)) {
            return false;
        }
        packetsOut.increment();
        bytesOut.add(payload.length);
        return true;
    }

    /** Completes a request on the channel it came from. */
    protected final void complete(long transactionId, byte[] payload) {
        Channel open = channel;
        if (open != null) {
            open.complete(transactionId, payload);
            packetsOut.increment();
            bytesOut.add(payload.length);
        }
    }

    /** Offers sub-channels 1 to {@code count} of the open channel, see {@link #subChannel}. */
    protected final void offerSubChannels(int count) {
        Channel open = channel;
        if (open != null) {
            open.offerSubChannels(count);
        }
    }

    @Override
    public final void opened(Channel opened) {
        channel = opened;
        started();
        node.state(DeviceState.ACTIVE, "channel opened");
    }

    @Override
    public final void received(Packet packet) throws ProtocolViolation {
        packetsIn.increment();
        bytesIn.add(packet.payload().length);
        if (!completesItself()) {
            if (packet.fault() != null) {
                throw new ProtocolViolation(packet.fault());
            }
            if (packet.completionRequested()) {
                complete(packet.transactionId(), NOTHING);
            }
            if (packet.type() == Packet.COMPLETION) {
                return;
            }
        }
        handle(packet);
    }

    @Override
    public final void violated(String reason) {
        node.state(DeviceState.PROBLEM, reason);
    }

    @Override
    public final void closed() {
        channel = null;
        ready(false);
        stopped();
        if (node.state() == DeviceState.ACTIVE) {
            node.state(DeviceState.WAITING_FOR_DRIVER, "channel closed");
        }
    }

    @Override
    public final void released() {
        if (node.state() == DeviceState.PROBLEM) {
            node.state(DeviceState.WAITING_FOR_DRIVER, "channel closed");
        }
    }

    @Override
    public final void interrupted() {
        interrupts.increment();
    }
}
