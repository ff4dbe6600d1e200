package org.viridian.display.keys;

import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import javafx.scene.input.KeyCode;
import org.viridian.devices.input.KeyboardSink;

/**
 * Turns key events of a window into presses and releases of physical keys, and keeps what the guest believes held, so
 * that no key can stick. The event says that something happened; the host's key bitmap says which key it was. Where
 * the bitmap is missing, or the key is up again before it could be read, the event's own key code decides.
 *
 * <p>Thread rule: JavaFX thread.
 */
public final class KeyTracker {
    private static final int KEYS = 256;

    private final boolean[] down = new boolean[KEYS];
    private final boolean[] ignored = new boolean[KEYS];
    private final int[] heldScan = new int[KEYS];
    private final Map<KeyCode, Integer> heldByCode = new HashMap<>();
    private final BitSet held = new BitSet();
    private HeldKeys host;
    private KeyboardSink sink;

    /** Uses the host's bitmap from now on, or key codes alone when null. */
    public void setHost(HeldKeys keys) {
        releaseAll();
        host = keys;
    }

    /** Whether physical keys are known, so that layouts, both modifiers and Hangul are right. */
    public boolean isPhysical() {
        return host != null;
    }

    /** Where keys go from now on, or null; those held on the former one are released. */
    public void setSink(KeyboardSink next) {
        if (next != sink) {
            releaseAll();
            sink = next;
        }
    }

    /** Keys that are down now are not the guest's: a modifier held while the focus comes must not be replayed. */
    public void begin() {
        releaseAll();
        if (readHost()) {
            System.arraycopy(down, 0, ignored, 0, KEYS);
        }
    }

    /** Whether a key of this scan code is held in the guest. */
    public boolean isHeld(int scanCode) {
        return held.get(scanCode);
    }

    /** A key press event, or its repetition. */
    public void pressed(KeyCode code) {
        int scan = 0;
        if (readHost()) {
            scan = pressNewKeys(code);
        }
        if (scan == 0) {
            // Nothing new on the keyboard: a repetition, or a key that is up again already.
            Integer repeated = heldByCode.get(code);
            if (repeated != null && held.get(repeated)) {
                send(repeated, true);
                return;
            }
            scan = KeyCodeKeys.scanCode(code);
            if (scan == 0 || held.get(scan)) {
                return;
            }
            press(scan);
        }
        heldByCode.put(code, scan);
    }

    /** A key release event. */
    public void released(KeyCode code) {
        boolean any = false;
        if (readHost()) {
            for (int key = 0; key < KEYS; key++) {
                if (heldScan[key] != 0 && !down[key]) {
                    release(heldScan[key]);
                    heldScan[key] = 0;
                    any = true;
                }
            }
        }
        Integer scan = heldByCode.get(code);
        if (scan != null && held.get(scan) && !any) {
            // Down again before we looked: the next press event will press it anew.
            release(scan);
            forget(scan);
        }
        if (scan != null && !held.get(scan)) {
            heldByCode.remove(code);
        }
        if (held.isEmpty()) {
            heldByCode.clear();
        }
    }

    /** A physical key whose code is known, from a grab: press, repetition or release. */
    public void physical(int evdev, boolean isDown) {
        if (evdev < 0 || evdev >= KEYS) {
            return;
        }
        int scan = EvdevKeys.scanCode(evdev);
        if (isDown && scan != 0) {
            heldScan[evdev] = scan;
            press(scan);
        } else if (!isDown && heldScan[evdev] != 0) {
            release(heldScan[evdev]);
            heldScan[evdev] = 0;
        }
    }

    /** Releases everything that the guest believes held: focus lost, capture ended, machine paused. */
    public void releaseAll() {
        for (int scan = held.nextSetBit(0); scan >= 0; scan = held.nextSetBit(scan + 1)) {
            send(scan, false);
        }
        held.clear();
        heldByCode.clear();
        java.util.Arrays.fill(heldScan, 0);
        java.util.Arrays.fill(ignored, false);
    }

    private boolean readHost() {
        if (host == null || !host.read(down)) {
            return false;
        }
        for (int key = 0; key < KEYS; key++) {
            ignored[key] &= down[key];
        }
        return true;
    }

    /** Presses the new key of this event; with several new ones, the one the key code suggests. 0 when there is none. */
    private int pressNewKeys(KeyCode code) {
        int suggested = KeyCodeKeys.scanCode(code);
        int found = -1;
        for (int key = 0; key < KEYS; key++) {
            int scan = EvdevKeys.scanCode(key);
            if (down[key] && !ignored[key] && scan != 0 && !held.get(scan) && (found < 0 || scan == suggested)) {
                found = key;
            }
        }
        if (found < 0) {
            return 0;
        }
        int scan = EvdevKeys.scanCode(found);
        heldScan[found] = scan;
        press(scan);
        return scan;
    }

    private void forget(int scan) {
        for (int key = 0; key < KEYS; key++) {
            if (heldScan[key] == scan) {
                heldScan[key] = 0;
            }
        }
    }

    private void press(int scan) {
        held.set(scan);
        send(scan, true);
    }

    private void release(int scan) {
        held.clear(scan);
        send(scan, false);
    }

    private void send(int scan, boolean isDown) {
        if (sink != null) {
            sink.key(scan, isDown);
        }
    }
}
