package org.viridian.engine.backend;

/** A way to execute guest code: Linux KVM or the software CPU. */
public interface Backend {
    /** {@code kvm} or {@code software}. */
    String name();

    /**
     * Makes an empty partition.
     *
     * @throws BackendException with the reason and the remedy when the host refuses
     */
    BackendPartition createPartition(PartitionConfig config) throws BackendException;
}
