package org.viridian.app.machine;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.viridian.devices.storage.DiskImage;
import org.viridian.devices.storage.DiskImages;
import org.viridian.devices.storage.ImageException;
import org.viridian.devices.storage.ImageFormat;

/**
 * The images of a machine's disks and disc, opened once whichever devices show them. Closed after the devices.
 *
 * <p>Thread rule: the caller's; changes of a running machine come through {@link DiskBay} one at a time.
 */
final class MachineImages implements AutoCloseable {
    private final List<DiskImage> disks = new ArrayList<>();
    private DiskImage disc;

    /** Opens everything the configuration names, or nothing of it. */
    MachineImages(MachineConfig config) throws MachineException {
        try {
            for (MachineConfig.Disk disk : config.disks()) {
                add(disk);
            }
            disc = config.dvd().isPresent() ? openDisc(config.dvd().get()) : null;
        } catch (MachineException refused) {
            close();
            throw refused;
        }
    }

    /** Opens one more disk. */
    DiskImage add(MachineConfig.Disk disk) throws MachineException {
        DiskImage image = open(disk.file(), disk.readOnly(), disk.format());
        disks.add(image);
        return image;
    }

    /** Closes a disk that no device uses any more. */
    void remove(DiskImage image) {
        if (disks.remove(image)) {
            close(image);
        }
    }

    /** A disc is an ISO file whatever its content looks like; it stays the caller's until it is put in. */
    DiskImage openDisc(Path file) throws MachineException {
        return open(file, true, Optional.of(ImageFormat.RAW));
    }

    /** Another disc, or null, is in the drive; closes the one before. */
    void disc(DiskImage next) {
        DiskImage old = disc;
        disc = next;
        if (old != null) {
            close(old);
        }
    }

    private static DiskImage open(Path file, boolean readOnly, Optional<ImageFormat> format) throws MachineException {
        try {
            return DiskImages.open(file, readOnly, format);
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

    private static void close(DiskImage image) {
        try {
            image.close();
        } catch (IOException failure) {
            System.getLogger("org.viridian.app.machine").log(System.Logger.Level.ERROR, "closing " + image.location(), failure);
        }
    }

    @Override
    public void close() {
        disks.forEach(MachineImages::close);
        if (disc != null) {
            close(disc);
        }
    }
}
