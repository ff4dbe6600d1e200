package org.viridian.devices.emulated.ps2;

import org.viridian.devices.input.ScanCode;

/**
 * Conversions between scan code sets. The i8042 turns each set 2 make code into one set 1 code (IBM PS/2 Technical
 * Reference, "Keyboard and Auxiliary Device Controller", translation table); the keyboard goes the other way, because
 * the house names keys by their set 1 codes.
 */
final class ScanCodeTables {
    /** Set 2 code → set 1 code, for codes below 0x90; those behind are their own translation. */
    private static final int[] TO_SET1 = {
        0xFF, 0x43, 0x41, 0x3F, 0x3D, 0x3B, 0x3C, 0x58, 0x64, 0x44, 0x42, 0x40, 0x3E, 0x0F, 0x29, 0x59,
        0x65, 0x38, 0x2A, 0x70, 0x1D, 0x10, 0x02, 0x5A, 0x66, 0x71, 0x2C, 0x1F, 0x1E, 0x11, 0x03, 0x5B,
        0x67, 0x2E, 0x2D, 0x20, 0x12, 0x05, 0x04, 0x5C, 0x68, 0x39, 0x2F, 0x21, 0x14, 0x13, 0x06, 0x5D,
        0x69, 0x31, 0x30, 0x23, 0x22, 0x15, 0x07, 0x5E, 0x6A, 0x72, 0x32, 0x24, 0x16, 0x08, 0x09, 0x5F,
        0x6B, 0x33, 0x25, 0x17, 0x18, 0x0B, 0x0A, 0x60, 0x6C, 0x34, 0x35, 0x26, 0x27, 0x19, 0x0C, 0x61,
        0x6D, 0x73, 0x28, 0x74, 0x1A, 0x0D, 0x62, 0x6E, 0x3A, 0x36, 0x1C, 0x1B, 0x75, 0x2B, 0x63, 0x76,
        0x55, 0x56, 0x77, 0x78, 0x79, 0x7A, 0x0E, 0x7B, 0x7C, 0x4F, 0x7D, 0x4B, 0x47, 0x7E, 0x7F, 0x6F,
        0x52, 0x53, 0x50, 0x4C, 0x4D, 0x48, 0x01, 0x45, 0x57, 0x4E, 0x51, 0x4A, 0x37, 0x49, 0x46, 0x54,
        0x80, 0x81, 0x82, 0x41, 0x54, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8A, 0x8B, 0x8C, 0x8D, 0x8E, 0x8F,
    };

    /** The key beyond the first 0x80 set 2 codes: F7. */
    private static final int SET2_F7 = 0x83;
    private static final int SET1_F7 = 0x41;
    private static final int SET2_ALT_PRINT = 0x84;
    private static final int SET1_ALT_PRINT = 0x54;

    private static final int[] TO_SET2 = new int[0x80];

    static {
        for (int set2 = 0x7F; set2 > 0; set2--) {
            if (TO_SET1[set2] < 0x80) {
                TO_SET2[TO_SET1[set2]] = set2;
            }
        }
        TO_SET2[SET1_F7] = SET2_F7;
        TO_SET2[SET1_ALT_PRINT] = SET2_ALT_PRINT;
    }

    private ScanCodeTables() {}

    /** What the controller's translation makes of a byte that is not the break prefix F0. */
    static int toSet1(int set2) {
        return set2 < TO_SET1.length ? TO_SET1[set2] : set2;
    }

    /** The set 2 make code of a set 1 make code (0–7F), without prefix; 0 when there is none. */
    static int toSet2(int set1) {
        return TO_SET2[set1 & 0x7F];
    }

    /** Bytes that a key has in a set; 0 when there is nothing to send. */
    static int length(int code, boolean down, int set) {
        if ((code & ScanCode.E1) != 0) {
            return !down ? 0 : set == 1 ? 6 : 8;
        }
        int prefix = (code & ScanCode.E0) != 0 ? 1 : 0;
        return set == 1 ? prefix + 1 : toSet2(code) == 0 ? 0 : prefix + (down ? 1 : 2);
    }

    /** Appends the set 2 bytes of a key to {@code out}; nothing when no key of this code exists. */
    static void appendSet2(int code, boolean down, ByteQueue out) {
        int make = toSet2(code);
        if (make == 0) {
            return;
        }
        if ((code & ScanCode.E1) != 0) {
            // Pause sends make and break together and nothing on release.
            if (down) {
                for (int b : new int[] {0xE1, 0x14, 0x77, 0xE1, 0xF0, 0x14, 0xF0, 0x77}) {
                    out.add(b);
                }
            }
            return;
        }
        if ((code & ScanCode.E0) != 0) {
            out.add(0xE0);
        }
        if (!down) {
            out.add(0xF0);
        }
        out.add(make);
    }

    /** Appends the set 1 bytes of a key to {@code out}. */
    static void appendSet1(int code, boolean down, ByteQueue out) {
        if ((code & ScanCode.E1) != 0) {
            if (down) {
                for (int b : new int[] {0xE1, 0x1D, 0x45, 0xE1, 0x9D, 0xC5}) {
                    out.add(b);
                }
            }
            return;
        }
        if ((code & ScanCode.E0) != 0) {
            out.add(0xE0);
        }
        out.add(code & 0x7F | (down ? 0 : 0x80));
    }
}
