package org.viridian.app.ui.view;

import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Function;
import javafx.beans.InvalidationListener;
import javafx.beans.value.ObservableValue;
import javafx.collections.transformation.FilteredList;
import javafx.collections.transformation.SortedList;
import javafx.scene.Node;
import javafx.scene.control.Button;
import javafx.scene.control.ContextMenu;
import javafx.scene.control.Label;
import javafx.scene.control.ScrollPane;
import javafx.scene.control.TableCell;
import javafx.scene.control.TableColumn;
import javafx.scene.control.TableRow;
import javafx.scene.control.TableView;
import javafx.scene.control.TextField;
import javafx.scene.control.ToggleButton;
import javafx.scene.control.ToggleGroup;
import javafx.scene.image.ImageView;
import javafx.scene.input.KeyCode;
import javafx.scene.input.KeyEvent;
import javafx.scene.layout.BorderPane;
import javafx.scene.layout.FlowPane;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.Region;
import javafx.scene.layout.StackPane;
import javafx.scene.layout.VBox;
import org.controlsfx.control.SegmentedButton;
import org.controlsfx.control.textfield.TextFields;
import org.kordamp.ikonli.material2.Material2AL;
import org.kordamp.ikonli.material2.Material2MZ;
import org.viridian.app.library.VmState;
import org.viridian.app.ui.Ids;
import org.viridian.app.ui.model.Figures;
import org.viridian.app.ui.model.VmItem;

/** All VMs at once: a table with what each of them does, or cards by group; searched by name, state, group and tag. */
final class LibraryPane extends BorderPane {
    private final Context context;
    private final Thumbnails thumbnails;
    private final Consumer<VmItem> open;
    private final Function<VmItem, ContextMenu> menu;
    private final FilteredList<VmItem> filtered;
    private final TableView<VmItem> table = new TableView<>();
    private final VBox cards = new VBox();
    private final TextField search = TextFields.createClearableTextField();
    private final ToggleButton asGrid;
    private String shownCards = "";

    /**
     * @param open shows one VM
     * @param menu what can be done to it
     * @param importVm asks for a file to import
     */
    LibraryPane(Context context, Thumbnails thumbnails, Consumer<VmItem> open, Function<VmItem, ContextMenu> menu,
            Runnable importVm) {
        this.context = context;
        this.thumbnails = thumbnails;
        this.open = open;
        this.menu = menu;
        setId(Ids.LIBRARY);
        getStyleClass().add("library-pane");
        filtered = new FilteredList<>(context.library().items());
        search.setId(Ids.LIBRARY_SEARCH);
        search.setPromptText(context.text("library.search"));
        search.textProperty().subscribe(text -> filter());
        HBox.setHgrow(search, Priority.ALWAYS);
        search.setMaxWidth(320);

        ToggleButton asTable = new ToggleButton(context.text("library.table"));
        asTable.setId(Ids.LIBRARY_TABLE);
        asGrid = new ToggleButton(context.text("library.grid"));
        asGrid.setId(Ids.LIBRARY_GRID);
        ToggleGroup group = new ToggleGroup();
        asTable.setToggleGroup(group);
        asGrid.setToggleGroup(group);
        asTable.setSelected(true);
        group.selectedToggleProperty().addListener((observable, old, now) -> {
            if (now == null) {
                old.setSelected(true);
            }
        });
        SegmentedButton views = new SegmentedButton(asTable, asGrid);
        views.setToggleGroup(group);
        Button importButton = new Button(context.text("action.import"), Glyphs.action(Material2MZ.UNARCHIVE));
        importButton.setId(Ids.IMPORT_VM);
        importButton.setMinWidth(Region.USE_PREF_SIZE);
        importButton.setOnAction(event -> importVm.run());
        Label title = new Label(context.text("library.title"));
        title.getStyleClass().add("title-3");
        title.setMinWidth(Region.USE_PREF_SIZE);
        Region gap = new Region();
        HBox.setHgrow(gap, Priority.SOMETIMES);
        HBox bar = new HBox(title, gap, search, views, importButton);
        bar.getStyleClass().addAll("spaced", "library-bar");
        setTop(bar);

        buildTable();
        ScrollPane scroll = new ScrollPane(cards);
        scroll.setFitToWidth(true);
        cards.getStyleClass().add("library-cards");
        table.visibleProperty().bind(asTable.selectedProperty());
        scroll.visibleProperty().bind(asGrid.selectedProperty());
        asGrid.selectedProperty().addListener(observable -> showCards());
        filtered.addListener((InvalidationListener) observable -> showCards());
        setCenter(new StackPane(table, scroll));
    }

    TableView<VmItem> table() {
        return table;
    }

    /** The list has been brought up to date: filing and states may be others. */
    void refreshed() {
        filter();
        showCards();
        table.sort();
    }

    private void filter() {
        String wanted = search.getText().toLowerCase(Locale.ROOT).strip();
        filtered.setPredicate(item -> words(item).anyMatch(word -> word.toLowerCase(Locale.ROOT).contains(wanted)));
    }

    private java.util.stream.Stream<String> words(VmItem item) {
        return java.util.stream.Stream.concat(java.util.stream.Stream.of(item.name(), state(item), item.view().group()),
                item.view().tags().stream());
    }

    private String state(VmItem item) {
        return context.messages().of("vm.state.", item.stateProperty().get());
    }

    private void buildTable() {
        table.setId(Ids.LIBRARY_VMS);
        table.setAccessibleText(context.text("list.title"));
        SortedList<VmItem> sorted = new SortedList<>(filtered);
        sorted.comparatorProperty().bind(table.comparatorProperty());
        table.setItems(sorted);
        table.setColumnResizePolicy(TableView.CONSTRAINED_RESIZE_POLICY_FLEX_LAST_COLUMN);
        table.setPlaceholder(new Label(context.text("list.nothing")));
        TableColumn<VmItem, VmItem> name = new TableColumn<>(context.text("wizard.name"));
        name.setCellValueFactory(row -> new javafx.beans.property.SimpleObjectProperty<>(row.getValue()));
        name.setComparator(Comparator.comparing(VmItem::name));
        name.setCellFactory(column -> new NameCell());
        name.setPrefWidth(124);
        table.getColumns().add(name);
        column("library.state", 84, item -> item.stateProperty().map(s -> context.messages().of("vm.state.", s)));
        column("library.group", 66, item -> item.viewProperty().map(view -> view.group()));
        column("library.tags", 84, item -> item.viewProperty().map(view -> String.join(", ", view.tags())));
        column("library.cpu", 56, item -> item.loadProperty().map(load ->
                item.stateProperty().get() == VmState.OFF ? "" : Figures.percent(load.doubleValue())));
        column("library.memory", 84, item -> item.memoryMiBProperty().map(mib -> Figures.mebibytes(mib.longValue())));
        column("library.uptime", 76, item -> item.uptimeNanosProperty().map(nanos ->
                item.stateProperty().get() == VmState.OFF ? "" : Figures.duration(nanos.longValue())));
        column("library.heartbeat", 92, item -> item.heartbeatProperty().map(beat -> context.text(beat.isEmpty()
                ? "library.heartbeat.none" : beat.get() ? "library.heartbeat.ok" : "library.heartbeat.lost")));
        table.setRowFactory(view -> {
            TableRow<VmItem> row = new TableRow<>();
            row.setOnMouseClicked(event -> {
                if (event.getClickCount() == 2 && row.getItem() != null) {
                    open.accept(row.getItem());
                }
            });
            row.itemProperty().subscribe(item -> row.setContextMenu(item == null ? null : menu.apply(item)));
            return row;
        });
        table.addEventHandler(KeyEvent.KEY_PRESSED, event -> {
            VmItem chosen = table.getSelectionModel().getSelectedItem();
            if (chosen != null && event.getCode() == KeyCode.ENTER) {
                open.accept(chosen);
                event.consume();
            }
        });
    }

    private void column(String key, double width, Function<VmItem, ObservableValue<String>> value) {
        TableColumn<VmItem, String> column = new TableColumn<>(context.text(key));
        column.setCellValueFactory(row -> value.apply(row.getValue()));
        column.setPrefWidth(width);
        table.getColumns().add(column);
    }

    /** Cards by group; made anew only when VMs or their filing changed, so that the focus stays where it is. */
    private void showCards() {
        if (!asGrid.isSelected()) {
            return;
        }
        StringBuilder key = new StringBuilder();
        TreeMap<String, List<VmItem>> groups = new TreeMap<>();
        for (VmItem item : filtered) {
            groups.computeIfAbsent(item.view().group(), g -> new java.util.ArrayList<>()).add(item);
            key.append(item.name()).append('\n').append(item.view().group()).append('\n').append(item.view().tags());
        }
        if (key.toString().equals(shownCards)) {
            return;
        }
        shownCards = key.toString();
        cards.getChildren().clear();
        groups.forEach((group, members) -> {
            if (!group.isEmpty() || groups.size() > 1) {
                Label heading = new Label(group.isEmpty() ? context.text("library.ungrouped") : group);
                heading.getStyleClass().add("text-bold");
                cards.getChildren().add(heading);
            }
            FlowPane flow = new FlowPane();
            flow.getStyleClass().add("library-flow");
            members.forEach(item -> flow.getChildren().add(card(item)));
            cards.getChildren().add(flow);
        });
    }

    private Node card(VmItem item) {
        ImageView picture = new ImageView();
        picture.imageProperty().bind(thumbnails.of(item.name()));
        picture.setFitWidth(2 * Thumbnails.WIDTH);
        picture.setFitHeight(2 * Thumbnails.HEIGHT);
        StackPane off = new StackPane(Glyphs.action(Material2MZ.POWER_SETTINGS_NEW, "off-icon"));
        off.visibleProperty().bind(picture.imageProperty().isNull());
        StackPane screen = new StackPane(off, picture);
        screen.getStyleClass().add("thumbnail");
        screen.setMinSize(2 * Thumbnails.WIDTH, 2 * Thumbnails.HEIGHT);
        Label name = new Label(item.name());
        name.getStyleClass().add("vm-name");
        name.setMaxWidth(2 * Thumbnails.WIDTH);
        Label state = new Label();
        state.getStyleClass().add("text-small");
        state.textProperty().bind(item.stateProperty().map(s -> context.messages().of("vm.state.", s)));
        state.graphicProperty().bind(item.stateProperty().map(s -> Glyphs.of(Glyphs.icon(s), 14, "vm-" + Glyphs.style(s))));
        Label tags = new Label(String.join(" · ", item.view().tags()));
        tags.getStyleClass().addAll("text-small", "text-muted");
        tags.setMaxWidth(2 * Thumbnails.WIDTH);
        VBox content = new VBox(screen, name, state, tags);
        Button card = new Button(null, content);
        card.setId(Ids.CARD_PREFIX + item.name());
        card.getStyleClass().addAll("flat", "library-card");
        card.setAccessibleText(item.name());
        card.setOnAction(event -> open.accept(item));
        card.setContextMenu(menu.apply(item));
        return card;
    }

    private static final class NameCell extends TableCell<VmItem, VmItem> {
        @Override
        protected void updateItem(VmItem item, boolean empty) {
            super.updateItem(item, empty);
            graphicProperty().unbind();
            if (empty || item == null) {
                setText(null);
                setGraphic(null);
                return;
            }
            setText(item.name());
            graphicProperty().bind(item.stateProperty().map(s -> Glyphs.of(Glyphs.icon(s), 16, "vm-" + Glyphs.style(s))));
        }
    }
}
