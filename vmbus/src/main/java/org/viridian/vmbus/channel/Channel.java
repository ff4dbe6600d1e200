package org.viridian.vmbus.channel;

/**
 * An open channel as its VSP sees it. Sending never blocks: what does not fit the ring waits in order and goes out when
 * the guest has made room.
 *
 * <p>Thread rule: any thread; after the channel has closed everything is ignored.
 */
public interface Channel {
    /**
     * Sends an in-band packet without asking for a completion.
     *
     * @return false when it was dropped: the channel is closed, or the guest has stopped reading and too much waits
     */
    boolean send(byte[] payload);

    /** Completes a request of the guest. */
    void complete(long transactionId, byte[] payload);

    /**
     * Sends a packet that names pieces of a buffer the guest has lent (type 7, transfer pages) and asks for a completion.
     *
     * @param transactionId what the guest's completion will carry
     * @param pageSet the guest's name for the buffer
     * @param ranges pairs of byte count and byte offset
     * @param rangeCount pairs to send
     * @param payload the message
     * @return false when it was dropped, as by {@link #send}: the pieces are still the caller's
     */
    boolean sendTransferPages(long transactionId, int pageSet, int[] ranges, int rangeCount, byte[] payload);

    /** Memory that the guest has lent to this channel under a page list's id, or null when there is no such list. */
    LentMemory lent(int gpadl);

    /**
     * Offers sub-channels 1 to {@code count} of this device, once per opening of the primary channel; a guest that opens
     * one meets {@link ChannelDevice#subChannel}. They are withdrawn when the primary channel closes.
     */
    void offerSubChannels(int count);

    /** Facts for the device manager. */
    Facts facts();

    /**
     * What the device manager shows of an open channel.
     *
     * @param relid channel id
     * @param connectionId id the guest signals
     * @param targetVp processor that takes the interrupts, or -1
     * @param gpadl id of the ring's page list
     * @param inboundBytes data bytes of the ring the guest writes
     * @param outboundBytes data bytes of the ring the host writes
     * @param inboundUsed bytes waiting for the host
     * @param outboundUsed bytes waiting for the guest
     */
    record Facts(int relid, int connectionId, int targetVp, int gpadl, int inboundBytes, int outboundBytes,
            int inboundUsed, int outboundUsed) {}
}
