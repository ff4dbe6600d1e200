package org.viridian.tests.guest;

import static org.junit.jupiter.api.Assumptions.abort;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import org.viridian.app.definition.Folders;
import org.viridian.app.machine.Machine;
import org.viridian.app.machine.MachineBuilder;
import org.viridian.app.machine.MachineConfig;
import org.viridian.app.machine.MachineConfig.BootDevice;
import org.viridian.app.machine.MachineException;
import org.viridian.app.quickcreate.SeaBios;
import org.viridian.app.text.Failure;
import org.viridian.app.text.Progress;
import org.viridian.display.vga.VgaDevice;

/** A machine that starts in SeaBIOS, watched through the text cells of its VGA. */
public final class FirmwareGuest implements AutoCloseable {
    private final Machine machine;

    private FirmwareGuest(Machine machine) {
        this.machine = machine;
    }

    /** Starts a machine without integration on the software CPU, whose CD comes first. */
    public static FirmwareGuest start(String name, int megabytes, Optional<Path> disc, List<MachineConfig.Disk> disks)
            throws MachineException {
        return start(name, megabytes, disc, disks, disc.isPresent() ? List.of(BootDevice.CD) : List.of(BootDevice.DISK));
    }

    /** As {@link #start(String, int, Optional, List)}, with a boot order. */
    public static FirmwareGuest start(String name, int megabytes, Optional<Path> disc, List<MachineConfig.Disk> disks,
            List<BootDevice> order) throws MachineException {
        MachineConfig config = new MachineConfig(name, (long) megabytes << 20, 1, MachineConfig.Engine.SOFTWARE,
                MachineConfig.Boot.NONE, disks, disc, false, new MachineConfig.SerialTarget.None(), Optional.empty());
        MachineConfig.Firmware firmware;
        try {
            firmware = new SeaBios(Folders.ofProcess()).firmware(order, false, Progress.NONE);
        } catch (Failure missing) {
            return abort("SeaBIOS is not to be had: " + missing.getMessage());
        }
        Machine machine = MachineBuilder.build(config.withFirmware(firmware));
        machine.start();
        return new FirmwareGuest(machine);
    }

    /** The machine. */
    public Machine machine() {
        return machine;
    }

    /** The rows of the text screen; empty in graphics. */
    public List<String> rows() {
        return machine.screen() instanceof VgaDevice vga ? vga.text().stream().map(String::stripTrailing).toList() : List.of();
    }

    /** Waits until the screen meets a condition; fails with the screen and the end of the firmware's log. */
    public void await(String what, Duration limit, Predicate<List<String>> condition) throws InterruptedException {
        long end = System.nanoTime() + limit.toNanos();
        while (!condition.test(rows())) {
            if (System.nanoTime() > end || machine.ending().isPresent()) {
                String log = machine.firmwareLog();
                throw new AssertionError("no %s within %s (%s)%nscreen:%n%s%nfirmware:%n%s".formatted(what, limit, machine.ending(),
                        String.join("\n", rows()), log.substring(Math.max(0, log.length() - 1500))));
            }
            Thread.sleep(100);
        }
    }

    /** Waits until some row holds {@code text}. */
    public void awaitText(String text, Duration limit) throws InterruptedException {
        await("'" + text + "' on the screen", limit, rows -> rows.stream().anyMatch(row -> row.contains(text)));
    }

    @Override
    public void close() {
        machine.close();
    }
}
