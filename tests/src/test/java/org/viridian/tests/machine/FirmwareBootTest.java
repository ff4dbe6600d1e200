package org.viridian.tests.machine;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.viridian.app.machine.MachineException;
import org.viridian.display.vga.VgaDevice;
import org.viridian.tests.guest.DebianFiles;
import org.viridian.tests.guest.FirmwareGuest;

/** SeaBIOS on our board, and programs that nobody here wrote started by it from CD: each reaches its own screen. */
@Timeout(300)
class FirmwareBootTest {
    private static final Duration FIRMWARE = Duration.ofSeconds(60);
    private static final Duration PROGRAM = Duration.ofSeconds(150);

    private static Path disc(String name, String path) {
        Path disc = DebianFiles.unpacked(name).resolve(path);
        assumeTrue(Files.isReadable(disc), "the package " + name + " has no " + path);
        return disc;
    }

    @Test
    void seaBiosReachesItsBootAttempt() throws MachineException, InterruptedException {
        try (FirmwareGuest guest = FirmwareGuest.start("seabios", 64, Optional.empty(), List.of())) {
            guest.awaitText("No bootable device.", FIRMWARE);
            assertTrue(guest.rows().getFirst().startsWith("SeaBIOS (version "), guest.rows().toString());
            String log = guest.machine().firmwareLog();
            assertTrue(log.contains("Found QEMU fw_cfg"), log);
            assertTrue(log.contains("Moving pm_base to 0x600"), log);
            assertTrue(log.contains("Start SeaVGABIOS"), log);
            assertTrue(log.contains("PS2 keyboard initialized"), log);
            assertTrue(guest.machine().devices().stream().anyMatch(node -> node.id().equals("pci")
                    && node.resources().get("functions").contains("8086:7192")), "locked shadow RAM makes it a 440BX");
        }
    }

    @Test
    void grubRescueDiscShowsItsMenu() throws MachineException, InterruptedException {
        Path disc = disc("grub-rescue-pc", "usr/lib/grub-rescue/grub-rescue-cdrom.iso");
        try (FirmwareGuest guest = FirmwareGuest.start("grub", 128, Optional.of(disc), List.of())) {
            guest.awaitText("GNU GRUB  version 2.", PROGRAM);
            guest.awaitText("Use the \u2191 and \u2193 keys", PROGRAM);
            guest.awaitText("\u250c\u2500\u2500\u2500", PROGRAM);
        }
    }

    @Test
    void memtestDiscTestsMemory() throws MachineException, InterruptedException {
        Path disc = disc("memtest86+", "usr/lib/memtest86+/memtest86+x64.iso");
        try (FirmwareGuest guest = FirmwareGuest.start("memtest", 64, Optional.of(disc), List.of())) {
            guest.awaitText("Memtest86+ v", PROGRAM);
            guest.awaitText("Status: Testing", PROGRAM);
            guest.await("progress without errors", PROGRAM, rows -> rows.stream().anyMatch(row -> row.contains("Test #2"))
                    && rows.stream().anyMatch(row -> row.contains("Errors: 0")));
            VgaDevice vga = (VgaDevice) guest.machine().screen();
            vga.takeDamage();
            // The title bar is white on blue or grey: the picture itself is looked at, too.
            int pixel = vga.frame().pixels().get(java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED, 4L * 200 + 20L * vga.frame().stride());
            assertTrue((pixel & 0xFF) > (pixel >> 16 & 0xFF), "memtest's blue, not %06x".formatted(pixel & 0xFFFFFF));
        }
    }

    @Test
    void ipxeDiscLooksForANetwork() throws MachineException, InterruptedException {
        Path disc = disc("ipxe", "usr/lib/ipxe/ipxe.iso");
        try (FirmwareGuest guest = FirmwareGuest.start("ipxe", 64, Optional.of(disc), List.of())) {
            guest.awaitText("Open Source Network Boot Firmware", PROGRAM);
            guest.awaitText("Features:", PROGRAM);
        }
    }
}
