package org.viridian.devices.synthetic.integration;

import java.nio.ByteBuffer;
import java.util.UUID;
import java.util.concurrent.locks.ReentrantLock;
import org.viridian.devices.synthetic.PipeMessage;
import org.viridian.devices.synthetic.SyntheticDevice;
import org.viridian.engine.clock.VmClock;
import org.viridian.vmbus.channel.Offer;
import org.viridian.vmbus.channel.Packet;
import org.viridian.vmbus.channel.ProtocolViolation;

/**
 * What the integration services share (Linux drivers/hv/hv_util.c): the host negotiates as soon as the channel opens, then
 * asks, and the guest answers in the same buffer. Several services read one packet per interrupt, so at most one request is
 * outstanding at any time. The service is {@link #ready} when both sides have agreed on versions.
 *
 * <p>Thread rule: subclasses' {@link #negotiated} and {@link #answered} on the channel's worker, inside {@link #lock}.
 */
abstract class IntegrationService extends SyntheticDevice {
    static final int HEADER = 20;
    /** Offset of a message's body behind the pipe header and the service header. */
    static final int BODY = PipeMessage.HEADER + HEADER;

    private static final int TYPE_NEGOTIATE = 0;
    private static final int FLAGS_REQUEST = 3;
    private static final int FLAG_RESPONSE = 4;
    private static final int[] FRAMEWORKS = {version(1, 0), version(3, 0)};

    /** Guards the outstanding request and the subclasses' state. */
    final ReentrantLock lock = new ReentrantLock();

    private final int type;
    private final int[] versions;
    private int framework;
    private int message;
    private int transaction;
    private int outstandingType = -1;

    IntegrationService(String id, String name, UUID interfaceType, UUID instance, int type, int[] versions, VmClock clock) {
        super(id, name, "integration", new Offer(id, interfaceType, instance, Offer.ENUMERATE | Offer.NAMED_PIPE, 0, true), clock);
        this.type = type;
        this.versions = versions;
        node().resource("version", () -> ready() ? "%d.%d".formatted(message & 0xFFFF, message >>> 16) : null);
    }

    /** A version as it stands in a message: major in the low, minor in the high half. */
    static int version(int major, int minor) {
        return minor << 16 | major;
    }

    /** The agreed message version, for comparison of majors. */
    final int major() {
        return message & 0xFFFF;
    }

    /** Versions have been agreed on. */
    abstract void negotiated();

    /** The guest has answered a request. {@code answer} is the body; {@code status} 0 is success. */
    abstract void answered(ByteBuffer answer, int status);

    /** The channel has closed; forget what was asked. */
    void forgotten() {}

    @Override
    protected final void started() {
        lock.lock();
        try {
            outstandingType = -1;
            ByteBuffer request = request(TYPE_NEGOTIATE, 8 + 4 * (FRAMEWORKS.length + versions.length));
            request.putShort(BODY, (short) FRAMEWORKS.length).putShort(BODY + 2, (short) versions.length);
            int at = BODY + 8;
            for (int each : FRAMEWORKS) {
                request.putInt(at, each);
                at += 4;
            }
            for (int each : versions) {
                request.putInt(at, each);
                at += 4;
            }
            post(TYPE_NEGOTIATE, request);
        } finally {
            lock.unlock();
        }
    }

    @Override
    protected final void stopped() {
        lock.lock();
        try {
            outstandingType = -1;
            forgotten();
        } finally {
            lock.unlock();
        }
    }

    /** A request of this service with a zero body; its body begins at {@link #BODY}. */
    final ByteBuffer request(int body) {
        return request(type, body);
    }

    private ByteBuffer request(int messageType, int body) {
        ByteBuffer request = PipeMessage.allocate(HEADER + body);
        if (messageType != TYPE_NEGOTIATE) {
            request.putInt(8, framework).putInt(14, message);
        }
        request.putShort(12, (short) messageType).putShort(18, (short) body);
        transaction = transaction + 1 & 0xFF;
        request.put(24, (byte) transaction).put(25, (byte) FLAGS_REQUEST);
        return request;
    }

    /** True when a request is on its way and its answer has not come. */
    final boolean busy() {
        return outstandingType >= 0;
    }

    /** Sends a request; false when one is outstanding or no driver listens. Inside {@link #lock}. */
    final boolean post(ByteBuffer request) {
        return ready() && !busy() && post(type, request);
    }

    private boolean post(int messageType, ByteBuffer request) {
        if (!send(request.array())) {
            return false;
        }
        outstandingType = messageType;
        return true;
    }

    @Override
    protected final void handle(Packet packet) throws ProtocolViolation {
        ByteBuffer answer = PipeMessage.open(packet, HEADER);
        int answerType = answer.getShort(4) & 0xFFFF;
        int status = answer.getInt(12);
        int id = answer.get(16) & 0xFF;
        boolean response = (answer.get(17) & FLAG_RESPONSE) != 0;
        lock.lock();
        try {
            // An answer to nothing is stale: the request was dropped by a close in between.
            if (!response || answerType != outstandingType || id != transaction) {
                return;
            }
            outstandingType = -1;
            ByteBuffer body = answer.slice(HEADER, answer.capacity() - HEADER).order(answer.order());
            if (answerType == TYPE_NEGOTIATE) {
                agree(body);
            } else {
                answered(body, status);
            }
        } finally {
            lock.unlock();
        }
    }

    private void agree(ByteBuffer body) {
        if (body.capacity() < 16 || body.getShort(0) != 1 || body.getShort(2) != 1) {
            return;
        }
        framework = body.getInt(8);
        message = body.getInt(12);
        ready(true);
        negotiated();
    }
}
