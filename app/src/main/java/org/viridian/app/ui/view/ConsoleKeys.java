package org.viridian.app.ui.view;

import java.util.Optional;
import org.viridian.display.keys.HeldKeys;
import org.viridian.display.keys.KeyboardGrab;

/**
 * What the host lets a console know of its keyboard.
 *
 * @param held which keys are down
 * @param grab takes the whole keyboard
 */
record ConsoleKeys(Optional<HeldKeys> held, Optional<KeyboardGrab> grab) {
    /** Key codes alone. */
    static final ConsoleKeys NONE = new ConsoleKeys(Optional.empty(), Optional.empty());
}
