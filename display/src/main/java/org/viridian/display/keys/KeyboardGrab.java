package org.viridian.display.keys;

/** Takes the whole keyboard from the host for a while, with the keys that a window manager keeps: Alt+Tab, Super. */
public interface KeyboardGrab extends AutoCloseable {
    /** Who is given the keys; called on a thread of the grab's own. */
    interface Receiver {
        /**
         * A key went down (or repeats) or up.
         *
         * @param evdev its evdev code
         */
        void key(int evdev, boolean down);

        /** The grab has ended by itself: the release chord was pressed, or the host took the keyboard back. */
        void ended();
    }

    /** Takes the keyboard as soon as the host gives it; without effect where the host refuses. Does not block. */
    void begin(Receiver receiver);

    /** Gives the keyboard back, at the latest after a few hundredths of a second. Idempotent; does not block. */
    void end();

    @Override
    void close();
}
