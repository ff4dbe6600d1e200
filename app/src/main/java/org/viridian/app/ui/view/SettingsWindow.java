package org.viridian.app.ui.view;

import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import javafx.beans.InvalidationListener;
import javafx.beans.property.StringProperty;
import javafx.geometry.Pos;
import javafx.scene.Node;
import javafx.scene.Scene;
import javafx.scene.control.Button;
import javafx.scene.control.CheckBox;
import javafx.scene.control.ComboBox;
import javafx.scene.control.Label;
import javafx.scene.control.ListCell;
import javafx.scene.control.ListView;
import javafx.scene.control.ScrollPane;
import javafx.scene.control.TextField;
import javafx.scene.control.TreeCell;
import javafx.scene.control.TreeItem;
import javafx.scene.control.TreeView;
import javafx.scene.input.KeyCode;
import javafx.scene.input.KeyEvent;
import javafx.scene.layout.BorderPane;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.Region;
import javafx.scene.layout.VBox;
import javafx.stage.Modality;
import javafx.stage.Stage;
import javafx.stage.Window;
import javafx.util.StringConverter;
import org.kordamp.ikonli.material2.Material2AL;
import org.viridian.app.definition.FieldProblem;
import org.viridian.app.machine.MachineConfig.Disk;
import org.viridian.app.machine.MachineConfig.Engine;
import org.viridian.app.ui.Ids;
import org.viridian.app.ui.model.SettingsModel;
import org.viridian.app.ui.model.SettingsModel.Page;

/**
 * The settings of one VM: a tree of pages, changed ones marked; OK, Apply, Cancel. While the VM runs, its machine stays
 * as it is and the window says so: what is changed counts from the next start.
 */
final class SettingsWindow {
    private final Context context;
    private final SettingsModel model;
    private final boolean running;
    private final Stage stage = new Stage();
    private final TreeView<Object> tree = new TreeView<>();
    private final ScrollPane center = new ScrollPane();
    private final Map<Page, VBox> pages = new EnumMap<>(Page.class);
    private final Map<Page, Label> problems = new EnumMap<>(Page.class);
    private final Label pending = new Label();
    private final Button ok;
    private final Button apply;
    private final Button revert;
    private final Label failure = new Label();

    SettingsWindow(Context context, Window owner, SettingsModel model, boolean running) {
        this.context = context;
        this.model = model;
        this.running = running;
        ok = button("action.ok", Ids.SETTINGS_OK, () -> save(true));
        ok.setDefaultButton(true);
        apply = button("action.apply", Ids.SETTINGS_APPLY, () -> save(false));
        revert = button("action.revert", Ids.SETTINGS_REVERT, model::revert);
        Button cancel = button("action.cancel", Ids.SETTINGS_CANCEL, stage::close);
        cancel.setCancelButton(true);
        boot();
        memory();
        processors();
        disks();
        dvd();
        network();
        filing();
        integration();
        buildTree();

        pending.setId(Ids.SETTINGS_PENDING);
        pending.setWrapText(true);
        pending.setMinHeight(Region.USE_PREF_SIZE);
        pending.getStyleClass().add("settings-pending");
        failure.getStyleClass().add("problem");
        failure.setWrapText(true);
        failure.setMinHeight(Region.USE_PREF_SIZE);
        failure.setManaged(false);
        Region gap = new Region();
        HBox.setHgrow(gap, Priority.ALWAYS);
        HBox buttons = new HBox(revert, gap, ok, apply, cancel);
        buttons.setAlignment(Pos.CENTER_LEFT);
        buttons.getStyleClass().addAll("spaced", "wizard-buttons");
        VBox bottom = new VBox(pending, failure, buttons);
        bottom.getStyleClass().add("wizard-bottom");
        center.setFitToWidth(true);
        center.setHbarPolicy(ScrollPane.ScrollBarPolicy.NEVER);
        BorderPane root = new BorderPane(center);
        root.setLeft(tree);
        root.setBottom(bottom);
        root.setId(Ids.SETTINGS);
        root.getStyleClass().addAll("wizard", "settings");
        Scene scene = new Scene(root, 780, 560);
        // The tree keeps Esc to itself, so the Cancel button would never hear of it.
        scene.addEventFilter(KeyEvent.KEY_PRESSED, event -> {
            if (event.getCode() == KeyCode.ESCAPE) {
                event.consume();
                stage.close();
            }
        });
        Theme.dress(scene);
        stage.setScene(scene);
        stage.setTitle(context.text("settings.title", model.name()));
        stage.initOwner(owner);
        stage.initModality(Modality.WINDOW_MODAL);
        follow();
    }

    void show() {
        tree.getSelectionModel().select(1);
        stage.show();
        tree.requestFocus();
    }

    private void buildTree() {
        tree.setId(Ids.SETTINGS_TREE);
        tree.setShowRoot(false);
        tree.setPrefWidth(230);
        tree.setMinWidth(230);
        TreeItem<Object> root = new TreeItem<>();
        TreeItem<Object> hardware = new TreeItem<>(context.text("settings.hardware"));
        TreeItem<Object> management = new TreeItem<>(context.text("settings.management"));
        for (Page page : Page.values()) {
            (page.isHardware() ? hardware : management).getChildren().add(new TreeItem<>(page));
        }
        hardware.setExpanded(true);
        management.setExpanded(true);
        root.getChildren().setAll(List.of(hardware, management));
        tree.setRoot(root);
        tree.setCellFactory(view -> new PageCell());
        tree.getSelectionModel().selectedItemProperty().subscribe(item -> {
            if (item != null && item.getValue() instanceof Page page) {
                center.setContent(pages.get(page));
                showProblems(page);
            }
        });
    }

    /** Everything that can change is followed at once: marks, buttons and problems. */
    private void follow() {
        InvalidationListener changed = observable -> update();
        for (javafx.beans.Observable property : List.of(model.kernel, model.initrd, model.commandLine, model.memory,
                model.processors, model.engine, model.dvd, model.network, model.integration, model.group, model.tags)) {
            property.addListener(changed);
        }
        model.disks.addListener(changed);
        update();
    }

    private void update() {
        boolean wrong = false;
        for (Page page : Page.values()) {
            wrong |= !model.problems(page).isEmpty() && model.isChanged(page);
            showProblems(page);
        }
        ok.setDisable(wrong);
        apply.setDisable(wrong || !model.isChanged());
        revert.setDisable(!model.isChanged());
        pending.setText(running && model.isMachineChanged() ? context.text("settings.pending")
                : running ? context.text("settings.running") : "");
        pending.setManaged(!pending.getText().isEmpty());
        tree.refresh();
    }

    private void showProblems(Page page) {
        Label label = problems.get(page);
        List<FieldProblem> found = model.problems(page);
        label.setText(found.isEmpty() ? "" : context.messages().of(found.getFirst().text()));
        label.setManaged(!found.isEmpty());
    }

    private void save(boolean close) {
        if (!model.isChanged()) {
            stage.close();
            return;
        }
        context.library().background().start("settings-" + model.name(), () -> {
            if (model.isMachineChanged()) {
                context.library().library().updateForNextStart(model.definition());
            }
            if (model.isChanged(Page.FILING)) {
                context.library().library().view(model.name(), old -> old.filed(model.view().group(), model.view().tags()));
            }
        }, () -> {
            context.library().refresh();
            stage.close();
            if (!close) {
                open(context, stage.getOwner(), model.name(), running);
            }
        }, why -> {
            failure.setText(context.messages().of(why.text()));
            failure.setManaged(true);
        });
    }

    /** Reads what is saved and opens the window. */
    static void open(Context context, Window owner, String name, boolean running) {
        context.library().background().start("settings-" + name, () -> new SettingsModel(
                context.library().library().definition(name), context.library().library().view(name)),
                model -> new SettingsWindow(context, owner, model, running).show(), failure -> context.library()
                        .fail(failure.text()));
    }

    private void boot() {
        TextField kernel = field(Ids.SETTINGS_KERNEL, model.kernel);
        TextField initrd = field(Ids.SETTINGS_INITRD, model.initrd);
        TextField append = field(Ids.SETTINGS_COMMAND_LINE, model.commandLine);
        page(Page.BOOT, labelled("wizard.kernel", kernel), browse(kernel, "wizard.kernel"),
                labelled("wizard.initrd", initrd), browse(initrd, "wizard.initrd"), labelled("wizard.append", append), append);
    }

    private void memory() {
        TextField field = field(Ids.SETTINGS_MEMORY, model.memory);
        field.setMaxWidth(140);
        page(Page.MEMORY, labelled("wizard.memory", field), field);
    }

    private void processors() {
        TextField field = field(Ids.SETTINGS_PROCESSORS, model.processors);
        field.setMaxWidth(140);
        ComboBox<Engine> engine = new ComboBox<>();
        engine.setId(Ids.SETTINGS_ENGINE);
        engine.getItems().setAll(Engine.values());
        engine.setConverter(new StringConverter<>() {
            @Override
            public String toString(Engine value) {
                return value == null ? "" : context.messages().of("engine.", value);
            }

            @Override
            public Engine fromString(String text) {
                return model.engine.get();
            }
        });
        engine.valueProperty().bindBidirectional(model.engine);
        page(Page.PROCESSORS, labelled("wizard.processors", field), field, labelled("wizard.engine", engine), engine,
                hint("wizard.engine.hint"));
    }

    private void disks() {
        ListView<Disk> list = new ListView<>(model.disks);
        list.setId(Ids.SETTINGS_DISKS);
        list.setPrefHeight(180);
        list.setPlaceholder(new Label(context.text("wizard.disk.none")));
        list.setCellFactory(view -> new DiskCell());
        Button add = button("settings.disk.add", Ids.SETTINGS_DISK_ADD, () -> context.files()
                .open(stage, context.text("settings.disk.add")).ifPresent(file -> model.disks.add(new Disk(file, false))));
        Button remove = button("settings.disk.remove", Ids.SETTINGS_DISK_REMOVE,
                () -> model.disks.remove(list.getSelectionModel().getSelectedItem()));
        remove.disableProperty().bind(list.getSelectionModel().selectedItemProperty().isNull());
        Button readOnly = button("wizard.disk.readonly", Ids.SETTINGS_DISK_READONLY, () -> {
            int at = list.getSelectionModel().getSelectedIndex();
            Disk disk = model.disks.get(at);
            model.disks.set(at, new Disk(disk.file(), !disk.readOnly()));
            list.getSelectionModel().select(at);
        });
        readOnly.disableProperty().bind(list.getSelectionModel().selectedItemProperty().isNull());
        HBox buttons = new HBox(add, remove, readOnly);
        buttons.getStyleClass().add("spaced");
        page(Page.DISKS, list, buttons, hint("settings.disk.hint"));
    }

    private void dvd() {
        TextField field = field(Ids.SETTINGS_DVD, model.dvd);
        page(Page.DVD, labelled("settings.dvd", field), browse(field, "settings.dvd"), hint("settings.dvd.hint"));
    }

    private void network() {
        ComboBox<String> box = new ComboBox<>();
        box.setId(Ids.SETTINGS_NETWORK);
        box.setEditable(true);
        box.getItems().setAll("nat", "none", "switch:lab", "switch:lab,nat");
        box.getEditor().textProperty().bindBidirectional(model.network);
        box.setMaxWidth(320);
        page(Page.NETWORK, labelled("settings.network", box), box, hint("settings.network.hint"));
    }

    private void filing() {
        TextField group = field(Ids.SETTINGS_GROUP, model.group);
        TextField tags = field(Ids.SETTINGS_TAGS, model.tags);
        page(Page.FILING, labelled("library.group", group), group, labelled("settings.tags", tags), tags);
    }

    private void integration() {
        CheckBox box = new CheckBox(context.text("settings.integration"));
        box.setId(Ids.SETTINGS_INTEGRATION);
        box.setWrapText(true);
        box.selectedProperty().bindBidirectional(model.integration);
        page(Page.INTEGRATION, box, hint("settings.integration.hint"));
    }

    private void page(Page page, Node... nodes) {
        Label title = new Label(context.messages().of("settings.page.", page));
        title.getStyleClass().add("title-3");
        Label problem = new Label();
        problem.setId(Ids.PROBLEM_PREFIX + "settings-" + page.name().toLowerCase(java.util.Locale.ROOT));
        problem.setWrapText(true);
        problem.setMinHeight(Region.USE_PREF_SIZE);
        problem.getStyleClass().add("problem");
        problems.put(page, problem);
        VBox box = new VBox(title);
        box.getChildren().addAll(nodes);
        box.getChildren().add(problem);
        box.getStyleClass().addAll("wizard-page", "fields");
        pages.put(page, box);
    }

    private TextField field(String id, StringProperty value) {
        TextField field = new TextField();
        field.setId(id);
        field.textProperty().bindBidirectional(value);
        return field;
    }

    private Node browse(TextField field, String title) {
        Button browse = button("action.browse", field.getId() + "-browse", () -> context.files()
                .open(stage, context.text(title)).map(Path::toString).ifPresent(field::setText));
        browse.setGraphic(Glyphs.action(Material2AL.FOLDER_OPEN));
        HBox.setHgrow(field, Priority.ALWAYS);
        HBox row = new HBox(field, browse);
        row.getStyleClass().add("spaced");
        return row;
    }

    private Label labelled(String key, Node field) {
        Label label = new Label(context.text(key));
        label.setLabelFor(field);
        return label;
    }

    private Label hint(String key) {
        Label label = new Label(context.text(key));
        label.setWrapText(true);
        label.setMinHeight(Region.USE_PREF_SIZE);
        label.getStyleClass().addAll("text-small", "text-muted");
        return label;
    }

    private Button button(String key, String id, Runnable action) {
        Button button = new Button(context.text(key));
        button.setId(id);
        button.setMinWidth(Region.USE_PREF_SIZE);
        button.setOnAction(event -> action.run());
        return button;
    }

    private final class PageCell extends TreeCell<Object> {
        @Override
        protected void updateItem(Object value, boolean empty) {
            super.updateItem(value, empty);
            getStyleClass().removeAll("settings-changed", "group-cell");
            switch (empty ? null : value) {
                case null -> setText(null);
                case Page page -> {
                    boolean changed = model.isChanged(page);
                    String title = context.messages().of("settings.page.", page);
                    // A mark besides the weight: weight alone is easily missed.
                    setText(changed ? context.text("settings.changed", title) : title);
                    if (changed) {
                        getStyleClass().add("settings-changed");
                    }
                }
                default -> {
                    setText(value.toString());
                    getStyleClass().add("group-cell");
                }
            }
        }
    }

    private final class DiskCell extends ListCell<Disk> {
        @Override
        protected void updateItem(Disk disk, boolean empty) {
            super.updateItem(disk, empty);
            setText(empty || disk == null ? null : disk.readOnly()
                    ? context.text("settings.disk.readonly", disk.file()) : disk.file().toString());
        }
    }
}
