package org.viridian.app.machine;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import org.viridian.app.text.Text;
import org.viridian.devices.emulated.ide.AtapiCdrom;
import org.viridian.devices.inventory.DeviceTree;
import org.viridian.devices.storage.DiskImage;
import org.viridian.devices.synthetic.storage.ScsiController;

/**
 * The disks of a running machine: what is in which drive, adding and removing hard disks, changing the disc.
 *
 * <p>Thread rule: any thread; one change at a time.
 */
final class DiskBay {
    private final MachineConfig config;
    private final MachineImages images;
    private final ScsiController scsi;
    private final AtapiCdrom cdrom;
    private final DeviceTree tree;
    private final int dvdLun;
    private final Map<Integer, DiskImage> disks = new TreeMap<>();

    /**
     * @param scsi the synthetic controller, or null when there is none
     * @param dvdLun where the DVD drive is on it, or -1
     * @param cdrom the emulated drive, or null when there is none
     */
    DiskBay(MachineConfig config, MachineImages images, ScsiController scsi, int dvdLun, AtapiCdrom cdrom, DeviceTree tree) {
        this.config = config;
        this.images = images;
        this.scsi = scsi;
        this.dvdLun = dvdLun;
        this.cdrom = cdrom;
        this.tree = tree;
        int lun = 0;
        for (DiskImage image : images == null ? List.<DiskImage>of() : images.disks()) {
            disks.put(lun++, image);
        }
        if (scsi != null) {
            scsi.unitNodes().forEach(tree::add);
        }
    }

    /** Plugs a configured disk into the controller. */
    static void plug(ScsiController scsi, int lun, DiskImage image, MachineConfig.Disk disk, UUID otherwise) {
        int sector = disk.sectorSize() == 0 ? image.logicalSectorSize() : Math.max(disk.sectorSize(), image.logicalSectorSize());
        scsi.attachDisk(lun, image, disk.id().orElse(otherwise), sector);
    }

    /** Adds a hard disk; returns its LUN. */
    synchronized int attach(MachineConfig.Disk disk) throws MachineException {
        if (scsi == null) {
            throw new MachineException(MachineException.Kind.STATE, Text.of("machine.disk.no-controller", config.name()), null);
        }
        int lun = scsi.freeLun();
        if (lun > 254) {
            throw new MachineException(MachineException.Kind.STATE, Text.of("machine.disk.full", config.name()), null);
        }
        DiskImage image = images.add(disk);
        // A disk that comes and goes is known by its file when its owner has given it no identity.
        UUID id = UUID.nameUUIDFromBytes((config.name() + "/" + image.location()).getBytes(StandardCharsets.UTF_8));
        plug(scsi, lun, image, disk, id);
        disks.put(lun, image);
        scsi.unitNode(lun).ifPresent(tree::add);
        return lun;
    }

    /** Takes a hard disk away; on return its file is free. */
    synchronized void detach(int lun) throws MachineException {
        DiskImage image = disks.get(lun);
        if (image == null || scsi == null) {
            throw new MachineException(MachineException.Kind.STATE, Text.of("machine.disk.no-lun", config.name(), lun), null);
        }
        String node = scsi.unitNode(lun).map(unit -> unit.id()).orElse("");
        scsi.detach(lun);
        tree.remove(node);
        disks.remove(lun);
        images.remove(image);
    }

    /** The LUN of the hard disk with this file. */
    synchronized int lunOf(Path file) throws MachineException {
        for (var disk : disks.entrySet()) {
            if (same(Path.of(disk.getValue().location()), file)) {
                return disk.getKey();
            }
        }
        throw new MachineException(MachineException.Kind.STATE, Text.of("machine.disk.not-attached", file, config.name()), null);
    }

    private static boolean same(Path one, Path other) {
        try {
            return Files.isSameFile(one, other);
        } catch (java.io.IOException e) {
            return one.toAbsolutePath().normalize().equals(other.toAbsolutePath().normalize());
        }
    }

    /**
     * Changes the disc.
     *
     * @param file an ISO, or empty to take the disc out
     * @param force also when the guest has locked the tray
     */
    synchronized void changeDisc(Optional<Path> file, boolean force) throws MachineException {
        if (dvdLun < 0 && cdrom == null) {
            throw new MachineException(MachineException.Kind.STATE, Text.of("machine.dvd.none", config.name()), null);
        }
        boolean locked = dvdLun >= 0 ? scsi.trayLocked(dvdLun) : cdrom.locked() && images.disc() != null;
        if (locked && !force) {
            throw new MachineException(MachineException.Kind.STATE, Text.of("machine.dvd.locked", config.name()), null);
        }
        DiskImage next = file.isPresent() ? images.openDisc(file.get()) : null;
        if (dvdLun >= 0) {
            scsi.changeDisc(dvdLun, next);
        } else {
            cdrom.change(next);
        }
        images.disc(next);
    }

    /** What is in which drive. */
    synchronized List<Drive> drives() {
        List<Drive> drives = new ArrayList<>();
        disks.forEach((lun, image) -> drives.add(drive(lun, false, image)));
        if (dvdLun >= 0 || cdrom != null) {
            drives.add(drive(dvdLun, true, images.disc()));
        }
        return drives;
    }

    private static Drive drive(int lun, boolean dvd, DiskImage image) {
        return image == null ? new Drive(lun, dvd, Optional.empty(), Optional.empty(), 0)
                : new Drive(lun, dvd, Optional.of(image.location()), Optional.of(image.format().word()), image.size());
    }
}
