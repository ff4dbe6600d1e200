package org.viridian.devices.synthetic.network;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Messages of the network virtual service protocol (Linux drivers/net/hyperv/hyperv_net.h, {@code nvsp_message}). */
final class Nvsp {
    static final int INIT = 1;
    static final int INIT_COMPLETE = 2;
    static final int SEND_NDIS_VERSION = 100;
    static final int SEND_RECEIVE_BUFFER = 101;
    static final int SEND_RECEIVE_BUFFER_COMPLETE = 102;
    static final int REVOKE_RECEIVE_BUFFER = 103;
    static final int SEND_SEND_BUFFER = 104;
    static final int SEND_SEND_BUFFER_COMPLETE = 105;
    static final int REVOKE_SEND_BUFFER = 106;
    static final int SEND_RNDIS_PACKET = 107;
    static final int SEND_RNDIS_PACKET_COMPLETE = 108;
    static final int SEND_NDIS_CONFIG = 125;
    static final int SWITCH_DATA_PATH = 129;
    static final int SUBCHANNEL = 133;
    static final int SEND_INDIRECTION_TABLE = 134;

    static final int SUCCESS = 1;
    static final int FAILURE = 2;
    static final int INVALID_RNDIS_PACKET = 5;

    static final int CHANNEL_DATA = 0;
    static final int CHANNEL_CONTROL = 1;
    static final int NO_SECTION = 0xFFFF_FFFF;

    static final int VERSION_1 = 0x0000_0002;
    static final int VERSION_2 = 0x0003_0002;
    static final int VERSION_4 = 0x0004_0000;
    static final int VERSION_5 = 0x0005_0000;
    static final int VERSION_6 = 0x0006_0000;
    static final int VERSION_6_1 = 0x0006_0001;
    /** Newest first. */
    static final int[] VERSIONS = {VERSION_6_1, VERSION_6, VERSION_5, VERSION_4, VERSION_2, VERSION_1};

    /** Every message is sent at the full size of 6.1: Linux drops shorter completions and then waits for ever. */
    static final int SIZE = 40;

    private Nvsp() {}

    /** A message of a type, zero otherwise. */
    static ByteBuffer message(int type) {
        return ByteBuffer.allocate(SIZE).order(ByteOrder.LITTLE_ENDIAN).putInt(0, type);
    }

    /** A message of a type with a status as its first field. */
    static byte[] status(int type, int status) {
        return message(type).putInt(4, status).array();
    }

    /** The newest version in a range a guest asks for, or 0. */
    static int choose(int minimum, int maximum) {
        for (int version : VERSIONS) {
            if (Integer.compareUnsigned(version, minimum) >= 0 && Integer.compareUnsigned(version, maximum) <= 0) {
                return version;
            }
        }
        return 0;
    }

    /** A version as text. */
    static String text(int version) {
        return switch (version) {
            case VERSION_1 -> "1";
            case VERSION_2 -> "2";
            case VERSION_4 -> "4";
            case VERSION_5 -> "5";
            case VERSION_6 -> "6";
            case VERSION_6_1 -> "6.1";
            default -> "none";
        };
    }
}
