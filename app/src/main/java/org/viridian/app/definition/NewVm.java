package org.viridian.app.definition;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.viridian.app.machine.MachineConfig.Engine;
import org.viridian.app.machine.NetworkConfig;
import org.viridian.devices.storage.ImageFormat;

/**
 * What the wizard and {@code viridian create} collect: a VM that does not exist yet, with files that may still have to
 * be made.
 *
 * @param name the VM's name
 * @param memoryMiB RAM in MiB
 * @param processors virtual processors
 * @param engine which backend
 * @param source what it boots
 * @param disk its first hard disk
 * @param dvd the ISO in the DVD drive, if any
 * @param integration whether synthetic devices are offered
 * @param network its network adapter; an address that is not given is chosen when the VM is made
 */
public record NewVm(
        String name,
        int memoryMiB,
        int processors,
        Engine engine,
        Source source,
        NewDisk disk,
        Optional<Path> dvd,
        boolean integration,
        NetworkConfig network) {

    /** A new VM behind user-mode NAT. */
    public NewVm(String name, int memoryMiB, int processors, Engine engine, Source source, NewDisk disk, Optional<Path> dvd,
            boolean integration) {
        this(name, memoryMiB, processors, engine, source, disk, dvd, integration, NetworkConfig.NAT);
    }

    /** What a new VM boots. */
    public sealed interface Source {
        /**
         * A kernel of the user's own.
         *
         * @param kernel bzImage or multiboot 1 kernel
         * @param initrd initial RAM disk
         * @param commandLine kernel command line
         */
        record Kernel(Path kernel, Optional<Path> initrd, String commandLine) implements Source {}

        /** Debian 12 from its packages, see {@code org.viridian.app.quickcreate}. */
        record Debian(Flavour flavour) implements Source {}
    }

    /** Which of Debian's kernels. */
    public enum Flavour {
        /** {@code linux-image-cloud-amd64}: small; its console driver is hyperv_fb. */
        CLOUD,
        /** {@code linux-image-amd64}: every driver; its console driver is hyperv_drm. */
        GENERIC
    }

    /** The first hard disk of a new VM. */
    public sealed interface NewDisk {
        /** No disk. */
        record None() implements NewDisk {}

        /** An image that exists, of any format; it stays where it is and is never deleted with the VM. */
        record Existing(Path file, boolean readOnly) implements NewDisk {}

        /** A blank image in the VM's folder; takes space only as the guest writes. */
        record Blank(int sizeMiB, ImageFormat format) implements NewDisk {
            /** A raw image. */
            public Blank(int sizeMiB) {
                this(sizeMiB, ImageFormat.RAW);
            }
        }
    }

    /** The {@code viridian} command that does the same, ready for a POSIX shell. */
    public String command() {
        return String.join(" ", arguments().stream().map(NewVm::quoted).toList());
    }

    private List<String> arguments() {
        List<String> words = new ArrayList<>(List.of("viridian", "create", name,
                "--memory", memoryMiB + "M", "--cpus", Integer.toString(processors)));
        if (engine != Engine.AUTO) {
            words.addAll(List.of("--engine", engine.name().toLowerCase(java.util.Locale.ROOT)));
        }
        switch (source) {
            case Source.Kernel kernel -> {
                words.addAll(List.of("--kernel", kernel.kernel().toString()));
                kernel.initrd().ifPresent(initrd -> words.addAll(List.of("--initrd", initrd.toString())));
                if (!kernel.commandLine().isEmpty()) {
                    words.addAll(List.of("--append", kernel.commandLine()));
                }
            }
            case Source.Debian debian ->
                words.addAll(List.of("--debian", debian.flavour().name().toLowerCase(java.util.Locale.ROOT)));
        }
        switch (disk) {
            case NewDisk.None none -> { }
            case NewDisk.Existing existing ->
                words.addAll(List.of("--disk", existing.file() + (existing.readOnly() ? ",readonly" : "")));
            case NewDisk.Blank blank -> words.addAll(List.of("--new-disk",
                    blank.sizeMiB() + "M" + (blank.format() == ImageFormat.RAW ? "" : "," + blank.format().word())));
        }
        dvd.ifPresent(iso -> words.addAll(List.of("--dvd", iso.toString())));
        if (!integration) {
            words.add("--no-integration");
        }
        if (!(network.connection() instanceof NetworkConfig.Connection.Nat)) {
            words.addAll(List.of("--network", network.connection().toString()));
        }
        network.address().ifPresent(address -> words.addAll(List.of("--mac", address.toString())));
        network.forwards().forEach(forward -> words.addAll(List.of("--forward", forward.toString())));
        return words;
    }

    private static String quoted(String word) {
        return word.matches("[A-Za-z0-9_./:,=@%+-]+") ? word : "'" + word.replace("'", "'\\''") + "'";
    }
}
