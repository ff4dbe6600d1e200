package org.viridian.tests.ui;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import javafx.geometry.Point2D;
import javafx.scene.control.ListView;
import javafx.scene.control.TabPane;
import javafx.scene.control.TextInputControl;
import javafx.scene.control.TreeItem;
import javafx.scene.control.TreeTableView;
import javafx.scene.input.KeyCode;
import javafx.scene.input.MouseButton;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.testfx.util.WaitForAsyncUtils;
import org.viridian.app.definition.Folders;
import org.viridian.app.definition.NewVm.Flavour;
import org.viridian.app.library.Library;
import org.viridian.app.machine.Machine;
import org.viridian.app.machine.MachineBuilder;
import org.viridian.app.quickcreate.DebianGuest;
import org.viridian.app.ui.Ids;
import org.viridian.app.ui.view.DeviceRow;
import org.viridian.app.ui.view.Theme;
import org.viridian.devices.input.PointerSink;
import org.viridian.display.canvas.Scaling;
import org.viridian.display.canvas.SurfaceView;
import org.viridian.display.surface.Frame;
import org.viridian.engine.device.DeviceEvent;
import org.viridian.tests.guest.Guests;
import org.viridian.tests.guest.ScreenCells;
import org.viridian.tests.guest.SerialShell;

/**
 * The main job through the window alone: the wizard makes Debian, the user watches it boot, logs in at its console with
 * keyboard and mouse, sees each device change hands, resets it and sees the devices change hands again.
 */
class MainJobTest {
    private static final Duration BOOT = Duration.ofMinutes(5);
    private static final Duration COMMAND = Duration.ofSeconds(60);
    private static final String VM = "main-job";
    /** One pixel of a canvas of 640 pixels, which is what a pointer can be told apart by, in the mouse's units. */
    private static final int PIXEL = 32767 / 640;
    /** The devices of issue and hand-over: id and the word for its kind. */
    private static final Map<String, String> DEVICES = new LinkedHashMap<>();

    static {
        for (String id : List.of("synthetic-video", "synthetic-keyboard", "synthetic-mouse", "scsi0", "heartbeat", "shutdown",
                "timesync")) {
            DEVICES.put(id, "Synthetic");
        }
        for (String id : List.of("vga", "ps2-keyboard", "ps2-mouse")) {
            DEVICES.put(id, "Emulated");
        }
    }

    @TempDir
    Path home;

    private Desk desk;
    private SerialShell shell;

    @Test
    @Timeout(value = 15, unit = TimeUnit.MINUTES)
    void fromTheWizardToALoginOnTheSyntheticScreen() throws Exception {
        // Skips the test, with the reason, where Debian's packages are not to be had.
        Guests.debian(Flavour.CLOUD, 1, List.of());
        Folders folders = new Folders(home.resolve("data"), Folders.ofProcess().cache(), home.resolve("run"));
        try (Library library = new Library(folders, MachineBuilder::build, new DebianGuest(folders));
                Desk opened = new Desk(library, Locale.ENGLISH, Theme.LIGHT, Duration.ofSeconds(30))) {
            desk = opened;
            wizardMakesTheVm();
            desk.await("running", () -> desk.text(Ids.VM_STATE).equals("Running"));
            Machine machine = library.session(VM).machine().orElseThrow();
            // A guest that stands still shows what was before, however fast it boots.
            machine.pause();
            shell = new SerialShell(machine);
            desk.await("console has the keyboard", () -> desk.text(Ids.CAPTURE_STATE).contains("Ctrl+Alt+Left"));

            handOver("boot", machine);
            shell.await("login: root", BOOT);
            allActive();
            desk.shoot("main-job-devices-after");

            screenIsRecognised();
            typedCommandAnswers(folders.vms().resolve(VM).resolve("disk.raw"));
            pointerArrives();
            screenshotIsKept(folders);

            resetTheGuest();
            handOver("reset", machine);
            allActive();
            shutDownFromTheToolbar();
        }
    }

    private void wizardMakesTheVm() throws Exception {
        desk.await("empty state", () -> desk.find(Ids.EMPTY_STATE).isPresent());
        desk.click(Ids.NEW_VM);
        desk.await("wizard", () -> desk.find(Ids.WIZARD_NAME).isPresent());
        desk.robot.interact(() -> ((TextInputControl) desk.node(Ids.WIZARD_NAME)).setText(VM));
        // Name, source, memory: as proposed.
        desk.robot.type(KeyCode.ENTER, KeyCode.ENTER, KeyCode.ENTER);
        desk.await("processors", () -> desk.find(Ids.WIZARD_ENGINE).isPresent());
        // Automatic, KVM, software: the test is about the processor in Java, whatever this host offers.
        desk.robot.interact(() -> desk.node(Ids.WIZARD_ENGINE).requestFocus());
        desk.robot.type(KeyCode.DOWN, KeyCode.DOWN);
        desk.robot.type(KeyCode.ENTER, KeyCode.ENTER, KeyCode.ENTER);
        desk.await("summary", () -> desk.text(Ids.WIZARD_COMMAND).equals("viridian create " + VM
                + " --memory 512M --cpus 1 --engine software --debian cloud --new-disk 1024M"));
        desk.shoot("main-job-wizard");
        desk.robot.type(KeyCode.ENTER);
    }

    /** From the first devices to the first that has changed hands, as the device manager tells it. */
    private void handOver(String when, Machine machine) throws Exception {
        desk.robot.interact(() -> tab(1));
        if (when.equals("boot")) {
            desk.await("devices", () -> rows().size() >= DEVICES.size());
            for (Map.Entry<String, String> device : DEVICES.entrySet()) {
                choose(device.getKey());
                desk.await(device.getKey() + " is " + device.getValue(), () -> desk.text(Ids.DEVICE_KIND).equals(device.getValue()));
            }
        }
        for (String id : DEVICES.keySet()) {
            // After a reset the guest runs on; that its keyboard waited again has been seen.
            if (when.equals("boot") && DEVICES.get(id).equals("Synthetic")) {
                choose(id);
                desk.await(id + " waits before " + when, () -> desk.text(Ids.DEVICE_STATE).equals("Waiting for driver"));
            }
        }
        desk.shoot("main-job-devices-before-" + when);
        machine.resume();
        choose("synthetic-keyboard");
        desk.await("keyboard taken over", BOOT, () -> desk.text(Ids.DEVICE_STATE).equals("Active"));
        desk.shoot("main-job-devices-during-" + when);
        choose("ps2-keyboard");
        desk.await("PS/2 keyboard bypassed", () -> desk.text(Ids.DEVICE_STATE).equals("Bypassed"));
    }

    private void allActive() throws Exception {
        desk.robot.interact(() -> tab(1));
        for (Map.Entry<String, String> device : DEVICES.entrySet()) {
            choose(device.getKey());
            String state = device.getValue().equals("Synthetic") ? "Active" : "Bypassed";
            desk.await(device.getKey() + " " + state, () -> desk.text(Ids.DEVICE_STATE).equals(state));
        }
        // Never did a device step aside before its twin was there.
        List<DeviceEvent> events = WaitForAsyncUtils.asyncFx(this::timeline).get();
        assertTrue(last(events, "ps2-keyboard", "ACTIVE") < last(events, "ps2-keyboard", "BYPASSED"),
                "the PS/2 keyboard was in use before the hand-over");
        for (String[] pair : new String[][] {{"synthetic-keyboard", "ps2-keyboard"}, {"synthetic-mouse", "ps2-mouse"},
                {"synthetic-video", "vga"}}) {
            long active = last(events, pair[0], "ACTIVE");
            long bypassed = last(events, pair[1], "BYPASSED");
            assertTrue(active <= bypassed, () -> pair[0] + " at " + active + ", " + pair[1] + " at " + bypassed);
        }
    }

    /** The canvas shows what the guest says is on its console, cell by cell. */
    private void screenIsRecognised() throws Exception {
        desk.robot.interact(() -> {
            tab(0);
            view().scalingProperty().set(Scaling.NATIVE);
        });
        shell.run("printf 'the quick brown fox jumps over the lazy dog 0123456789\\n' > /dev/tty1", COMMAND).orFail();
        String[] size = shell.run("stty -F /dev/tty1 size", COMMAND).orFail().split(" ");
        int rows = Integer.parseInt(size[0]);
        int columns = Integer.parseInt(size[1]);
        String text = shell.run("cat /dev/vcs1 | tr '\\n' ' '", COMMAND).orFail();
        String cells = text + " ".repeat(Math.max(0, rows * columns - text.length()));
        ScreenCells.Match[] match = new ScreenCells.Match[1];
        try {
            desk.await("the canvas is what the guest drew", () -> {
                match[0] = ScreenCells.compare(shown(), cells, columns);
                return match[0].glyphs() >= 30 && match[0].differ() <= 4;
            });
        } catch (AssertionError e) {
            throw new AssertionError(match[0] + " for a screen of\n" + text, e);
        }
        desk.robot.interact(() -> view().scalingProperty().set(Scaling.FIT));
    }

    private void typedCommandAnswers(Path disk) throws Exception {
        desk.click(Ids.CONSOLE);
        desk.await("captured", () -> desk.text(Ids.CAPTURE_STATE).contains("Ctrl+Alt+Left"));
        desk.type("root\n");
        untilShell("ps | grep -c '[-]sh'", answer -> Integer.parseInt(answer) >= 1);
        Thread.sleep(1000);
        // The guest computes, so that no echo of what was typed can be taken for the answer.
        desk.type("echo Typed=$(expr 6 \"*\" 7)! | tee /dev/ttyS0 | dd of=/dev/sda conv=fsync\n");
        String answer = "Typed=42!";
        desk.await("answer on the serial port", COMMAND, () -> desk.text(Ids.SERIAL_TEXT).contains(answer));
        desk.await("answer on the disk", COMMAND, () -> {
            try (InputStream in = Files.newInputStream(disk)) {
                return new String(in.readNBytes(answer.length()), StandardCharsets.ISO_8859_1).equals(answer);
            }
        });
        desk.shoot("main-job-console");
    }

    /** The last place that the guest's own /dev/input reports is where the pointer was put on the canvas. */
    private void pointerArrives() throws Exception {
        String event = shell.run("grep -l -i 'Hyper-V\\|HID-compliant Mouse\\|Vmbus' /sys/class/input/event*/device/name | head -1",
                COMMAND).orFail().replaceAll(".*/(event\\d+)/.*", "$1");
        shell.run("(cat /dev/input/" + event + " > /tmp/mouse &)", COMMAND).orFail();
        SurfaceView view = view();
        Point2D place = WaitForAsyncUtils.asyncFx(() -> view.localToScreen(view.getWidth() * 0.3, view.getHeight() * 0.6)).get();
        int x = WaitForAsyncUtils.asyncFx(() -> view.across(view.getWidth() * 0.3, PointerSink.MAX)).get();
        int y = WaitForAsyncUtils.asyncFx(() -> view.down(view.getHeight() * 0.6, PointerSink.MAX)).get();
        desk.robot.moveTo(view);
        Thread.sleep(200);
        desk.robot.moveTo(place);
        Thread.sleep(200);
        desk.robot.press(MouseButton.SECONDARY).release(MouseButton.SECONDARY);
        // struct input_event on 64 bits as twelve words: eight of time, type, code, two of value. EV_ABS is 3, EV_KEY is 1,
        // BTN_RIGHT is 0x111.
        int[] seen = new int[2];
        untilShell("hexdump -v -e '12/2 \"%d \" \"\\n\"' /tmp/mouse | tail -40", dump -> {
            Arrays.fill(seen, -1);
            int presses = 0;
            for (String line : dump.split("\n")) {
                String[] words = line.strip().split("\\s+");
                if (words.length == 12 && words[8].equals("3")) {
                    seen[Integer.parseInt(words[9]) & 1] = Integer.parseInt(words[10]) & 0xFFFF;
                } else if (words.length == 12 && words[8].equals("1") && words[9].equals("273")) {
                    presses++;
                }
            }
            return presses == 2 && Math.abs(seen[0] - x) <= PIXEL && Math.abs(seen[1] - y) <= PIXEL;
        });
    }

    private void screenshotIsKept(Folders folders) throws Exception {
        desk.robot.press(KeyCode.CONTROL, KeyCode.ALT, KeyCode.LEFT).release(KeyCode.LEFT, KeyCode.ALT, KeyCode.CONTROL);
        desk.await("released", () -> desk.text(Ids.CAPTURE_STATE).contains("yours"));
        desk.click(Ids.SCREENSHOT);
        Path saved = folders.data().resolve("screenshots");
        desk.await("screenshot", () -> Files.isDirectory(saved) && desk.text(Ids.BANNER_TEXT).contains("screenshots"));
        try (var files = Files.list(saved)) {
            Path png = files.max(Comparator.naturalOrder()).orElseThrow();
            Files.createDirectories(Desk.ARTIFACTS);
            Files.copy(png, Desk.ARTIFACTS.resolve("main-job-guest.png"), java.nio.file.StandardCopyOption.REPLACE_EXISTING);
            var image = new javafx.scene.image.Image(Files.newInputStream(png));
            assertEquals(view().screenWidth(), (int) image.getWidth(), "native size");
        }
    }

    private void resetTheGuest() throws Exception {
        desk.click(Ids.RESET);
        desk.await("question", () -> desk.find(Ids.CONFIRM).isPresent());
        desk.robot.interact(() -> tab(1));
        choose("synthetic-keyboard");
        desk.click(Ids.CONFIRM);
        desk.await("keyboard waits again", () -> desk.text(Ids.DEVICE_STATE).equals("Waiting for driver"));
    }

    private void shutDownFromTheToolbar() throws Exception {
        desk.click(Ids.SHUT_DOWN);
        desk.await("off", COMMAND, () -> desk.text(Ids.VM_STATE).equals("Off"));
    }

    private interface Answer {
        boolean isRight(String answer);
    }

    private void untilShell(String command, Answer answer) throws InterruptedException {
        String last = "";
        for (int i = 0; i < 40; i++) {
            last = shell.run(command, COMMAND).output();
            try {
                if (answer.isRight(last)) {
                    return;
                }
            } catch (NumberFormatException noise) {
                // A kernel message got between; ask again.
                continue;
            }
            Thread.sleep(500);
        }
        throw new AssertionError("'" + command + "' never answered right, last:\n" + last);
    }

    private SurfaceView view() {
        return (SurfaceView) desk.node(Ids.CONSOLE);
    }

    private Frame shown() {
        SurfaceView view = view();
        int width = view.shownWidth();
        int height = view.shownHeight();
        int[] pixels = new int[width * height];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = view.shownArgb(i % width, i / width);
        }
        return new Frame(width, height, 4 * width, MemorySegment.ofArray(pixels));
    }

    private void tab(int index) {
        ((TabPane) desk.robot.lookup(".tab-pane").query()).getSelectionModel().select(index);
    }

    @SuppressWarnings("unchecked")
    private TreeTableView<DeviceRow> tree() {
        return (TreeTableView<DeviceRow>) desk.node(Ids.DEVICE_TREE);
    }

    private List<TreeItem<DeviceRow>> rows() {
        return tree().getRoot().getChildren().stream().flatMap(group -> group.getChildren().stream()).toList();
    }

    /** Chooses a device as a user does, and waits for the panel that tells all about it. */
    private void choose(String id) throws Exception {
        desk.await("device " + id, () -> {
            Optional<TreeItem<DeviceRow>> row = rows().stream().filter(item -> item.getValue().id().equals(id)).findFirst();
            row.ifPresent(item -> tree().getSelectionModel().select(item));
            return row.isPresent() && desk.text(Ids.DEVICE_NAME).equals(((DeviceRow.Device) row.get().getValue()).item().name());
        });
    }

    @SuppressWarnings("unchecked")
    private List<DeviceEvent> timeline() {
        return List.copyOf(((ListView<DeviceEvent>) desk.node(Ids.TIMELINE)).getItems());
    }

    private static long last(List<DeviceEvent> events, String device, String state) {
        return events.stream().filter(event -> event.deviceId().equals(device) && event.state().name().equals(state))
                .mapToLong(DeviceEvent::nanos).max()
                .orElseThrow(() -> new AssertionError(device + " was never " + state + ": " + events));
    }
}
