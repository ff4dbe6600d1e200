package org.viridian.app.machine;

/** Why a machine ended. */
public sealed interface Ending {
    /** The guest powered off. */
    record PoweredOff(String reason) implements Ending {}

    /** The user turned it off. */
    record TurnedOff() implements Ending {}

    /** The guest wrote the debug-exit port. */
    record DebugExit(int status) implements Ending {}

    /** A triple fault in a machine that does not restart, or an engine error. */
    record Failed(String reason) implements Ending {}
}
