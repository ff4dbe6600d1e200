package org.viridian.tests.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.viridian.app.definition.NewVm.Flavour;
import org.viridian.app.machine.Machine;
import org.viridian.app.machine.MachineBuilder;
import org.viridian.app.machine.MachineConfig;
import org.viridian.app.machine.MachineListener;
import org.viridian.engine.device.DeviceNode;
import org.viridian.engine.device.DeviceState;
import org.viridian.engine.partition.GuestCrash;
import org.viridian.tests.guest.Guests;
import org.viridian.tests.guest.SerialShell;

/**
 * What can befall a VMBus connection in the life of a real Debian, in one life of one VM: a channel moves to another
 * processor, drivers let go of their devices and take them again, the kernel hands over to another by kexec, and the kernel
 * panics and starts anew. After each, devices work and the device tree says what the guest says.
 */
class VmbusLifeTest {
    private static final int BLOCK = 4096;
    private static final Duration BOOT = Duration.ofMinutes(10);
    private static final Duration COMMAND = Duration.ofMinutes(4);

    @Test
    @Timeout(value = 45, unit = TimeUnit.MINUTES)
    void aConnectionSurvivesWhatAGuestDoesToIt(@TempDir Path folder) throws Exception {
        MachineConfig plain = Guests.debian(Flavour.CLOUD, 2, List.of());
        Cargo cargo = Cargo.write(folder, plain.boot());
        MachineConfig config = Guests.debian(Flavour.CLOUD, 2, List.of(new MachineConfig.Disk(cargo.image, true)));
        BlockingQueue<GuestCrash> crashes = new LinkedBlockingQueue<>();
        try (Machine machine = MachineBuilder.build(config)) {
            machine.addListener(new MachineListener() {
                @Override
                public void guestCrashed(GuestCrash crash) {
                    crashes.add(crash);
                }
            });
            machine.start();
            SerialShell shell = new SerialShell(machine);
            shell.await("login: root", BOOT);
            String sum = diskSum(shell);

            aChannelMovesToAnotherProcessor(machine, shell);
            assertEquals(sum, diskSum(shell), "the disk after its channel has moved");
            driversLetGoAndTakeAgain(machine, shell);
            assertEquals(sum, diskSum(shell), "the disk after its driver was bound again");

            cargo.unload(shell);
            shell.restart("/tmp/kexec /tmp/kernel /tmp/initrd \"$(cat /proc/cmdline) life=second\"", BOOT);
            assertTrue(shell.run("cat /proc/cmdline", COMMAND).orFail().contains("life=second"), "the second kernel runs");
            connected(machine, shell);
            assertEquals(sum, diskSum(shell), "the disk in the second kernel");

            assertTrue(crashes.isEmpty());
            shell.run("echo 1 > /proc/sys/kernel/panic; echo 1 > /proc/sys/kernel/sysrq", COMMAND).orFail();
            shell.restart("echo c > /proc/sysrq-trigger", BOOT);
            GuestCrash crash = crashes.poll(10, TimeUnit.SECONDS);
            assertTrue(crash != null && crash.message().contains("sysrq triggered crash"), () -> "reported: " + crash);
            connected(machine, shell);
            assertEquals(sum, diskSum(shell), "the disk after the panic");
            assertTrue(machine.shutDown());
            machine.awaitEnd();
        }
    }

    /** MODIFYCHANNEL on the first of the disk's channels, by the attribute that an administrator would write. */
    private static void aChannelMovesToAnotherProcessor(Machine machine, SerialShell shell) throws InterruptedException {
        String file = shell.run("ls /sys/bus/vmbus/drivers/hv_storvsc/*-*/channels/*/cpu | sort -t/ -k9n | head -1", COMMAND).orFail();
        int before = Integer.parseInt(shell.run("cat " + file, COMMAND).orFail());
        int after = 1 - before;
        shell.run("echo " + after + " > " + file, COMMAND).orFail();
        assertEquals(Integer.toString(after), shell.run("cat " + file, COMMAND).orFail());
        String target = node(machine, "scsi0").resources().toString();
        assertTrue(target.contains("target-vp=" + after) || target.contains("VP " + after), target);
    }

    private static void driversLetGoAndTakeAgain(Machine machine, SerialShell shell) throws InterruptedException {
        bindAgain(machine, shell, "hyperv_keyboard", "synthetic-keyboard");
        bindAgain(machine, shell, "hid_hyperv", "synthetic-mouse");
        bindAgain(machine, shell, "hv_storvsc", "scsi0");

        shell.run("rmmod hyperv_keyboard", COMMAND).orFail();
        until(machine, "synthetic-keyboard", DeviceState.WAITING_FOR_DRIVER);
        until(machine, "ps2-keyboard", DeviceState.ACTIVE);
        shell.run("modprobe hyperv_keyboard", COMMAND).orFail();
        until(machine, "synthetic-keyboard", DeviceState.ACTIVE);
        until(machine, "ps2-keyboard", DeviceState.BYPASSED);
    }

    private static void bindAgain(Machine machine, SerialShell shell, String driver, String device) throws InterruptedException {
        String folder = "/sys/bus/vmbus/drivers/" + driver;
        String id = shell.run("basename " + folder + "/*-*", COMMAND).orFail();
        shell.run("echo " + id + " > " + folder + "/unbind", COMMAND).orFail();
        until(machine, device, DeviceState.WAITING_FOR_DRIVER);
        shell.run("echo " + id + " > " + folder + "/bind", COMMAND).orFail();
        until(machine, device, DeviceState.ACTIVE);
    }

    private static void connected(Machine machine, SerialShell shell) throws InterruptedException {
        for (String device : List.of("synthetic-video", "synthetic-keyboard", "synthetic-mouse", "scsi0", "heartbeat", "shutdown",
                "timesync")) {
            until(machine, device, DeviceState.ACTIVE);
        }
        until(machine, "ps2-keyboard", DeviceState.BYPASSED);
        String errors = shell.run("dmesg -r | grep -E '^<[0-3]>' | grep -iE 'hv_|hyperv|vmbus'", COMMAND).output();
        assertEquals("", errors, "error lines from the Hyper-V drivers");
    }

    private static String diskSum(SerialShell shell) throws InterruptedException {
        String disk = shell.run("for i in 1 2 3 4 5 6 7 8 9; do ls /dev/sd? 2>/dev/null && break; sleep 1; done", COMMAND).orFail();
        return shell.run("dd if=" + disk + " bs=1M count=2 2>/dev/null | sha256sum", COMMAND).orFail();
    }

    private static DeviceNode node(Machine machine, String id) {
        return machine.devices().stream().filter(node -> node.id().equals(id)).findFirst().orElseThrow();
    }

    private static void until(Machine machine, String id, DeviceState state) throws InterruptedException {
        for (int i = 0; i < 1200 && node(machine, id).state() != state; i++) {
            Thread.sleep(100);
        }
        assertEquals(state, node(machine, id).state(), id);
    }

    /** A disk that carries the second kernel into the guest: program, kernel and initrd, each from a block on. */
    private record Cargo(Path image, int kernelBlocks, int initrdBlocks) {
        static Cargo write(Path folder, MachineConfig.Boot boot) throws IOException, InterruptedException {
            byte[] program = Files.readAllBytes(Guests.program("kexec", folder));
            byte[] kernel = Files.readAllBytes(boot.kernel());
            byte[] initrd = Files.readAllBytes(boot.initrd().orElseThrow());
            Path image = folder.resolve("cargo.raw");
            try (OutputStream out = Files.newOutputStream(image)) {
                for (byte[] part : List.of(program, kernel, initrd)) {
                    out.write(part);
                    out.write(new byte[blocks(part) * BLOCK - part.length]);
                }
            }
            return new Cargo(image, blocks(kernel), blocks(initrd));
        }

        private static int blocks(byte[] part) {
            return (part.length + BLOCK - 1) / BLOCK;
        }

        void unload(SerialShell shell) throws InterruptedException {
            String disk = shell.run("ls /dev/sd?", COMMAND).orFail();
            String copy = "dd if=" + disk + " bs=" + BLOCK + " of=/tmp/%s skip=%d count=%d 2>/dev/null";
            shell.run("mkdir -p /tmp; " + copy.formatted("kexec", 0, 1) + " && chmod +x /tmp/kexec && "
                    + copy.formatted("kernel", 1, kernelBlocks) + " && "
                    + copy.formatted("initrd", 1 + kernelBlocks, initrdBlocks), COMMAND).orFail();
        }
    }
}
