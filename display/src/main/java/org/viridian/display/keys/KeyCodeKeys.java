package org.viridian.display.keys;

import static org.viridian.devices.input.ScanCode.E0;
import static org.viridian.devices.input.ScanCode.E1;

import java.util.EnumMap;
import java.util.Map;
import javafx.scene.input.KeyCode;

/**
 * JavaFX key codes as the scan codes they have on a US keyboard: what is left when the physical key cannot be asked
 * for. Left and right modifiers are the same key here, and Hangul and Hanja have no key code at all.
 */
final class KeyCodeKeys {
    private static final Map<KeyCode, Integer> CODES = new EnumMap<>(KeyCode.class);

    static {
        row(0x02, KeyCode.DIGIT1, KeyCode.DIGIT2, KeyCode.DIGIT3, KeyCode.DIGIT4, KeyCode.DIGIT5, KeyCode.DIGIT6,
                KeyCode.DIGIT7, KeyCode.DIGIT8, KeyCode.DIGIT9, KeyCode.DIGIT0, KeyCode.MINUS, KeyCode.EQUALS,
                KeyCode.BACK_SPACE, KeyCode.TAB, KeyCode.Q, KeyCode.W, KeyCode.E, KeyCode.R, KeyCode.T, KeyCode.Y,
                KeyCode.U, KeyCode.I, KeyCode.O, KeyCode.P, KeyCode.OPEN_BRACKET, KeyCode.CLOSE_BRACKET, KeyCode.ENTER,
                KeyCode.CONTROL, KeyCode.A, KeyCode.S, KeyCode.D, KeyCode.F, KeyCode.G, KeyCode.H, KeyCode.J, KeyCode.K,
                KeyCode.L, KeyCode.SEMICOLON, KeyCode.QUOTE, KeyCode.BACK_QUOTE, KeyCode.SHIFT, KeyCode.BACK_SLASH,
                KeyCode.Z, KeyCode.X, KeyCode.C, KeyCode.V, KeyCode.B, KeyCode.N, KeyCode.M, KeyCode.COMMA,
                KeyCode.PERIOD, KeyCode.SLASH);
        row(0x37, KeyCode.MULTIPLY, KeyCode.ALT, KeyCode.SPACE, KeyCode.CAPS, KeyCode.F1, KeyCode.F2, KeyCode.F3,
                KeyCode.F4, KeyCode.F5, KeyCode.F6, KeyCode.F7, KeyCode.F8, KeyCode.F9, KeyCode.F10, KeyCode.NUM_LOCK,
                KeyCode.SCROLL_LOCK, KeyCode.NUMPAD7, KeyCode.NUMPAD8, KeyCode.NUMPAD9, KeyCode.SUBTRACT,
                KeyCode.NUMPAD4, KeyCode.NUMPAD5, KeyCode.NUMPAD6, KeyCode.ADD, KeyCode.NUMPAD1, KeyCode.NUMPAD2,
                KeyCode.NUMPAD3, KeyCode.NUMPAD0, KeyCode.DECIMAL);
        row(0x57, KeyCode.F11, KeyCode.F12);
        CODES.put(KeyCode.ESCAPE, 0x01);
        CODES.put(KeyCode.ALT_GRAPH, E0 | 0x38);
        CODES.put(KeyCode.DIVIDE, E0 | 0x35);
        CODES.put(KeyCode.PRINTSCREEN, E0 | 0x37);
        CODES.put(KeyCode.PAUSE, E1 | 0x1D);
        row(E0 | 0x47, KeyCode.HOME, KeyCode.UP, KeyCode.PAGE_UP);
        CODES.put(KeyCode.LEFT, E0 | 0x4B);
        CODES.put(KeyCode.RIGHT, E0 | 0x4D);
        row(E0 | 0x4F, KeyCode.END, KeyCode.DOWN, KeyCode.PAGE_DOWN, KeyCode.INSERT, KeyCode.DELETE);
        CODES.put(KeyCode.KP_UP, 0x48);
        CODES.put(KeyCode.KP_DOWN, 0x50);
        CODES.put(KeyCode.KP_LEFT, 0x4B);
        CODES.put(KeyCode.KP_RIGHT, 0x4D);
        CODES.put(KeyCode.WINDOWS, E0 | 0x5B);
        CODES.put(KeyCode.META, E0 | 0x5B);
        CODES.put(KeyCode.CONTEXT_MENU, E0 | 0x5D);
        CODES.put(KeyCode.LESS, 0x56);
    }

    private KeyCodeKeys() {}

    private static void row(int first, KeyCode... keys) {
        for (int i = 0; i < keys.length; i++) {
            CODES.put(keys[i], first + i);
        }
    }

    /** The scan code, or 0 when there is none. */
    static int scanCode(KeyCode key) {
        return CODES.getOrDefault(key, 0);
    }
}
