package org.viridian.vmbus.channel;

import java.util.List;

/**
 * A packet from the guest, copied out of the ring once and checked.
 *
 * @param type packet type: {@link #IN_BAND}, {@link #GPA_DIRECT} or {@link #COMPLETION}
 * @param completionRequested the guest waits for a completion with the same transaction id
 * @param transactionId opaque
 * @param payload the device's bytes, zero-padded to a multiple of 8
 * @param ranges buffers in guest memory, for GPA-direct packets; empty when {@code fault} is set
 * @param fault why the buffers are refused, or null: the request must fail, the channel lives on
 */
public record Packet(int type, boolean completionRequested, long transactionId, byte[] payload, List<GpaRange> ranges,
        String fault) {
    /** In-band data. */
    public static final int IN_BAND = 6;
    /** Data in pieces of a buffer that the guest has lent; host to guest only. */
    public static final int TRANSFER_PAGES = 7;
    /** Data with a list of guest pages. */
    public static final int GPA_DIRECT = 9;
    /** The other side has finished a request. */
    public static final int COMPLETION = 11;
}
