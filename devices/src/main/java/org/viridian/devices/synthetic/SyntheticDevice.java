package org.viridian.devices.synthetic;

import java.util.function.Function;
import java.util.function.LongSupplier;
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
 * What every VSP with one channel has: its node in the device tree, its channel, its counters. A subclass starts its
 * protocol afresh in {@link #started}, and calls {@link #active} once the guest's driver is at work.
 *
 * <p>Thread rule: {@link #started}, {@link #packet} and {@link #stopped} on the channel's worker.
 */
public abstract class SyntheticDevice implements ChannelDevice {
    private final DeviceNode node;
    private final Offer offer;
    private final Counter packetsIn;
    private final Counter packetsOut;
    private final Counter bytesIn;
    private final Counter bytesOut;
    private volatile Channel channel;

    /**
     * @param id node id
     * @param name what the device manager shows
     * @param type group in the view by type
     * @param offer what is offered
     * @param clock nanoseconds since power-on
     */
    protected SyntheticDevice(String id, String name, String type, Offer offer, LongSupplier clock) {
        this.offer = offer;
        this.node = new DeviceNode(id, name, DeviceKind.SYNTHETIC, type, DeviceState.WAITING_FOR_DRIVER, clock);
        this.packetsIn = node.counter("packets-in");
        this.packetsOut = node.counter("packets-out");
        this.bytesIn = node.counter("bytes-in");
        this.bytesOut = node.counter("bytes-out");
        node.resource("class", () -> offer.interfaceType().toString());
        node.resource("instance", () -> offer.instance().toString());
        node.resource("relid", fact(facts -> Integer.toString(facts.relid())));
        node.resource("connection", fact(facts -> "0x%x".formatted(facts.connectionId())));
        node.resource("target-vp", fact(facts -> Integer.toString(facts.targetVp())));
        node.resource("gpadl", fact(facts -> "0x%x".formatted(facts.gpadl())));
        node.resource("ring-in", fact(facts -> "%d/%d".formatted(facts.inboundUsed(), facts.inboundBytes())));
        node.resource("ring-out", fact(facts -> "%d/%d".formatted(facts.outboundUsed(), facts.outboundBytes())));
    }

    private java.util.function.Supplier<String> fact(Function<Channel.Facts, String> text) {
        return () -> {
            Channel open = channel;
            return open == null ? null : text.apply(open.facts());
        };
    }

    /** How the device appears to the device manager. */
    public final DeviceNode node() {
        return node;
    }

    @Override
    public final Offer offer() {
        return offer;
    }

    /** The channel is open: begin the device's protocol. */
    protected void started() {}

    /** A packet from the guest. */
    protected abstract void packet(Packet packet) throws ProtocolViolation;

    /** The channel is gone: forget the protocol's state. */
    protected void stopped() {}

    /** The guest's driver is at work. */
    protected final void active(String reason) {
        node.state(DeviceState.ACTIVE, reason);
    }

    /** Sends without completion; ignored when the channel is not open. */
    protected final void send(byte[] payload) {
        Channel open = channel;
        if (open != null) {
            packetsOut.increment();
            bytesOut.add(payload.length);
            open.send(payload);
        }
    }

    /** Completes a request. */
    protected final void complete(long transactionId, byte[] payload) {
        Channel open = channel;
        if (open != null) {
            packetsOut.increment();
            bytesOut.add(payload.length);
            open.complete(transactionId, payload);
        }
    }

    /** Counts data that travelled outside of packets. */
    protected final void moved(long in, long out) {
        bytesIn.add(in);
        bytesOut.add(out);
    }

    @Override
    public final void opened(Channel opened) {
        channel = opened;
        started();
    }

    @Override
    public final void received(Packet packet) throws ProtocolViolation {
        packetsIn.increment();
        bytesIn.add(packet.payload().length);
        packet(packet);
    }

    @Override
    public final void closed() {
        channel = null;
        stopped();
        if (node.state() != DeviceState.PROBLEM) {
            node.state(DeviceState.WAITING_FOR_DRIVER, "channel closed");
        }
    }

    @Override
    public final void violated(String reason) {
        node.state(DeviceState.PROBLEM, reason);
    }

    /** The VM has been reset; the channel is closed already. */
    public final void reset() {
        node.state(DeviceState.WAITING_FOR_DRIVER, "the VM was reset");
    }
}
