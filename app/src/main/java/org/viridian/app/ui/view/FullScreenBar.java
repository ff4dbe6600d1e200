package org.viridian.app.ui.view;

import javafx.animation.TranslateTransition;
import javafx.geometry.Pos;
import javafx.geometry.Rectangle2D;
import javafx.scene.Scene;
import javafx.scene.control.Button;
import javafx.scene.control.Label;
import javafx.scene.control.MenuButton;
import javafx.scene.control.MenuItem;
import javafx.scene.control.ToggleButton;
import javafx.scene.control.Tooltip;
import javafx.scene.input.MouseEvent;
import javafx.scene.layout.HBox;
import javafx.stage.Screen;
import javafx.stage.Stage;
import javafx.util.Duration;
import org.kordamp.ikonli.Ikon;
import org.kordamp.ikonli.material2.Material2AL;
import org.kordamp.ikonli.material2.Material2MZ;
import org.viridian.app.ui.Ids;
import org.viridian.app.ui.model.VmItem;

/**
 * The bar at the top edge of a full-screen console: comes when the pointer is at the edge, goes when it leaves, stays
 * when pinned.
 */
final class FullScreenBar extends HBox {
    private static final double EDGE = 2;
    private static final Duration GLIDE = Duration.millis(140);

    private final Context context;
    private final ConsolePane console;
    private final ToggleButton pin = new ToggleButton(null, Glyphs.action(Material2MZ.PUSH_PIN));
    private final TranslateTransition glide = new TranslateTransition(GLIDE, this);
    private boolean active;
    private boolean out;

    /** @param leave ends full screen */
    FullScreenBar(Context context, VmItem item, Actions actions, Stage stage, ConsolePane console, Runnable leave) {
        this.context = context;
        this.console = console;
        setId(Ids.FULL_SCREEN_BAR);
        getStyleClass().add("full-screen-bar");
        setAlignment(Pos.CENTER);
        setMaxSize(USE_PREF_SIZE, USE_PREF_SIZE);
        Label name = new Label(item.name());
        name.getStyleClass().add("text-bold");
        Label capture = new Label();
        capture.getStyleClass().add("text-small");
        console.capture().capturedProperty().subscribe(captured -> {
            capture.setText(context.text(captured ? "bar.captured" : "bar.free"));
            capture.setGraphic(Glyphs.action(captured ? Material2AL.LOCK : Material2AL.LOCK_OPEN));
        });
        pin.setId(Ids.BAR_PIN);
        name(pin, "bar.pin");
        MenuButton power = menu(Material2MZ.POWER_SETTINGS_NEW, "bar.power");
        power.getItems().addAll(item("action.shut-down", actions::shutDown), item("action.turn-off", actions::turnOff),
                item("menu.pause", actions::pauseOrResume), item("action.reset", actions::reset));
        MenuButton keys = menu(Material2AL.KEYBOARD, "keys.title");
        keys.getItems().addAll(SendKeys.items(context, actions::key));
        MenuButton screens = menu(Material2AL.DESKTOP_WINDOWS, "bar.screen");
        screens.setOnShowing(event -> {
            screens.getItems().clear();
            int number = 1;
            for (Screen screen : Screen.getScreens()) {
                Rectangle2D bounds = screen.getBounds();
                MenuItem choice = new MenuItem(context.text("bar.screen.choice", number++, (int) bounds.getWidth(),
                        (int) bounds.getHeight()));
                choice.setOnAction(chosen -> {
                    stage.setFullScreen(false);
                    stage.setX(bounds.getMinX());
                    stage.setY(bounds.getMinY());
                    stage.setFullScreen(true);
                });
                screens.getItems().add(choice);
            }
        });
        // An empty menu button never opens.
        screens.getItems().add(new MenuItem("-"));
        getChildren().addAll(pin, name, capture, power, keys,
                button(Material2MZ.PHOTO_CAMERA, "action.screenshot", Ids.BAR_SCREENSHOT, actions::screenshot), screens,
                button(Material2MZ.MINIMIZE, "bar.minimise", Ids.BAR_MINIMISE, () -> stage.setIconified(true)),
                button(Material2AL.FULLSCREEN_EXIT, "bar.leave", Ids.BAR_LEAVE, leave));
        setVisible(false);
    }

    /** Shows it at first, so that the way out is seen once; then it follows the pointer. */
    void setActive(boolean full) {
        active = full;
        setVisible(full);
        if (full) {
            slide(true);
        }
    }

    /** Follows the pointer over a scene. */
    void watch(Scene scene) {
        scene.addEventFilter(MouseEvent.MOUSE_MOVED, event -> {
            if (active && !out && event.getSceneY() <= EDGE) {
                slide(true);
            } else if (active && out && !pin.isSelected() && event.getSceneY() > getHeight() + 24) {
                slide(false);
            }
        });
    }

    /** The release chord: shows the bar and puts the focus on it. */
    void release() {
        if (active) {
            slide(true);
            pin.requestFocus();
        }
    }

    boolean isOut() {
        return out;
    }

    private void slide(boolean show) {
        out = show;
        glide.stop();
        glide.setToY(show ? 0 : -getHeight() - 4);
        glide.play();
    }

    private MenuItem item(String key, Runnable action) {
        MenuItem item = new MenuItem(context.text(key));
        item.setOnAction(event -> action.run());
        return item;
    }

    private MenuButton menu(Ikon icon, String key) {
        MenuButton button = new MenuButton(null, Glyphs.action(icon));
        button.getStyleClass().addAll("button-icon", "flat");
        button.setAccessibleText(context.text(key));
        button.setTooltip(new Tooltip(context.text(key)));
        return button;
    }

    private Button button(Ikon icon, String key, String id, Runnable action) {
        Button button = new Button(null, Glyphs.action(icon));
        button.setId(id);
        button.getStyleClass().addAll("button-icon", "flat");
        button.setAccessibleText(context.text(key));
        button.setTooltip(new Tooltip(context.text(key)));
        button.setOnAction(event -> action.run());
        return button;
    }

    private void name(ToggleButton button, String key) {
        button.getStyleClass().addAll("button-icon", "flat");
        button.setAccessibleText(context.text(key));
        button.setTooltip(new Tooltip(context.text(key)));
    }
}
