package org.viridian.display.keys;

import java.util.BitSet;
import javafx.application.Platform;
import javafx.beans.property.ReadOnlyBooleanProperty;
import javafx.beans.property.ReadOnlyBooleanWrapper;
import javafx.scene.Node;
import javafx.scene.input.KeyCode;
import javafx.scene.input.KeyEvent;
import javafx.scene.input.MouseEvent;
import org.viridian.devices.input.KeyboardSink;
import org.viridian.devices.input.ScanCode;

/**
 * Decides whether the keyboard is the guest's. Captured by a click on the console, by Enter while it has the focus, or
 * by the program; let go of by Ctrl+Alt+Left, which never reaches the guest as a whole, and when the focus goes.
 *
 * <p>Thread rule: JavaFX thread.
 */
public final class InputCapture {
    private static final int CTRL = 0x1D;
    private static final int ALT = 0x38;
    private static final int DELETE = ScanCode.E0 | 0x53;

    private final Node console;
    private final KeyTracker tracker = new KeyTracker();
    private final ReadOnlyBooleanWrapper captured = new ReadOnlyBooleanWrapper(this, "captured");
    private KeyboardSink sink;
    private Runnable onRelease = () -> {};
    private Runnable onFullScreen = () -> {};
    private boolean captureOnFocus;
    private KeyboardGrab grab;
    private final BitSet grabbedDown = new BitSet();

    /** @param console takes the focus and the keys */
    public InputCapture(Node console) {
        this.console = console;
        console.addEventFilter(KeyEvent.ANY, this::onKey);
        console.addEventHandler(MouseEvent.MOUSE_PRESSED, event -> {
            capture();
            // A tab pane around the console takes the focus on every click that reaches it, and the capture with it.
            event.consume();
        });
        console.focusedProperty().subscribe(focused -> {
            if (!focused) {
                release();
            } else if (captureOnFocus) {
                captureOnFocus = false;
                capture();
            }
        });
    }

    /** Whether keys go to the guest. */
    public ReadOnlyBooleanProperty capturedProperty() {
        return captured.getReadOnlyProperty();
    }

    /** The keys that are held. */
    public KeyTracker tracker() {
        return tracker;
    }

    /** Is run when the release chord was pressed: the place to move the focus away from the console. */
    public void onReleaseChord(Runnable action) {
        onRelease = action;
    }

    /** Is run when Ctrl+Alt+Enter was pressed while the guest has the keyboard. */
    public void onFullScreenChord(Runnable action) {
        onFullScreen = action;
    }

    /** Takes the whole keyboard while captured from now on, or not when null. */
    public void setGrab(KeyboardGrab next) {
        if (grab != null) {
            grab.end();
        }
        grab = next;
        if (next != null && captured.get()) {
            beginGrab();
        }
    }

    /** Where keys go, or null when there is no machine; held keys are released on the former one. */
    public void setSink(KeyboardSink next) {
        sink = next;
        tracker.setSink(next);
        if (next == null) {
            release();
        }
    }

    /** Gives the keyboard to the guest. */
    public void capture() {
        if (sink == null || captured.get()) {
            return;
        }
        if (!console.isFocused()) {
            captureOnFocus = true;
            console.requestFocus();
            if (!captured.get() && !console.isFocused()) {
                return;
            }
        }
        captureOnFocus = false;
        if (!captured.get()) {
            tracker.begin();
            captured.set(true);
            beginGrab();
        }
    }

    private void beginGrab() {
        if (grab != null) {
            grabbedDown.clear();
            grab.begin(new Grabbed());
        }
    }

    /** Gives the keyboard back to the host; nothing stays pressed in the guest. */
    public void release() {
        if (grab != null) {
            grab.end();
        }
        tracker.releaseAll();
        captured.set(false);
    }

    /** Presses and releases Ctrl+Alt+Del in the guest. */
    public void sendControlAltDelete() {
        if (sink != null) {
            // As at the start of a capture: the keys of the chord that asked for it are not typed again.
            tracker.begin();
            sink.key(CTRL, true);
            sink.key(ALT, true);
            sink.key(DELETE, true);
            sink.key(DELETE, false);
            sink.key(ALT, false);
            sink.key(CTRL, false);
        }
    }

    private void onKey(KeyEvent event) {
        if (!captured.get()) {
            if (event.getEventType() == KeyEvent.KEY_PRESSED && event.getCode() == KeyCode.ENTER && sink != null
                    && !event.isShortcutDown() && !event.isAltDown()) {
                capture();
                event.consume();
            }
            return;
        }
        // Consumed in a filter, or Tab, arrows, F10 and accelerators would drive the window instead of the guest.
        event.consume();
        boolean chord = event.isControlDown() && event.isAltDown();
        if (event.getEventType() == KeyEvent.KEY_PRESSED) {
            if (chord && event.getCode() == KeyCode.LEFT) {
                release();
                onRelease.run();
            } else if (chord && event.getCode() == KeyCode.END) {
                sendControlAltDelete();
            } else if (chord && event.getCode() == KeyCode.ENTER) {
                tracker.begin();
                onFullScreen.run();
            } else {
                tracker.pressed(event.getCode());
            }
        } else if (event.getEventType() == KeyEvent.KEY_RELEASED) {
            tracker.released(event.getCode());
        }
    }

    /** Keys of the grab, brought to the JavaFX thread. */
    private final class Grabbed implements KeyboardGrab.Receiver {
        @Override
        public void key(int evdev, boolean down) {
            Platform.runLater(() -> take(evdev, down));
        }

        @Override
        public void ended() {
            Platform.runLater(() -> {
                if (captured.get()) {
                    release();
                    onRelease.run();
                }
            });
        }

        private void take(int evdev, boolean down) {
            if (!captured.get()) {
                return;
            }
            grabbedDown.set(evdev, down);
            if (down && EvdevKeys.controlAndAlt(grabbedDown)) {
                if (evdev == EvdevKeys.END) {
                    sendControlAltDelete();
                    return;
                }
                if (evdev == EvdevKeys.ENTER || evdev == EvdevKeys.KEYPAD_ENTER) {
                    tracker.releaseAll();
                    onFullScreen.run();
                    return;
                }
            }
            tracker.physical(evdev, down);
        }
    }
}
