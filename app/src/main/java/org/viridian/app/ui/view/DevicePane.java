package org.viridian.app.ui.view;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import javafx.beans.InvalidationListener;
import javafx.beans.property.SimpleObjectProperty;
import javafx.beans.value.ObservableValue;
import javafx.geometry.Orientation;
import javafx.scene.control.Label;
import javafx.scene.control.ListCell;
import javafx.scene.control.ListView;
import javafx.scene.control.MenuButton;
import javafx.scene.control.MenuItem;
import javafx.scene.control.SplitPane;
import javafx.scene.control.ToggleButton;
import javafx.scene.control.ToggleGroup;
import javafx.scene.control.TreeItem;
import javafx.scene.control.TreeTableCell;
import javafx.scene.control.TreeTableColumn;
import javafx.scene.control.TreeTableView;
import javafx.scene.input.Clipboard;
import javafx.scene.input.ClipboardContent;
import javafx.scene.input.KeyCode;
import javafx.scene.input.KeyCodeCombination;
import javafx.scene.input.KeyCombination;
import javafx.scene.input.KeyEvent;
import javafx.scene.layout.BorderPane;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.Region;
import javafx.scene.layout.VBox;
import org.controlsfx.control.SegmentedButton;
import org.kordamp.ikonli.material2.Material2MZ;
import org.viridian.app.definition.Reasons;
import org.viridian.app.text.Failure;
import org.viridian.app.text.Text;
import org.viridian.app.ui.Ids;
import org.viridian.app.ui.model.CounterItem;
import org.viridian.app.ui.model.DeviceExport;
import org.viridian.app.ui.model.DeviceItem;
import org.viridian.app.ui.model.DeviceTreeModel;
import org.viridian.app.ui.model.Figures;
import org.viridian.engine.device.DeviceEvent;
import org.viridian.engine.device.DeviceState;
import org.viridian.icons.Icon;

/** The device manager: tree by type or by connection, the chosen device in full, and the time since power-on below. */
final class DevicePane extends BorderPane {
    private static final KeyCombination COPY = new KeyCodeCombination(KeyCode.C, KeyCombination.SHORTCUT_DOWN);

    private final Context context;
    private final DeviceTreeModel devices;
    private final TreeTableView<DeviceRow> tree = new TreeTableView<>();
    private final ToggleButton byType;
    private final ToggleButton byConnection;
    private final ToggleButton byResource = new ToggleButton();
    private final Banners banners;
    private final DeviceDetails details;
    private String selectedId = "";

    /** @param banners tells where an export was saved */
    DevicePane(Context context, Banners banners) {
        this.banners = banners;
        this.context = context;
        this.devices = context.machine().devices();
        getStyleClass().add("device-pane");

        byType = new ToggleButton(context.text("device.by-type"));
        byType.setId(Ids.DEVICES_BY_TYPE);
        byConnection = new ToggleButton(context.text("device.by-connection"));
        byConnection.setId(Ids.DEVICES_BY_CONNECTION);
        ToggleGroup views = new ToggleGroup();
        byType.setToggleGroup(views);
        byConnection.setToggleGroup(views);
        byType.setSelected(true);
        views.selectedToggleProperty().addListener((observable, old, now) -> {
            // One view is always chosen.
            if (now == null) {
                old.setSelected(true);
            } else {
                rebuild();
            }
        });
        byResource.setText(context.text("device.by-resource"));
        byResource.setId(Ids.DEVICES_BY_RESOURCE);
        byResource.setToggleGroup(views);
        SegmentedButton choice = new SegmentedButton(byType, byConnection, byResource);
        choice.setToggleGroup(views);

        details = new DeviceDetails(context, this::select);
        buildTree();
        for (ToggleButton button : new ToggleButton[] {byType, byConnection, byResource}) {
            button.setMinWidth(Region.USE_PREF_SIZE);
            button.getStyleClass().add("dense-button");
        }
        MenuButton export = new MenuButton(null, Glyphs.action(Material2MZ.SAVE_ALT));
        export.setAccessibleText(context.text("device.export"));
        export.setTooltip(new javafx.scene.control.Tooltip(context.text("device.export")));
        export.getStyleClass().add("dense-button");
        export.setId(Ids.DEVICES_EXPORT);
        export.getItems().addAll(exportItem("device.export.json", ".json", () -> DeviceExport.json(
                        context.machine().name(), devices.uptimeNanosProperty().get(), devices.reports())),
                exportItem("device.export.report", ".txt", () -> DeviceExport.report(context.messages(),
                        context.machine().name(), devices.uptimeNanosProperty().get(), devices.reports())));
        Region gap = new Region();
        HBox.setHgrow(gap, Priority.ALWAYS);
        HBox bar = new HBox(choice, gap, export);
        export.setMinWidth(Region.USE_PREF_SIZE);
        VBox left = new VBox(bar, tree);
        left.getStyleClass().add("device-left");
        VBox.setVgrow(tree, Priority.ALWAYS);
        SplitPane upper = new SplitPane(left, details);
        upper.setDividerPositions(0.58);
        SplitPane whole = new SplitPane(upper, timeline());
        whole.setOrientation(Orientation.VERTICAL);
        whole.setDividerPositions(0.66);
        setCenter(whole);

        tree.addEventHandler(KeyEvent.KEY_PRESSED, event -> {
            if (COPY.match(event)) {
                copyChosen();
                event.consume();
            }
        });
        devices.items().addListener((InvalidationListener) observable -> rebuild());
        rebuild();
    }

    private MenuItem exportItem(String key, String ending, Supplier<byte[]> bytes) {
        MenuItem item = new MenuItem(context.text(key));
        item.setOnAction(event -> context.files().save(getScene().getWindow(), context.text(key),
                context.machine().name() + "-devices" + ending).ifPresent(file -> context.library().background()
                .start("export-devices", () -> write(file, bytes.get()), saved -> banners.show(Banners.Weight.INFO,
                        context.text("file.saved", saved), saved.toString()), failure -> banners.show(
                        Banners.Weight.WARNING, context.messages().of(failure.text()), null))));
        return item;
    }

    private static Path write(Path file, byte[] bytes) throws Failure {
        try {
            return Files.write(file, bytes);
        } catch (IOException e) {
            throw new Failure(Failure.Kind.HOST, Text.of("folder.unusable", file, Reasons.of(e)), e);
        }
    }

    private void copyChosen() {
        TreeItem<DeviceRow> chosen = tree.getSelectionModel().getSelectedItem();
        if (chosen != null && chosen.getValue() != null && chosen.getValue().item() != null) {
            String id = chosen.getValue().item().id();
            devices.reports().stream().filter(report -> report.id().equals(id)).findFirst().ifPresent(report -> {
                ClipboardContent content = new ClipboardContent();
                content.putString(DeviceExport.text(context.messages(), report));
                Clipboard.getSystemClipboard().setContent(content);
            });
        }
    }

    /** Selects a device by id. */
    void select(String id) {
        for (TreeItem<DeviceRow> group : tree.getRoot().getChildren()) {
            for (TreeItem<DeviceRow> device : group.getChildren()) {
                if (device.getValue().id().equals(id)) {
                    group.setExpanded(true);
                    tree.getSelectionModel().select(device);
                    tree.scrollTo(tree.getRow(device));
                    return;
                }
            }
        }
    }

    private void buildTree() {
        tree.setId(Ids.DEVICE_TREE);
        tree.setAccessibleText(context.text("tab.devices"));
        tree.setShowRoot(false);
        tree.setRoot(new TreeItem<>());
        tree.setColumnResizePolicy(TreeTableView.CONSTRAINED_RESIZE_POLICY_FLEX_LAST_COLUMN);
        Label nothing = new Label(context.text("device.nothing"));
        nothing.getStyleClass().add("text-muted");
        nothing.setWrapText(true);
        tree.setPlaceholder(nothing);

        TreeTableColumn<DeviceRow, DeviceRow> name = new TreeTableColumn<>(context.text("device.column.name"));
        name.setCellValueFactory(cell -> new SimpleObjectProperty<>(cell.getValue().getValue()));
        name.setCellFactory(column -> new NameCell());
        name.setPrefWidth(240);
        TreeTableColumn<DeviceRow, DeviceState> state = new TreeTableColumn<>(context.text("device.column.state"));
        state.setCellValueFactory(cell -> {
            DeviceItem item = cell.getValue().getValue() == null ? null : cell.getValue().getValue().item();
            return item == null ? null : item.stateProperty();
        });
        state.setCellFactory(column -> new StateCell());
        state.setPrefWidth(130);
        state.setMinWidth(112);
        TreeTableColumn<DeviceRow, Number> activity = new TreeTableColumn<>(context.text("device.column.activity"));
        activity.setCellValueFactory(cell -> activity(cell.getValue().getValue()));
        activity.setCellFactory(column -> new ActivityCell());
        activity.setPrefWidth(110);
        activity.setMinWidth(84);
        activity.setMaxWidth(140);
        state.setMaxWidth(150);
        for (TreeTableColumn<DeviceRow, ?> column : List.of(name, state, activity)) {
            column.setSortable(false);
            column.setReorderable(false);
            tree.getColumns().add(column);
        }
        tree.getSelectionModel().selectedItemProperty().addListener((observable, old, now) -> {
            if (now != null && now.getValue() != null && now.getValue().item() != null) {
                selectedId = now.getValue().id();
                details.show(now.getValue().item());
            }
        });
    }

    private static ObservableValue<Number> activity(DeviceRow row) {
        return row != null && row.item() != null ? row.item().activityProperty() : null;
    }

    private void rebuild() {
        if (byResource.isSelected()) {
            rebuildByResource();
            return;
        }
        boolean types = byType.isSelected();
        Map<String, List<DeviceItem>> groups = types ? devices.byType() : devices.byConnection();
        TreeItem<DeviceRow> root = new TreeItem<>();
        groups.forEach((key, members) -> {
            String label = context.messages().word(types ? "device.type." : "device.connection.", key);
            Icon icon = types ? Icon.ofDeviceType(key) : key.equals("vmbus") ? Icon.SYNTHETIC : Icon.EMULATED;
            if (members.isEmpty()) {
                return;
            }
            TreeItem<DeviceRow> group = new TreeItem<>(new DeviceRow.Group(key, label, icon));
            group.setExpanded(true);
            members.forEach(item -> group.getChildren().add(new TreeItem<>(new DeviceRow.Device(item))));
            root.getChildren().add(group);
        });
        String wanted = selectedId;
        tree.setRoot(root);
        if (groups.values().stream().allMatch(List::isEmpty)) {
            details.show(null);
        } else if (!wanted.isEmpty()) {
            select(wanted);
        }
    }

    private void rebuildByResource() {
        TreeItem<DeviceRow> root = new TreeItem<>();
        devices.byResource().forEach((kind, uses) -> {
            if (!uses.isEmpty()) {
                TreeItem<DeviceRow> group = new TreeItem<>(new DeviceRow.Group(kind,
                        context.messages().word("device.resource.", kind),
                        kind.equals("relid") ? Icon.SYNTHETIC : Icon.EMULATED));
                group.setExpanded(true);
                uses.forEach(use -> group.getChildren().add(new TreeItem<>(new DeviceRow.Resource(use))));
                root.getChildren().add(group);
            }
        });
        String wanted = selectedId;
        tree.setRoot(root);
        if (!wanted.isEmpty()) {
            select(wanted);
        }
    }

    private VBox timeline() {
        ListView<DeviceEvent> events = new ListView<>(devices.timeline());
        events.setId(Ids.TIMELINE);
        events.setAccessibleText(context.text("device.timeline"));
        events.setCellFactory(view -> new EventCell());
        Label nothing = new Label(context.text("device.events.none"));
        nothing.getStyleClass().add("text-muted");
        events.setPlaceholder(nothing);
        devices.timeline().addListener((InvalidationListener) observable -> {
            if (!devices.timeline().isEmpty()) {
                events.scrollTo(devices.timeline().size() - 1);
            }
        });
        Label title = new Label(context.text("device.timeline"));
        title.getStyleClass().add("text-bold");
        HandoverView handover = new HandoverView(context);
        HBox.setHgrow(handover, Priority.ALWAYS);
        HBox.setHgrow(events, Priority.ALWAYS);
        handover.setPrefWidth(320);
        events.setPrefWidth(380);
        HBox both = new HBox(handover, events);
        both.getStyleClass().add("spaced");
        VBox.setVgrow(both, Priority.ALWAYS);
        VBox box = new VBox(title, both);
        box.getStyleClass().add("timeline-box");
        return box;
    }

    private final class NameCell extends TreeTableCell<DeviceRow, DeviceRow> {
        @Override
        protected void updateItem(DeviceRow row, boolean empty) {
            super.updateItem(row, empty);
            getStyleClass().removeAll("group-cell");
            switch (empty ? null : row) {
                case null -> {
                    setText(null);
                    setGraphic(null);
                    setId(null);
                }
                case DeviceRow.Group group -> {
                    setText(group.label());
                    setGraphic(Glyphs.of(group.icon(), 16));
                    getStyleClass().add("group-cell");
                    setId(null);
                }
                case DeviceRow.Device device -> {
                    setText(device.item().name());
                    setGraphic(Glyphs.of(Glyphs.icon(device.item().kind()), 16, "kind-glyph"));
                    setId(Ids.DEVICE_PREFIX + device.id());
                }
                case DeviceRow.Resource resource -> {
                    setText(context.text("device.resource.row", resource.use().value(), resource.use().device().name()));
                    setGraphic(resource.use().conflict() ? Glyphs.action(Material2MZ.WARNING, "host-lack")
                            : Glyphs.of(Icon.ofDeviceType(resource.use().device().type()), 16, "kind-glyph"));
                    setId(null);
                }
            }
        }
    }

    private final class StateCell extends TreeTableCell<DeviceRow, DeviceState> {
        private final Label badge = new Label();

        @Override
        protected void updateItem(DeviceState state, boolean empty) {
            super.updateItem(state, empty);
            if (empty || state == null) {
                setGraphic(null);
            } else {
                DeviceDetails.badge(context, badge, state);
                setGraphic(badge);
            }
        }
    }

    private static final class ActivityCell extends TreeTableCell<DeviceRow, Number> {
        private final Label rate = new Label();
        private final Sparkline sparkline = new Sparkline();
        private final HBox box = new HBox(sparkline, rate);
        private CounterItem shown;

        ActivityCell() {
            box.getStyleClass().add("activity");
            rate.getStyleClass().add("figure");
        }

        @Override
        protected void updateItem(Number perSecond, boolean empty) {
            super.updateItem(perSecond, empty);
            DeviceItem item = !empty && getTableRow() != null && getTableRow().getItem() != null
                    ? getTableRow().getItem().item() : null;
            if (item == null || perSecond == null || item.counters().isEmpty()) {
                shown = null;
                sparkline.show(null);
                setGraphic(null);
                return;
            }
            CounterItem busiest = item.counters().getFirst();
            for (CounterItem counter : item.counters()) {
                if (counter.rateProperty().get() > busiest.rateProperty().get()) {
                    busiest = counter;
                }
            }
            if (shown == null || perSecond.doubleValue() > 0 && busiest != shown || !item.counters().contains(shown)) {
                shown = busiest;
                sparkline.show(shown);
            }
            rate.setText(perSecond.doubleValue() > 0 ? Figures.rate(perSecond.doubleValue()) : "");
            setGraphic(box);
        }
    }

    private final class EventCell extends ListCell<DeviceEvent> {
        EventCell() {
            setPrefWidth(0);
        }

        @Override
        protected void updateItem(DeviceEvent event, boolean empty) {
            super.updateItem(event, empty);
            if (empty || event == null) {
                setText(null);
                setGraphic(null);
                setTooltip(null);
                return;
            }
            String name = devices.find(event.deviceId()).map(DeviceItem::name).orElse(event.deviceId());
            setText(context.text("timeline.line", Figures.millis(event.nanos()), name,
                    context.messages().of("device.state.", event.state()), event.reason()));
            setTooltip(new javafx.scene.control.Tooltip(getText()));
            setGraphic(Glyphs.action(Glyphs.icon(event.state()), Glyphs.style(event.state())));
        }
    }
}
