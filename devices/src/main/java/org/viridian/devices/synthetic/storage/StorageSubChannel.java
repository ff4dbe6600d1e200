package org.viridian.devices.synthetic.storage;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.viridian.engine.device.Counter;
import org.viridian.vmbus.channel.Channel;
import org.viridian.vmbus.channel.ChannelDevice;
import org.viridian.vmbus.channel.Offer;
import org.viridian.vmbus.channel.Packet;
import org.viridian.vmbus.channel.ProtocolViolation;

/** One more channel of a controller: it carries requests and nothing else. */
final class StorageSubChannel implements ChannelDevice {
    private static final int EXECUTE_SRB = 3;
    private static final int STATUS_INVALID_DEVICE_REQUEST = 0xC0000010;

    private final Offer offer;
    private final StorageRequests requests;
    private volatile Channel channel;

    StorageSubChannel(Offer offer, StorageRequests.Units units, int maxTransfer, Counter commands) {
        this.offer = offer;
        this.requests = new StorageRequests(units, maxTransfer, commands, this::reply);
    }

    private void reply(long transactionId, byte[] payload) {
        Channel open = channel;
        if (open != null) {
            open.complete(transactionId, payload);
        }
    }

    @Override
    public Offer offer() {
        return offer;
    }

    @Override
    public void opened(Channel opened) {
        channel = opened;
    }

    @Override
    public void received(Packet packet) throws ProtocolViolation {
        if (packet.type() == Packet.COMPLETION) {
            return;
        }
        byte[] payload = packet.payload();
        if (payload.length < StorageRequests.HEADER) {
            throw new ProtocolViolation("storage packet of %d bytes".formatted(payload.length));
        }
        ByteBuffer request = ByteBuffer.wrap(payload).order(ByteOrder.LITTLE_ENDIAN);
        byte[] copy = Arrays.copyOf(payload, Math.clamp(payload.length, StorageRequests.HEADER, StorageRequests.PACKET));
        ByteBuffer answer = ByteBuffer.wrap(copy).order(ByteOrder.LITTLE_ENDIAN);
        if (request.getInt(0) == EXECUTE_SRB && copy.length == StorageRequests.PACKET) {
            requests.execute(request, answer, packet);
        } else if (packet.completionRequested()) {
            answer.putInt(0, StorageRequests.COMPLETE_IO).putInt(8, STATUS_INVALID_DEVICE_REQUEST);
            reply(packet.transactionId(), copy);
        }
    }

    @Override
    public void closed() {
        requests.drain();
        channel = null;
    }
}
