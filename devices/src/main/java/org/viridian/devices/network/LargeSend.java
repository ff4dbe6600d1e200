package org.viridian.devices.network;

import static org.viridian.devices.network.Checksums.ETHERNET;
import static org.viridian.devices.network.Checksums.IPV4;
import static org.viridian.devices.network.Checksums.IPV6;
import static org.viridian.devices.network.Checksums.TCP;
import static org.viridian.devices.network.Checksums.put16;
import static org.viridian.devices.network.Checksums.u16;

import java.util.function.Consumer;

/** Large sends: one TCP segment of up to 64 KiB that stands for many of the network's size. */
public final class LargeSend {
    private static final int FIN_PSH = 0x09;
    private static final int CWR = 0x80;

    private LargeSend() {}

    /**
     * Makes a frame a large send: checks its headers, writes the true lengths and every checksum into it.
     *
     * @param frame an IPv4 or IPv6 frame with one TCP segment
     * @param segmentSize TCP payload bytes per segment on the wire
     * @param transport where the TCP header starts
     * @return false when the frame is no such thing; it must not be sent then
     */
    public static boolean prepare(Frame frame, int segmentSize, int transport) {
        byte[] data = frame.data();
        int length = frame.length();
        if (length < ETHERNET + 40 || segmentSize <= 0 || transport + 20 > length) {
            return false;
        }
        int type = u16(data, 12);
        boolean v6 = type == IPV6;
        int tcpHeader = (data[transport + 12] >> 4 & 0xF) * 4;
        if (!v6 && type != IPV4 || tcpHeader < 20 || transport + tcpHeader >= length || length - ETHERNET > 65535) {
            return false;
        }
        if (v6) {
            if (transport != ETHERNET + 40 || (data[ETHERNET + 6] & 0xFF) != TCP) {
                return false;
            }
            put16(data, ETHERNET + 4, length - transport);
        } else {
            int header = (data[ETHERNET] & 0xF) * 4;
            if (header < 20 || transport != ETHERNET + header || (data[ETHERNET + 9] & 0xFF) != TCP) {
                return false;
            }
            put16(data, ETHERNET + 2, length - ETHERNET);
            Checksums.ipHeader(data, header);
        }
        transport(data, v6, transport, length);
        if (length - transport - tcpHeader > segmentSize) {
            frame.large(segmentSize, transport);
        }
        frame.checksumGood(true);
        return true;
    }

    private static void transport(byte[] data, boolean v6, int transport, int end) {
        put16(data, transport + 16, 0);
        int pseudo = Checksums.pseudo(data, v6, TCP, end - transport);
        put16(data, transport + 16, ~Checksums.sum(data, transport, end, pseudo) & 0xFFFF);
    }

    /** Cuts a large send; each segment is given away, the frame stays the caller's. */
    static void cut(Frame frame, FramePool pool, Consumer<Frame> segments) {
        byte[] data = frame.data();
        int transport = frame.transportOffset();
        int headers = transport + (data[transport + 12] >> 4 & 0xF) * 4;
        int payload = frame.length() - headers;
        boolean v6 = u16(data, 12) == IPV6;
        int sequence = u16(data, transport + 4) << 16 | u16(data, transport + 6);
        int id = u16(data, ETHERNET + 4);
        int flags = data[transport + 13] & 0xFF;
        int index = 0;
        for (int at = 0; at < payload; at += frame.segmentSize(), index++) {
            int count = Math.min(frame.segmentSize(), payload - at);
            Frame segment = pool.take(headers + count);
            byte[] out = segment.data();
            System.arraycopy(data, 0, out, 0, headers);
            System.arraycopy(data, headers + at, out, headers, count);
            if (v6) {
                put16(out, ETHERNET + 4, headers + count - transport);
            } else {
                put16(out, ETHERNET + 2, headers + count - ETHERNET);
                put16(out, ETHERNET + 4, id + index);
                Checksums.ipHeader(out, transport - ETHERNET);
            }
            put16(out, transport + 4, sequence + at >>> 16);
            put16(out, transport + 6, sequence + at);
            int now = at + count < payload ? flags & ~FIN_PSH : flags;
            out[transport + 13] = (byte) (index > 0 ? now & ~CWR : now);
            transport(out, v6, transport, headers + count);
            segment.tag(frame.tag());
            segment.checksumGood(true);
            segments.accept(segment);
        }
    }
}
