package org.viridian.app.machine;

import org.viridian.engine.partition.GuestCrash;

/** Told of a machine's life. Called on the machine's own threads; must not block or call the machine back. */
public interface MachineListener {
    /** The state changed. */
    default void stateChanged(MachineState state) {}

    /** The guest was reset. */
    default void guestReset(String reason) {}

    /** The guest reported a crash. */
    default void guestCrashed(GuestCrash crash) {}
}
