package org.viridian.display.keys;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.util.ArrayList;
import java.util.List;
import javafx.scene.input.KeyCode;
import org.junit.jupiter.api.Test;
import org.viridian.devices.input.KeyboardSink;
import org.viridian.devices.input.ScanCode;

class KeyTrackerTest {
    private static final int LEFT_SHIFT = 42;
    private static final int RIGHT_SHIFT = 54;
    private static final int KEY_A = 30;
    private static final int KEY_Y = 21;
    private static final int KEY_HANGUL = 122;

    private final List<String> sent = new ArrayList<>();
    private final boolean[] keyboard = new boolean[256];
    private final KeyTracker tracker = new KeyTracker();

    KeyTrackerTest() {
        tracker.setSink(new KeyboardSink() {
            @Override
            public void key(int code, boolean down) {
                sent.add((down ? "+" : "-") + Integer.toHexString(code));
            }

            @Override
            public boolean ready() {
                return true;
            }
        });
    }

    private void usePhysicalKeys() {
        tracker.setHost(new HeldKeys() {
            @Override
            public boolean read(boolean[] down) {
                System.arraycopy(keyboard, 0, down, 0, down.length);
                return true;
            }

            @Override
            public void close() {}
        });
        tracker.begin();
    }

    private void press(int evdev, KeyCode code) {
        keyboard[evdev] = true;
        tracker.pressed(code);
    }

    private void release(int evdev, KeyCode code) {
        keyboard[evdev] = false;
        tracker.released(code);
    }

    @Test
    void withoutPhysicalKeysTheKeyCodeDecides() {
        tracker.pressed(KeyCode.A);
        tracker.pressed(KeyCode.A);
        tracker.released(KeyCode.A);
        tracker.pressed(KeyCode.UP);
        tracker.released(KeyCode.UP);
        assertEquals(List.of("+1e", "+1e", "-1e", "+148", "-148"), sent);
    }

    @Test
    void layoutDoesNotMatter() {
        usePhysicalKeys();
        press(KEY_Y, KeyCode.Z);
        release(KEY_Y, KeyCode.Z);
        assertEquals(List.of("+15", "-15"), sent);
    }

    @Test
    void bothShiftKeysAreThemselves() {
        usePhysicalKeys();
        press(LEFT_SHIFT, KeyCode.SHIFT);
        press(RIGHT_SHIFT, KeyCode.SHIFT);
        release(LEFT_SHIFT, KeyCode.SHIFT);
        release(RIGHT_SHIFT, KeyCode.SHIFT);
        assertEquals(List.of("+2a", "+36", "-2a", "-36"), sent);
    }

    @Test
    void hangulArrivesAlthoughItsKeyCodeIsUndefined() {
        usePhysicalKeys();
        press(KEY_HANGUL, KeyCode.UNDEFINED);
        release(KEY_HANGUL, KeyCode.UNDEFINED);
        assertEquals(List.of("+72", "-72"), sent);
    }

    @Test
    void aKeyThatIsUpAgainBeforeItIsReadIsNotLost() {
        usePhysicalKeys();
        tracker.pressed(KeyCode.A);
        tracker.released(KeyCode.A);
        assertEquals(List.of("+1e", "-1e"), sent);
    }

    @Test
    void aKeyThatIsDownAgainBeforeItsReleaseIsReadIsPressedTwice() {
        usePhysicalKeys();
        press(KEY_A, KeyCode.A);
        tracker.released(KeyCode.A);
        tracker.pressed(KeyCode.A);
        release(KEY_A, KeyCode.A);
        assertEquals(List.of("+1e", "-1e", "+1e", "-1e"), sent);
    }

    @Test
    void repetitionIsPassedOn() {
        usePhysicalKeys();
        press(KEY_A, KeyCode.A);
        tracker.pressed(KeyCode.A);
        release(KEY_A, KeyCode.A);
        assertEquals(List.of("+1e", "+1e", "-1e"), sent);
    }

    @Test
    void modifierHeldAtTheBeginningIsNotReplayed() {
        keyboard[LEFT_SHIFT] = true;
        usePhysicalKeys();
        press(KEY_A, KeyCode.A);
        assertEquals(List.of("+1e"), sent);
        release(LEFT_SHIFT, KeyCode.SHIFT);
        release(KEY_A, KeyCode.A);
        press(LEFT_SHIFT, KeyCode.SHIFT);
        assertEquals(List.of("+1e", "-1e", "+2a"), sent);
    }

    @Test
    void nothingSticksWhenTheFocusGoes() {
        usePhysicalKeys();
        press(LEFT_SHIFT, KeyCode.SHIFT);
        press(KEY_A, KeyCode.A);
        tracker.releaseAll();
        assertEquals(List.of("+2a", "+1e", "-1e", "-2a"), sent);
        assertFalse(tracker.isHeld(0x2A));
        // Released outside the window; then the focus returns.
        keyboard[LEFT_SHIFT] = false;
        keyboard[KEY_A] = false;
        tracker.begin();
        press(KEY_A, KeyCode.A);
        assertEquals("+1e", sent.getLast());
    }

    @Test
    void everyScanCodeIsInTheSinksRange() {
        for (int key = 0; key < 256; key++) {
            assertEquals(0, EvdevKeys.scanCode(key) & ~(ScanCode.E0 | ScanCode.E1 | 0x7F), "evdev " + key);
        }
        for (KeyCode code : KeyCode.values()) {
            assertEquals(0, KeyCodeKeys.scanCode(code) & ~(ScanCode.E0 | ScanCode.E1 | 0x7F), code.toString());
        }
    }
}
