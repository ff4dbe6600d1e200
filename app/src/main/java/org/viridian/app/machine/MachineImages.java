package org.viridian.app.machine;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.viridian.devices.storage.DiskImage;
import org.viridian.devices.storage.ImageException;
import org.viridian.devices.storage.RawImage;

/** The images of a machine's disks and disc, opened once whichever devices show them. Closed after the devices. */
final class MachineImages implements AutoCloseable {
    private final List<DiskImage> disks = new ArrayList<>();
    private DiskImage disc;

    /** Opens everything the configuration names, or nothing of it. */
    MachineImages(MachineConfig config) throws MachineException {
        try {
            for (MachineConfig.Disk disk : config.disks()) {
                disks.add(open(disk.file(), disk.readOnly()));
            }
            disc = config.dvd().isPresent() ? open(config.dvd().get(), true) : null;
        } catch (MachineException refused) {
            close();
            throw refused;
        }
    }

    private static DiskImage open(Path file, boolean readOnly) throws MachineException {
        try {
            return RawImage.open(file, readOnly);
        } catch (ImageException refused) {
            throw Refusals.of(refused);
        }
    }

    /** The hard disks, in order. */
    List<DiskImage> disks() {
        return List.copyOf(disks);
    }

    /** The disc in the drive, or null. */
    DiskImage disc() {
        return disc;
    }

    @Override
    public void close() {
        List<DiskImage> all = new ArrayList<>(disks);
        if (disc != null) {
            all.add(disc);
        }
        for (DiskImage image : all) {
            try {
                image.close();
            } catch (IOException failure) {
                System.getLogger("org.viridian.app.machine").log(System.Logger.Level.ERROR, "closing " + image.location(), failure);
            }
        }
    }
}
