package org.viridian.tests.bench;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import javafx.animation.AnimationTimer;
import javafx.application.Application;
import javafx.application.Platform;
import javafx.scene.Scene;
import javafx.scene.control.Label;
import javafx.stage.Stage;
import javafx.stage.Window;
import org.viridian.app.command.Windows;
import org.viridian.app.definition.Folders;
import org.viridian.app.library.Library;
import org.viridian.app.machine.MachineBuilder;
import org.viridian.app.quickcreate.DebianGuest;
import org.viridian.app.ui.ViridianApplication;

/**
 * Start of the workstation to its first frame, as a ratio to a bare JavaFX window that says hello: both in processes of
 * their own, in turn, from process start to the second pulse after a window is showing. Run by
 * {@code tests/bench/figures start}.
 */
public final class StartBench {
    private static final int ROUNDS = Integer.getInteger("viridian.bench.rounds", 5);
    private static final String MARK = "first frame";

    private StartBench() {}

    /** Without arguments: measures. With {@code hello} or {@code app}: is one of the two. */
    public static void main(String[] arguments) throws Exception {
        if (arguments.length > 0) {
            child(arguments[0]);
            return;
        }
        List<Double> hello = new ArrayList<>();
        List<Double> app = new ArrayList<>();
        for (int i = 0; i < ROUNDS; i++) {
            hello.add(run("hello"));
            app.add(run("app"));
        }
        System.out.printf("hello window  median %.2f s of %s%n", median(hello), hello);
        System.out.printf("workstation   median %.2f s of %s%n", median(app), app);
        System.out.printf("ratio         %.2f%n", median(app) / median(hello));
    }

    private static double median(List<Double> values) {
        return values.stream().sorted().skip(values.size() / 2).findFirst().orElseThrow();
    }

    private static double run(String which) throws Exception {
        List<String> command = new ArrayList<>(List.of(ProcessHandle.current().info().command().orElse("java"),
                "-XX:+UseSerialGC", "-Xmx768m", "--enable-native-access=ALL-UNNAMED",
                "--add-exports=java.base/jdk.internal.misc=ALL-UNNAMED"));
        for (String property : List.of("glass.platform", "prism.order")) {
            if (System.getProperty(property) != null) {
                command.add("-D" + property + "=" + System.getProperty(property));
            }
        }
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), StartBench.class.getName(), which));
        long begin = System.nanoTime();
        Process process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
        try (BufferedReader out = new BufferedReader(new InputStreamReader(process.getInputStream()))) {
            for (String line = out.readLine(); line != null; line = out.readLine()) {
                if (line.equals(MARK)) {
                    double seconds = Math.round((System.nanoTime() - begin) / 1e7) / 100.0;
                    process.waitFor();
                    return seconds;
                }
            }
        }
        throw new IllegalStateException(which + " ended without a frame: " + process.waitFor());
    }

    private static void child(String which) throws Exception {
        Thread.ofPlatform().daemon().start(StartBench::watch);
        if (which.equals("hello")) {
            Application.launch(Hello.class);
        } else {
            Path home = Files.createTempDirectory("viridian-start");
            Folders folders = new Folders(home.resolve("data"), home.resolve("cache"), home.resolve("run"));
            Library library = new Library(folders, MachineBuilder::build, new DebianGuest(folders));
            ViridianApplication.prepare(library, new Windows.Opening.Main());
            Application.launch(ViridianApplication.class);
        }
    }

    private static void watch() {
        while (true) {
            try {
                Platform.runLater(() -> new AnimationTimer() {
                    private int pulses;

                    @Override
                    public void handle(long now) {
                        if (Window.getWindows().stream().anyMatch(Window::isShowing) && ++pulses == 2) {
                            System.out.println(MARK);
                            System.out.flush();
                            Runtime.getRuntime().halt(0);
                        }
                    }
                }.start());
                return;
            } catch (IllegalStateException notYet) {
                try {
                    Thread.sleep(5);
                } catch (InterruptedException e) {
                    return;
                }
            }
        }
    }

    /** The smallest window. */
    public static final class Hello extends Application {
        /** For JavaFX. */
        public Hello() {}

        @Override
        public void start(Stage stage) {
            stage.setScene(new Scene(new Label(Arrays.asList("Hello").getFirst()), 640, 400));
            stage.show();
        }
    }
}
