package org.viridian.vmbus.channel;

/** The guest broke a rule of the ring or of the device's protocol: the channel stops, nothing else does. */
public final class ProtocolViolation extends Exception {
    private static final long serialVersionUID = 1L;

    /** @param message what the guest did, one clause */
    public ProtocolViolation(String message) {
        super(message, null, false, false);
    }
}
