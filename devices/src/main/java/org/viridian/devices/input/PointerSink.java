package org.viridian.devices.input;

/** A pointer that the host can move: PS/2 mouse or the synthetic mouse. Any thread; never blocks. */
public interface PointerSink {
    /** Largest absolute coordinate. */
    int MAX = 0x7FFF;

    /**
     * @param x absolute position across the screen, 0–{@link #MAX}
     * @param y absolute position down the screen, 0–{@link #MAX}
     * @param buttons bit 0 left, 1 right, 2 middle, 3 back, 4 forward
     * @param wheel detents since the last call, positive = away from the user
     */
    void pointer(int x, int y, int buttons, int wheel);

    /** True when a guest driver listens. */
    boolean ready();
}
