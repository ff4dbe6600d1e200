package org.viridian.display.keys;

/** Asks the host which physical keys are down. */
public interface HeldKeys extends AutoCloseable {
    /**
     * Fills in the keys that are down now.
     *
     * @param down 256 flags by evdev code
     * @return false when the host cannot tell any more
     */
    boolean read(boolean[] down);

    @Override
    void close();
}
