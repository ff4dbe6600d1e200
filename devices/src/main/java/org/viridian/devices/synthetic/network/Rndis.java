package org.viridian.devices.synthetic.network;

/** Numbers of the remote NDIS protocol (Linux include/linux/rndis.h; NDIS object identifiers). */
final class Rndis {
    static final int PACKET = 1;
    static final int INITIALIZE = 2;
    static final int HALT = 3;
    static final int QUERY = 4;
    static final int SET = 5;
    static final int RESET = 6;
    static final int INDICATE = 7;
    static final int KEEPALIVE = 8;
    static final int COMPLETE = 0x8000_0000;

    /** Message type and length. */
    static final int HEADER = 8;
    /** A PACKET message without its per-packet information and data. */
    static final int PACKET_HEADER = 44;

    static final int STATUS_SUCCESS = 0;
    static final int STATUS_NOT_SUPPORTED = 0xC000_00BB;
    static final int STATUS_INVALID_DATA = 0xC001_0015;
    static final int STATUS_FAILURE = 0xC000_0001;

    static final int MEDIA_CONNECT = 0x4001_000B;
    static final int MEDIA_DISCONNECT = 0x4001_000C;

    static final int PPI_CHECKSUM = 0;
    static final int PPI_LARGE_SEND = 2;
    static final int PPI_VLAN = 6;
    static final int PPI_HASH = 8;
    /** Bit 31 of the type: meaning private to the synthetic adapter. */
    static final int PPI_INTERNAL = 0x8000_0000;
    static final int PPI_PACKET_ID = PPI_INTERNAL | 1;
    /** A record's size, type and data offset. */
    static final int PPI_HEADER = 12;

    static final int FILTER_DIRECTED = 1;
    static final int FILTER_MULTICAST = 2;
    static final int FILTER_ALL_MULTICAST = 4;
    static final int FILTER_BROADCAST = 8;
    static final int FILTER_PROMISCUOUS = 0x20;

    private Rndis() {}
}
