package org.viridian.vmbus.server;

import org.viridian.vmbus.channel.ChannelDevice;

/** A channel of the current connection, from its offer to the release of its id. Control thread only. */
final class OfferedChannel {
    private static final int CONNECTION_SINT2 = 0x2000;
    private static final int LOUD_OPENINGS = 8;

    private final int relid;
    private final ChannelDevice device;
    /** The channel it belongs to, or null. */
    private final OfferedChannel primary;
    private OpenChannel open;
    private AutoCloseable eventPort;
    private boolean rescinded;
    private int openings;
    private int gpadls;

    OfferedChannel(int relid, ChannelDevice device, OfferedChannel primary) {
        this.relid = relid;
        this.device = device;
        this.primary = primary;
    }

    OfferedChannel primary() {
        return primary;
    }

    int relid() {
        return relid;
    }

    int connectionId() {
        return relid | CONNECTION_SINT2;
    }

    ChannelDevice device() {
        return device;
    }

    OpenChannel open() {
        return open;
    }

    boolean rescinded() {
        return rescinded;
    }

    void rescinded(boolean value) {
        rescinded = value;
    }

    /** Page lists that the guest has made for this channel. */
    int gpadls() {
        return gpadls;
    }

    void countGpadls(int change) {
        gpadls += change;
    }

    /** True for the first openings of this channel only. */
    boolean firstOpenings() {
        return openings++ < LOUD_OPENINGS;
    }

    /** Takes over an open channel and the port that signals it. */
    void open(OpenChannel channel, AutoCloseable port) {
        open = channel;
        eventPort = port;
    }

    /** Stops the channel if it is open; on return its device touches no guest memory. */
    void stop() {
        if (open == null) {
            return;
        }
        try {
            eventPort.close();
        } catch (Exception failure) {
            System.getLogger("org.viridian.vmbus").log(System.Logger.Level.WARNING, "closing an event port", failure);
        }
        open.stop();
        open = null;
        eventPort = null;
        device.released();
    }
}
