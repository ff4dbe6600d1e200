package org.viridian.engine.kvm;

import java.util.function.LongSupplier;

/**
 * Tells a processor's TSC to threads that may not ask the kernel: a sample of the TSC beside the host's clock, carried on
 * at the TSC's frequency. The two clocks part by the parts per million that the host's clock is corrected by, so a sample
 * is renewed now and then. Thread rule: {@link #sample} by the processor's own thread, or while it does not run; the rest by
 * any thread.
 */
final class TimestampAnchor {
    private static final long OLD_NANOS = 4_000_000_000L;
    /** A sample during which the host did something else for longer than this is taken again. */
    private static final long TIGHT_NANOS = 20_000;
    private static final int ATTEMPTS = 4;
    private static final double NANOSECONDS = 1e9;

    private record Sample(long nanos, long ticks) {}

    private final LongSupplier source;
    private final double ticksPerNano;
    private volatile Sample latest;
    private volatile boolean wanted;

    TimestampAnchor(LongSupplier source, long hz) {
        this.source = source;
        this.ticksPerNano = hz / NANOSECONDS;
        sample();
    }

    void sample() {
        wanted = false;
        long best = Long.MAX_VALUE;
        for (int i = 0; i < ATTEMPTS && best > TIGHT_NANOS; i++) {
            long before = System.nanoTime();
            long ticks = source.getAsLong();
            long took = System.nanoTime() - before;
            if (took < best) {
                best = took;
                latest = new Sample(before + took / 2, ticks);
            }
        }
    }

    /** Somebody found the sample old. */
    boolean wanted() {
        return wanted;
    }

    /** True when the owner should be asked for a new sample; it has then been told so. */
    boolean old() {
        if (System.nanoTime() - latest.nanos < OLD_NANOS) {
            return false;
        }
        wanted = true;
        return true;
    }

    long now() {
        Sample sample = latest;
        return sample.ticks + (long) ((System.nanoTime() - sample.nanos) * ticksPerNano);
    }
}
