package org.viridian.app.machine;

import java.util.ArrayList;
import java.util.List;
import org.viridian.devices.emulated.Board;
import org.viridian.devices.emulated.ide.AtaDisk;
import org.viridian.devices.emulated.ide.AtapiCdrom;
import org.viridian.devices.storage.DiskImage;
import org.viridian.engine.clock.VmClock;

/** The drives of a machine with firmware: up to three disks and the CD drive on the two IDE channels. */
final class IdeDrives {
    /** Disks that have a place; further ones are on the SCSI controller only. */
    static final int DISKS = 3;
    /** The CD drive's channel: the secondary. */
    static final int CD_CHANNEL = 1;
    /** The CD drive is the first device on it. */
    static final int CD_DEVICE = 0;
    private static final int[] CHANNELS = {0, 0, 1};
    private static final int[] DEVICES = {0, 1, 1};

    private final List<AtaDisk> disks = new ArrayList<>();
    private final AtapiCdrom cdrom;

    /** Plugs the drives in. {@code images} are the disks in order, {@code disc} what lies in the CD drive, or null. */
    IdeDrives(Board board, VmClock clock, List<DiskImage> images, DiskImage disc) {
        for (int i = 0; i < Math.min(images.size(), DISKS); i++) {
            String id = "ide%d-disk%d".formatted(channel(i), device(i));
            AtaDisk disk = board.add(new AtaDisk(id, images.get(i), "VRDN-" + i, clock::nanoTime));
            board.ide().plug(channel(i), device(i), disk);
            disks.add(disk);
        }
        cdrom = board.add(new AtapiCdrom("ide1-cd0", disc, clock::nanoTime));
        board.ide().plug(CD_CHANNEL, CD_DEVICE, cdrom);
    }

    /** The channel of a disk. */
    static int channel(int disk) {
        return CHANNELS[disk];
    }

    /** Which of the two devices of its channel a disk is. */
    static int device(int disk) {
        return DEVICES[disk];
    }

    /** The disks, in order. */
    List<AtaDisk> disks() {
        return List.copyOf(disks);
    }

    /** The CD drive. */
    AtapiCdrom cdrom() {
        return cdrom;
    }
}
