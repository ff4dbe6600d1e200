package org.viridian.app.ui;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import javafx.scene.Node;
import javafx.scene.control.Labeled;
import javafx.scene.control.TextInputControl;
import javafx.scene.control.TreeItem;
import javafx.scene.control.TreeTableView;
import javafx.scene.image.Image;
import javafx.scene.image.PixelFormat;
import javafx.scene.input.KeyCode;
import javafx.stage.Stage;
import javafx.stage.Window;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.testfx.api.FxRobot;
import org.testfx.api.FxToolkit;
import org.testfx.util.WaitForAsyncUtils;
import org.viridian.app.definition.Folders;
import org.viridian.app.definition.NewVm;
import org.viridian.app.library.GuestSource;
import org.viridian.app.library.Library;
import org.viridian.app.library.Screenshots;
import org.viridian.app.machine.Ending;
import org.viridian.app.text.Progress;
import org.viridian.app.text.Text;
import org.viridian.app.ui.view.DeviceRow;
import org.viridian.app.ui.view.MainWindow;
import org.viridian.app.ui.view.Theme;
import org.viridian.devices.input.PointerSink;
import org.viridian.display.canvas.Scaling;
import org.viridian.display.canvas.SurfaceView;
import org.viridian.display.surface.Frame;
import org.viridian.display.surface.Surface.Rect;
import org.viridian.engine.partition.GuestCrash;

/** Journeys through the windows, with a real library and a machine that has no guest. */
class MainWindowTest {
    private static final long PATIENCE_SECONDS = 20;

    @TempDir
    Path home;

    private final AtomicReference<FakeMachine> machine = new AtomicReference<>();
    private final FxRobot robot = new FxRobot();
    private Library library;
    private Stage stage;
    private MainWindow window;

    @BeforeEach
    void open() throws Exception {
        Path kernel = Files.writeString(home.resolve("kernel"), "kernel");
        Path initrd = Files.writeString(home.resolve("initrd"), "initrd");
        GuestSource guests = (flavour, progress) -> {
            progress.at(Text.verbatim("assembling"), 0.5);
            return new GuestSource.BootFiles(kernel, initrd, "console=tty0", "6.1.0-test");
        };
        library = new Library(new Folders(home.resolve("data"), home.resolve("cache"), home.resolve("run")), config -> {
            FakeMachine made = new FakeMachine(config);
            machine.set(made);
            return made;
        }, guests);
        // A busy host takes longer than TestFX's ten seconds to build a window for the first time.
        FxToolkit.toolkitContext().setSetupTimeoutInMillis(60_000);
        FxToolkit.toolkitContext().setLaunchTimeoutInMillis(120_000);
        FxToolkit.registerPrimaryStage();
        FxToolkit.setupFixture(() -> {
            stage = new Stage();
            window = new MainWindow(stage, library, (owner, title) -> Optional.empty(), Locale.ENGLISH);
            window.setTheme(Theme.LIGHT);
            window.show();
        });
    }

    @AfterEach
    void close() throws Exception {
        robot.release(new KeyCode[0]);
        FxToolkit.setupFixture(() -> {
            window.dispose();
            List.copyOf(Window.getWindows()).forEach(Window::hide);
        });
        library.close();
    }

    @Test
    void firstRunToTypingInTheConsole() throws Exception {
        await("empty state", () -> find(Ids.EMPTY_STATE).isPresent());
        shoot("empty-en-light");
        click(Ids.QUICK_CREATE);
        await("quick create", () -> find(Ids.QUICK_CREATE_BUTTON).isPresent());
        shoot("quick-create-en-light");
        robot.type(KeyCode.ENTER);
        await("machine", () -> machine.get() != null && library.list().getFirst().name().equals("debian-12"));
        await("console captured", () -> text(Ids.CAPTURE_STATE).contains("Ctrl+Alt+Left"));

        robot.type(KeyCode.L, KeyCode.S);
        await("keys", () -> machine.get().keys.size() == 4);
        assertEquals(List.of(0x26, 0x26 | 1 << 31, 0x1F, 0x1F | 1 << 31), machine.get().keys);
        // Tab is the guest's while captured, and does not walk through the window.
        robot.type(KeyCode.TAB);
        await("tab", () -> machine.get().keys.contains(0x0F));
        assertTrue(text(Ids.CAPTURE_STATE).contains("Ctrl+Alt+Left"));

        machine.get().keys.clear();
        robot.press(KeyCode.CONTROL, KeyCode.ALT, KeyCode.LEFT).release(KeyCode.LEFT, KeyCode.ALT, KeyCode.CONTROL);
        await("released", () -> text(Ids.CAPTURE_STATE).contains("yours"));
        assertFalse(machine.get().keys.contains(0x14B), "the chord's last key stays with the host");
        assertTrue(machine.get().keys.contains(0x1D | 1 << 31) && machine.get().keys.contains(0x38 | 1 << 31),
                "no modifier sticks: " + machine.get().keys);

        machine.get().keys.clear();
        click(Ids.CTRL_ALT_DEL);
        await("ctrl-alt-del", () -> machine.get().keys.equals(List.of(0x1D, 0x38, 0x153, 0x153 | 1 << 31, 0x38 | 1 << 31,
                0x1D | 1 << 31)));

        SurfaceView view = (SurfaceView) node(Ids.CONSOLE);
        robot.moveTo(view).press(javafx.scene.input.MouseButton.PRIMARY).release(javafx.scene.input.MouseButton.PRIMARY);
        await("click", () -> machine.get().pointers.stream().anyMatch(p -> p[2] == 1
                && Math.abs(p[0] - PointerSink.MAX / 2) < 300 && Math.abs(p[1] - PointerSink.MAX / 2) < 300));
        await("button up", () -> machine.get().pointers.getLast()[2] == 0);
        robot.press(javafx.scene.input.MouseButton.SECONDARY).release(javafx.scene.input.MouseButton.SECONDARY);
        await("right button", () -> machine.get().pointers.stream().anyMatch(p -> p[2] == 2)
                && machine.get().pointers.getLast()[2] == 0);

        machine.get().crash(new GuestCrash(1, 2, 3, 4, 5, "Kernel panic - not syncing: test\n"));
        await("crash banner", () -> text(Ids.BANNER_TEXT).contains("Kernel panic - not syncing: test"));
        click(Ids.SHUT_DOWN);
        await("off", () -> text(Ids.VM_STATE).equals("Off"));
        await("off page", () -> node(Ids.CONSOLE_OFF).isVisible());
    }

    @Test
    void theConsoleTakesTheKeyboardAgainAfterAVisitToTheDevices() throws Exception {
        startVm();
        await("captured", () -> text(Ids.CAPTURE_STATE).contains("Ctrl+Alt+Left"));
        robot.interact(() -> tab(1));
        await("released", () -> text(Ids.CAPTURE_STATE).contains("yours"));
        robot.interact(() -> tab(0));
        click(Ids.CONSOLE);
        await("captured again", () -> text(Ids.CAPTURE_STATE).contains("Ctrl+Alt+Left"));
        robot.type(KeyCode.L);
        await("keys", () -> machine.get().keys.equals(List.of(0x26, 0x26 | 1 << 31)));
    }

    @Test
    void onlyDamagedPixelsAreDrawnAndExactly() throws Exception {
        startVm();
        SurfaceView view = (SurfaceView) node(Ids.CONSOLE);
        robot.interact(() -> view.scalingProperty().set(Scaling.NATIVE));
        FakeMachine.PaintedSurface surface = machine.get().surface;
        await("first picture", () -> pixel(view, 3, 3) == 0xFF000000);
        surface.paintSilently(new Rect(0, 0, 50, 50), 0xFF0000);
        surface.paint(new Rect(100, 80, 64, 64), 0x00FF7F);
        await("damage", () -> pixel(view, 100, 80) == 0xFF00FF7F && pixel(view, 163, 143) == 0xFF00FF7F);
        assertEquals(0xFF000000, pixel(view, 99, 80));
        assertEquals(0xFF000000, pixel(view, 164, 143));
        assertEquals(0xFF000000, pixel(view, 10, 10), "what no damage names is not copied");
        long drawn = view.drawnFrames();
        Thread.sleep(300);
        assertEquals(drawn, view.drawnFrames(), "nothing is drawn while nothing changes");

        surface.mode(320, 200);
        surface.paint(new Rect(0, 0, 320, 200), 0x123456);
        await("new mode", () -> view.screenWidth() == 320 && pixel(view, 319, 199) == 0xFF123456);
        Image image = new Image(new java.io.ByteArrayInputStream(library.session("test").screenshot()));
        assertEquals(320, image.getWidth());
    }

    @Test
    void deviceManagerFollowsTheHandOver() throws Exception {
        startVm();
        robot.interact(() -> tab(1));
        await("devices", () -> rows().size() == 8);
        await("first state", () -> badge("keyboard").equals("Waiting for driver") && badge("ps2-keyboard").equals("Idle"));
        machine.get().packets.add(400);
        machine.get().loadDrivers();
        await("hand-over", () -> badge("keyboard").equals("Active") && badge("ps2-keyboard").equals("Bypassed"));
        robot.interact(() -> select("keyboard"));
        machine.get().packets.add(1000);
        Thread.sleep(1500);
        machine.get().packets.add(600);
        await("counter", () -> robot.lookup("#" + Ids.DEVICE_DETAILS).lookup(".figure").queryAllAs(Labeled.class).stream()
                .anyMatch(label -> "2,000".equals(label.getText())));
        shoot("devices-en-light");
        robot.interact(() -> window.setTheme(Theme.DARK));
        shoot("devices-en-dark");
        robot.interact(() -> window.setLanguage(Locale.KOREAN));
        await("korean", () -> badge("keyboard").equals("활성"));
        robot.interact(() -> select("keyboard"));
        robot.interact(() -> ((javafx.scene.control.ToggleButton) node(Ids.DEVICES_BY_CONNECTION)).fire());
        Thread.sleep(600);
        shoot("devices-ko-dark");
        robot.interact(() -> window.setTheme(Theme.LIGHT));
        shoot("devices-ko-light");
        robot.interact(() -> tab(0));
        paintText();
        shoot("console-ko-light");
        robot.interact(() -> window.setTheme(Theme.DARK));
        shoot("console-ko-dark");
        machine.get().sendSerial("Linux version 6.1.0\r\n[    0.000000] \u001B[1mbold\u001B[0m words\r\n");
        robot.interact(() -> tab(2));
        await("serial", () -> ((TextInputControl) node(Ids.SERIAL_TEXT)).getText().contains("bold words"));
        shoot("serial-ko-dark");
        machine.get().end(new Ending.Failed("triple fault"));
        await("failure banner", () -> text(Ids.BANNER_TEXT).contains("triple fault"));
    }

    @Test
    void wizardMakesAVmByKeyboardAlone() throws Exception {
        await("empty state", () -> find(Ids.EMPTY_STATE).isPresent());
        robot.interact(() -> window.wizard());
        await("wizard", () -> find(Ids.WIZARD_NAME).isPresent());
        robot.interact(() -> ((TextInputControl) node(Ids.WIZARD_NAME)).setText("no/good"));
        robot.type(KeyCode.ENTER);
        await("problem", () -> text(Ids.PROBLEM_PREFIX + Ids.WIZARD_NAME).length() > 5);
        shoot("wizard-name-en-light");
        robot.interact(() -> ((TextInputControl) node(Ids.WIZARD_NAME)).setText("by-keyboard"));
        for (String page : List.of("source", "memory", "processors", "network", "disk", "summary")) {
            robot.type(KeyCode.ENTER);
            WaitForAsyncUtils.waitForFxEvents();
            shoot("wizard-" + page + "-en-light");
        }
        assertEquals("viridian create by-keyboard --memory 512M --cpus 1 --debian cloud --new-disk 1024M",
                ((TextInputControl) node(Ids.WIZARD_COMMAND)).getText());
        robot.type(KeyCode.ENTER);
        await("made and started", () -> machine.get() != null && library.definition("by-keyboard") != null);
        await("running", () -> text(Ids.VM_STATE).equals("Running"));
    }

    @Test
    void everyPageInKoreanAndDark() throws Exception {
        robot.interact(() -> {
            window.setTheme(Theme.DARK);
            window.setLanguage(Locale.KOREAN);
        });
        await("empty state", () -> find(Ids.EMPTY_STATE).map(Node::isVisible).orElse(false));
        shoot("empty-ko-dark");
        robot.interact(() -> window.quickCreate());
        shoot("quick-create-ko-dark");
        robot.type(KeyCode.ESCAPE);
        robot.interact(() -> window.wizard());
        await("wizard", () -> find(Ids.WIZARD_NAME).isPresent());
        for (String page : List.of("name", "source", "memory", "processors", "network", "disk")) {
            shoot("wizard-" + page + "-ko-dark");
            robot.type(KeyCode.ENTER);
            WaitForAsyncUtils.waitForFxEvents();
        }
        shoot("wizard-summary-ko-dark");
        click(Ids.WIZARD_CANCEL);
        await("closed", () -> find(Ids.WIZARD_NAME).isEmpty());
    }

    private void startVm() throws Exception {
        library.create(new NewVm("test", 512, 1, org.viridian.app.machine.MachineConfig.Engine.AUTO,
                new NewVm.Source.Debian(NewVm.Flavour.CLOUD), new NewVm.NewDisk.None(), Optional.empty(), true), Progress.NONE);
        await("in the list", () -> find(Ids.VM_STATE).isPresent() && text(Ids.VM_STATE).equals("Off"));
        click(Ids.START);
        await("running", () -> machine.get() != null && text(Ids.VM_STATE).equals("Running"));
        await("attached", () -> ((SurfaceView) node(Ids.CONSOLE)).screenWidth() > 0);
    }

    private void paintText() {
        for (int line = 0; line < 20; line++) {
            for (int word = 0; word < 12; word++) {
                machine.get().surface.paint(new Rect(10 + word * 40, 10 + line * 16, 8 + (line * word * 7) % 28, 9), 0xC8D0D8);
            }
        }
    }

    private List<TreeItem<?>> rows() {
        TreeTableView<?> tree = (TreeTableView<?>) node(Ids.DEVICE_TREE);
        return tree.getRoot().getChildren().stream().<TreeItem<?>>flatMap(group -> group.getChildren().stream()).toList();
    }

    /** The word in the state column of a device's row. */
    private String badge(String device) {
        return robot.lookup("#" + Ids.DEVICE_TREE).lookup(".tree-table-row-cell").queryAll().stream()
                .filter(row -> row.lookup("#" + Ids.DEVICE_PREFIX + device) != null)
                .map(row -> row.lookup(".state-badge")).filter(Labeled.class::isInstance)
                .map(label -> ((Labeled) label).getText()).findFirst().orElse("");
    }

    @SuppressWarnings("unchecked")
    private void select(String device) {
        TreeTableView<Object> tree = (TreeTableView<Object>) node(Ids.DEVICE_TREE);
        for (TreeItem<?> row : rows()) {
            if (((DeviceRow) row.getValue()).id().equals(device)) {
                tree.getSelectionModel().select((TreeItem<Object>) row);
                return;
            }
        }
        throw new AssertionError("no row of " + device);
    }

    private void tab(int index) {
        ((javafx.scene.control.TabPane) robot.lookup(".tab-pane").query()).getSelectionModel().select(index);
    }

    private static int pixel(SurfaceView view, int x, int y) throws Exception {
        return WaitForAsyncUtils.asyncFx(() -> view.shownWidth() <= x || view.shownHeight() <= y ? 0 : view.shownArgb(x, y))
                .get();
    }

    private Optional<Node> find(String id) {
        return Window.getWindows().stream().filter(w -> w.getScene() != null)
                .map(w -> w.getScene().getRoot().lookup("#" + id)).filter(java.util.Objects::nonNull).findFirst();
    }

    private Node node(String id) {
        return find(id).orElseThrow(() -> new AssertionError("no node #" + id));
    }

    private String text(String id) {
        return find(id).filter(Labeled.class::isInstance).map(label -> ((Labeled) label).getText()).orElse("");
    }

    private void click(String id) {
        robot.clickOn(node(id));
    }

    private interface Condition {
        boolean holds() throws Exception;
    }

    private void await(String what, Condition condition) throws Exception {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (true) {
            // Asked on the JavaFX thread, like everything that touches nodes.
            if (WaitForAsyncUtils.asyncFx(condition::holds).get()) {
                return;
            }
            if (System.nanoTime() > end) {
                shoot("failure-" + what.replace(' ', '-'));
                throw new AssertionError("not in time: " + what);
            }
            Thread.sleep(30);
        }
    }

    /** Keeps a picture of the topmost window under target/screenshots. */
    private void shoot(String name) throws Exception {
        WaitForAsyncUtils.waitForFxEvents();
        byte[] png = WaitForAsyncUtils.asyncFx(() -> {
            Window top = Window.getWindows().filtered(w -> w instanceof Stage).getLast();
            Image image = top.getScene().snapshot(null);
            int width = (int) image.getWidth();
            int height = (int) image.getHeight();
            int[] pixels = new int[width * height];
            image.getPixelReader().getPixels(0, 0, width, height, PixelFormat.getIntArgbInstance(), pixels, 0, width);
            return Screenshots.png(new Frame(width, height, 4 * width, java.lang.foreign.MemorySegment.ofArray(pixels)));
        }).get();
        assertNotNull(png);
        Path folder = Files.createDirectories(Path.of("target", "screenshots"));
        Files.write(folder.resolve(name + ".png"), png);
    }
}
