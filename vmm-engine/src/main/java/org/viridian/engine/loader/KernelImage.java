package org.viridian.engine.loader;

import java.nio.file.Path;
import org.viridian.engine.memory.GuestMemory;
import org.viridian.engine.processor.ProcessorState;

/** A kernel that can be started without firmware. Immutable; {@link #load} may be called for every reset. */
public sealed interface KernelImage permits LinuxKernel, MultibootKernel {
    /** More than any kernel file has; keeps a wrong file from filling the heap. */
    long MAX_FILE = 512L << 20;

    /** Reads a kernel file and tells its kind by its content. */
    static KernelImage read(Path file) throws LoaderException {
        byte[] image = HostFile.read(file, "kernel", MAX_FILE);
        if (LinuxKernel.looksLike(image)) {
            return LinuxKernel.parse(file.toString(), image);
        }
        if (MultibootKernel.looksLike(image)) {
            return MultibootKernel.parse(file.toString(), image);
        }
        throw new LoaderException(
                "The kernel %s is neither a Linux bzImage nor a multiboot kernel; name a file such as /boot/vmlinuz-*."
                        .formatted(file));
    }

    /**
     * Puts kernel, RAM disk and boot information into guest memory.
     *
     * @return the state in which the first processor starts
     */
    ProcessorState load(GuestMemory memory, BootInputs inputs) throws LoaderException;
}
