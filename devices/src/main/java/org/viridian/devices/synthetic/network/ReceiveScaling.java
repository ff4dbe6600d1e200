package org.viridian.devices.synthetic.network;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Receive-side scaling: which queue a received frame goes to. Toeplitz hash over addresses and ports and the guest's
 * indirection table (NDIS_RECEIVE_SCALE_PARAMETERS).
 *
 * <p>Thread rule: an immutable object, replaced as a whole.
 */
final class ReceiveScaling {
    private static final int KEY = 40;
    private static final int MOST_ENTRIES = 256;
    private static final int FIXED = 28;
    private static final int DISABLE = 0x10;
    private static final int V4_INPUT = 12;
    private static final int V6_INPUT = 36;
    private static final int ETHERNET = 14;

    private final int[] queues;
    /** Contribution of each value of each input byte. */
    private final int[] table = new int[V6_INPUT * 256];

    private ReceiveScaling(int[] queues, byte[] key, int keyAt) {
        this.queues = queues;
        for (int at = 0; at < V6_INPUT; at++) {
            for (int bit = 0; bit < 8; bit++) {
                int window = window(key, keyAt, at * 8 + bit);
                for (int value = 0; value < 256; value++) {
                    if ((value & 0x80 >> bit) != 0) {
                        table[at * 256 + value] ^= window;
                    }
                }
            }
        }
    }

    /** The 32 bits of the key from a bit on. */
    private static int window(byte[] key, int keyAt, int bit) {
        long five = 0;
        for (int i = 0; i < 5; i++) {
            int index = bit / 8 + i;
            five = five << 8 | (index < KEY ? key[keyAt + index] & 0xFF : 0);
        }
        return (int) (five >>> 8 - bit % 8);
    }

    /** The result of reading parameters. */
    record Parsed(boolean valid, ReceiveScaling scaling) {
        static final Parsed INVALID = new Parsed(false, null);
        static final Parsed DISABLED = new Parsed(true, null);
    }

    /**
     * Reads NDIS_RECEIVE_SCALE_PARAMETERS.
     *
     * @param queueCount queues there are; an entry beyond goes to queue 0
     */
    static Parsed parse(byte[] bytes, int at, int length, int queueCount) {
        if (length < FIXED) {
            return Parsed.INVALID;
        }
        ByteBuffer in = ByteBuffer.wrap(bytes, at, length).slice().order(ByteOrder.LITTLE_ENDIAN);
        if ((in.getShort(4) & DISABLE) != 0) {
            return Parsed.DISABLED;
        }
        int tableBytes = in.getShort(12) & 0xFFFF;
        long tableAt = in.getInt(16) & 0xFFFF_FFFFL;
        int keyBytes = in.getShort(20) & 0xFFFF;
        long keyAt = in.getInt(24) & 0xFFFF_FFFFL;
        int entries = tableBytes / 4;
        if (entries == 0 || entries > MOST_ENTRIES || (entries & entries - 1) != 0 || keyBytes != KEY
                || tableAt + tableBytes > length || keyAt + keyBytes > length) {
            return Parsed.INVALID;
        }
        int[] queues = new int[entries];
        for (int i = 0; i < entries; i++) {
            int queue = in.getInt((int) tableAt + 4 * i);
            queues[i] = queue >= 0 && queue < queueCount ? queue : 0;
        }
        return new Parsed(true, new ReceiveScaling(queues, bytes, at + (int) keyAt));
    }

    /** The hash of a frame; 0 when it is no IP. Addresses, and ports for TCP that is not fragmented. */
    int hash(byte[] frame, int length) {
        if (length < ETHERNET + 20) {
            return 0;
        }
        int type = (frame[12] & 0xFF) << 8 | frame[13] & 0xFF;
        if (type == 0x0800) {
            int header = (frame[ETHERNET] & 0xF) * 4;
            int hash = over(frame, ETHERNET + 12, 8, 0);
            boolean whole = (frame[ETHERNET + 6] & 0x3F) == 0 && frame[ETHERNET + 7] == 0;
            return frame[ETHERNET + 9] == 6 && whole && ETHERNET + header + 4 <= length
                    ? hash ^ over(frame, ETHERNET + header, 4, 8) : hash;
        }
        if (type == 0x86DD && length >= ETHERNET + 44) {
            int hash = over(frame, ETHERNET + 8, 32, 0);
            return frame[ETHERNET + 6] == 6 ? hash ^ over(frame, ETHERNET + 40, 4, 32) : hash;
        }
        return 0;
    }

    private int over(byte[] frame, int from, int count, int input) {
        int hash = 0;
        for (int i = 0; i < count; i++) {
            hash ^= table[(input + i) * 256 + (frame[from + i] & 0xFF)];
        }
        return hash;
    }

    /** The queue for a hash. */
    int queue(int hash) {
        return queues[hash & queues.length - 1];
    }
}
