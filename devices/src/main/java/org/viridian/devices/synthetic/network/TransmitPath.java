package org.viridian.devices.synthetic.network;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.List;
import org.viridian.devices.network.Checksums;
import org.viridian.devices.network.Frame;
import org.viridian.devices.network.LargeSend;
import org.viridian.devices.network.SwitchPort;
import org.viridian.engine.memory.GuestMemoryException;
import org.viridian.vmbus.channel.GpaRange;
import org.viridian.vmbus.channel.LentMemory;

/**
 * One queue's way from the guest to the switch: RNDIS PACKET messages out of guest memory become frames. Headers are
 * copied and checked, frame bytes are copied once, straight into the frame's buffer. One thread.
 */
final class TransmitPath {
    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    /** RNDIS messages in one NVSP message, as announced. */
    static final int MOST_PACKETS = 8;
    private static final int MOST_INFO = 512;
    private static final int MOST_BYTES = 256 << 10;
    private static final int ETHERNET = 14;
    private static final int TAG = 4;
    private static final int LARGEST = 65535 + ETHERNET;

    private static final int CHECKSUM_TCP = 4;
    private static final int CHECKSUM_UDP = 8;
    private static final int CHECKSUM_IP = 0x10;

    private final SwitchPort port;
    private final GuestStream stream = new GuestStream();
    private final byte[] head = new byte[Rndis.PACKET_HEADER];
    private final byte[] information = new byte[MOST_INFO];
    private long pause;

    // What the per-packet information of the message at hand says.
    private int checksum;
    private int largeSend;
    private int tag;

    TransmitPath(SwitchPort port) {
        this.port = port;
    }

    /** How long the switch asks this queue to wait after the last request, ns. */
    long pause() {
        return pause;
    }

    /**
     * Sends what one NVSP message names; returns the NVSP status.
     *
     * @param section the send buffer, used when {@code length} is not 0
     * @param frameLimit largest frame without large send, bytes
     */
    int transmit(LentMemory section, int offset, int length, List<GpaRange> ranges, int frameLimit) {
        pause = 0;
        stream.set(section, offset, length, ranges);
        int size = stream.size();
        if (size > MOST_BYTES) {
            return Nvsp.FAILURE;
        }
        try {
            int at = 0;
            int packets = 0;
            do {
                if (++packets > MOST_PACKETS || size - at < Rndis.PACKET_HEADER) {
                    return Nvsp.INVALID_RNDIS_PACKET;
                }
                stream.read(at, head, 0, Rndis.PACKET_HEADER);
                int message = (int) INT.get(head, 4);
                if ((int) INT.get(head, 0) != Rndis.PACKET || message < Rndis.PACKET_HEADER || message > size - at
                        || !packet(at, message, frameLimit)) {
                    return Nvsp.INVALID_RNDIS_PACKET;
                }
                at += message;
            } while (at < size);
            return Nvsp.SUCCESS;
        } catch (GuestMemoryException gone) {
            return Nvsp.FAILURE;
        }
    }

    private boolean packet(int at, int message, int frameLimit) {
        long dataOffset = Rndis.HEADER + ((int) INT.get(head, 8) & 0xFFFF_FFFFL);
        long dataLength = (int) INT.get(head, 12) & 0xFFFF_FFFFL;
        long infoOffset = Rndis.HEADER + ((int) INT.get(head, 28) & 0xFFFF_FFFFL);
        long infoLength = (int) INT.get(head, 32) & 0xFFFF_FFFFL;
        if (dataLength < ETHERNET || dataLength > LARGEST || dataOffset < Rndis.PACKET_HEADER
                || dataOffset + dataLength > message || infoLength > MOST_INFO
                || infoLength != 0 && (infoOffset < Rndis.PACKET_HEADER || infoOffset + infoLength > message)) {
            return false;
        }
        if (!information(at + (int) infoOffset, (int) infoLength)) {
            return false;
        }
        int length = (int) dataLength;
        int segment = largeSend & 0xF_FFFF;
        if (segment == 0 ? length > frameLimit + TAG : segment > frameLimit) {
            return false;
        }
        Frame frame = port.frame(length);
        boolean good = false;
        try {
            stream.read(at + (int) dataOffset, frame.data(), 0, length);
            frame.tag(tag);
            good = segment != 0 ? LargeSend.prepare(frame, segment, largeSend >> 20 & 0x3FF) : finish(frame);
        } finally {
            if (!good) {
                frame.release();
            }
        }
        if (good) {
            pause = Math.max(pause, port.send(frame));
        }
        return good;
    }

    private boolean finish(Frame frame) {
        if (checksum == 0) {
            return true;
        }
        if ((checksum & CHECKSUM_IP) != 0 && !Checksums.finishIpHeader(frame)) {
            return false;
        }
        if ((checksum & (CHECKSUM_TCP | CHECKSUM_UDP)) != 0) {
            if (!Checksums.finish(frame, checksum >> 16 & 0x3FF, (checksum & CHECKSUM_TCP) == 0)) {
                return false;
            }
            frame.checksumGood(Checksums.ipHeaderGood(frame));
        }
        return true;
    }

    /** Walks the records; false when one is malformed. Unknown ones are passed over. */
    private boolean information(int from, int length) {
        checksum = 0;
        largeSend = 0;
        tag = Frame.NO_TAG;
        stream.read(from, information, 0, length);
        int at = 0;
        while (at < length) {
            if (length - at < Rndis.PPI_HEADER) {
                return false;
            }
            int size = (int) INT.get(information, at);
            int offset = (int) INT.get(information, at + 8);
            if (size < Rndis.PPI_HEADER || size > length - at || offset < Rndis.PPI_HEADER || offset > size) {
                return false;
            }
            if (size - offset >= 4) {
                record((int) INT.get(information, at + 4), (int) INT.get(information, at + offset));
            }
            at += size;
        }
        return true;
    }

    private void record(int type, int value) {
        switch (type) {
            case Rndis.PPI_CHECKSUM -> checksum = value;
            case Rndis.PPI_LARGE_SEND -> largeSend = value;
            // Priority in bits 0–2, CFI in bit 3, id from bit 4 on; on the wire the other way round.
            case Rndis.PPI_VLAN -> tag = (value & 7) << 13 | (value & 8) << 9 | value >> 4 & 0xFFF;
            default -> { }
        }
    }
}
