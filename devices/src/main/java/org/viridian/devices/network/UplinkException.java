package org.viridian.devices.network;

/** An uplink cannot be had on this host; the message says why and what to do, one or two sentences. */
public final class UplinkException extends Exception {
    private static final long serialVersionUID = 1L;

    /** @param message for the user */
    public UplinkException(String message) {
        super(message);
    }
}
