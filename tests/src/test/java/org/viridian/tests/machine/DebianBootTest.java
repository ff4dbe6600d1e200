package org.viridian.tests.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.viridian.app.definition.NewVm.Flavour;
import org.viridian.app.library.Screenshots;
import org.viridian.app.machine.Ending;
import org.viridian.app.machine.Machine;
import org.viridian.app.machine.MachineBuilder;
import org.viridian.app.machine.MachineConfig;
import org.viridian.app.machine.MachineException;
import org.viridian.app.machine.MachineState;
import org.viridian.display.surface.Frame;
import org.viridian.engine.device.DeviceEvent;
import org.viridian.engine.device.DeviceNode;
import org.viridian.engine.device.DeviceState;
import org.viridian.tests.guest.Guests;
import org.viridian.tests.guest.ScreenCells;
import org.viridian.tests.guest.SerialShell;

/**
 * The main job: Debian's unmodified kernel, from power-on to a shell on the synthetic screen, typed into through the
 * keyboard VSP, and powered off through the shutdown service.
 */
class DebianBootTest {
    private static final Duration BOOT = Duration.ofMinutes(6);
    private static final Duration COMMAND = Duration.ofSeconds(90);
    /** PS/2 set 1 make codes of the lower-case letters, space, minus, greater-than's key, slash and Enter. */
    private static final Map<Character, Integer> KEYS = Map.ofEntries(
            Map.entry('e', 0x12), Map.entry('c', 0x2E), Map.entry('h', 0x23), Map.entry('o', 0x18), Map.entry('t', 0x14),
            Map.entry('y', 0x15), Map.entry('p', 0x19), Map.entry('d', 0x20), Map.entry(' ', 0x39), Map.entry('/', 0x35),
            Map.entry('r', 0x13), Map.entry('u', 0x16), Map.entry('\n', 0x1C));

    @ParameterizedTest
    @EnumSource(Flavour.class)
    @Timeout(value = 15, unit = TimeUnit.MINUTES)
    void debianBootsToTheSyntheticScreenAndPowersOff(Flavour flavour) throws MachineException, InterruptedException, IOException {
        bootAndPowerOff(Guests.debian(flavour, 1, List.of()));
    }

    /** The whole story, on whichever engine the configuration names. */
    static void bootAndPowerOff(MachineConfig config) throws MachineException, InterruptedException, IOException {
        try (Machine machine = MachineBuilder.build(config)) {
            assertEquals(DeviceState.WAITING_FOR_DRIVER, node(machine, "synthetic-keyboard").state());
            machine.start();
            SerialShell shell = new SerialShell(machine);
            shell.await("login: root", BOOT);

            assertEquals(config.processors(), Integer.parseInt(shell.run("nproc", COMMAND).orFail().strip()));
            driversAreBound(shell);
            handedOver(machine);
            screenShowsTheConsole(machine, shell, config.name() + '-' + machine.engine());
            keysArrive(machine, shell);
            pointerArrives(machine, shell);
            assertEquals(Optional.of(true), machine.heartbeat());

            assertTrue(machine.shutDown());
            assertInstanceOf(Ending.PoweredOff.class, machine.awaitEnd());
            assertEquals(MachineState.ENDED, machine.state());
        }
    }

    private static void driversAreBound(SerialShell shell) throws InterruptedException {
        String bound = shell.run("for d in /sys/bus/vmbus/devices/*; do readlink $d/driver; done", COMMAND).orFail();
        for (String driver : List.of("hyperv_keyboard", "hid_hyperv", "hv_utils")) {
            assertTrue(bound.contains(driver), driver + " is not bound:\n" + bound);
        }
        assertTrue(bound.contains("hyperv_fb") || bound.contains("hyperv_drm"), "no video driver is bound:\n" + bound);
        String errors = shell.run("dmesg -r | grep -E '^<[0-3]>' | grep -iE 'hv_|hyperv|vmbus'", COMMAND).output();
        assertEquals("", errors, "error lines from the Hyper-V drivers");
    }

    private static void handedOver(Machine machine) throws InterruptedException {
        until("the PS/2 keyboard is bypassed", () -> node(machine, "ps2-keyboard").state() == DeviceState.BYPASSED);
        until("the PS/2 mouse is bypassed", () -> node(machine, "ps2-mouse").state() == DeviceState.BYPASSED);
        until("VGA is bypassed", () -> node(machine, "vga").state() == DeviceState.BYPASSED);
        for (String id : List.of("synthetic-video", "synthetic-keyboard", "synthetic-mouse", "heartbeat", "shutdown", "timesync")) {
            assertEquals(DeviceState.ACTIVE, node(machine, id).state(), id);
        }
        assertEquals("synthetic-keyboard", node(machine, "ps2-keyboard").twin());
        List<DeviceEvent> events = node(machine, "ps2-keyboard").events();
        assertFalse(events.isEmpty());
    }

    private static void screenShowsTheConsole(Machine machine, SerialShell shell, String name) throws InterruptedException, IOException {
        shell.run("printf 'the quick brown fox jumps over the lazy dog 0123456789\\n' > /dev/tty1", COMMAND).orFail();
        Thread.sleep(1500);
        String size = shell.run("stty -F /dev/tty1 size", COMMAND).orFail();
        int columns = Integer.parseInt(size.split(" ")[1]);
        String text = shell.run("cat /dev/vcs1 | tr '\\n' ' '", COMMAND).orFail();
        Frame frame = machine.screen().frame();
        assertNotNull(frame, "the screen is off");
        Path folder = Files.createDirectories(Path.of("target", "screenshots"));
        Files.write(folder.resolve(name + ".png"), Screenshots.png(frame));
        int rows = Integer.parseInt(size.split(" ")[0]);
        ScreenCells.Match match = ScreenCells.compare(frame, pad(text, rows * columns), columns);
        assertTrue(match.glyphs() >= 30, "only " + match.glyphs() + " different characters on the screen");
        assertTrue(match.differ() <= 4, match + " for a screen of\n" + text);
    }

    private static String pad(String text, int length) {
        return text + " ".repeat(Math.max(0, length - text.length()));
    }

    private static void keysArrive(Machine machine, SerialShell shell) throws InterruptedException {
        for (char character : "root\n".toCharArray()) {
            press(machine, KEYS.get(character));
        }
        // The shell's prompt follows the login; a key typed before it would be lost to the login program.
        until("a shell runs on tty1", () -> ask(shell, "ps | grep -c '[-]sh'").strip().compareTo("1") >= 0);
        Thread.sleep(2000);
        for (char character : "echo typed > /out\n".replace(">", "\u0001").toCharArray()) {
            if (character == '\u0001') {
                machine.keyboard().key(0x2A, true);
                press(machine, 0x34);
                machine.keyboard().key(0x2A, false);
            } else {
                press(machine, KEYS.get(character));
            }
        }
        until("the typed command has run", () -> ask(shell, "cat /out").equals("typed"));
    }

    private static String ask(SerialShell shell, String command) {
        try {
            return shell.run(command, COMMAND).output();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void press(Machine machine, int code) throws InterruptedException {
        machine.keyboard().key(code, true);
        Thread.sleep(20);
        machine.keyboard().key(code, false);
        Thread.sleep(20);
    }

    private static void pointerArrives(Machine machine, SerialShell shell) throws InterruptedException {
        String event = shell.run("grep -l -i 'Hyper-V\\|HID-compliant Mouse\\|Vmbus' /sys/class/input/event*/device/name | head -1", COMMAND).orFail();
        assertTrue(event.contains("/event"), "no synthetic mouse in /dev/input: " + event);
        String device = "/dev/input/" + event.replaceAll(".*/(event\\d+)/.*", "$1");
        shell.run("mkdir -p /tmp; (dd if=" + device + " of=/tmp/mouse bs=24 count=4 2>/dev/null &)", COMMAND).orFail();
        for (int i = 1; i <= 5; i++) {
            machine.pointer().pointer(i * 3000, i * 2000, i & 1, 0);
            Thread.sleep(100);
        }
        until("mouse events are in " + device, () -> ask(shell, "wc -c < /tmp/mouse").strip().equals("96"));
    }

    private static DeviceNode node(Machine machine, String id) {
        return machine.devices().stream().filter(node -> node.id().equals(id)).findFirst().orElseThrow(() ->
                new AssertionError("no device " + id + " among "
                        + machine.devices().stream().map(DeviceNode::id).collect(Collectors.joining(", "))));
    }

    private static void until(String what, BooleanSupplier condition) throws InterruptedException {
        for (int i = 0; i < 60; i++) {
            if (condition.getAsBoolean()) {
                return;
            }
            Thread.sleep(500);
        }
        throw new AssertionError("not within 30 s: " + what);
    }
}
