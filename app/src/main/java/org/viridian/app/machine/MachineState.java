package org.viridian.app.machine;

/** The state of a machine, in Hyper-V's words. */
public enum MachineState {
    /** Built, not started. */
    OFF,
    /** Processors run. */
    RUNNING,
    /** Processors and clock stand still. */
    PAUSED,
    /** Ended by the guest, by Turn off, or by an error: {@link Machine#ending} tells. */
    ENDED
}
