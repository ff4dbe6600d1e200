package org.viridian.tests.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.viridian.app.definition.NewVm.Flavour;
import org.viridian.app.machine.Machine;
import org.viridian.app.machine.MachineBuilder;
import org.viridian.app.machine.MachineConfig;
import org.viridian.app.machine.MachineConfig.Disk;
import org.viridian.devices.storage.CheckReport;
import org.viridian.devices.storage.DiskImage;
import org.viridian.devices.storage.DiskImages;
import org.viridian.devices.storage.ImageFormat;
import org.viridian.devices.storage.tools.ImageTools;
import org.viridian.devices.storage.tools.NewImage;
import org.viridian.tests.guest.Guests;
import org.viridian.tests.guest.SerialShell;

/**
 * A Debian uses disks of every format through its storvsc: raw blocks, a file system with discard, 4 KiB sectors, disks
 * that come and go, discs that change. What it has written is what the host reads from the images afterwards.
 */
class DiskFormatsTest {
    private static final long SIZE = 48L << 20;
    private static final Duration BOOT = Duration.ofMinutes(5);
    private static final Duration LONG = Duration.ofMinutes(3);

    @TempDir
    Path folder;

    private Disk image(String name, NewImage wanted) throws IOException {
        Path file = folder.resolve(name);
        ImageTools.create(file, wanted);
        return new Disk(file, false).as(wanted.format());
    }

    private Path disc(String name, int seed) throws IOException {
        byte[] bytes = new byte[1 << 20];
        new Random(seed).nextBytes(bytes);
        return Files.write(folder.resolve(name), bytes);
    }

    @Test
    @Timeout(value = 20, unit = TimeUnit.MINUTES)
    void everyFormatHoldsWhatTheGuestWrote() throws Exception {
        Disk qcow2 = image("a.qcow2", NewImage.of(ImageFormat.QCOW2, SIZE));
        Disk vhdx = image("b.vhdx", NewImage.of(ImageFormat.VHDX, SIZE).withLogicalSector(4096));
        Disk vhd = image("c.vhd", NewImage.of(ImageFormat.VHD, SIZE));
        Disk later = image("d.vhdx", NewImage.of(ImageFormat.VHDX, SIZE));
        MachineConfig config = Guests.debian(Flavour.CLOUD, 2, List.of(qcow2, vhdx, vhd));
        String[] written = new String[4];
        try (Machine machine = MachineBuilder.build(config)) {
            machine.start();
            SerialShell shell = new SerialShell(machine);
            shell.await("login: root", BOOT);
            // What the kernel says about disks must not land between a command's lines.
            shell.run("dmesg -n 1", LONG).orFail();
            for (int lun = 0; lun < 3; lun++) {
                until(shell, "[ -b /dev/$(ls %s) ]".formatted(block(lun)));
                assertEquals(lun == 1 ? "4096" : "512", shell.run("cat %s/*/queue/logical_block_size".formatted(block(lun)), LONG).orFail());
                shell.run("[ $(cat %s/*/queue/discard_max_bytes) -gt 0 ]".formatted(block(lun)), LONG).orFail();
            }
            assertEquals("2", shell.run("for d in /sys/bus/vmbus/drivers/hv_storvsc/*-*/channels; do ls $d | wc -l; done", LONG).orFail(),
                    "the controller's channel and one sub-channel");
            fileSystem(shell, name(shell, 0));
            for (int lun = 0; lun < 3; lun++) {
                written[lun] = fill(shell, name(shell, lun));
            }
            written[3] = comesAndGoes(machine, shell, later);
            changeDiscs(machine, shell);
            assertTrue(machine.shutDown());
            machine.awaitEnd();
        }
        List<Disk> disks = List.of(qcow2, vhdx, vhd, later);
        for (int i = 0; i < disks.size(); i++) {
            assertEquals(written[i], hash(disks.get(i)), disks.get(i).file().toString());
            CheckReport report = ImageTools.check(disks.get(i).file(), disks.get(i).format(), false);
            assertTrue(report.clean(), () -> "damaged: " + report);
        }
    }

    /** Linux names disks in the order it gets to know them, which is any. */
    private static String block(int lun) {
        return "/sys/bus/scsi/devices/*:0:0:%d/block".formatted(lun);
    }

    private static String name(SerialShell shell, int lun) throws InterruptedException {
        return shell.run("ls " + block(lun), LONG).orFail();
    }

    /** A file system on the qcow2 disk: its files come back after a remount, and trimming gives space back to the host. */
    private void fileSystem(SerialShell shell, String disk) throws Exception {
        shell.run("mke2fs -F /dev/%s >/dev/null 2>&1 && mount -t ext4 /dev/%s /mnt".formatted(disk, disk), LONG).orFail();
        String sum = shell.run("dd if=/dev/urandom of=/mnt/f bs=1M count=16 2>/dev/null; sync; sha256sum < /mnt/f", LONG).orFail();
        assertEquals(sum, shell.run("umount /mnt; mount -t ext4 /dev/%s /mnt; sha256sum < /mnt/f".formatted(disk), LONG).orFail());
        long full = ImageTools.info(copyOfQcow2(), Optional.of(ImageFormat.QCOW2)).allocated();
        shell.run("rm /mnt/f; sync; fstrim /mnt; umount /mnt", LONG).orFail();
        long trimmed = ImageTools.info(copyOfQcow2(), Optional.of(ImageFormat.QCOW2)).allocated();
        assertTrue(trimmed < full - (12 << 20), () -> "fstrim left %d of %d bytes".formatted(trimmed, full));
    }

    /** The running VM holds the image; a copy with its holes can be looked at. */
    private Path copyOfQcow2() throws Exception {
        Path copy = folder.resolve("copy.qcow2");
        assertEquals(0, new ProcessBuilder("cp", "--sparse=auto", folder.resolve("a.qcow2").toString(), copy.toString()).inheritIO().start().waitFor());
        return copy;
    }

    private static String fill(SerialShell shell, String disk) throws InterruptedException {
        shell.run("dd if=/dev/urandom of=/dev/%s bs=1M seek=7 count=12 conv=fsync 2>/dev/null".formatted(disk), LONG).orFail();
        return shell.run("sync; echo 3 > /proc/sys/vm/drop_caches; sha256sum < /dev/" + disk, LONG).orFail().split(" ")[0];
    }

    private static void until(SerialShell shell, String condition) throws InterruptedException {
        shell.run("n=0; until %s >/dev/null 2>&1; do n=$((n+1)); [ $n -lt 600 ] || break; sleep 0.1; done; %s >/dev/null 2>&1".formatted(condition, condition), LONG).orFail();
    }

    private static String comesAndGoes(Machine machine, SerialShell shell, Disk disk) throws Exception {
        int lun = machine.attachDisk(disk);
        until(shell, "[ -b /dev/$(ls %s) ]".formatted(block(lun)));
        String sum = fill(shell, name(shell, lun));
        machine.detachDisk(disk.file());
        until(shell, "! ls %s".formatted(block(lun)));
        // Its file is free at once.
        DiskImages.open(disk.file(), false, disk.format()).close();
        return sum;
    }

    private void changeDiscs(Machine machine, SerialShell shell) throws Exception {
        Path first = disc("first.iso", 1);
        Path second = disc("second.iso", 2);
        for (Path disc : List.of(first, second)) {
            machine.changeDisc(Optional.of(disc), false);
            assertEquals(sha256(Files.readAllBytes(disc)), shell.run("dd if=/dev/sr0 bs=64k 2>/dev/null | sha256sum", LONG).orFail().split(" ")[0]);
        }
        machine.changeDisc(Optional.empty(), false);
        assertFalse(shell.run("dd if=/dev/sr0 of=/dev/null bs=2k count=1 2>&1", LONG).status() == 0, "a drive without a disc");
    }

    private static String hash(Disk disk) throws IOException, NoSuchAlgorithmException {
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        byte[] buffer = new byte[1 << 20];
        try (DiskImage image = DiskImages.open(disk.file(), true, disk.format())) {
            for (long at = 0; at < image.size(); at += buffer.length) {
                image.read(at, MemorySegment.ofArray(buffer));
                digest.update(buffer);
            }
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    private static String sha256(byte[] bytes) throws NoSuchAlgorithmException {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    }
}
