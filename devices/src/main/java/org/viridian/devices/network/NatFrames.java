package org.viridian.devices.network;

import static org.viridian.devices.network.Checksums.ETHERNET;
import static org.viridian.devices.network.Checksums.IPV4;
import static org.viridian.devices.network.Checksums.IPV6;
import static org.viridian.devices.network.Checksums.TCP;
import static org.viridian.devices.network.Checksums.put16;
import static org.viridian.devices.network.Checksums.u16;

import com.sun.jna.Pointer;

/**
 * Frames between a switch and libslirp, which is made to believe in a network with 64 KiB packets: TCP towards the guest
 * becomes large sends, which the switch cuts where needed, and other IPv4 packets are fragmented as a router would
 * (RFC 791, 3.2). One libslirp callback then stands for some twenty frames. The polling thread only.
 */
final class NatFrames {
    /** MTU of the guests' network. */
    private static final int MTU = 1500;
    private static final int SYN = 0x02;
    private static final int OPTION_END = 0;
    private static final int OPTION_NOP = 1;
    private static final int OPTION_SEGMENT_SIZE = 2;
    private static final int LARGE_SEGMENT = 32768;
    private static final int DO_NOT_FRAGMENT = 0x4000;
    private static final int MORE_FRAGMENTS = 0x2000;

    private final SwitchPort port;

    NatFrames(SwitchPort port) {
        this.port = port;
    }

    /** A packet from libslirp; returns what it is to be told. */
    long receive(Pointer bytes, long length) {
        if (length < ETHERNET || length > FramePool.LARGEST) {
            return length;
        }
        Frame frame = port.frame((int) length);
        bytes.read(0, frame.data(), 0, (int) length);
        // libslirp has computed the checksums from what it read from the host's sockets.
        frame.checksumGood(true);
        if (length <= MTU + ETHERNET || markLarge(frame)) {
            port.send(frame);
        } else {
            fragment(frame);
            frame.release();
        }
        return length;
    }

    private static boolean markLarge(Frame frame) {
        int tcp = tcp(frame);
        if (tcp < 0) {
            return false;
        }
        int headers = tcp + (frame.data()[tcp + 12] >> 4 & 0xF) * 4;
        if (headers >= frame.length()) {
            return false;
        }
        frame.large(MTU + ETHERNET - headers, tcp);
        return true;
    }

    /** Where the TCP header is, or -1. */
    private static int tcp(Frame frame) {
        byte[] data = frame.data();
        int length = frame.length();
        if (length < ETHERNET + 40) {
            return -1;
        }
        int type = u16(data, 12);
        int at = type == IPV4 && data[ETHERNET + 9] == TCP && (u16(data, ETHERNET + 6) & 0x3FFF) == 0
                ? ETHERNET + (data[ETHERNET] & 0xF) * 4
                : type == IPV6 && data[ETHERNET + 6] == TCP ? ETHERNET + 40 : -1;
        return at >= ETHERNET + 20 && at + 20 <= length ? at : -1;
    }

    private void fragment(Frame frame) {
        byte[] data = frame.data();
        int header = (data[ETHERNET] & 0xF) * 4;
        if (u16(data, 12) != IPV4 || header < 20 || (u16(data, ETHERNET + 6) & DO_NOT_FRAGMENT) != 0) {
            return;
        }
        int start = ETHERNET + header;
        int end = Math.min(frame.length(), ETHERNET + u16(data, ETHERNET + 2));
        int step = MTU - header & ~7;
        int flags = u16(data, ETHERNET + 6);
        for (int at = start; at < end; at += step) {
            int count = Math.min(step, end - at);
            Frame piece = port.frame(start + count);
            byte[] out = piece.data();
            System.arraycopy(data, 0, out, 0, start);
            System.arraycopy(data, at, out, start, count);
            put16(out, ETHERNET + 2, header + count);
            put16(out, ETHERNET + 6, flags + (at - start) / 8 | (at + count < end ? MORE_FRAGMENTS : 0));
            Checksums.ipHeader(out, header);
            port.send(piece);
        }
    }

    /** Raises the segment size a guest announces in a SYN, so that libslirp fills its large packets. */
    static void widen(Frame frame) {
        int tcp = tcp(frame);
        byte[] data = frame.data();
        if (tcp < 0 || (data[tcp + 13] & SYN) == 0) {
            return;
        }
        int end = Math.min(frame.length(), tcp + (data[tcp + 12] >> 4 & 0xF) * 4);
        int at = tcp + 20;
        while (at < end && data[at] != OPTION_END) {
            if (data[at] == OPTION_NOP) {
                at++;
                continue;
            }
            int size = at + 1 < end ? data[at + 1] & 0xFF : 0;
            if (size < 2 || at + size > end) {
                return;
            }
            if (data[at] == OPTION_SEGMENT_SIZE && size == 4) {
                int before = u16(data, at + 2);
                put16(data, at + 2, LARGE_SEGMENT);
                // RFC 1624, equation 3; an option at an odd offset counts with its bytes swapped.
                boolean odd = (at + 2 - tcp) % 2 != 0;
                int old = odd ? before << 8 & 0xFF00 | before >> 8 : before;
                int now = odd ? LARGE_SEGMENT << 8 & 0xFF00 | LARGE_SEGMENT >> 8 : LARGE_SEGMENT;
                int sum = (~u16(data, tcp + 16) & 0xFFFF) + (~old & 0xFFFF) + now;
                sum = (sum & 0xFFFF) + (sum >> 16);
                sum = (sum & 0xFFFF) + (sum >> 16);
                put16(data, tcp + 16, ~sum & 0xFFFF);
                return;
            }
            at += size;
        }
    }
}
