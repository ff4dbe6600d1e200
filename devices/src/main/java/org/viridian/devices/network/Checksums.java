package org.viridian.devices.network;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** The Internet checksum (RFC 1071) over IP, TCP and UDP headers and data. */
public final class Checksums {
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    /** Protocol numbers. */
    static final int TCP = 6;
    static final int UDP = 17;
    static final int ETHERNET = 14;
    static final int IPV4 = 0x0800;
    static final int IPV6 = 0x86DD;

    private static final int TCP_FIELD = 16;
    private static final int UDP_FIELD = 6;

    private Checksums() {}

    static int u16(byte[] data, int at) {
        return (data[at] & 0xFF) << 8 | data[at + 1] & 0xFF;
    }

    static void put16(byte[] data, int at, int value) {
        data[at] = (byte) (value >> 8);
        data[at + 1] = (byte) value;
    }

    /** The one's complement sum of the range, folded to 16 bits, not inverted. */
    static int sum(byte[] data, int from, int to, int start) {
        // Little-endian words give the byte-swapped sum, which is swapped once at the end (RFC 1071, 2(B)).
        long sum = 0;
        int at = from;
        for (; at + 8 <= to; at += 8) {
            long word = (long) LONG.get(data, at);
            sum += (word & 0xFFFF_FFFFL) + (word >>> 32);
        }
        for (; at + 2 <= to; at += 2) {
            sum += data[at] & 0xFF | (data[at + 1] & 0xFF) << 8;
        }
        if (at < to) {
            sum += data[at] & 0xFF;
        }
        int folded = fold(sum);
        return fold((long) ((folded & 0xFF) << 8 | folded >> 8) + start);
    }

    private static int fold(long sum) {
        long value = sum;
        while (value >>> 16 != 0) {
            value = (value & 0xFFFF) + (value >>> 16);
        }
        return (int) value;
    }

    /**
     * Finishes a transport checksum whose field holds the sum over the pseudo header, as offloading senders leave it.
     *
     * @param frame the frame
     * @param transport where the TCP or UDP header starts
     * @param udp UDP rather than TCP
     * @return false when the offset does not fit the frame
     */
    public static boolean finish(Frame frame, int transport, boolean udp) {
        int field = transport + (udp ? UDP_FIELD : TCP_FIELD);
        if (transport < ETHERNET || field + 2 > frame.length()) {
            return false;
        }
        byte[] data = frame.data();
        int check = ~sum(data, transport, payloadEnd(frame), 0) & 0xFFFF;
        put16(data, field, udp && check == 0 ? 0xFFFF : check);
        return true;
    }

    /** The end of the IP packet: what follows is Ethernet padding. The frame's end when the header does not say. */
    private static int payloadEnd(Frame frame) {
        byte[] data = frame.data();
        int type = u16(data, 12);
        int end = type == IPV4 && frame.length() >= ETHERNET + 20 ? ETHERNET + u16(data, ETHERNET + 2)
                : type == IPV6 && frame.length() >= ETHERNET + 40 ? ETHERNET + 40 + u16(data, ETHERNET + 4) : frame.length();
        return end > ETHERNET + 20 && end <= frame.length() ? end : frame.length();
    }

    /** Computes the checksum of an IPv4 header; false when the frame holds none. */
    public static boolean finishIpHeader(Frame frame) {
        byte[] data = frame.data();
        if (frame.length() < ETHERNET + 20 || u16(data, 12) != IPV4) {
            return false;
        }
        int header = (data[ETHERNET] & 0xF) * 4;
        if (header < 20 || ETHERNET + header > frame.length()) {
            return false;
        }
        ipHeader(data, header);
        return true;
    }

    /** True when the frame is IPv6, or IPv4 with a right header checksum. */
    public static boolean ipHeaderGood(Frame frame) {
        byte[] data = frame.data();
        int type = u16(data, 12);
        if (type != IPV4) {
            return type == IPV6;
        }
        int header = (data[ETHERNET] & 0xF) * 4;
        return header >= 20 && ETHERNET + header <= frame.length() && sum(data, ETHERNET, ETHERNET + header, 0) == 0xFFFF;
    }

    static void ipHeader(byte[] data, int headerLength) {
        put16(data, ETHERNET + 10, 0);
        put16(data, ETHERNET + 10, ~sum(data, ETHERNET, ETHERNET + headerLength, 0) & 0xFFFF);
    }

    /** The sum over the pseudo header of a TCP or UDP packet. */
    static int pseudo(byte[] data, boolean v6, int protocol, int transportLength) {
        int addresses = v6 ? ETHERNET + 8 : ETHERNET + 12;
        return sum(data, addresses, addresses + (v6 ? 32 : 8), fold((long) protocol + (transportLength & 0xFFFF)
                + (transportLength >>> 16)));
    }
}
