package org.viridian.tests.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.InputStream;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.viridian.app.definition.NewVm.Flavour;
import org.viridian.app.machine.Machine;
import org.viridian.app.machine.MachineBuilder;
import org.viridian.app.machine.MachineConfig;
import org.viridian.tests.guest.Guests;
import org.viridian.tests.guest.SerialShell;

/**
 * What a guest writes to its storvsc disk is on the host's disk after a sync, and there again after each restart, for
 * which VMBus reconnects every time. Restarts by {@code viridian.reboots}.
 */
class DiskAndRebootTest {
    private static final int MEBIBYTES = 256;
    private static final int REBOOTS = Integer.getInteger("viridian.reboots", 3);
    private static final Duration BOOT = Duration.ofMinutes(5);
    private static final Duration LONG = Duration.ofMinutes(5);

    @Test
    @Timeout(value = 60, unit = TimeUnit.MINUTES)
    void writtenSyncedAndReadBackAfterRestarts(@TempDir Path folder) throws Exception {
        writeRestartAndCompare(folder, MachineConfig.Engine.SOFTWARE, MEBIBYTES, REBOOTS);
    }

    /** The whole story, on either engine. */
    static void writeRestartAndCompare(Path folder, MachineConfig.Engine engine, int mebibytes, int reboots) throws Exception {
        Path image = folder.resolve("disk.raw");
        try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
            file.setLength((long) mebibytes << 20);
        }
        MachineConfig config = Guests.debian(Flavour.CLOUD, engine, 1, List.of(new MachineConfig.Disk(image, false)));
        try (Machine machine = MachineBuilder.build(config)) {
            machine.start();
            SerialShell shell = new SerialShell(machine);
            shell.await("login: root", BOOT);
            shell.run("dd if=/dev/urandom of=/dev/sda bs=1M count=" + mebibytes + " conv=fsync 2>&1", LONG).orFail();
            String host = sha256(image);
            assertEquals(host, hash(shell), "the guest's disk before the restart");
            for (int i = 1; i <= reboots; i++) {
                shell.reboot(BOOT);
                String bound = shell.run("ls /sys/bus/vmbus/drivers/hv_storvsc /sys/bus/vmbus/drivers/hyperv_keyboard", LONG).orFail();
                assertTrue(bound.contains("-"), "no VMBus device after restart " + i + ":\n" + bound);
                if (i == reboots) {
                    assertEquals(host, hash(shell), "the guest's disk after restart " + i);
                }
            }
            assertTrue(machine.shutDown());
            machine.awaitEnd();
        }
        assertEquals((long) mebibytes << 20, Files.size(image));
    }

    private static String hash(SerialShell shell) throws InterruptedException {
        return shell.run("sha256sum /dev/sda", LONG).orFail().split(" ")[0];
    }

    private static String sha256(Path file) throws Exception {
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        byte[] buffer = new byte[1 << 20];
        try (InputStream in = Files.newInputStream(file)) {
            for (int length = in.read(buffer); length > 0; length = in.read(buffer)) {
                digest.update(buffer, 0, length);
            }
        }
        return HexFormat.of().formatHex(digest.digest());
    }
}
