package org.viridian.vmbus.protocol;

/** Types of channel messages (Linux include/linux/hyperv.h, {@code vmbus_channel_message_type}). */
public final class MessageType {
    /** Host to guest: a channel is offered. */
    public static final int OFFER_CHANNEL = 1;
    /** Host to guest: an offer is withdrawn. */
    public static final int RESCIND_CHANNEL_OFFER = 2;
    /** Guest to host: send the offers. */
    public static final int REQUEST_OFFERS = 3;
    /** Host to guest: all offers have been sent. */
    public static final int ALL_OFFERS_DELIVERED = 4;
    /** Guest to host. */
    public static final int OPEN_CHANNEL = 5;
    /** Host to guest. */
    public static final int OPEN_CHANNEL_RESULT = 6;
    /** Guest to host, no reply. */
    public static final int CLOSE_CHANNEL = 7;
    /** Guest to host: first part of a page list. */
    public static final int GPADL_HEADER = 8;
    /** Guest to host: further parts. */
    public static final int GPADL_BODY = 9;
    /** Host to guest. */
    public static final int GPADL_CREATED = 10;
    /** Guest to host. */
    public static final int GPADL_TEARDOWN = 11;
    /** Host to guest: the pages will never be touched again. */
    public static final int GPADL_TORNDOWN = 12;
    /** Guest to host: the channel id may be used again. */
    public static final int RELID_RELEASED = 13;
    /** Guest to host: version negotiation; also an implicit reset. */
    public static final int INITIATE_CONTACT = 14;
    /** Host to guest. */
    public static final int VERSION_RESPONSE = 15;
    /** Guest to host: end of the connection. */
    public static final int UNLOAD = 16;
    /** Host to guest. */
    public static final int UNLOAD_RESPONSE = 17;
    /** Guest to host: an hv_sock connection. */
    public static final int TL_CONNECT_REQUEST = 21;
    /** Guest to host: another target processor for a channel's interrupts. */
    public static final int MODIFY_CHANNEL = 22;
    /** Host to guest, from version 5.3 on. */
    public static final int MODIFY_CHANNEL_RESPONSE = 24;

    private MessageType() {}
}
