package org.viridian.app.ui.view;

import java.util.Optional;
import java.util.function.Consumer;
import javafx.application.Platform;
import javafx.geometry.Pos;
import javafx.geometry.Rectangle2D;
import javafx.scene.Scene;
import javafx.scene.image.Image;
import javafx.scene.input.KeyCode;
import javafx.scene.input.KeyCodeCombination;
import javafx.scene.input.KeyCombination;
import javafx.scene.layout.StackPane;
import javafx.stage.Screen;
import javafx.stage.Stage;
import javafx.util.Subscription;
import org.viridian.app.library.VmState;
import org.viridian.app.ui.Ids;
import org.viridian.app.ui.model.MachineModel;
import org.viridian.app.ui.model.VmItem;
import org.viridian.icons.Icon;

/**
 * One VM's console in a window of its own, or filling a screen with a bar at its top edge. Follows its VM whatever the
 * main window shows. Closing it gives the console back to the main window.
 */
final class ConsoleWindow {
    private final VmItem item;
    private final Context context;
    private final Stage stage = new Stage();
    private final ConsolePane console;
    private final Consumer<String> closed;
    private final FullScreenBar bar;
    private final boolean onlyFullScreen;
    private Subscription subscription;
    private boolean disposed;
    private boolean captured;

    /**
     * @param shared the main window's context
     * @param fullScreen whether it is opened for full screen, and closed when that ends
     * @param closed is told the VM's name when the window has gone
     */
    ConsoleWindow(Context shared, VmItem item, ConsoleKeys keys, Banners banners, boolean fullScreen,
            Consumer<String> closed) {
        this.item = item;
        this.closed = closed;
        this.onlyFullScreen = fullScreen;
        context = shared.with(new MachineModel(shared.library().library(), shared.library().background()));
        Actions actions = new Actions(context, stage, () -> item, name -> { }, banners);
        console = new ConsolePane(context, actions::start);
        actions.controlAltDelete(() -> console.capture().sendControlAltDelete());
        console.use(keys);
        console.remember(item.name());
        StackPane root = new StackPane(console);
        root.setId(Ids.CONSOLE_WINDOW);
        bar = new FullScreenBar(context, item, actions, stage, console, this::leaveFullScreen);
        StackPane.setAlignment(bar, Pos.TOP_CENTER);
        root.getChildren().add(bar);
        Rectangle2D screen = Screen.getPrimary().getVisualBounds();
        Scene scene = new Scene(root, Math.min(1040, screen.getWidth() - 60), Math.min(840, screen.getHeight() - 80));
        Theme.dress(scene);
        scene.getAccelerators().put(new KeyCodeCombination(KeyCode.ENTER, KeyCombination.CONTROL_DOWN,
                KeyCombination.ALT_DOWN), this::toggleFullScreen);
        bar.watch(scene);
        stage.setScene(scene);
        stage.setTitle(context.text("console.window", item.name()));
        for (int size : Icon.APP.sizes()) {
            stage.getIcons().add(new Image(Icon.APP.png(size)));
        }
        // Esc belongs to the guest.
        stage.setFullScreenExitKeyCombination(KeyCombination.NO_MATCH);
        stage.setFullScreenExitHint("");
        stage.fullScreenProperty().subscribe(full -> console.bare(full));
        stage.fullScreenProperty().subscribe(full -> bar.setActive(full));
        stage.setOnHidden(event -> dispose());
        console.capture().onFullScreenChord(this::toggleFullScreen);
        console.capture().onReleaseChord(bar::release);
        subscription = item.stateProperty().subscribe(state -> {
            if (state != VmState.OFF) {
                context.machine().attach();
            }
        });
        context.machine().show(item.name());
    }

    void show() {
        stage.show();
        if (onlyFullScreen) {
            stage.setFullScreen(true);
        }
        context.machine().attach();
        // The machine is found on another thread; the keyboard follows it.
        context.machine().sessionProperty().subscribe(session -> {
            if (session.isPresent() && !captured) {
                captured = true;
                Platform.runLater(() -> console.capture().capture());
            }
        });
    }

    void useKeys(ConsoleKeys keys) {
        console.use(keys);
    }

    boolean isFullScreen() {
        return stage.isFullScreen();
    }

    void toggleFullScreen() {
        if (stage.isFullScreen()) {
            leaveFullScreen();
        } else {
            stage.setFullScreen(true);
            Platform.runLater(() -> console.capture().capture());
        }
    }

    private void leaveFullScreen() {
        if (onlyFullScreen) {
            close();
        } else {
            stage.setFullScreen(false);
        }
    }

    void toFront() {
        stage.toFront();
        stage.requestFocus();
    }

    void close() {
        stage.setFullScreen(false);
        stage.close();
    }

    void dispose() {
        if (!disposed) {
            disposed = true;
            subscription.unsubscribe();
            console.detach();
            context.machine().let();
            closed.accept(item.name());
        }
    }

    Optional<String> name() {
        return Optional.of(item.name());
    }
}
