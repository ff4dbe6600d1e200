package org.viridian.vmbus.channel;

/**
 * A VSP with one channel.
 *
 * <p>Thread rule: {@link #opened}, {@link #received} and {@link #closed} come from the channel's own worker, one at a
 * time. When {@link #closed} returns the device must not touch guest memory any more.
 */
public interface ChannelDevice {
    /** What is offered; constant. */
    Offer offer();

    /** The guest has opened the channel. */
    void opened(Channel channel);

    /**
     * A packet.
     *
     * @throws ProtocolViolation to stop the channel; the reason is logged and shown
     */
    void received(Packet packet) throws ProtocolViolation;

    /** The channel is no more: closed, rescinded, reset, or stopped after a violation. */
    void closed();

    /** The guest, or its reset, has given the channel back; after {@link #closed}, also when a violation had stopped it before. */
    default void released() {}

    /**
     * Who serves a sub-channel; the result's {@link #offer} is not used. Called once per offer, on any thread.
     *
     * @param index 1 and up
     */
    default ChannelDevice subChannel(int index) {
        throw new UnsupportedOperationException("no sub-channels");
    }

    /** The guest's processor was interrupted for this channel; counts only. Any thread. */
    default void interrupted() {}

    /** The channel was stopped because of what the guest sent; called before {@link #closed}. */
    default void violated(String reason) {}
}
