package org.viridian.devices.emulated;

/** Counts of a fixed frequency against the VM's nanoseconds, exact and without overflow for 292 years. */
public final class Ticks {
    private static final long SECOND = 1_000_000_000L;

    private Ticks() {}

    /** Whole ticks of {@code hertz} (at most 4 GHz) that have passed after {@code nanos}. */
    public static long at(long nanos, long hertz) {
        return Math.floorDiv(nanos, SECOND) * hertz + Math.floorMod(nanos, SECOND) * hertz / SECOND;
    }

    /** The first nanosecond at which {@link #at} answers {@code ticks}. */
    public static long nanosOf(long ticks, long hertz) {
        return Math.floorDiv(ticks, hertz) * SECOND + Math.ceilDiv(Math.floorMod(ticks, hertz) * SECOND, hertz);
    }
}
