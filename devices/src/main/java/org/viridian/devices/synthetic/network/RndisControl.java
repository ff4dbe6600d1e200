package org.viridian.devices.synthetic.network;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * The RNDIS control conversation: initialization, queries, sets. Every request but HALT is answered, also one that makes
 * no sense: Linux waits without a time-out.
 *
 * <p>Thread rule: the primary channel's worker.
 */
final class RndisControl {
    /** Longest control message that is looked at, bytes. */
    static final int LONGEST = 8192;
    private static final int INFORMATION = 28;
    private static final int MAX_TRANSFER = 0x4000;
    private static final int ALIGNMENT = 3;
    private static final int CONNECTIONLESS = 1;
    private static final int MOST_GROUPS = 32;
    private static final int TYPE_STRING = 2;

    private static final int OID_SUPPORTED_LIST = 0x0001_0101;
    private static final int OID_HARDWARE_STATUS = 0x0001_0102;
    private static final int OID_MEDIA_SUPPORTED = 0x0001_0103;
    private static final int OID_MEDIA_IN_USE = 0x0001_0104;
    private static final int OID_MAXIMUM_LOOKAHEAD = 0x0001_0105;
    private static final int OID_MAXIMUM_FRAME_SIZE = 0x0001_0106;
    private static final int OID_LINK_SPEED = 0x0001_0107;
    private static final int OID_TRANSMIT_BUFFER_SPACE = 0x0001_0108;
    private static final int OID_RECEIVE_BUFFER_SPACE = 0x0001_0109;
    private static final int OID_TRANSMIT_BLOCK_SIZE = 0x0001_010A;
    private static final int OID_RECEIVE_BLOCK_SIZE = 0x0001_010B;
    private static final int OID_VENDOR_ID = 0x0001_010C;
    private static final int OID_VENDOR_DESCRIPTION = 0x0001_010D;
    private static final int OID_PACKET_FILTER = 0x0001_010E;
    private static final int OID_CURRENT_LOOKAHEAD = 0x0001_010F;
    private static final int OID_DRIVER_VERSION = 0x0001_0110;
    private static final int OID_MAXIMUM_TOTAL_SIZE = 0x0001_0111;
    private static final int OID_PROTOCOL_OPTIONS = 0x0001_0112;
    private static final int OID_MAC_OPTIONS = 0x0001_0113;
    private static final int OID_MEDIA_CONNECT_STATUS = 0x0001_0114;
    private static final int OID_MAXIMUM_SEND_PACKETS = 0x0001_0115;
    private static final int OID_VENDOR_DRIVER_VERSION = 0x0001_0116;
    private static final int OID_RSS_CAPABILITIES = 0x0001_0203;
    private static final int OID_RSS_PARAMETERS = 0x0001_0204;
    private static final int OID_CONFIG_PARAMETER = 0x0001_021B;
    private static final int OID_FRAMES_SENT = 0x0002_0101;
    private static final int OID_FRAMES_RECEIVED = 0x0002_0102;
    private static final int OID_SEND_ERRORS = 0x0002_0103;
    private static final int OID_RECEIVE_ERRORS = 0x0002_0104;
    private static final int OID_NO_BUFFER = 0x0002_0105;
    private static final int OID_FRIENDLY_NAME = 0x0002_0216;
    private static final int OID_PERMANENT_ADDRESS = 0x0101_0101;
    private static final int OID_CURRENT_ADDRESS = 0x0101_0102;
    private static final int OID_MULTICAST_LIST = 0x0101_0103;
    private static final int OID_MAXIMUM_LIST_SIZE = 0x0101_0104;
    private static final int OID_OFFLOAD_CURRENT = 0xFC01_020B;
    private static final int OID_OFFLOAD_PARAMETERS = 0xFC01_020C;
    private static final int OID_OFFLOAD_CAPABILITIES = 0xFC01_020D;

    private static final int[] SUPPORTED = {OID_SUPPORTED_LIST, OID_HARDWARE_STATUS, OID_MEDIA_SUPPORTED, OID_MEDIA_IN_USE,
        OID_MAXIMUM_LOOKAHEAD, OID_MAXIMUM_FRAME_SIZE, OID_LINK_SPEED, OID_TRANSMIT_BUFFER_SPACE, OID_RECEIVE_BUFFER_SPACE,
        OID_TRANSMIT_BLOCK_SIZE, OID_RECEIVE_BLOCK_SIZE, OID_VENDOR_ID, OID_VENDOR_DESCRIPTION, OID_PACKET_FILTER,
        OID_CURRENT_LOOKAHEAD, OID_DRIVER_VERSION, OID_MAXIMUM_TOTAL_SIZE, OID_PROTOCOL_OPTIONS, OID_MAC_OPTIONS,
        OID_MEDIA_CONNECT_STATUS, OID_MAXIMUM_SEND_PACKETS, OID_VENDOR_DRIVER_VERSION, OID_RSS_CAPABILITIES, OID_RSS_PARAMETERS,
        OID_CONFIG_PARAMETER, OID_FRAMES_SENT, OID_FRAMES_RECEIVED, OID_SEND_ERRORS, OID_RECEIVE_ERRORS, OID_NO_BUFFER,
        OID_FRIENDLY_NAME, OID_PERMANENT_ADDRESS, OID_CURRENT_ADDRESS, OID_MULTICAST_LIST, OID_MAXIMUM_LIST_SIZE,
        OID_OFFLOAD_CURRENT, OID_OFFLOAD_PARAMETERS, OID_OFFLOAD_CAPABILITIES};

    /** 10 Gbit/s in units of 100 bit/s. */
    private static final int LINK_SPEED = 100_000_000;
    private static final int RSS_OBJECT = 0x88;
    /** Up to and with the number of table entries; Linux refuses an answer longer than its own structure. */
    private static final int RSS_SIZE = 18;
    /** Toeplitz, TCP over IPv4 and IPv6. */
    private static final int RSS_FLAGS = 0x301;
    private static final int RSS_ENTRIES = 128;
    /** No loopback of own frames (8), 802.1p priority (0x40), 802.1Q tags (0x200). */
    private static final int MAC_OPTIONS = 0x248;
    private static final int NDIS_6_30 = 0x061E;

    /** What the conversation decides and asks about. */
    interface Adapter {
        int frameLimit();

        int version();

        int queues();

        boolean linkUp();

        byte[] permanentAddress();

        byte[] currentAddress();

        /** Frames sent and received, send errors, receive drops, as RNDIS counts them. */
        long[] statistics();

        int receiveBytes();

        /** Asks for another address; false when it is not allowed. */
        boolean changeAddress(long address);

        void initialized(boolean operational);

        void filter(int bits, long[] groups);

        boolean offload(byte[] message, int at, int length);

        void scaling(ReceiveScaling scaling);
    }

    private final Adapter adapter;
    private boolean initialized;
    private int filter;
    private long[] groups = {};

    RndisControl(Adapter adapter) {
        this.adapter = adapter;
    }

    void reset() {
        initialized = false;
        filter = 0;
        groups = new long[0];
    }

    private static ByteBuffer reply(int type, int length) {
        return ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN).putInt(0, type | Rndis.COMPLETE).putInt(4, length);
    }

    /** Unsolicited news about the link. */
    static byte[] indication(int status) {
        return ByteBuffer.allocate(20).order(ByteOrder.LITTLE_ENDIAN).putInt(Rndis.INDICATE).putInt(20).putInt(status).array();
    }

    /**
     * Handles a message; returns the reply, or null when there is none to give.
     *
     * @param bytes a copy of what the guest sent
     */
    byte[] handle(byte[] bytes) {
        ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        if (bytes.length < 12) {
            return null;
        }
        int length = in.getInt(4);
        if (length < 12 || length > bytes.length) {
            return null;
        }
        return switch (in.getInt(0)) {
            case Rndis.INITIALIZE -> initialize(in);
            case Rndis.HALT -> {
                halt();
                yield null;
            }
            case Rndis.QUERY -> query(in, length);
            case Rndis.SET -> reply(Rndis.SET, 16).putInt(8, in.getInt(8)).putInt(12, set(in, length)).array();
            case Rndis.RESET -> {
                filter = 0;
                groups = new long[0];
                adapter.filter(0, groups);
                yield reply(Rndis.RESET, 16).putInt(12, 1).array();
            }
            case Rndis.KEEPALIVE -> reply(Rndis.KEEPALIVE, 16).putInt(8, in.getInt(8)).array();
            default -> null;
        };
    }

    private byte[] initialize(ByteBuffer in) {
        initialized = true;
        adapter.initialized(true);
        return reply(Rndis.INITIALIZE, 52).putInt(8, in.getInt(8)).putInt(16, 1).putInt(24, CONNECTIONLESS)
                .putInt(32, TransmitPath.MOST_PACKETS).putInt(36, MAX_TRANSFER).putInt(40, ALIGNMENT).array();
    }

    private void halt() {
        reset();
        adapter.filter(0, groups);
        adapter.initialized(false);
    }

    private byte[] query(ByteBuffer in, int length) {
        int id = in.getInt(8);
        byte[] answer = length < INFORMATION || !initialized ? null : answer(in.getInt(12), in, length);
        if (answer == null) {
            return reply(Rndis.QUERY, 24).putInt(8, id).putInt(12, Rndis.STATUS_NOT_SUPPORTED).putInt(20, 16).array();
        }
        return reply(Rndis.QUERY, 24 + answer.length).putInt(8, id).putInt(16, answer.length).putInt(20, 16)
                .put(24, answer).array();
    }

    private static byte[] u32(long value) {
        return ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt((int) value).array();
    }

    private byte[] answer(int oid, ByteBuffer in, int length) {
        int frame = adapter.frameLimit();
        return switch (oid) {
            case OID_SUPPORTED_LIST -> {
                ByteBuffer list = ByteBuffer.allocate(4 * SUPPORTED.length).order(ByteOrder.LITTLE_ENDIAN);
                Arrays.stream(SUPPORTED).forEach(list::putInt);
                yield list.array();
            }
            case OID_HARDWARE_STATUS, OID_MEDIA_SUPPORTED, OID_MEDIA_IN_USE, OID_PROTOCOL_OPTIONS -> u32(0);
            case OID_MAXIMUM_LOOKAHEAD, OID_CURRENT_LOOKAHEAD, OID_MAXIMUM_FRAME_SIZE -> u32(frame - 14L);
            case OID_MAXIMUM_TOTAL_SIZE, OID_TRANSMIT_BLOCK_SIZE, OID_RECEIVE_BLOCK_SIZE -> u32(frame);
            case OID_LINK_SPEED -> u32(LINK_SPEED);
            case OID_TRANSMIT_BUFFER_SPACE, OID_RECEIVE_BUFFER_SPACE -> u32(adapter.receiveBytes());
            case OID_VENDOR_ID -> u32(0x00FF_FFFF);
            case OID_VENDOR_DESCRIPTION -> "Viridian network adapter\0".getBytes(StandardCharsets.US_ASCII);
            case OID_VENDOR_DRIVER_VERSION -> u32(0x0001_0000);
            case OID_DRIVER_VERSION -> new byte[] {(byte) NDIS_6_30, (byte) (NDIS_6_30 >> 8)};
            case OID_PACKET_FILTER -> u32(filter);
            case OID_MAC_OPTIONS -> u32(MAC_OPTIONS);
            case OID_MEDIA_CONNECT_STATUS -> u32(adapter.linkUp() ? 0 : 1);
            case OID_MAXIMUM_SEND_PACKETS -> u32(TransmitPath.MOST_PACKETS);
            case OID_FRAMES_SENT -> u32(adapter.statistics()[0]);
            case OID_FRAMES_RECEIVED -> u32(adapter.statistics()[1]);
            case OID_SEND_ERRORS -> u32(adapter.statistics()[2]);
            case OID_RECEIVE_ERRORS -> u32(0);
            case OID_NO_BUFFER -> u32(adapter.statistics()[3]);
            case OID_FRIENDLY_NAME -> "Network Adapter".getBytes(StandardCharsets.UTF_16LE);
            case OID_PERMANENT_ADDRESS -> adapter.permanentAddress();
            case OID_CURRENT_ADDRESS -> adapter.currentAddress();
            case OID_MULTICAST_LIST -> groupBytes();
            case OID_MAXIMUM_LIST_SIZE -> u32(MOST_GROUPS);
            case OID_OFFLOAD_CAPABILITIES, OID_OFFLOAD_CURRENT ->
                Offloads.capabilities(revision(in, length), adapter.version() >= Nvsp.VERSION_6_1);
            case OID_RSS_CAPABILITIES -> adapter.version() < Nvsp.VERSION_5 ? null
                    : ByteBuffer.allocate(RSS_SIZE).order(ByteOrder.LITTLE_ENDIAN).put((byte) RSS_OBJECT).put((byte) 2)
                            .putShort((short) RSS_SIZE).putInt(RSS_FLAGS).putInt(adapter.queues()).putInt(adapter.queues())
                            .putShort((short) RSS_ENTRIES).array();
            default -> null;
        };
    }

    private byte[] groupBytes() {
        byte[] bytes = new byte[6 * groups.length];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) (groups[i / 6] >> 40 - 8 * (i % 6));
        }
        return bytes;
    }

    /** The revision of a structure that a query's own object header asks for. */
    private static int revision(ByteBuffer in, int length) {
        long at = Rndis.HEADER + (in.getInt(20) & 0xFFFF_FFFFL);
        return in.getInt(16) >= 4 && at + 4 <= length ? Math.clamp(in.get((int) at + 1), 1, 3) : 3;
    }

    private int set(ByteBuffer in, int length) {
        long count = length < INFORMATION ? 0 : in.getInt(16) & 0xFFFF_FFFFL;
        long offset = length < INFORMATION ? 0 : Rndis.HEADER + (in.getInt(20) & 0xFFFF_FFFFL);
        if (length < INFORMATION || !initialized || offset + count > length) {
            return Rndis.STATUS_INVALID_DATA;
        }
        int at = (int) offset;
        int size = (int) count;
        return switch (in.getInt(12)) {
            case OID_PACKET_FILTER -> {
                if (size < 4) {
                    yield Rndis.STATUS_INVALID_DATA;
                }
                filter = in.getInt(at);
                adapter.filter(filter, groups);
                yield Rndis.STATUS_SUCCESS;
            }
            case OID_MULTICAST_LIST -> setGroups(in.array(), at, size);
            case OID_CURRENT_LOOKAHEAD, OID_PROTOCOL_OPTIONS -> Rndis.STATUS_SUCCESS;
            case OID_OFFLOAD_PARAMETERS -> adapter.offload(in.array(), at, size) ? Rndis.STATUS_SUCCESS : Rndis.STATUS_INVALID_DATA;
            case OID_RSS_PARAMETERS -> {
                ReceiveScaling.Parsed parsed = ReceiveScaling.parse(in.array(), at, size, adapter.queues());
                if (!parsed.valid()) {
                    yield Rndis.STATUS_INVALID_DATA;
                }
                adapter.scaling(parsed.scaling());
                yield Rndis.STATUS_SUCCESS;
            }
            case OID_CONFIG_PARAMETER -> parameter(in, at, size);
            default -> Rndis.STATUS_NOT_SUPPORTED;
        };
    }

    private int setGroups(byte[] bytes, int at, int size) {
        if (size % 6 != 0 || size / 6 > MOST_GROUPS) {
            return Rndis.STATUS_INVALID_DATA;
        }
        long[] list = new long[size / 6];
        for (int i = 0; i < list.length; i++) {
            list[i] = FrameFilter.address(bytes, at + 6 * i);
        }
        groups = list;
        adapter.filter(filter, groups);
        return Rndis.STATUS_SUCCESS;
    }

    /** A named parameter; the one that is known sets the adapter's address. */
    private int parameter(ByteBuffer in, int at, int size) {
        if (size < 20) {
            return Rndis.STATUS_INVALID_DATA;
        }
        String name = text(in, at, size, in.getInt(at), in.getInt(at + 4));
        String value = text(in, at, size, in.getInt(at + 12), in.getInt(at + 16));
        if (name == null || value == null || in.getInt(at + 8) != TYPE_STRING) {
            return Rndis.STATUS_INVALID_DATA;
        }
        if (!name.equals("NetworkAddress")) {
            return Rndis.STATUS_NOT_SUPPORTED;
        }
        if (!value.matches("[0-9a-fA-F]{12}")) {
            return Rndis.STATUS_INVALID_DATA;
        }
        if (!adapter.changeAddress(Long.parseLong(value, 16))) {
            return Rndis.STATUS_FAILURE;
        }
        adapter.filter(filter, groups);
        return Rndis.STATUS_SUCCESS;
    }

    private static String text(ByteBuffer in, int at, int size, int offset, int length) {
        return offset < 0 || length < 0 || length > 256 || (long) offset + length > size ? null
                : new String(in.array(), at + offset, length, StandardCharsets.UTF_16LE);
    }
}
