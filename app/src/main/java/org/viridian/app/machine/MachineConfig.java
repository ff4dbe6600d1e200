package org.viridian.app.machine;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.viridian.devices.storage.ImageFormat;

/**
 * All that a machine needs to know before it is built. Made from a VM definition or from the options of {@code run}.
 *
 * @param name the VM's name
 * @param memoryBytes RAM, a multiple of 1 MiB, at least 16 MiB
 * @param processors 1–8
 * @param engine which backend
 * @param boot what it boots
 * @param disks hard disks on the SCSI controller, in LUN order
 * @param dvd the ISO in the DVD drive, if any
 * @param integration whether synthetic devices are offered
 * @param serial1 where COM1 goes
 * @param debugExitPort port of the debug-exit device, if wanted
 * @param firmware the firmware it starts in; empty loads the kernel of {@code boot} directly
 * @param network its network adapter
 */
public record MachineConfig(
        String name,
        long memoryBytes,
        int processors,
        Engine engine,
        Boot boot,
        List<Disk> disks,
        Optional<Path> dvd,
        boolean integration,
        SerialTarget serial1,
        Optional<Integer> debugExitPort,
        Optional<Firmware> firmware,
        NetworkConfig network) {

    /** A machine that loads its kernel directly and has no network adapter. */
    public MachineConfig(String name, long memoryBytes, int processors, Engine engine, Boot boot, List<Disk> disks,
            Optional<Path> dvd, boolean integration, SerialTarget serial1, Optional<Integer> debugExitPort) {
        this(name, memoryBytes, processors, engine, boot, disks, dvd, integration, serial1, debugExitPort, Optional.empty(),
                NetworkConfig.NONE);
    }

    /** This machine, starting in firmware; its {@link #boot} is not used. */
    public MachineConfig withFirmware(Firmware started) {
        return new MachineConfig(name, memoryBytes, processors, engine, boot, disks, dvd, integration, serial1, debugExitPort,
                Optional.of(started), network);
    }

    /** The same machine with this network. */
    public MachineConfig withNetwork(NetworkConfig other) {
        return new MachineConfig(name, memoryBytes, processors, engine, boot, disks, dvd, integration, serial1, debugExitPort,
                firmware, other);
    }

    /** Which backend runs the machine. */
    public enum Engine {
        /** What the host probe recommends. */
        AUTO,
        /** Linux KVM. */
        KVM,
        /** The CPU in Java. */
        SOFTWARE
    }

    /**
     * What is started: a kernel, loaded directly.
     *
     * @param kernel bzImage, or a multiboot 1 kernel; told apart by content
     * @param initrd initial RAM disk
     * @param commandLine kernel command line
     */
    public record Boot(Path kernel, Optional<Path> initrd, String commandLine) {
        /** Nothing: for machines whose firmware finds something to boot. */
        public static final Boot NONE = new Boot(Path.of(""), Optional.empty(), "");
    }

    /** What firmware may boot from. */
    public enum BootDevice {
        /** The DVD drive. */
        CD,
        /** The hard disks, first to last. */
        DISK
    }

    /**
     * A BIOS and its video BIOS.
     *
     * @param bios the BIOS image, mapped below 4 GiB
     * @param videoBios the PCI video BIOS; its ids are adapted in memory
     * @param order what to boot from, first choice first; what is not named comes after it
     * @param bootMenu whether the next start asks the user
     */
    public record Firmware(Path bios, Path videoBios, List<BootDevice> order, boolean bootMenu) {
        /** Copies the list. */
        public Firmware {
            order = List.copyOf(order);
        }
    }

    /**
     * A hard disk.
     *
     * @param file the image
     * @param readOnly refuse writes
     * @param format its format; empty lets the content decide, which a guest can influence: state it for a disk that is kept
     * @param id by which the guest knows the disk; empty derives one from the VM's name and the disk's place
     * @param sectorSize bytes of a sector, 512 or 4096; 0 leaves it to the image
     */
    public record Disk(Path file, boolean readOnly, Optional<ImageFormat> format, Optional<UUID> id, int sectorSize) {
        /** A disk whose format its content decides. */
        public Disk(Path file, boolean readOnly) {
            this(file, readOnly, Optional.empty(), Optional.empty(), 0);
        }

        /** The same disk with its format stated. */
        public Disk as(ImageFormat stated) {
            return new Disk(file, readOnly, Optional.of(stated), id, sectorSize);
        }

        /** The same disk with an identity. */
        public Disk known(UUID identity) {
            return new Disk(file, readOnly, format, Optional.of(identity), sectorSize);
        }
    }

    /** Where a serial port's output goes; every port also keeps its last 64 KiB for the window. */
    public sealed interface SerialTarget {
        /** Nowhere else. */
        record None() implements SerialTarget {}

        /** Standard input and output of this process. */
        record Stdio() implements SerialTarget {}

        /** Appended to a file. */
        record ToFile(Path file) implements SerialTarget {}
    }
}
