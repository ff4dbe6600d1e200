package org.viridian.app.ui.view;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Consumer;
import javafx.application.Platform;
import javafx.beans.InvalidationListener;
import javafx.collections.ListChangeListener;
import javafx.geometry.Rectangle2D;
import javafx.scene.Scene;
import javafx.scene.control.ContextMenu;
import javafx.scene.control.Label;
import javafx.scene.control.Menu;
import javafx.scene.control.MenuBar;
import javafx.scene.control.MenuItem;
import javafx.scene.control.RadioMenuItem;
import javafx.scene.control.SplitPane;
import javafx.scene.control.ToggleGroup;
import javafx.scene.image.Image;
import javafx.scene.input.KeyCode;
import javafx.scene.input.KeyCombination;
import javafx.scene.input.KeyEvent;
import javafx.scene.input.MouseEvent;
import javafx.scene.layout.BorderPane;
import javafx.scene.layout.Region;
import javafx.scene.layout.StackPane;
import javafx.scene.layout.VBox;
import javafx.stage.Screen;
import javafx.stage.Stage;
import javafx.stage.WindowEvent;
import org.controlsfx.control.StatusBar;
import org.viridian.app.library.Library;
import org.viridian.app.library.VmState;
import org.viridian.app.ui.Messages;
import org.viridian.app.ui.model.Background;
import org.viridian.app.ui.model.Figures;
import org.viridian.app.ui.model.DeviceItem;
import org.viridian.app.ui.model.DeviceTreeModel;
import org.viridian.app.ui.model.LibraryModel;
import org.viridian.app.ui.model.MachineModel;
import org.viridian.app.ui.model.VmItem;
import org.viridian.app.ui.model.Preferences;
import org.viridian.display.keys.HeldKeys;
import org.viridian.display.keys.KeyboardGrab;
import org.viridian.engine.device.DeviceEvent;
import org.viridian.icons.Icon;

/** The main window: list at the left, the chosen VM at the right, what happens to its devices at the bottom. */
public final class MainWindow {
    private static final double WIDTH = 1180;
    private static final double HEIGHT = 780;
    private static final double MARGIN = 20;
    private static final double LIST_WIDTH = 296;

    private final Stage stage;
    private final Library library;
    private final FileDialogs files;
    private final StackPane root = new StackPane();
    private final Preferences preferences;
    private ConsoleKeys keys = ConsoleKeys.NONE;
    private Theme theme;

    // All below belongs to one language and is made anew when it changes.
    private Context context;
    private Thumbnails thumbnails;
    private VmListPane list;
    private VmPane vm;
    private Actions actions;
    private Banners banners;
    private StackPane center;
    private LibraryPane libraryPane;
    private MenuBar menuBar;
    private EmptyState empty;
    private StatusBar status;
    private Label running;
    private String startedHere = "";

    /** Builds the window in a language; {@link #show} shows it. */
    public MainWindow(Stage stage, Library library, FileDialogs files, Locale locale) {
        this.stage = stage;
        this.library = library;
        this.files = files;
        preferences = Preferences.in(library.folders().data());
        theme = preferences.word("theme").flatMap(Theme::of).orElse(Theme.SYSTEM);
        Rectangle2D screen = Screen.getPrimary().getVisualBounds();
        Scene scene = new Scene(root, Math.min(WIDTH, screen.getWidth() - MARGIN),
                Math.min(HEIGHT, screen.getHeight() - 3 * MARGIN));
        Theme.dress(scene);
        stage.setScene(scene);
        stage.setMinWidth(760);
        stage.setMinHeight(520);
        stage.setTitle("Viridian");
        for (int size : Icon.APP.sizes()) {
            stage.getIcons().add(new Image(Icon.APP.png(size)));
        }
        stage.setOnCloseRequest(this::closeRequested);
        stage.setOnHiding(event -> rememberPlace());
        preferences.place("main").ifPresent(this::putAt);
        theme.apply();
        Platform.getPreferences().colorSchemeProperty().addListener((observable, old, now) -> theme.apply());
        build(preferences.word("language").map(MainWindow::language).orElse(locale));
    }

    private static Locale language(String word) {
        return word.equals("ko") ? Locale.KOREAN : Locale.ROOT;
    }

    /** Puts the window where it was, when a screen is there still. */
    private void putAt(Preferences.Place place) {
        if (Screen.getScreensForRectangle(place.x(), place.y(), 80, 40).isEmpty()) {
            return;
        }
        stage.setX(place.x());
        stage.setY(place.y());
        stage.setWidth(place.width());
        stage.setHeight(place.height());
        stage.setMaximized(place.maximized());
    }

    private void rememberPlace() {
        Preferences.Place before = preferences.place("main").orElse(null);
        boolean large = stage.isMaximized();
        // A maximized window keeps the place it goes back to.
        preferences.place("main", large && before != null
                ? new Preferences.Place(before.x(), before.y(), before.width(), before.height(), true)
                : new Preferences.Place(stage.getX(), stage.getY(), stage.getWidth(), stage.getHeight(), large));
        // On this thread: the process may end as soon as its last window is hidden.
        preferences.save();
    }

    private void remember(String key, String value) {
        preferences.word(key, value);
        Thread.ofVirtual().name("preferences").start(preferences::save);
    }

    /** Shows the window. */
    public void show() {
        stage.show();
        list.list().requestFocus();
    }

    /** Uses the host's physical keys from now on; until then key codes decide. */
    public void useKeys(Optional<HeldKeys> physical, Optional<KeyboardGrab> grab) {
        keys = new ConsoleKeys(physical, grab);
        vm.useKeys(keys);
    }

    /** Changes the theme. */
    public void setTheme(Theme next) {
        theme = next;
        next.apply();
        remember("theme", next.name().toLowerCase(Locale.ROOT));
    }

    /** Changes the language: everything is built anew, what was chosen stays chosen. */
    public void setLanguage(Locale locale) {
        String chosen = vm.itemProperty().get() == null ? "" : vm.itemProperty().get().name();
        remember("language", locale.equals(Locale.KOREAN) ? "ko" : "en");
        boolean all = libraryPane.isVisible();
        int tab = vm.tabs().getSelectionModel().getSelectedIndex();
        dispose();
        build(locale);
        selectWhenThere(chosen);
        vm.tabs().getSelectionModel().select(tab);
        showLibrary(all);
    }

    /** Selects a VM and starts it. */
    public void start(String name) {
        startedHere = name;
        showLibrary(false);
        selectWhenThere(name);
        context.library().start(name, () -> started(name));
    }

    /** Opens Quick Create. */
    public void quickCreate() {
        new QuickCreateWindow(context, stage, this::start).show();
    }

    /** Opens the wizard. */
    public void wizard() {
        new WizardWindow(context, stage, this::selectWhenThere, this::start).show();
    }

    /** Lets go of everything the window follows. The library is left as it is. */
    public void dispose() {
        vm.closeWindows();
        vm.console().detach();
        context.machine().let();
        context.library().close();
        thumbnails.close();
    }

    private void build(Locale locale) {
        Background background = new Background(Platform::runLater);
        LibraryModel model = new LibraryModel(library, background);
        context = new Context(Messages.in(locale), model, new MachineModel(library, background), files);
        thumbnails = new Thumbnails(model);
        banners = new Banners(context);
        actions = new Actions(context, stage, () -> vm.itemProperty().get(), this::started, banners);
        vm = new VmPane(context, actions, thumbnails, banners);
        actions.controlAltDelete(() -> {
            vm.console().capture().sendControlAltDelete();
            vm.useConsole();
        });
        vm.useKeys(keys);
        list = new VmListPane(context, thumbnails, this::quickCreate, this::wizard);
        empty = new EmptyState(context, this::quickCreate, this::wizard);
        libraryPane = new LibraryPane(context, thumbnails, this::openFromLibrary, this::vmMenu, actions::importVm);
        libraryPane.setVisible(false);
        center = new StackPane(empty, vm, libraryPane);
        BorderPane right = new BorderPane(center);
        right.setTop(banners);
        SplitPane split = new SplitPane(list, right);
        SplitPane.setResizableWithParent(list, false);
        list.setPrefWidth(LIST_WIDTH);
        list.setMinWidth(240);
        split.setDividerPositions(LIST_WIDTH / root.getScene().getWidth());
        split.getStyleClass().add("main-split");
        status = new StatusBar();
        status.setText("");
        status.getRightItems().add(new ActivityLights(context, vm::showDevice));
        running = new Label();
        running.setMinWidth(Region.USE_PREF_SIZE);
        status.getRightItems().add(running);
        BorderPane pane = new BorderPane(split);
        pane.setTop(menus());
        pane.setBottom(new VBox(new JobBar(context), status));
        root.getChildren().setAll(pane);

        // The library gives way to a VM that the user chose, not to one that a refresh selected.
        list.list().addEventHandler(MouseEvent.MOUSE_CLICKED, event -> showLibrary(false));
        list.list().addEventHandler(KeyEvent.KEY_PRESSED, event -> {
            if (event.getCode().isNavigationKey() || event.getCode() == KeyCode.ENTER) {
                showLibrary(false);
            }
        });
        list.list().getSelectionModel().selectedItemProperty().addListener((observable, old, now) -> chosen(now));
        model.onRefreshed(this::refreshed);
        model.onFailure(text -> banners.show(Banners.Weight.WARNING, context.messages().of(text), null));
        context.machine().onCrash(crash -> {
            String first = crash.message().lines().filter(line -> !line.isBlank()).findFirst().orElse("");
            String numbers = String.format("P0=%x P1=%x P2=%x P3=%x P4=%x", crash.p0(), crash.p1(), crash.p2(), crash.p3(),
                    crash.p4());
            banners.show(Banners.Weight.DANGER, context.text("banner.crash", context.machine().name(),
                    first.isEmpty() ? numbers : first), numbers + "\n" + crash.message());
        });
        context.machine().onFailed(text -> banners.show(Banners.Weight.DANGER,
                context.text("banner.failed", context.machine().name(), context.messages().of(text)), null));
        DeviceTreeModel devices = context.machine().devices();
        devices.timeline().addListener((InvalidationListener) observable -> status.setText(latestEvent(devices)));
        context.machine().sessionProperty().subscribe(session -> {
            thumbnails.onConsole(session.isPresent() ? context.machine().name() : "");
            if (session.isPresent() && context.machine().name().equals(startedHere)) {
                startedHere = "";
                vm.useConsole();
            }
        });
        chosen(null);
    }

    private String latestEvent(DeviceTreeModel devices) {
        if (devices.timeline().isEmpty()) {
            return "";
        }
        DeviceEvent event = devices.timeline().getLast();
        return context.text("timeline.line", Figures.millis(event.nanos()),
                devices.find(event.deviceId()).map(DeviceItem::name).orElse(event.deviceId()),
                context.messages().of("device.state.", event.state()), event.reason());
    }

    /** Shows all VMs at once, or goes back to the chosen one. */
    public void showLibrary(boolean all) {
        libraryPane.setVisible(all);
        if (all) {
            libraryPane.refreshed();
            libraryPane.table().requestFocus();
        }
    }

    private void openFromLibrary(VmItem item) {
        showLibrary(false);
        list.select(item.name());
        list.list().requestFocus();
    }

    /** What can be done to a VM of the library, also when it is not the chosen one. */
    private ContextMenu vmMenu(VmItem item) {
        Actions of = new Actions(context, stage, () -> item, this::started, banners);
        MenuItem start = item("action.start", null, of::start);
        MenuItem shutDown = item("action.shut-down", null, of::shutDown);
        MenuItem rename = item("action.rename", null, of::rename);
        MenuItem clone = item("action.clone-ask", null, of::cloneVm);
        MenuItem export = item("action.export", null, of::exportVm);
        MenuItem delete = item("action.delete", null, of::delete);
        ContextMenu menu = new ContextMenu(item("action.open", null, () -> openFromLibrary(item)), start, shutDown,
                item("action.settings", null, of::settings), clone, rename, export, delete);
        menu.setOnShowing(event -> {
            boolean off = item.stateProperty().get() == VmState.OFF;
            start.setDisable(!off);
            shutDown.setDisable(item.stateProperty().get() != VmState.RUNNING);
            for (MenuItem entry : List.of(rename, clone, export)) {
                entry.setDisable(!off);
            }
            delete.setDisable(!off && item.stateProperty().get() != VmState.DAMAGED);
        });
        return menu;
    }

    private void chosen(VmItem item) {
        boolean any = item != null;
        vm.setVisible(any);
        empty.setVisible(!any && context.library().isLoaded());
        vm.show(item);
    }

    private void refreshed() {
        LibraryModel model = context.library();
        long on = model.items().stream().filter(item -> item.stateProperty().get() == VmState.RUNNING
                || item.stateProperty().get() == VmState.PAUSED).count();
        if (libraryPane.isVisible()) {
            libraryPane.refreshed();
        }
        running.setText(context.text("status.running", on, model.items().size()));
        var selection = list.list().getSelectionModel();
        if (selection.getSelectedItem() == null && !list.list().getItems().isEmpty()) {
            selection.selectFirst();
        }
        VmItem shown = vm.itemProperty().get();
        if (shown == null) {
            empty.setVisible(true);
        } else if (shown.stateProperty().get() == VmState.DAMAGED) {
            banners.show(Banners.Weight.WARNING, shown.damageProperty().get(), null);
        } else if (shown.stateProperty().get() != VmState.OFF) {
            context.machine().attach();
        }
    }

    private void started(String name) {
        startedHere = name;
        showLibrary(false);
        selectWhenThere(name);
        // The machine may have been found before this was known.
        if (context.machine().name().equals(name) && context.machine().sessionProperty().get().isPresent()) {
            startedHere = "";
            vm.useConsole();
        }
    }

    /** Selects a VM now, or as soon as the list has it. */
    private void selectWhenThere(String name) {
        if (name.isEmpty()) {
            return;
        }
        if (context.library().item(name).isPresent()) {
            list.select(name);
            return;
        }
        // A change listener comes after the list's own filter; an invalidation listener would come before it, and the
        // list would select what it does not have yet.
        context.library().items().addListener(new ListChangeListener<VmItem>() {
            @Override
            public void onChanged(Change<? extends VmItem> change) {
                if (context.library().item(name).isPresent()) {
                    context.library().items().removeListener(this);
                    list.select(name);
                }
            }
        });
    }

    private void closeRequested(WindowEvent event) {
        long here = context.library().items().stream()
                .filter(item -> item.here() && item.stateProperty().get() != VmState.OFF).count();
        if (here > 0) {
            event.consume();
            Questions.ask(context, stage, context.text("quit.title"), context.text("quit.question", here),
                    context.text("quit.action"), stage::hide);
        }
    }

    private MenuBar menus() {
        Menu file = menu("menu.file", item("quick.open", "Shortcut+Shift+N", this::quickCreate),
                item("wizard.menu", "Shortcut+N", this::wizard), item("action.import-ask", "Shortcut+I", actions::importVm),
                item("action.quit", "Shortcut+Q",
                        () -> stage.fireEvent(new WindowEvent(stage, WindowEvent.WINDOW_CLOSE_REQUEST))));
        file.getItems().getLast().setId("quit");
        file.getItems().getLast().setOnAction(event -> {
            WindowEvent request = new WindowEvent(stage, WindowEvent.WINDOW_CLOSE_REQUEST);
            closeRequested(request);
            if (!request.isConsumed()) {
                stage.hide();
            }
        });
        MenuItem start = item("action.start", "Shortcut+Enter", actions::start);
        MenuItem delete = item("action.delete", null, actions::delete);
        delete.setId(org.viridian.app.ui.Ids.DELETE_VM);
        Menu machine = menu("menu.machine", start, item("action.shut-down", null, actions::shutDown),
                item("action.turn-off", null, actions::turnOff), item("menu.pause", null, actions::pauseOrResume),
                item("action.reset", null, actions::reset), item("action.settings", "Shortcut+Comma", actions::settings),
                item("action.clone-ask", null, actions::cloneVm), item("action.rename", "F2", actions::rename),
                item("action.export", "Shortcut+E", actions::exportVm), delete);
        bind(start, VmState.OFF);
        bind(delete, VmState.OFF, VmState.DAMAGED);
        bind(machine.getItems().get(1), VmState.RUNNING);
        bind(machine.getItems().get(2), VmState.RUNNING, VmState.PAUSED);
        bind(machine.getItems().get(3), VmState.RUNNING, VmState.PAUSED);
        bind(machine.getItems().get(4), VmState.RUNNING);
        bind(machine.getItems().get(5), VmState.OFF, VmState.RUNNING, VmState.PAUSED);
        for (int i = 6; i <= 8; i++) {
            bind(machine.getItems().get(i), VmState.OFF);
        }
        Menu consoleMenu = menu("menu.console", item("action.ctrl-alt-del", null, actions::controlAltDelete),
                item("menu.capture", null, () -> vm.useConsole()), item("action.type-clipboard", "Shortcut+Shift+V",
                        actions::typeClipboard), item("action.full-screen", "Ctrl+Alt+Enter", vm::toggleFullScreen),
                item("action.detach", "Shortcut+D", vm::toggleWindow), item("action.screenshot", "F12", actions::screenshot),
                item("screenshot.copy", null, actions::copyScreenshot),
                item("screenshot.save-as", null, actions::saveScreenshotAs));
        Menu sendKeys = menu("keys.title");
        sendKeys.getItems().addAll(SendKeys.items(context, actions::key));
        consoleMenu.getItems().add(1, sendKeys);
        for (MenuItem entry : consoleMenu.getItems()) {
            bind(entry, VmState.RUNNING, VmState.PAUSED);
        }
        Menu view = menu("menu.view", item("library.menu", "Shortcut+L", () -> showLibrary(!libraryPane.isVisible())),
                item("menu.tab.console", "Shortcut+1", () -> showTab(0)), item("menu.tab.devices", "Shortcut+2", () -> showTab(1)),
                item("menu.tab.serial", "Shortcut+3", () -> showTab(2)), choices("menu.theme", Theme.values(), theme,
                value -> context.messages().of("theme.", value), this::setTheme),
                choices("menu.language", new Locale[] {Locale.ROOT, Locale.KOREAN}, context.messages().locale(),
                        value -> value.equals(Locale.ROOT) ? "English" : "\uD55C\uAD6D\uC5B4", this::setLanguage));
        menuBar = new MenuBar(file, machine, consoleMenu, view);
        return menuBar;
    }

    private void showTab(int index) {
        showLibrary(false);
        vm.tabs().getSelectionModel().select(index);
        vm.tabs().requestFocus();
    }

    private void bind(MenuItem entry, VmState... states) {
        entry.disableProperty().bind(javafx.beans.binding.Bindings.not(vm.stateIs(states)));
    }

    private <T> Menu choices(String key, T[] values, T present, java.util.function.Function<T, String> words,
            Consumer<T> choose) {
        Menu menu = menu(key);
        ToggleGroup group = new ToggleGroup();
        for (T value : values) {
            RadioMenuItem choice = new RadioMenuItem(words.apply(value));
            choice.setToggleGroup(group);
            choice.setSelected(value.equals(present));
            choice.setOnAction(event -> choose.accept(value));
            menu.getItems().add(choice);
        }
        return menu;
    }

    /** An item of the menu bar by its id, for tests and scripts. */
    public Optional<MenuItem> menuItem(String id) {
        return menuBar.getMenus().stream().flatMap(menu -> menu.getItems().stream())
                .filter(item -> id.equals(item.getId())).findFirst();
    }

    private Menu menu(String key, MenuItem... items) {
        Menu menu = new Menu(context.text(key));
        menu.getItems().addAll(items);
        return menu;
    }

    private MenuItem item(String key, String accelerator, Runnable action) {
        MenuItem item = new MenuItem(context.text(key));
        item.setId("menu-" + key.substring(key.indexOf('.') + 1).replace("-ask", ""));
        if (accelerator != null) {
            item.setAccelerator(KeyCombination.keyCombination(accelerator));
        }
        item.setOnAction(event -> action.run());
        return item;
    }
}
