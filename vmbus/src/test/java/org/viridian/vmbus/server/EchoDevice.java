package org.viridian.vmbus.server;

import java.util.UUID;
import org.viridian.vmbus.channel.Channel;
import org.viridian.vmbus.channel.ChannelDevice;
import org.viridian.vmbus.channel.Offer;
import org.viridian.vmbus.channel.Packet;
import org.viridian.vmbus.channel.ProtocolViolation;

/** Sends back what it gets: in-band data in-band, requests as completions, buffers with every byte turned over. */
final class EchoDevice implements ChannelDevice {
    static final UUID CLASS = UUID.fromString("57164f39-9115-4e78-ab55-382f3bd5422d");

    private final Offer offer;
    volatile Channel channel;
    volatile int opened;
    volatile int closed;
    volatile String violation;

    EchoDevice(String instance) {
        offer = new Offer("echo", CLASS, UUID.fromString(instance), Offer.ENUMERATE, 7, true);
    }

    @Override
    public Offer offer() {
        return offer;
    }

    @Override
    public void opened(Channel open) {
        channel = open;
        opened++;
    }

    @Override
    public void received(Packet packet) throws ProtocolViolation {
        if (packet.payload().length > 0 && packet.payload()[0] == (byte) 0xEE) {
            throw new ProtocolViolation("asked for it");
        }
        if (packet.fault() != null) {
            channel.complete(packet.transactionId(), packet.fault().getBytes(java.nio.charset.StandardCharsets.UTF_8));
            return;
        }
        packet.ranges().forEach(range -> {
            byte[] turned = new byte[range.length()];
            range.forEachRun(0, turned.length, false, (run, position) -> {
                for (int i = 0; i < run.byteSize(); i++) {
                    turned[position + i] = (byte) ~run.get(java.lang.foreign.ValueLayout.JAVA_BYTE, i);
                }
            });
            range.write(0, turned);
        });
        if (packet.completionRequested()) {
            channel.complete(packet.transactionId(), packet.payload());
        } else {
            channel.send(packet.payload());
        }
    }

    @Override
    public void closed() {
        channel = null;
        closed++;
    }

    @Override
    public void violated(String reason) {
        violation = reason;
    }
}
