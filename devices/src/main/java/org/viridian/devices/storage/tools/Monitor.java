package org.viridian.devices.storage.tools;

import java.util.concurrent.CancellationException;

/** Watches a longer job on an image. Called on the job's thread; must not block. */
public interface Monitor {
    /** Watches nothing. */
    Monitor NONE = fraction -> { };

    /**
     * How far the job has come.
     *
     * @param fraction 0–1
     */
    void at(double fraction);

    /** True when the job is to stop; it then leaves things as they were, or whole. */
    default boolean cancelled() {
        return false;
    }

    /** Reports, and stops a cancelled job. */
    default void step(double fraction) {
        if (cancelled()) {
            throw new CancellationException();
        }
        at(fraction);
    }
}
