package org.viridian.engine.device;

/**
 * A device of one VM. Its fields fall into three groups, kept apart in each class: configuration (final), glue to the
 * machine (final), and volatile state (what {@link #reset} clears and {@link #save} returns).
 *
 * <p>Thread rule: all methods are called with the VM's processors stopped and the device lock held.
 */
public interface Device extends AutoCloseable {
    /** How the device appears to the device manager. */
    DeviceNode node();

    /** Returns the volatile state to its value at power-on. */
    void reset();

    /** The volatile state as a record of plain values that Jackson can write; never null. */
    Record save();

    /** Takes back what {@link #save} returned; throws {@link IllegalArgumentException} for any other record. */
    void restore(Record state);

    /** Lets go of host resources. */
    @Override
    default void close() {}
}
