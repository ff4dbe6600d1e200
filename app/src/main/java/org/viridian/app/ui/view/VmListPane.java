package org.viridian.app.ui.view;

import java.util.Locale;
import javafx.beans.binding.Bindings;
import javafx.collections.transformation.FilteredList;
import javafx.geometry.Pos;
import javafx.scene.control.Button;
import javafx.scene.control.Label;
import javafx.scene.control.ListCell;
import javafx.scene.control.ListView;
import javafx.scene.control.OverrunStyle;
import javafx.scene.control.TextField;
import javafx.scene.control.Tooltip;
import javafx.scene.image.ImageView;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.StackPane;
import javafx.scene.layout.VBox;
import org.controlsfx.control.textfield.TextFields;
import org.kordamp.ikonli.material2.Material2AL;
import org.kordamp.ikonli.material2.Material2MZ;
import org.viridian.app.library.VmState;
import org.viridian.app.ui.Ids;
import org.viridian.app.ui.model.Figures;
import org.viridian.app.ui.model.VmItem;

/** The VMs: thumbnail, name, state, processor load, memory, uptime; a filter and the two ways to make one above. */
final class VmListPane extends VBox {
    private final Context context;
    private final Thumbnails thumbnails;
    private final ListView<VmItem> list;

    VmListPane(Context context, Thumbnails thumbnails, Runnable quickCreate, Runnable wizard) {
        this.context = context;
        this.thumbnails = thumbnails;
        getStyleClass().add("vm-list-pane");

        Button quick = new Button(context.text("quick.title"), Glyphs.action(Material2AL.FLASH_ON));
        quick.setId(Ids.QUICK_CREATE);
        quick.getStyleClass().add("accent");
        quick.setOnAction(event -> quickCreate.run());
        Button create = new Button(context.text("wizard.open"), Glyphs.action(Material2AL.ADD));
        create.setId(Ids.NEW_VM);
        create.setOnAction(event -> wizard.run());
        for (Button button : new Button[] {quick, create}) {
            HBox.setHgrow(button, Priority.ALWAYS);
            button.setMaxWidth(Double.MAX_VALUE);
            button.setMinWidth(USE_PREF_SIZE);
        }
        HBox buttons = new HBox(quick, create);
        buttons.getStyleClass().add("spaced");

        TextField filter = TextFields.createClearableTextField();
        filter.setId(Ids.VM_FILTER);
        filter.setPromptText(context.text("list.filter"));
        FilteredList<VmItem> filtered = new FilteredList<>(context.library().items());
        filter.textProperty().subscribe(text -> {
            String wanted = text.toLowerCase(Locale.ROOT).strip();
            filtered.setPredicate(item -> item.name().toLowerCase(Locale.ROOT).contains(wanted)
                    || context.messages().of("vm.state.", item.stateProperty().get()).toLowerCase(Locale.ROOT)
                            .contains(wanted));
        });

        list = new ListView<>(filtered);
        list.setId(Ids.VM_LIST);
        list.setAccessibleText(context.text("list.title"));
        list.setCellFactory(view -> new Cell());
        Label nothing = new Label(context.text("list.nothing"));
        nothing.getStyleClass().add("text-muted");
        list.setPlaceholder(nothing);
        VBox.setVgrow(list, Priority.ALWAYS);
        getChildren().addAll(buttons, filter, list);
    }

    ListView<VmItem> list() {
        return list;
    }

    /** Selects a VM by name, if it is in the list. */
    void select(String name) {
        context.library().item(name).ifPresent(item -> list.getSelectionModel().select(item));
    }

    private final class Cell extends ListCell<VmItem> {
        private final Label name = new Label();
        private final Label state = new Label();
        private final Label figures = new Label();
        private final ImageView thumbnail = new ImageView();
        private final StackPane screen = new StackPane();
        private final StackPane off = new StackPane();
        private final HBox row;

        Cell() {
            name.getStyleClass().add("vm-name");
            figures.getStyleClass().addAll("text-muted", "text-small");
            state.getStyleClass().add("text-small");
            name.setTextOverrun(OverrunStyle.ELLIPSIS);
            name.setMinWidth(0);
            screen.getStyleClass().add("thumbnail");
            screen.setMinSize(Thumbnails.WIDTH, Thumbnails.HEIGHT);
            screen.setMaxSize(Thumbnails.WIDTH, Thumbnails.HEIGHT);
            screen.getChildren().addAll(off, thumbnail);
            VBox words = new VBox(name, state, figures);
            words.setAlignment(Pos.CENTER_LEFT);
            words.setMinWidth(0);
            row = new HBox(screen, words);
            row.getStyleClass().add("vm-row");
            row.setAlignment(Pos.CENTER_LEFT);
            row.setMinWidth(0);
            // The row takes the list's width, so that a long name is cut and not the list scrolled.
            setPrefWidth(0);
        }

        @Override
        protected void updateItem(VmItem item, boolean empty) {
            super.updateItem(item, empty);
            state.textProperty().unbind();
            figures.textProperty().unbind();
            thumbnail.imageProperty().unbind();
            state.graphicProperty().unbind();
            if (empty || item == null) {
                setGraphic(null);
                setId(null);
                setTooltip(null);
                return;
            }
            setId(Ids.VM_PREFIX + item.name());
            name.setText(item.name());
            setTooltip(new Tooltip(item.name()));
            state.textProperty().bind(item.stateProperty().map(s -> context.messages().of("vm.state.", s)));
            state.graphicProperty().bind(item.stateProperty().map(s -> Glyphs.of(Glyphs.icon(s), 16, "vm-" + Glyphs.style(s))));
            figures.textProperty().bind(Bindings.createStringBinding(() -> figures(item), item.stateProperty(),
                    item.loadProperty(), item.memoryMiBProperty(), item.uptimeNanosProperty()));
            thumbnail.imageProperty().bind(thumbnails.of(item.name()));
            off.getChildren().setAll(Glyphs.action(Material2MZ.POWER_SETTINGS_NEW, "off-icon"));
            off.visibleProperty().bind(thumbnail.imageProperty().isNull());
            setGraphic(row);
        }

        private String figures(VmItem item) {
            String memory = Figures.mebibytes(item.memoryMiBProperty().get());
            if (item.stateProperty().get() == VmState.DAMAGED) {
                return "";
            }
            return item.stateProperty().get() == VmState.OFF
                    ? context.text("list.figures.off", memory, item.processorsProperty().get())
                    : context.text("list.figures", Figures.percent(item.loadProperty().get()), memory,
                            Figures.duration(item.uptimeNanosProperty().get()));
        }
    }
}
