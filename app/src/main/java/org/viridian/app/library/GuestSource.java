package org.viridian.app.library;

import java.nio.file.Path;
import org.viridian.app.definition.NewVm.Flavour;
import org.viridian.app.text.Failure;
import org.viridian.app.text.Progress;

/** Makes the boot files of a gallery guest, or finds them in the cache. */
@FunctionalInterface
public interface GuestSource {
    /** Makes or finds them. */
    BootFiles assemble(Flavour flavour, Progress progress) throws Failure;

    /**
     * Boot files in the cache.
     *
     * @param kernel the package's own bzImage
     * @param initrd the assembled initramfs
     * @param commandLine the command line they want
     * @param version the kernel release, such as {@code 6.1.0-56-cloud-amd64}
     */
    record BootFiles(Path kernel, Path initrd, String commandLine, String version) {}
}
