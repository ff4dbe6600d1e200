package org.viridian.tests.ui;

import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import javafx.geometry.Bounds;
import javafx.scene.Node;
import javafx.scene.control.Labeled;
import javafx.scene.control.TextInputControl;
import javafx.scene.image.Image;
import javafx.scene.image.PixelFormat;
import javafx.scene.input.KeyCode;
import javafx.stage.Stage;
import javafx.stage.Window;
import org.testfx.api.FxRobot;
import org.testfx.api.FxToolkit;
import org.testfx.util.WaitForAsyncUtils;
import org.viridian.app.library.Library;
import org.viridian.app.library.Screenshots;
import org.viridian.app.ui.view.MainWindow;
import org.viridian.app.ui.view.Theme;
import org.viridian.display.surface.Frame;

/** The main window with hands: looks nodes up by id, clicks and types with JavaFX events, waits, keeps pictures. */
final class Desk implements AutoCloseable {
    /** Pictures for people to look at, beside the reports. */
    static final Path ARTIFACTS = Path.of("target", "artifacts");

    final FxRobot robot = new FxRobot();
    private final Duration patience;
    private Stage stage;
    private MainWindow window;

    /**
     * Opens the window.
     *
     * @param patience how long {@link #await} waits
     */
    Desk(Library library, Locale locale, Theme theme, Duration patience) throws Exception {
        this.patience = patience;
        // A busy host takes longer than TestFX's ten seconds to build a window for the first time.
        FxToolkit.toolkitContext().setSetupTimeoutInMillis(120_000);
        FxToolkit.toolkitContext().setLaunchTimeoutInMillis(120_000);
        FxToolkit.registerPrimaryStage();
        FxToolkit.setupFixture(() -> {
            stage = new Stage();
            window = new MainWindow(stage, library, (owner, title) -> Optional.empty(), locale);
            window.setTheme(theme);
            window.show();
        });
    }

    MainWindow window() {
        return window;
    }

    /** A condition that is asked on the JavaFX thread. */
    interface Condition {
        boolean holds() throws Exception;
    }

    /** Waits until it holds; fails with a picture of the window. */
    void await(String what, Condition condition) throws Exception {
        await(what, patience, condition);
    }

    void await(String what, Duration limit, Condition condition) throws Exception {
        long end = System.nanoTime() + limit.toNanos();
        while (!WaitForAsyncUtils.asyncFx(condition::holds).get()) {
            if (System.nanoTime() > end) {
                shoot("failure-" + what.replace(' ', '-'));
                throw new AssertionError("not within %s: %s".formatted(limit, what));
            }
            Thread.sleep(50);
        }
    }

    Optional<Node> find(String id) {
        return Window.getWindows().stream().filter(w -> w.getScene() != null)
                .map(w -> w.getScene().getRoot().lookup("#" + id)).filter(Objects::nonNull).findFirst();
    }

    Node node(String id) {
        return find(id).orElseThrow(() -> new AssertionError("no node #" + id));
    }

    /** The words of a label, button or text field; empty when there is none. */
    String text(String id) {
        return switch (find(id).orElse(null)) {
            case Labeled label -> Objects.toString(label.getText(), "");
            case TextInputControl field -> field.getText();
            case null, default -> "";
        };
    }

    /** Clicks when the control can be used and has come to rest: a tool bar that folds must not put another in its place. */
    void click(String id) throws Exception {
        Bounds[] last = new Bounds[1];
        int[] looks = new int[1];
        await(id + " at rest", () -> {
            Node node = node(id);
            Bounds now = node.localToScreen(node.getBoundsInLocal());
            looks[0] = now != null && now.equals(last[0]) && !node.isDisabled() ? looks[0] + 1 : 0;
            last[0] = now;
            return looks[0] >= 5;
        });
        robot.clickOn(node(id));
    }

    /** Types text as a person at a US keyboard does, with pauses that a slow guest can follow. */
    void type(String text) throws InterruptedException {
        for (char character : text.toCharArray()) {
            Stroke stroke = Stroke.of(character);
            if (stroke.shift()) {
                robot.press(KeyCode.SHIFT);
            }
            robot.press(stroke.key());
            robot.release(stroke.key());
            if (stroke.shift()) {
                robot.release(KeyCode.SHIFT);
            }
            Thread.sleep(15);
        }
    }

    private record Stroke(KeyCode key, boolean shift) {
        private static final String PLAIN = " -=;'/.,\n";
        private static final List<KeyCode> PLAIN_KEYS = List.of(KeyCode.SPACE, KeyCode.MINUS, KeyCode.EQUALS,
                KeyCode.SEMICOLON, KeyCode.QUOTE, KeyCode.SLASH, KeyCode.PERIOD, KeyCode.COMMA, KeyCode.ENTER);
        private static final String SHIFTED = "!@#$%^&*()_+:\"?><|";
        private static final List<KeyCode> SHIFTED_KEYS = List.of(KeyCode.DIGIT1, KeyCode.DIGIT2, KeyCode.DIGIT3,
                KeyCode.DIGIT4, KeyCode.DIGIT5, KeyCode.DIGIT6, KeyCode.DIGIT7, KeyCode.DIGIT8, KeyCode.DIGIT9,
                KeyCode.DIGIT0, KeyCode.MINUS, KeyCode.EQUALS, KeyCode.SEMICOLON, KeyCode.QUOTE, KeyCode.SLASH,
                KeyCode.PERIOD, KeyCode.COMMA, KeyCode.BACK_SLASH);

        static Stroke of(char character) {
            if (Character.isLetter(character)) {
                return new Stroke(KeyCode.valueOf(String.valueOf(Character.toUpperCase(character))),
                        Character.isUpperCase(character));
            }
            if (Character.isDigit(character)) {
                return new Stroke(KeyCode.valueOf("DIGIT" + character), false);
            }
            int plain = PLAIN.indexOf(character);
            return plain >= 0 ? new Stroke(PLAIN_KEYS.get(plain), false)
                    : new Stroke(SHIFTED_KEYS.get(SHIFTED.indexOf(character)), true);
        }
    }

    /** Keeps a picture of the topmost window. */
    void shoot(String name) throws Exception {
        WaitForAsyncUtils.waitForFxEvents();
        byte[] png = WaitForAsyncUtils.asyncFx(() -> {
            Window top = Window.getWindows().filtered(Stage.class::isInstance).getLast();
            Image image = top.getScene().snapshot(null);
            int width = (int) image.getWidth();
            int height = (int) image.getHeight();
            int[] pixels = new int[width * height];
            image.getPixelReader().getPixels(0, 0, width, height, PixelFormat.getIntArgbInstance(), pixels, 0, width);
            return Screenshots.png(new Frame(width, height, 4 * width, MemorySegment.ofArray(pixels)));
        }).get();
        Files.createDirectories(ARTIFACTS);
        Files.write(ARTIFACTS.resolve(name + ".png"), png);
    }

    @Override
    public void close() throws Exception {
        robot.release(new KeyCode[0]);
        FxToolkit.setupFixture(() -> {
            window.dispose();
            List.copyOf(Window.getWindows()).forEach(Window::hide);
        });
    }
}
