package org.viridian.devices.input;

/** A pointer that takes movements, for a host pointer that is captured by the console. Any thread; never blocks. */
public interface RelativePointerSink {
    /**
     * @param dx pixels to the right
     * @param dy pixels down
     * @param buttons bit 0 left, 1 right, 2 middle, 3 back, 4 forward
     * @param wheel detents, positive = away from the user
     */
    void relative(int dx, int dy, int buttons, int wheel);
}
