package org.viridian.tests.ui;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import javafx.application.Platform;
import javafx.scene.Scene;
import javafx.scene.layout.Region;
import javafx.scene.layout.StackPane;
import javafx.stage.Stage;
import org.viridian.devices.input.KeyboardSink;
import org.viridian.display.keys.InputCapture;
import org.viridian.display.keys.KeyboardGrab;
import org.viridian.display.keys.X11KeyboardGrab;

/**
 * A window with a console under a real X server: presses keys with xdotool, and prints what reached the guest, one line a
 * step. The process that {@link KeyboardGrabTest} starts.
 */
public final class GrabMain {
    private static final int PATIENCE = 200;

    private final List<String> keys = new CopyOnWriteArrayList<>();
    private InputCapture capture;

    private GrabMain() {}

    /** Runs all steps. */
    public static void main(String[] arguments) throws Exception {
        new GrabMain().run();
        System.exit(0);
    }

    private void run() throws Exception {
        KeyboardGrab grab = X11KeyboardGrab.open().orElseThrow();
        CountDownLatch shown = new CountDownLatch(1);
        Platform.startup(() -> {
            Region console = new Region();
            capture = new InputCapture(console);
            console.setFocusTraversable(true);
            capture.setSink(new KeyboardSink() {
                @Override
                public void key(int code, boolean down) {
                    keys.add((down ? "+" : "-") + Integer.toHexString(code));
                }

                @Override
                public boolean ready() {
                    return true;
                }
            });
            capture.setGrab(grab);
            window("console", console, 0);
            window("other", new Region(), 500);
            shown.countDown();
        });
        shown.await();
        take();
        step("plain", "key a", "+1e", "-1e");
        step("alt-tab", "key alt+Tab", "+38", "+f", "-f", "-38");
        step("super", "key super+d", "+15b", "+20", "-20", "-15b");
        print("still-captured", capture.capturedProperty().get());
        xdotool("key ctrl+alt+Left");
        until(() -> !capture.capturedProperty().get());
        print("chord-releases", !capture.capturedProperty().get());
        print("no-key-stuck", keys.containsAll(List.of("-1d", "-38")) && !keys.contains("+14b"));
        take();
        xdotool("keydown shift");
        until(() -> keys.contains("+2a"));
        xdotool("search --name ^other$ windowfocus");
        until(() -> !capture.capturedProperty().get());
        print("focus-releases", !capture.capturedProperty().get() && keys.contains("-2a"));
        xdotool("keyup shift");
        take();
        // The windows hang: the chord must free the keyboard all the same.
        Platform.runLater(() -> sleep(5000));
        sleep(300);
        xdotool("key ctrl+alt+Left");
        List<Integer> others = new CopyOnWriteArrayList<>();
        KeyboardGrab second = X11KeyboardGrab.open().orElseThrow();
        second.begin(new KeyboardGrab.Receiver() {
            @Override
            public void key(int evdev, boolean down) {
                others.add(evdev);
            }

            @Override
            public void ended() {
                others.add(-1);
            }
        });
        sleep(700);
        xdotool("key z");
        until(() -> others.contains(44));
        print("free-while-hung", others.contains(44));
        second.close();
        grab.close();
    }

    private static void window(String title, Region content, double x) {
        Stage stage = new Stage();
        stage.setScene(new Scene(new StackPane(content), 400, 300));
        stage.setTitle(title);
        stage.setX(x);
        stage.setY(0);
        stage.show();
    }

    private void take() throws Exception {
        xdotool("search --sync --name ^console$ windowfocus");
        sleep(300);
        keys.clear();
        for (int i = 0; i < PATIENCE && !capture.capturedProperty().get(); i++) {
            Platform.runLater(capture::capture);
            sleep(50);
        }
        // The grab itself is made on a thread of its own.
        sleep(700);
        keys.clear();
    }

    private void step(String name, String command, String... expected) throws Exception {
        keys.clear();
        xdotool(command);
        until(() -> keys.size() >= expected.length);
        print(name, keys.size() == expected.length && keys.containsAll(List.of(expected)) ? "true" : keys);
    }

    private static void print(String name, Object value) {
        System.out.println(name + "=" + value);
    }

    private interface Condition {
        boolean holds();
    }

    private static void until(Condition condition) {
        for (int i = 0; i < PATIENCE && !condition.holds(); i++) {
            sleep(50);
        }
    }

    private static void xdotool(String words) throws Exception {
        new ProcessBuilder(("xdotool " + words).split(" ")).redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD).start().waitFor();
    }

    private static void sleep(long millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
