package org.viridian.devices.synthetic.network;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * What the adapter does for the guest: finishing checksums, cutting large sends, joining received segments. The guest
 * reads what is possible (NDIS_OFFLOAD) and switches it on (NDIS_OFFLOAD_PARAMETERS).
 *
 * <p>Thread rule: set on the primary channel's worker, read by any thread.
 */
final class Offloads {
    private static final int OBJECT_OFFLOAD = 0xA7;
    private static final int ENCAPSULATION_8023 = 2;
    private static final int IP_OPTIONS = 0x1;
    private static final int TCP_OPTIONS = 0x4;
    private static final int TCP_CHECKSUM = 0x10;
    private static final int UDP_CHECKSUM = 0x40;
    private static final int IP_CHECKSUM = 0x100;
    private static final int V4 = IP_OPTIONS | TCP_OPTIONS | TCP_CHECKSUM | UDP_CHECKSUM | IP_CHECKSUM;
    private static final int V6 = IP_OPTIONS | TCP_OPTIONS | TCP_CHECKSUM | UDP_CHECKSUM;
    /** Payload of the largest large send, as Hyper-V's switch announces it. */
    private static final int MAX_LARGE_SEND = 0xF53C;
    private static final int MIN_SEGMENTS = 2;
    private static final int V6_OPTIONS = 0x5;

    private static final int PARAMETERS_SHORTEST = 22;
    private static final int RSC_V4 = 22;
    private static final int RSC_V6 = 23;
    private static final int ON = 2;
    private static final int OFF = 1;

    private volatile boolean joinV4;
    private volatile boolean joinV6;

    void reset() {
        joinV4 = false;
        joinV6 = false;
    }

    /** Whether received segments of IPv4 may be joined. */
    boolean joins(boolean v6) {
        return v6 ? joinV6 : joinV4;
    }

    /**
     * The NDIS_OFFLOAD structure.
     *
     * @param revision what the guest asked for, 1–3
     * @param rsc whether joining is possible: NVSP 6.1 only
     */
    static byte[] capabilities(int revision, boolean rsc) {
        int size = switch (revision) {
            case 1 -> 112;
            case 2 -> 144;
            default -> 156;
        };
        ByteBuffer out = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
        out.put(0, (byte) OBJECT_OFFLOAD).put(1, (byte) Math.clamp(revision, 1, 3)).putShort(2, (short) size);
        out.putInt(4, ENCAPSULATION_8023).putInt(8, V4).putInt(12, ENCAPSULATION_8023).putInt(16, V4);
        out.putInt(20, ENCAPSULATION_8023).putInt(24, V6).putInt(28, ENCAPSULATION_8023).putInt(32, V6);
        out.putInt(80, ENCAPSULATION_8023).putInt(84, MAX_LARGE_SEND).putInt(88, MIN_SEGMENTS);
        out.putInt(92, ENCAPSULATION_8023).putInt(96, MAX_LARGE_SEND).putInt(100, MIN_SEGMENTS).putInt(104, V6_OPTIONS);
        if (size > 145 && rsc) {
            out.put(144, (byte) 1).put(145, (byte) 1);
        }
        return out.array();
    }

    /** Takes over NDIS_OFFLOAD_PARAMETERS; false when they are too short. Checksums and large sends go by packet. */
    boolean configure(byte[] parameters, int at, int length, boolean rsc) {
        if (length < PARAMETERS_SHORTEST) {
            return false;
        }
        if (length > RSC_V6) {
            joinV4 = choice(parameters[at + RSC_V4], joinV4) && rsc;
            joinV6 = choice(parameters[at + RSC_V6], joinV6) && rsc;
        }
        return true;
    }

    private static boolean choice(byte value, boolean before) {
        return value == ON || value != OFF && before;
    }
}
