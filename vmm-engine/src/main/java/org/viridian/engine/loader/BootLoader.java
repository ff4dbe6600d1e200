package org.viridian.engine.loader;

import org.viridian.engine.memory.GuestMemory;
import org.viridian.engine.processor.ProcessorState;

/** A checked kernel, ready to be put into a VM's memory, again after each reset. */
public sealed interface BootLoader permits LinuxLoader, MultibootLoader {
    /**
     * Writes the kernel and what its boot protocol wants into guest RAM.
     *
     * @param memory the VM's memory, RAM at 0
     * @param rsdp guest physical address of the ACPI root pointer, or 0
     * @return the state in which processor 0 starts
     * @throws LoaderException when the VM's memory is too small
     */
    ProcessorState load(GuestMemory memory, long rsdp) throws LoaderException;
}
