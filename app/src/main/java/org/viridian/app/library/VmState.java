package org.viridian.app.library;

/** What a VM of the library is doing. */
public enum VmState {
    /** Not running. */
    OFF,
    /** Running. */
    RUNNING,
    /** Standing still. */
    PAUSED,
    /** Its definition cannot be read; {@link VmSummary#damage} says why. */
    DAMAGED
}
