package org.viridian.display.keys;

import static org.viridian.devices.input.ScanCode.E0;
import static org.viridian.devices.input.ScanCode.E1;

/**
 * Linux input event codes (include/uapi/linux/input-event-codes.h) as PS/2 set 1 scan codes (Microsoft, "Keyboard Scan
 * Code Specification" 1.3a, appendix A). Codes 1–88 are the make codes themselves, but for the few gaps.
 */
final class EvdevKeys {
    /** X key codes are evdev codes plus this (xfree86/common, evdev driver). */
    static final int X_OFFSET = 8;

    private static final int[] CODES = new int[256];

    static {
        for (int code = 1; code <= 83; code++) {
            CODES[code] = code;
        }
        put(86, 0x56, 87, 0x57, 88, 0x58, 89, 0x73, 92, 0x79, 93, 0x70, 94, 0x7B, 95, 0x5C, 96, E0 | 0x1C, 97, E0 | 0x1D,
                98, E0 | 0x35, 99, E0 | 0x37, 100, E0 | 0x38, 102, E0 | 0x47, 103, E0 | 0x48, 104, E0 | 0x49,
                105, E0 | 0x4B, 106, E0 | 0x4D, 107, E0 | 0x4F, 108, E0 | 0x50, 109, E0 | 0x51, 110, E0 | 0x52,
                111, E0 | 0x53, 113, E0 | 0x20, 114, E0 | 0x2E, 115, E0 | 0x30, 116, E0 | 0x5E, 117, 0x59,
                119, E1 | 0x1D, 121, 0x7E, 122, 0x72, 123, 0x71, 124, 0x7D, 125, E0 | 0x5B, 126, E0 | 0x5C,
                127, E0 | 0x5D, 140, E0 | 0x21, 142, E0 | 0x5F, 155, E0 | 0x6C, 156, E0 | 0x66, 158, E0 | 0x6A,
                159, E0 | 0x69, 163, E0 | 0x19, 164, E0 | 0x22, 165, E0 | 0x10, 166, E0 | 0x24, 172, E0 | 0x32,
                173, E0 | 0x67, 183, 0x64, 184, 0x65, 185, 0x66, 186, 0x67, 187, 0x68, 188, 0x69, 189, 0x6A,
                190, 0x6B, 191, 0x6C, 192, 0x6D, 193, 0x6E, 194, 0x76, 217, E0 | 0x65);
    }

    private EvdevKeys() {}

    private static void put(int... pairs) {
        for (int i = 0; i < pairs.length; i += 2) {
            CODES[pairs[i]] = pairs[i + 1];
        }
    }

    /** The scan code, or 0 when the key has none. */
    static int scanCode(int evdev) {
        return evdev >= 0 && evdev < CODES.length ? CODES[evdev] : 0;
    }

    /** The left arrow. */
    static final int LEFT = 105;
    /** The End key. */
    static final int END = 107;
    /** Enter, and Enter of the keypad. */
    static final int ENTER = 28;
    static final int KEYPAD_ENTER = 96;

    /** Whether a Ctrl and an Alt are among the keys that are down; by evdev code. */
    static boolean controlAndAlt(java.util.BitSet down) {
        return (down.get(29) || down.get(97)) && (down.get(56) || down.get(100));
    }
}
