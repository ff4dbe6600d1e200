package org.viridian.tests.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.viridian.app.machine.MachineConfig;
import org.viridian.tests.guest.BootDisk;
import org.viridian.tests.guest.DebianFiles;
import org.viridian.tests.guest.FirmwareGuest;
import org.viridian.tests.guest.SerialShell;

/** Debian's generic kernel from an IDE disk: SeaBIOS, GRUB, vgacon, and the stock ata_piix for disk and CD. */
@Timeout(900)
class IdeDiskBootTest {
    private static final Duration BOOT = Duration.ofSeconds(600);
    private static final Duration COMMAND = Duration.ofSeconds(120);

    @Test
    void debianBootsFromTheDiskToALoginOnVga(@TempDir Path folder) throws Exception {
        Path image = BootDisk.make(folder);
        Path disc = DebianFiles.unpacked("ipxe").resolve("usr/lib/ipxe/ipxe.iso");
        try (FirmwareGuest guest = disks(image, disc)) {
            guest.awaitText("GNU GRUB", BOOT);
            guest.awaitText("viridian login:", BOOT);

            SerialShell shell = new SerialShell(guest.machine());
            shell.await("login: root", BOOT);
            String log = shell.run("dmesg", COMMAND).orFail();
            assertTrue(log.contains("ata_piix 0000:00:07.1"), log);
            assertTrue(log.contains("ata1: PATA max UDMA/33"), log);
            assertTrue(shell.run("cat /sys/class/ata_device/dev1.0/dma_mode", COMMAND).orFail().contains("XFER_UDMA_2"), log);
            assertTrue(log.contains("Console: colour VGA+ 80x25"), log);
            assertTrue(!log.contains("ACPI Error") && !log.contains("ACPI BIOS Error"), log);

            shell.run("modprobe ext4; mount -t ext4 /dev/sda1 /mnt", COMMAND).orFail();
            assertEquals(hash(folder.resolve("root/boot/vmlinuz")), sum(shell, "/mnt/boot/vmlinuz"));
            assertEquals(hash(disc), sum(shell, "/dev/sr0"), "the CD by packet commands and bus master");

            // Written, flushed, and read again from the disk.
            shell.run("dd if=/dev/urandom of=/mnt/data bs=64k count=64 && sync", COMMAND).orFail();
            String written = sum(shell, "/mnt/data");
            shell.run("umount /mnt && echo 3 > /proc/sys/vm/drop_caches && mount -t ext4 /dev/sda1 /mnt", COMMAND).orFail();
            assertEquals(written, sum(shell, "/mnt/data"));
            shell.run("umount /mnt", COMMAND).orFail();
        }
    }

    private static FirmwareGuest disks(Path image, Path disc) throws Exception {
        return FirmwareGuest.start("ide-disk", 512, Optional.of(disc), List.of(new MachineConfig.Disk(image, false)),
                List.of(MachineConfig.BootDevice.DISK));
    }

    private static String sum(SerialShell shell, String file) throws InterruptedException {
        return shell.run("sha256sum " + file, COMMAND).orFail().replaceAll("(?s).*?([0-9a-f]{64}).*", "$1");
    }

    private static String hash(Path file) throws IOException, java.security.NoSuchAlgorithmException {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file)));
    }
}
