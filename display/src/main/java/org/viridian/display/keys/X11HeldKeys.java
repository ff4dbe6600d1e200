package org.viridian.display.keys;

import com.sun.jna.Native;
import com.sun.jna.Pointer;
import java.util.Optional;

/**
 * Physical keys of an X server, through {@code XQueryKeymap} on a connection of its own: 0.1–0.4 ms a question, and
 * independent of layout and input method. X key codes are evdev codes plus 8 on every X server for Linux.
 *
 * <p>Thread rule: one thread at a time; {@link #open} may be called on any.
 */
public final class X11HeldKeys implements HeldKeys {
    private static final int KEYMAP_BYTES = 32;

    private final byte[] keymap = new byte[KEYMAP_BYTES];
    private Pointer display;

    private X11HeldKeys(Pointer display) {
        this.display = display;
    }

    /** Connects to the server of {@code DISPLAY}; empty without one. The first call loads libraries: 0.2 s. */
    public static Optional<HeldKeys> open() {
        if (System.getenv("DISPLAY") == null || "Headless".equalsIgnoreCase(System.getProperty("glass.platform"))) {
            return Optional.empty();
        }
        try {
            Pointer display = LibX11.XOpenDisplay(null);
            return display == null ? Optional.empty() : Optional.of(new X11HeldKeys(display));
        } catch (UnsatisfiedLinkError | NoClassDefFoundError e) {
            System.getLogger(X11HeldKeys.class.getName()).log(System.Logger.Level.INFO, "no libX11: {0}", e.getMessage());
            return Optional.empty();
        }
    }

    @Override
    public boolean read(boolean[] down) {
        if (display == null) {
            return false;
        }
        LibX11.XQueryKeymap(display, keymap);
        for (int code = 0; code < down.length; code++) {
            int key = code + EvdevKeys.X_OFFSET;
            down[code] = key < KEYMAP_BYTES * 8 && (keymap[key >> 3] >> (key & 7) & 1) != 0;
        }
        return true;
    }

    @Override
    public void close() {
        if (display != null) {
            LibX11.XCloseDisplay(display);
            display = null;
        }
    }

    /** libX11, directly mapped; loaded when first used. */
    private static final class LibX11 {
        static {
            Native.register(LibX11.class, "X11");
        }

        static native Pointer XOpenDisplay(String name);

        static native int XQueryKeymap(Pointer display, byte[] keys);

        static native int XCloseDisplay(Pointer display);
    }
}
