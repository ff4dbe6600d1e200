package org.viridian.devices.synthetic.integration;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.UUID;
import java.util.function.LongSupplier;
import org.viridian.devices.synthetic.Pipe;
import org.viridian.devices.synthetic.SyntheticDevice;
import org.viridian.vmbus.channel.Offer;
import org.viridian.vmbus.channel.Packet;
import org.viridian.vmbus.channel.ProtocolViolation;

/**
 * What the integration services share (Linux include/linux/hyperv.h, {@code struct icmsg_hdr}): the host asks, the guest
 * answers with the same buffer; first both agree on versions. One request at a time, because some guests look for one
 * packet per interrupt only.
 */
abstract class IntegrationService extends SyntheticDevice {
    /** Offset of the body inside a framed message. */
    static final int BODY = 28;

    private static final int FRAMEWORK = 8;
    private static final int TYPE = 12;
    private static final int VERSION = 14;
    private static final int BODY_SIZE = 18;
    private static final int STATUS = 20;
    private static final int TRANSACTION = 24;
    private static final int FLAGS = 25;
    private static final int NEGOTIATE = 0;
    private static final int FLAGS_REQUEST = 3;
    private static final int FLAG_RESPONSE = 4;

    /** A version of the framework or of a service. */
    record Version(int major, int minor) {}

    private static final List<Version> FRAMEWORKS = List.of(new Version(1, 0), new Version(3, 0));

    private final int type;
    private final List<Version> versions;
    private Version framework;
    private Version version;
    private int transaction;
    private boolean outstanding;

    IntegrationService(String id, String name, String uuidClass, String uuidInstance, int type, List<Version> versions,
            LongSupplier clock) {
        super(id, name, "integration", new Offer(id, UUID.fromString(uuidClass), UUID.fromString(uuidInstance),
                Offer.NAMED_PIPE | Offer.ENUMERATE, 0, true), clock);
        this.type = type;
        this.versions = versions;
    }

    /** Versions are agreed: the service may ask. */
    protected abstract void negotiated(Version agreed);

    /** The guest's answer to the last request; the body starts at {@link #BODY}. */
    protected abstract void answered(int status, ByteBuffer message) throws ProtocolViolation;

    @Override
    protected final synchronized void started() {
        int size = 8 + 4 * (FRAMEWORKS.size() + versions.size());
        ByteBuffer message = header(new Version(0, 0), NEGOTIATE, new Version(0, 0), size);
        message.putShort(BODY, (short) FRAMEWORKS.size()).putShort(BODY + 2, (short) versions.size());
        int at = BODY + 8;
        for (List<Version> list : List.of(FRAMEWORKS, versions)) {
            for (Version each : list) {
                message.putShort(at, (short) each.major).putShort(at + 2, (short) each.minor);
                at += 4;
            }
        }
        outstanding = true;
        send(message.array());
    }

    private ByteBuffer header(Version frame, int messageType, Version messageVersion, int bodySize) {
        ByteBuffer message = Pipe.message(BODY - Pipe.HEADER + bodySize);
        message.putShort(FRAMEWORK, (short) frame.major).putShort(FRAMEWORK + 2, (short) frame.minor);
        message.putShort(TYPE, (short) messageType);
        message.putShort(VERSION, (short) messageVersion.major).putShort(VERSION + 2, (short) messageVersion.minor);
        message.putShort(BODY_SIZE, (short) bodySize);
        message.put(TRANSACTION, (byte) transaction++);
        message.put(FLAGS, (byte) FLAGS_REQUEST);
        return message;
    }

    /**
     * Starts a request with a body of {@code bodySize} bytes; null while the guest is not ready or has not answered the
     * last one. Fill in the body, then {@link #ask}.
     */
    protected final synchronized ByteBuffer request(int bodySize) {
        if (version == null || outstanding) {
            return null;
        }
        outstanding = true;
        return header(framework, type, version, bodySize);
    }

    /** Sends a request made by {@link #request}. */
    protected final void ask(ByteBuffer message) {
        send(message.array());
    }

    /** True when versions are agreed. */
    protected final synchronized boolean usable() {
        return version != null;
    }

    @Override
    protected final void packet(Packet packet) throws ProtocolViolation {
        Pipe.unwrap(packet.payload(), BODY - Pipe.HEADER);
        ByteBuffer message = ByteBuffer.wrap(packet.payload()).order(java.nio.ByteOrder.LITTLE_ENDIAN);
        if ((message.get(FLAGS) & FLAG_RESPONSE) == 0) {
            throw new ProtocolViolation("an integration message that is no answer");
        }
        int answerType = message.getShort(TYPE) & 0xFFFF;
        synchronized (this) {
            if (!outstanding) {
                return;
            }
            outstanding = false;
        }
        if (answerType == NEGOTIATE) {
            agree(message);
        } else if (answerType == type) {
            answered(message.getInt(STATUS), message);
        }
    }

    private void agree(ByteBuffer message) throws ProtocolViolation {
        if (message.capacity() < BODY + 16) {
            throw new ProtocolViolation("negotiation of %d bytes".formatted(message.capacity()));
        }
        if (message.getShort(BODY) == 0 || message.getShort(BODY + 2) == 0) {
            return;
        }
        Version frame = new Version(message.getShort(BODY + 8), message.getShort(BODY + 10));
        Version agreed = new Version(message.getShort(BODY + 12), message.getShort(BODY + 14));
        if (!FRAMEWORKS.contains(frame) || !versions.contains(agreed)) {
            throw new ProtocolViolation("versions %s and %s were not offered".formatted(frame, agreed));
        }
        synchronized (this) {
            framework = frame;
            version = agreed;
        }
        active("version %d.%d agreed".formatted(agreed.major, agreed.minor));
        negotiated(agreed);
    }

    @Override
    protected synchronized void stopped() {
        version = null;
        framework = null;
        outstanding = false;
    }
}
