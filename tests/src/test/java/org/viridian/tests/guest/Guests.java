package org.viridian.tests.guest;

import static org.junit.jupiter.api.Assumptions.abort;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.viridian.app.definition.Folders;
import org.viridian.app.definition.NewVm.Flavour;
import org.viridian.app.library.GuestSource;
import org.viridian.app.machine.MachineConfig;
import org.viridian.app.quickcreate.DebianGuest;
import org.viridian.app.text.Failure;
import org.viridian.app.text.Progress;

/** Guests for whole-machine tests; a test whose guest cannot be had is skipped with the reason. */
public final class Guests {
    private static final long MEBIBYTE = 1 << 20;

    private Guests() {}

    /** The Quick Create Debian on the software CPU. */
    public static MachineConfig debian(Flavour flavour, int processors, List<MachineConfig.Disk> disks) {
        return debian(flavour, MachineConfig.Engine.SOFTWARE, processors, disks);
    }

    /**
     * The Quick Create Debian, made by the product's own code from Debian's packages. Inside the rig there is no apt;
     * {@code viridian.tests.guests} then names a folder with what that code has made outside.
     */
    public static MachineConfig debian(Flavour flavour, MachineConfig.Engine engine, int processors, List<MachineConfig.Disk> disks) {
        String name = flavour.name().toLowerCase(java.util.Locale.ROOT);
        String ready = System.getProperty("viridian.tests.guests");
        if (ready != null) {
            Path folder = Path.of(ready, name);
            return config("debian-" + name, engine, folder.resolve("vmlinuz"), Optional.of(folder.resolve("initrd.img")),
                    DebianGuest.COMMAND_LINE, processors, disks);
        }
        try {
            GuestSource.BootFiles files = new DebianGuest(Folders.ofProcess()).assemble(flavour, Progress.NONE);
            return config("debian-" + name, engine, files.kernel(), Optional.of(files.initrd()), files.commandLine(), processors, disks);
        } catch (Failure missing) {
            return abort("Debian's packages are not to be had: " + missing.getMessage());
        }
    }

    /** A kernel of our own, assembled from {@code src/test/guests}. */
    public static MachineConfig assembled(String name, Path folder) throws IOException, InterruptedException {
        return config(name, MachineConfig.Engine.SOFTWARE, program(name, folder), Optional.empty(), "", 1, List.of());
    }

    /** A program of our own, assembled from {@code src/test/guests}. */
    public static Path program(String name, Path folder) throws IOException, InterruptedException {
        Path kernel = folder.resolve(name);
        Process nasm;
        try {
            nasm = new ProcessBuilder("nasm", "-f", "bin", "-o", kernel.toString(), "src/test/guests/" + name + ".asm")
                    .redirectErrorStream(true).start();
        } catch (IOException missing) {
            return abort("nasm is not installed: " + missing.getMessage());
        }
        String output = new String(nasm.getInputStream().readAllBytes());
        if (nasm.waitFor() != 0 || !Files.exists(kernel)) {
            throw new AssertionError("nasm refused " + name + ": " + output);
        }
        return kernel;
    }

    private static MachineConfig config(String name, MachineConfig.Engine engine, Path kernel, Optional<Path> initrd,
            String commandLine, int processors, List<MachineConfig.Disk> disks) {
        return new MachineConfig(name, 512 * MEBIBYTE, processors, engine,
                new MachineConfig.Boot(kernel, initrd, commandLine), disks, Optional.empty(), true,
                new MachineConfig.SerialTarget.None(), Optional.empty());
    }
}
