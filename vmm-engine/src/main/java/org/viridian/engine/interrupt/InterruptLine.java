package org.viridian.engine.interrupt;

/** One wire into an interrupt controller. Any thread; edges and levels are seen in the order of the calls. */
@FunctionalInterface
public interface InterruptLine {
    /** Drives the wire: true = asserted. */
    void set(boolean asserted);

    /** An edge: asserted, then released. */
    default void pulse() {
        set(true);
        set(false);
    }
}
