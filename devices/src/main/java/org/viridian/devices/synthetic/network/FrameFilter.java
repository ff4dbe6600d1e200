package org.viridian.devices.synthetic.network;

/**
 * Which frames the guest wants (OID_GEN_CURRENT_PACKET_FILTER and the multicast list). Immutable.
 *
 * @param bits filter bits
 * @param address the adapter's address, 48 bits
 * @param groups multicast addresses, 48 bits each
 */
record FrameFilter(int bits, long address, long[] groups) {
    static final FrameFilter NOTHING = new FrameFilter(0, 0, new long[0]);
    private static final long BROADCAST = 0xFFFF_FFFF_FFFFL;

    /** Whether a frame's destination passes. */
    boolean passes(byte[] frame) {
        if ((bits & Rndis.FILTER_PROMISCUOUS) != 0) {
            return true;
        }
        long destination = address(frame, 0);
        if ((frame[0] & 1) == 0) {
            return (bits & Rndis.FILTER_DIRECTED) != 0 && destination == address;
        }
        if (destination == BROADCAST) {
            return (bits & Rndis.FILTER_BROADCAST) != 0;
        }
        if ((bits & Rndis.FILTER_ALL_MULTICAST) != 0) {
            return true;
        }
        if ((bits & Rndis.FILTER_MULTICAST) != 0) {
            for (long group : groups) {
                if (group == destination) {
                    return true;
                }
            }
        }
        return false;
    }

    static long address(byte[] bytes, int at) {
        long value = 0;
        for (int i = 0; i < 6; i++) {
            value = value << 8 | bytes[at + i] & 0xFF;
        }
        return value;
    }
}
