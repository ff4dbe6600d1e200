package org.viridian.app.ui;

import static org.junit.jupiter.api.Assertions.assertNotNull;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import javafx.scene.Node;
import javafx.scene.control.Labeled;
import javafx.scene.control.TreeItem;
import javafx.scene.control.TreeTableView;
import javafx.scene.image.Image;
import javafx.scene.image.PixelFormat;
import javafx.scene.input.KeyCode;
import javafx.stage.Stage;
import javafx.stage.Window;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.testfx.api.FxRobot;
import org.testfx.api.FxToolkit;
import org.testfx.util.WaitForAsyncUtils;
import org.viridian.app.library.FakeMachine;
import org.viridian.app.definition.Folders;
import org.viridian.app.definition.NewVm;
import org.viridian.app.library.GuestSource;
import org.viridian.app.library.Library;
import org.viridian.app.library.Screenshots;
import org.viridian.app.text.Progress;
import org.viridian.app.text.Text;
import org.viridian.app.ui.view.DeviceRow;
import org.viridian.app.ui.view.FileDialogs;
import org.viridian.app.ui.view.MainWindow;
import org.viridian.app.ui.view.Theme;
import org.viridian.display.canvas.SurfaceView;
import org.viridian.display.surface.Frame;
import org.viridian.display.surface.Surface.Rect;

/** A main window with a real library and machines that have no guest, and hands to use it. */
abstract class WindowFixture {
    static final long PATIENCE_SECONDS = 60;

    @TempDir
    Path home;

    final AtomicReference<FakeMachine> machine = new AtomicReference<>();
    /** The file that the next file dialog answers. */
    final AtomicReference<Path> nextFile = new AtomicReference<>();
    final FileDialogs files = (owner, title) -> Optional.ofNullable(nextFile.getAndSet(null));
    final FxRobot robot = new FxRobot();
    Library library;
    Stage stage;
    MainWindow window;

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
        FxToolkit.toolkitContext().setSetupTimeoutInMillis(120_000);
        FxToolkit.toolkitContext().setLaunchTimeoutInMillis(120_000);
        FxToolkit.registerPrimaryStage();
        FxToolkit.setupFixture(() -> {
            stage = new Stage();
            window = new MainWindow(stage, library, files, Locale.ENGLISH);
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

    void startVm() throws Exception {
        library.create(new NewVm("test", 512, 1, org.viridian.app.machine.MachineConfig.Engine.AUTO,
                new NewVm.Source.Debian(NewVm.Flavour.CLOUD), new NewVm.NewDisk.None(), Optional.empty(), true), Progress.NONE);
        await("in the list", () -> find(Ids.VM_STATE).isPresent() && text(Ids.VM_STATE).equals("Off"));
        click(Ids.START);
        await("running", () -> machine.get() != null && text(Ids.VM_STATE).equals("Running"));
        await("attached", () -> ((SurfaceView) node(Ids.CONSOLE)).screenWidth() > 0);
    }

    void paintText() {
        for (int line = 0; line < 20; line++) {
            for (int word = 0; word < 12; word++) {
                machine.get().surface.paint(new Rect(10 + word * 40, 10 + line * 16, 8 + (line * word * 7) % 28, 9), 0xC8D0D8);
            }
        }
    }

    List<TreeItem<?>> rows() {
        TreeTableView<?> tree = (TreeTableView<?>) node(Ids.DEVICE_TREE);
        return tree.getRoot().getChildren().stream().<TreeItem<?>>flatMap(group -> group.getChildren().stream()).toList();
    }

    /** The word in the state column of a device's row. */
    String badge(String device) {
        return robot.lookup("#" + Ids.DEVICE_TREE).lookup(".tree-table-row-cell").queryAll().stream()
                .filter(row -> row.lookup("#" + Ids.DEVICE_PREFIX + device) != null)
                .map(row -> row.lookup(".state-badge")).filter(Labeled.class::isInstance)
                .map(label -> ((Labeled) label).getText()).findFirst().orElse("");
    }

    @SuppressWarnings("unchecked")
    void select(String device) {
        TreeTableView<Object> tree = (TreeTableView<Object>) node(Ids.DEVICE_TREE);
        for (TreeItem<?> row : rows()) {
            if (((DeviceRow) row.getValue()).id().equals(device)) {
                tree.getSelectionModel().select((TreeItem<Object>) row);
                return;
            }
        }
        throw new AssertionError("no row of " + device);
    }

    void tab(int index) {
        ((javafx.scene.control.TabPane) robot.lookup(".tab-pane").query()).getSelectionModel().select(index);
    }

    static int pixel(SurfaceView view, int x, int y) throws Exception {
        return WaitForAsyncUtils.asyncFx(() -> view.shownWidth() <= x || view.shownHeight() <= y ? 0 : view.shownArgb(x, y))
                .get();
    }

    Optional<Node> find(String id) {
        return Window.getWindows().stream().filter(w -> w.getScene() != null)
                .map(w -> w.getScene().getRoot().lookup("#" + id)).filter(java.util.Objects::nonNull).findFirst();
    }

    Node node(String id) {
        return find(id).orElseThrow(() -> new AssertionError("no node #" + id));
    }

    String text(String id) {
        return find(id).filter(Labeled.class::isInstance).map(label -> ((Labeled) label).getText()).orElse("");
    }

    void click(String id) {
        robot.clickOn(node(id));
    }

    interface Condition {
        boolean holds() throws Exception;
    }

    void await(String what, Condition condition) throws Exception {
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
    void shoot(String name) throws Exception {
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
