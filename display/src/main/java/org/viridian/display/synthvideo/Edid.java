package org.viridian.display.synthvideo;

import java.nio.charset.StandardCharsets;

/**
 * The 128-byte EDID that goes with the list of sizes (VESA E-EDID 1.4, section 3). Linux ignores it, Windows reads it.
 */
final class Edid {
    private static final int SIZE = 128;
    /** Blanking of a reduced-blanking mode: 160 pixels, 46 lines are enough for a screen that has no beam. */
    private static final int BLANK_WIDTH = 160;
    private static final int BLANK_HEIGHT = 46;
    private static final int REFRESH = 60;

    private Edid() {}

    static byte[] of(Resolution preferred) {
        byte[] edid = new byte[SIZE];
        for (int i = 1; i < 7; i++) {
            edid[i] = (byte) 0xFF;
        }
        // Manufacturer "VRD": three letters of five bits, big-endian.
        int maker = ('V' - '@') << 10 | ('R' - '@') << 5 | 'D' - '@';
        edid[8] = (byte) (maker >> 8);
        edid[9] = (byte) maker;
        edid[10] = 1;
        edid[16] = 1;
        edid[17] = 36;
        edid[18] = 1;
        edid[19] = 4;
        edid[20] = (byte) 0xA5;
        edid[23] = 120;
        edid[24] = 0x06;
        byte[] chromaticity = {(byte) 0xEE, (byte) 0x91, (byte) 0xA3, 0x54, 0x4C, (byte) 0x99, 0x26, 0x0F, 0x50, 0x54};
        System.arraycopy(chromaticity, 0, edid, 25, chromaticity.length);
        for (int i = 38; i < 54; i++) {
            edid[i] = 1;
        }
        timing(edid, 54, preferred);
        text(edid, 72, 0xFC, "Viridian");
        text(edid, 90, 0xFE, "synthetic");
        text(edid, 108, 0xFF, "1");
        int sum = 0;
        for (byte b : edid) {
            sum += b;
        }
        edid[SIZE - 1] = (byte) -sum;
        return edid;
    }

    private static void timing(byte[] edid, int at, Resolution size) {
        int clock = (size.width() + BLANK_WIDTH) * (size.height() + BLANK_HEIGHT) * REFRESH / 10_000;
        edid[at] = (byte) clock;
        edid[at + 1] = (byte) (clock >> 8);
        edid[at + 2] = (byte) size.width();
        edid[at + 3] = (byte) BLANK_WIDTH;
        edid[at + 4] = (byte) (size.width() >> 8 << 4);
        edid[at + 5] = (byte) size.height();
        edid[at + 6] = (byte) BLANK_HEIGHT;
        edid[at + 7] = (byte) (size.height() >> 8 << 4);
        edid[at + 8] = 48;
        edid[at + 9] = 32;
        edid[at + 10] = 0x36;
        edid[at + 17] = 0x1E;
    }

    private static void text(byte[] edid, int at, int tag, String text) {
        edid[at + 3] = (byte) tag;
        byte[] ascii = (text + "\n").getBytes(StandardCharsets.US_ASCII);
        for (int i = 0; i < 13; i++) {
            edid[at + 5 + i] = i < ascii.length ? ascii[i] : (byte) ' ';
        }
    }
}
