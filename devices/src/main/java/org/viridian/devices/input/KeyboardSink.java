package org.viridian.devices.input;

/** A keyboard that the host can type on: PS/2 or the keyboard VSP. Any thread; never blocks. */
public interface KeyboardSink {
    /**
     * @param code a {@link ScanCode}: PS/2 set 1 make code in 6:0, {@link ScanCode#E0} or {@link ScanCode#E1} prefix above
     * @param down pressed or released; a repeated press is a typematic repeat
     */
    void key(int code, boolean down);

    /** True when a guest driver listens: the router prefers a synthetic device that is ready. */
    boolean ready();
}
