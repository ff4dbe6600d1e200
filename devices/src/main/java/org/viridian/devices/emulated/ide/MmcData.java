package org.viridian.devices.emulated.ide;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** The data that a CD/DVD-ROM drive describes itself and its disc with (MMC-6, SPC-4). Pure functions. */
final class MmcData {
    private static final int DATA_TRACK = 0x14;
    private static final int LEAD_OUT = 0xAA;
    private static final int PROFILE_CD = 0x08;
    private static final int PROFILE_DVD = 0x10;
    /** Discs of more than this are DVDs: 80 minutes of 75 blocks. */
    private static final long LARGEST_CD = 80 * 60 * 75;
    private static final int PAGE_ERROR_RECOVERY = 0x01;
    private static final int PAGE_CAPABILITIES = 0x2A;
    private static final int PAGE_ALL = 0x3F;

    private MmcData() {}

    private static ByteBuffer buffer(int size) {
        return ByteBuffer.allocate(size).order(ByteOrder.BIG_ENDIAN);
    }

    static byte[] inquiry() {
        ByteBuffer data = buffer(36);
        data.put(new byte[] {5, (byte) 0x80, 0, 0x21, 31, 0, 0, 0});
        data.put("VIRIDIANVirtual CD-ROM  1.0 ".getBytes(StandardCharsets.US_ASCII));
        return data.array();
    }

    static byte[] sense(int key, int code, int qualifier) {
        byte[] data = new byte[18];
        data[0] = 0x70;
        data[2] = (byte) key;
        data[7] = 10;
        data[12] = (byte) code;
        data[13] = (byte) qualifier;
        return data;
    }

    static byte[] capacity(long blocks) {
        return buffer(8).putInt((int) (blocks - 1)).putInt(2048).array();
    }

    /** The mode pages behind a header of {@code header} bytes (4 or 8); null for a page the drive has not. */
    static byte[] modePages(int page, int header) {
        ByteBuffer data = buffer(64);
        data.position(header);
        if (page == PAGE_ERROR_RECOVERY || page == PAGE_ALL) {
            data.put(new byte[] {PAGE_ERROR_RECOVERY, 6, 0, 5, 0, 0, 0, 0});
        }
        if (page == PAGE_CAPABILITIES || page == PAGE_ALL) {
            // Reads CD-R, CD-RW, DVD-ROM; a tray that locks and ejects; 4x.
            data.put(new byte[] {PAGE_CAPABILITIES, 18, 0x0B, 0, 0x60, 0, 0x29, 0});
            data.putShort((short) 706).putShort((short) 0).putShort((short) 512).putShort((short) 706).putInt(0);
        }
        if (data.position() == header) {
            return null;
        }
        byte[] pages = java.util.Arrays.copyOf(data.array(), data.position());
        if (header == 8) {
            pages[0] = (byte) (pages.length - 2 >> 8);
            pages[1] = (byte) (pages.length - 2);
        } else {
            pages[0] = (byte) (pages.length - 1);
        }
        return pages;
    }

    /** READ TOC, formats 0 and 1: one session of one data track; null for another format or track. */
    static byte[] contents(int format, int firstTrack, boolean minutes, long blocks) {
        if (format == 1) {
            ByteBuffer data = buffer(12);
            data.putShort((short) 10).put((byte) 1).put((byte) 1);
            return track(data, 1, 0, minutes).array();
        }
        if (format != 0 || firstTrack > 1 && firstTrack != LEAD_OUT) {
            return null;
        }
        ByteBuffer data = buffer(firstTrack <= 1 ? 20 : 12);
        data.putShort((short) (data.capacity() - 2)).put((byte) 1).put((byte) 1);
        if (firstTrack <= 1) {
            track(data, 1, 0, minutes);
        }
        return track(data, LEAD_OUT, blocks, minutes).array();
    }

    private static ByteBuffer track(ByteBuffer data, int number, long block, boolean minutes) {
        data.put((byte) 0).put((byte) DATA_TRACK).put((byte) number).put((byte) 0);
        if (!minutes) {
            return data.putInt((int) block);
        }
        long frames = Math.min(block + 150, 255L * 60 * 75);
        return data.put((byte) 0).put((byte) (frames / 4500)).put((byte) (frames / 75 % 60)).put((byte) (frames % 75));
    }

    private static int profile(long blocks) {
        return blocks == 0 ? 0 : blocks > LARGEST_CD ? PROFILE_DVD : PROFILE_CD;
    }

    /** GET CONFIGURATION; {@code blocks} 0 without a disc, {@code type} the requested type field, {@code first} the first feature. */
    static byte[] configuration(long blocks, int type, int first) {
        ByteBuffer data = buffer(128);
        int current = profile(blocks);
        boolean present = blocks != 0;
        data.putInt(0).putShort((short) 0).putShort((short) current);
        feature(data, type, first, 0x0000, 3, new byte[] {
            0, PROFILE_DVD, (byte) (current == PROFILE_DVD ? 1 : 0), 0, 0, PROFILE_CD, (byte) (current == PROFILE_CD ? 1 : 0), 0});
        feature(data, type, first, 0x0001, 0x0B, new byte[] {0, 0, 0, 2, 1, 0, 0, 0});
        feature(data, type, first, 0x0002, 7, new byte[] {2, 0, 0, 0});
        feature(data, type, first, 0x0003, 3, new byte[] {0x29, 0, 0, 0});
        feature(data, type, first, 0x0010, present ? 1 : 0, new byte[] {0, 0, 8, 0, 0, 1, 0, 0});
        feature(data, type, first, 0x001E, current == PROFILE_CD ? 9 : 8, new byte[] {0, 0, 0, 0});
        feature(data, type, first, 0x001F, current == PROFILE_DVD ? 1 : 0, new byte[] {0, 0, 0, 0});
        feature(data, type, first, 0x0100, 3, new byte[] {});
        feature(data, type, first, 0x0105, 3, new byte[] {0, 0, 0, 0});
        data.putInt(0, data.position() - 4);
        return java.util.Arrays.copyOf(data.array(), data.position());
    }

    /** Appends a feature descriptor unless the request leaves it out (MMC-6, 6.5: RT 0 all, 1 current only, 2 this one). */
    private static void feature(ByteBuffer data, int type, int first, int code, int flags, byte[] body) {
        boolean wanted = switch (type) {
            case 0 -> code >= first;
            case 1 -> code >= first && (flags & 1) != 0;
            default -> code == first;
        };
        if (wanted) {
            data.putShort((short) code).put((byte) flags).put((byte) body.length).put(body);
        }
    }

    static byte[] discInformation() {
        byte[] data = new byte[34];
        data[1] = 32;
        // A complete disc, its last session complete.
        data[2] = 0x0E;
        data[3] = 1;
        data[4] = 1;
        data[5] = 1;
        data[6] = 1;
        return data;
    }

    static byte[] trackInformation(long blocks) {
        return buffer(36).putShort((short) 34).put((byte) 1).put((byte) 1).put((byte) 0).put((byte) 4).put((byte) 1)
                .putInt(24, (int) blocks).array();
    }
}
