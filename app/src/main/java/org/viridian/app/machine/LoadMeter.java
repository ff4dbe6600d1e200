package org.viridian.app.machine;

import org.viridian.engine.partition.Partition;

/** Share of host processor time that a partition's processors use, between two looks. */
final class LoadMeter {
    private static final long SHORTEST = 200_000_000L;

    private final Partition partition;
    private long lastTime = System.nanoTime();
    private long lastUsed;
    private double last;

    LoadMeter(Partition partition) {
        this.partition = partition;
    }

    /** Processors' worth of time since the last look; looks closer than 0.2 s apart repeat the last answer. */
    synchronized double sample() {
        long now = System.nanoTime();
        if (now - lastTime >= SHORTEST) {
            long used = partition.processorNanos();
            last = Math.max(0, (double) (used - lastUsed) / (now - lastTime));
            lastUsed = used;
            lastTime = now;
        }
        return last;
    }
}
