package org.viridian.app.ui.view;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import javafx.beans.binding.Bindings;
import javafx.beans.property.ObjectProperty;
import javafx.beans.property.SimpleObjectProperty;
import javafx.beans.value.ObservableBooleanValue;
import javafx.beans.value.ObservableValue;
import javafx.geometry.Pos;
import javafx.scene.Node;
import javafx.scene.control.Button;
import javafx.scene.control.Label;
import javafx.scene.control.MenuButton;
import javafx.scene.control.RadioMenuItem;
import javafx.scene.control.Separator;
import javafx.scene.control.Tab;
import javafx.scene.control.TabPane;
import javafx.scene.control.ToggleGroup;
import javafx.scene.control.ToolBar;
import javafx.scene.control.Tooltip;
import javafx.scene.layout.BorderPane;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.Region;
import javafx.scene.layout.StackPane;
import javafx.scene.control.MenuItem;
import javafx.scene.control.ContentDisplay;
import javafx.scene.layout.VBox;
import org.kordamp.ikonli.Ikon;
import org.kordamp.ikonli.material2.Material2AL;
import org.kordamp.ikonli.material2.Material2MZ;
import org.viridian.app.library.VmState;
import org.viridian.app.ui.Ids;
import org.viridian.app.ui.model.VmItem;
import org.viridian.display.canvas.Scaling;

/** The chosen VM: name, state and power buttons above; console, devices and serial port as tabs. */
final class VmPane extends BorderPane {
    /** What the bar's buttons need with their words, in the longer of the two languages. */
    private static final double FOLD_WIDTH = 860;

    private final Context context;
    private final Actions actions;
    private final ConsolePane console;
    private final DevicePane devices;
    private final TabPane tabs = new TabPane();
    private final Tab consoleTab;
    private final Tab deviceTab;
    private final Label name = new Label();
    private final Label state = new Label();
    private final Label engine = new Label();
    private final ObjectProperty<VmItem> item = new SimpleObjectProperty<>();
    private final ToolBar bar = new ToolBar();

    private final Map<String, ConsoleWindow> windows = new HashMap<>();
    private final StackPane consolePlace = new StackPane();
    private final VBox elsewhere = new VBox();
    private final Thumbnails thumbnails;
    private final Banners banners;
    private final SerialPane serial;
    private ConsoleKeys keys = ConsoleKeys.NONE;

    VmPane(Context context, Actions actions, Thumbnails thumbnails, Banners banners) {
        this.thumbnails = thumbnails;
        this.banners = banners;
        this.context = context;
        this.actions = actions;
        console = new ConsolePane(context, actions::start);
        devices = new DevicePane(context, banners);
        buildElsewhere();
        consolePlace.getChildren().addAll(console, elsewhere);
        consoleTab = tab("tab.console", Ids.TAB_CONSOLE, Material2AL.DESKTOP_WINDOWS, consolePlace);
        serial = new SerialPane(context, tabs::requestFocus);
        deviceTab = tab("tab.devices", Ids.TAB_DEVICES, Material2MZ.MEMORY, devices);
        Tab serialTab = tab("tab.serial", Ids.TAB_SERIAL, Material2AL.KEYBOARD, serial);
        tabs.getTabs().addAll(consoleTab, deviceTab, serialTab);
        tabs.setTabClosingPolicy(TabPane.TabClosingPolicy.UNAVAILABLE);

        name.getStyleClass().add("title-3");
        name.setMinWidth(0);
        state.setId(Ids.VM_STATE);
        state.setMinWidth(Region.USE_PREF_SIZE);
        engine.getStyleClass().addAll("text-small", "text-muted");
        engine.setMinWidth(Region.USE_PREF_SIZE);
        Region gap = new Region();
        HBox.setHgrow(gap, Priority.ALWAYS);
        HBox header = new HBox(name, state, gap, engine);
        header.setAlignment(Pos.CENTER_LEFT);
        header.getStyleClass().add("vm-header");
        buildBar();
        setTop(new VBox(header, bar));
        setCenter(tabs);
        console.capture().onReleaseChord(() -> bar.getItems().stream().filter(node -> node instanceof Button
                && !node.isDisabled()).findFirst().ifPresent(Node::requestFocus));
        console.capture().onFullScreenChord(this::toggleFullScreen);
        getStyleClass().add("vm-pane");
    }

    private void buildElsewhere() {
        elsewhere.setId(Ids.CONSOLE_ELSEWHERE);
        elsewhere.setAlignment(Pos.CENTER);
        elsewhere.getStyleClass().add("console-off");
        Label title = new Label(context.text("console.elsewhere"));
        title.getStyleClass().add("title-3");
        Button back = new Button(context.text("console.back"), Glyphs.action(Material2AL.EXIT_TO_APP));
        back.setId(Ids.CONSOLE_BACK);
        back.setOnAction(event -> toggleWindow());
        elsewhere.getChildren().addAll(Glyphs.action(Material2MZ.OPEN_IN_NEW, "off-page-icon"), title, back);
        elsewhere.setVisible(false);
    }

    /** Opens the console in a window of its own, or takes it back. */
    void toggleWindow() {
        VmItem shown = item.get();
        if (shown == null) {
            return;
        }
        ConsoleWindow window = windows.get(shown.name());
        if (window != null) {
            window.close();
        } else {
            open(shown, false);
        }
    }

    /** Fills the screen with the console, or ends that. */
    void toggleFullScreen() {
        VmItem shown = item.get();
        if (shown == null) {
            return;
        }
        ConsoleWindow window = windows.get(shown.name());
        if (window != null) {
            window.toggleFullScreen();
        } else {
            open(shown, true);
        }
    }

    private void open(VmItem shown, boolean fullScreen) {
        console.capture().release();
        ConsoleWindow window = new ConsoleWindow(context, shown, keys, banners, fullScreen, this::windowClosed);
        windows.put(shown.name(), window);
        thumbnails.elsewhere(shown.name(), true);
        showElsewhere();
        window.show();
    }

    private void windowClosed(String vm) {
        windows.remove(vm);
        thumbnails.elsewhere(vm, false);
        showElsewhere();
    }

    private void showElsewhere() {
        boolean away = item.get() != null && windows.containsKey(item.get().name());
        elsewhere.setVisible(away);
        console.setVisible(!away);
        console.suspend(away);
    }

    /** Closes the consoles that have windows of their own. */
    void closeWindows() {
        java.util.List.copyOf(windows.values()).forEach(ConsoleWindow::close);
    }

    void useKeys(ConsoleKeys known) {
        keys = known;
        console.use(known);
        windows.values().forEach(window -> window.useKeys(known));
    }

    /** Shows a device in the device manager. */
    void showDevice(String id) {
        tabs.getSelectionModel().select(deviceTab);
        devices.select(id);
    }

    DevicePane devices() {
        return devices;
    }

    /** Brings the serial port to the front and gives it the keyboard. */
    void useSerial() {
        tabs.getSelectionModel().selectLast();
        serial.use();
    }

    /** The VM shown, or null. */
    ObjectProperty<VmItem> itemProperty() {
        return item;
    }

    ConsolePane console() {
        return console;
    }

    TabPane tabs() {
        return tabs;
    }

    /** Shows a VM. */
    void show(VmItem next) {
        if (next == item.get()) {
            return;
        }
        console.capture().release();
        item.set(next);
        state.textProperty().unbind();
        state.graphicProperty().unbind();
        engine.textProperty().unbind();
        showElsewhere();
        console.remember(next == null ? "" : next.name());
        if (next == null) {
            context.machine().show("");
            return;
        }
        name.setText(next.name());
        name.setTooltip(new Tooltip(next.name()));
        state.textProperty().bind(next.stateProperty().map(s -> context.messages().of("vm.state.", s)));
        state.graphicProperty().bind(next.stateProperty().map(s -> Glyphs.of(Glyphs.icon(s), 18, "vm-" + Glyphs.style(s))));
        engine.textProperty().bind(Bindings.createStringBinding(() -> next.engineProperty().get().isEmpty() ? ""
                : context.text("vm.engine", context.messages().word("engine.", next.engineProperty().get()),
                        heartbeat(next.heartbeatProperty().get())), next.engineProperty(), next.heartbeatProperty()));
        context.machine().show(next.name());
    }

    private String heartbeat(Optional<Boolean> beat) {
        return context.text(beat.isEmpty() ? "vm.heartbeat.none" : beat.get() ? "vm.heartbeat.ok" : "vm.heartbeat.lost");
    }

    /** Brings the console to the front and gives it the keyboard. */
    void useConsole() {
        tabs.getSelectionModel().select(consoleTab);
        ConsoleWindow window = item.get() == null ? null : windows.get(item.get().name());
        if (window != null) {
            window.toFront();
        } else {
            console.capture().capture();
        }
    }

    ObservableBooleanValue stateIs(VmState... wanted) {
        // The value is read through the same observable that is followed: a lazy one tells of no second change otherwise.
        ObservableValue<VmState> present = item.flatMap(VmItem::stateProperty);
        return Bindings.createBooleanBinding(() -> present.getValue() != null
                && java.util.Arrays.asList(wanted).contains(present.getValue()), present);
    }

    private void buildBar() {
        ObservableBooleanValue off = stateIs(VmState.OFF);
        ObservableBooleanValue on = stateIs(VmState.RUNNING, VmState.PAUSED);
        ObservableBooleanValue running = stateIs(VmState.RUNNING);
        Button pause = button("action.pause", Ids.PAUSE, Material2MZ.PAUSE, on, actions::pauseOrResume);
        pause.textProperty().bind(item.flatMap(VmItem::stateProperty)
                .map(s -> context.text(s == VmState.PAUSED ? "action.resume" : "action.pause"))
                .orElse(context.text("action.pause")));
        MenuButton scaling = new MenuButton(null, Glyphs.action(Material2AL.ASPECT_RATIO));
        scaling.setAccessibleText(context.text("scaling.title"));
        scaling.setTooltip(new Tooltip(context.text("scaling.title")));
        scaling.setId(Ids.SCALING);
        ToggleGroup group = new ToggleGroup();
        for (Scaling value : new Scaling[] {Scaling.FIT, Scaling.INTEGER, Scaling.NATIVE}) {
            RadioMenuItem choice = new RadioMenuItem(context.messages().of("scaling.", value));
            choice.setToggleGroup(group);
            console.scalingProperty().subscribe(now -> choice.setSelected(value == now));
            choice.setOnAction(event -> console.scalingProperty().set(value));
            scaling.getItems().add(choice);
        }
        Button screenshot = small("action.screenshot", Ids.SCREENSHOT, Material2MZ.PHOTO_CAMERA, on, actions::screenshot);
        Button detach = small("action.detach", Ids.DETACH, Material2MZ.OPEN_IN_NEW, on, this::toggleWindow);
        Button full = small("action.full-screen", Ids.FULL_SCREEN, Material2AL.FULLSCREEN, on, this::toggleFullScreen);
        MenuButton keyMenu = new MenuButton(null, Glyphs.action(Material2AL.KEYBOARD));
        keyMenu.setId(Ids.SEND_KEYS);
        keyMenu.setAccessibleText(context.text("keys.title"));
        keyMenu.setTooltip(new Tooltip(context.text("keys.title")));
        MenuItem clipboard = new MenuItem(context.text("action.type-clipboard"));
        clipboard.setOnAction(event -> actions.typeClipboard());
        keyMenu.getItems().addAll(clipboard, new javafx.scene.control.SeparatorMenuItem());
        keyMenu.getItems().addAll(SendKeys.items(context, actions::key));
        keyMenu.disableProperty().bind(Bindings.not(running));
        bar.getItems().addAll(button("action.start", Ids.START, Material2MZ.PLAY_ARROW, off, actions::start),
                button("action.shut-down", Ids.SHUT_DOWN, Material2MZ.POWER_SETTINGS_NEW, running, actions::shutDown),
                button("action.turn-off", Ids.TURN_OFF, Material2MZ.STOP, on, actions::turnOff), pause,
                button("action.reset", Ids.RESET, Material2MZ.REPLAY, running, actions::reset), new Separator(),
                button("action.ctrl-alt-del", Ids.CTRL_ALT_DEL, Material2AL.KEYBOARD, running, actions::controlAltDelete),
                keyMenu, screenshot, scaling, detach, full);
        fold();
    }

    /** In a narrow window the buttons lose their words before any of them goes into the overflow menu. */
    private void fold() {
        bar.widthProperty().subscribe(width -> {
            boolean narrow = width.doubleValue() < FOLD_WIDTH;
            for (Node node : bar.getItems()) {
                if (node instanceof Button button) {
                    button.setContentDisplay(narrow && !button.getId().equals(Ids.CTRL_ALT_DEL)
                            && !button.getId().equals(Ids.START) ? ContentDisplay.GRAPHIC_ONLY : ContentDisplay.LEFT);
                }
            }
        });
    }

    private Button small(String key, String id, Ikon icon, ObservableBooleanValue enabled, Runnable action) {
        Button button = button(key, id, icon, enabled, action);
        button.setAccessibleText(button.getText());
        button.setText(null);
        return button;
    }

    private Button button(String key, String id, Ikon icon, ObservableBooleanValue enabled, Runnable action) {
        Button button = new Button(context.text(key), Glyphs.action(icon));
        button.setId(id);
        button.setOnAction(event -> action.run());
        button.disableProperty().bind(Bindings.not(enabled));
        button.setTooltip(new Tooltip(context.text(key + ".hint")));
        return button;
    }

    private Tab tab(String key, String id, Ikon icon, Node content) {
        Tab tab = new Tab(context.text(key), content);
        tab.setId(id);
        tab.setGraphic(Glyphs.action(icon));
        return tab;
    }
}
