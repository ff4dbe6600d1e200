package org.viridian.app.ui;

import java.util.Locale;
import java.util.Optional;
import javafx.application.Application;
import javafx.application.Platform;
import javafx.stage.Stage;
import org.viridian.app.command.Windows.Opening;
import org.viridian.app.library.Library;
import org.viridian.app.ui.view.FileDialogs;
import org.viridian.app.ui.view.MainWindow;
import org.viridian.display.keys.HeldKeys;
import org.viridian.display.keys.KeyboardGrab;
import org.viridian.display.keys.X11HeldKeys;
import org.viridian.display.keys.X11KeyboardGrab;

/** The JavaFX application. JavaFX makes it itself, so what it works on is handed over beforehand by {@link #prepare}. */
public final class ViridianApplication extends Application {
    private static volatile Library library;
    private static volatile Opening opening = new Opening.Main();

    private MainWindow window;
    private volatile HeldKeys keys;
    private volatile KeyboardGrab grab;

    /** Says what the next launch works on. Before {@link Application#launch}. */
    public static void prepare(Library vms, Opening first) {
        library = vms;
        opening = first;
    }

    @Override
    public void start(Stage stage) {
        if (library == null) {
            throw new IllegalStateException("prepare() was not called");
        }
        window = new MainWindow(stage, library, FileDialogs.ofSystem(), Locale.getDefault());
        window.show();
        // The first use of JNA takes 0.2 s: not on this thread.
        Thread.ofPlatform().daemon().name("x11-keys").start(() -> {
            Optional<HeldKeys> physical = X11HeldKeys.open();
            Optional<KeyboardGrab> whole = X11KeyboardGrab.open();
            keys = physical.orElse(null);
            grab = whole.orElse(null);
            Platform.runLater(() -> window.useKeys(physical, whole));
        });
        switch (opening) {
            case Opening.Main main -> { }
            case Opening.Start start -> window.start(start.name());
            case Opening.QuickCreate quick -> window.quickCreate();
        }
    }

    @Override
    public void stop() {
        window.dispose();
        window.useKeys(Optional.empty(), Optional.empty());
        if (grab != null) {
            grab.close();
        }
        if (keys != null) {
            keys.close();
        }
    }
}
