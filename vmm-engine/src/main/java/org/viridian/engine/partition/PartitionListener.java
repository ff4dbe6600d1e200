package org.viridian.engine.partition;

/** Told of a partition's life, on its control thread with every processor stopped unless said otherwise. */
public interface PartitionListener {
    /** Reset: return devices to power-on and put the processors into their start state; on return they run. */
    default void reset(String reason) {}

    /** The guest powered off; the processors stay stopped. */
    default void poweredOff(String reason) {}

    /** The guest ended itself through the debug-exit port. */
    default void exited(int status) {}

    /** A processor cannot go on; the processors stay stopped. {@code reason} is one plain sentence. */
    default void failed(String reason) {}

    /** The guest reported a crash; called on a processor's thread, the VM goes on. */
    default void guestCrashed(GuestCrash crash) {}
}
