package org.viridian.app.ui.view;

import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import javafx.beans.InvalidationListener;
import javafx.geometry.HPos;
import javafx.geometry.Pos;
import javafx.scene.Node;
import javafx.scene.control.Hyperlink;
import javafx.scene.control.Label;
import javafx.scene.control.ScrollPane;
import javafx.scene.control.Tab;
import javafx.scene.control.TabPane;
import javafx.scene.layout.ColumnConstraints;
import javafx.scene.layout.GridPane;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.Region;
import javafx.scene.layout.VBox;
import javafx.util.Subscription;
import org.viridian.app.ui.Ids;
import org.viridian.app.ui.model.CounterItem;
import org.viridian.app.ui.model.DeviceItem;
import org.viridian.app.ui.model.Figures;
import org.viridian.engine.device.DeviceEvent;
import org.viridian.engine.device.DeviceKind;
import org.viridian.engine.device.DeviceState;
import org.viridian.icons.Icon;

/**
 * One device in full, on tabs: what it is and why it is in its state, its resources, its channel, its counters with
 * their rates, and what happened to it.
 */
final class DeviceDetails extends VBox {
    /** What of a device's resources is about its VMBus channel. */
    private static final Set<String> CHANNEL = Set.of("relid", "class", "instance", "ring", "gpadl", "vp", "protocol",
            "connection", "monitor", "subchannels", "version");

    private final Context context;
    private final Consumer<String> select;
    private final Label name = new Label();
    private final HBox title = new HBox();
    private final Label nothing;
    private final TabPane tabs = new TabPane();
    private final VBox general = page();
    private final GridPane resources = grid();
    private final GridPane channel = grid();
    private final GridPane counters = grid();
    private final VBox events = page();
    private final Tab channelTab;
    private final InvalidationListener countersChanged = observable -> showCounters();
    private DeviceItem device;
    private Subscription subscription = Subscription.EMPTY;

    /** @param select selects another device by id */
    DeviceDetails(Context context, Consumer<String> select) {
        this.context = context;
        this.select = select;
        setId(Ids.DEVICE_DETAILS);
        getStyleClass().add("device-details");
        name.setId(Ids.DEVICE_NAME);
        name.getStyleClass().add("title-4");
        name.setWrapText(true);
        title.setAlignment(Pos.CENTER_LEFT);
        title.getStyleClass().add("spaced");
        nothing = muted("device.choose");
        channelTab = tab("device.tab.channel", Ids.DEVICE_TAB_CHANNEL, channel);
        tabs.getTabs().addAll(tab("device.tab.general", Ids.DEVICE_TAB_GENERAL, general),
                tab("device.resources", Ids.DEVICE_TAB_RESOURCES, resources), channelTab,
                tab("device.counters", Ids.DEVICE_TAB_COUNTERS, counters),
                tab("device.events", Ids.DEVICE_TAB_EVENTS, events));
        tabs.setTabClosingPolicy(TabPane.TabClosingPolicy.UNAVAILABLE);
        tabs.getStyleClass().add("dense-tabs");
        VBox.setVgrow(tabs, Priority.ALWAYS);
        show(null);
    }

    private Tab tab(String key, String id, Node content) {
        ScrollPane scroll = new ScrollPane(content);
        scroll.setFitToWidth(true);
        scroll.setHbarPolicy(ScrollPane.ScrollBarPolicy.NEVER);
        Tab tab = new Tab(context.text(key), scroll);
        tab.setId(id);
        return tab;
    }

    void show(DeviceItem next) {
        subscription.unsubscribe();
        subscription = Subscription.EMPTY;
        if (device != null) {
            device.counters().removeListener(countersChanged);
        }
        device = next;
        if (next == null) {
            getChildren().setAll(nothing);
            return;
        }
        name.setText(next.name());
        title.getChildren().setAll(Glyphs.of(Icon.ofDeviceType(next.type()), 20), name);
        getChildren().setAll(title, tabs);
        showGeneral(next);
        boolean synthetic = next.kind() == DeviceKind.SYNTHETIC;
        channelTab.setDisable(!synthetic);
        if (!synthetic && channelTab.isSelected()) {
            tabs.getSelectionModel().selectFirst();
        }
        subscription = subscription.and(next.resourcesProperty().subscribe(this::showResources))
                .and(next.eventsProperty().subscribe(list -> showEvents()));
        next.counters().addListener(countersChanged);
        showCounters();
    }

    private void showGeneral(DeviceItem next) {
        Label kind = new Label(context.messages().of("device.kind.", next.kind()));
        kind.setId(Ids.DEVICE_KIND);
        kind.setGraphic(Glyphs.of(Glyphs.icon(next.kind()), 14));
        Label state = new Label();
        state.setId(Ids.DEVICE_STATE);
        Label why = new Label();
        why.setId(Ids.DEVICE_WHY);
        why.setWrapText(true);
        why.setMinHeight(Region.USE_PREF_SIZE);
        why.getStyleClass().addAll("text-small", "text-muted");
        subscription = next.stateProperty().subscribe(s -> {
            badge(context, state, s);
            why.setText(why(next, s));
        });
        GridPane facts = grid();
        facts.addRow(0, key("device.tab.state"), state);
        facts.addRow(1, key("device.tab.kind"), kind);
        facts.addRow(2, key("device.tab.type"), new Label(context.messages().word("device.type.", next.type())));
        Label id = new Label(next.id());
        id.getStyleClass().add("figure");
        facts.addRow(3, key("device.tab.id"), id);
        general.getChildren().setAll(facts, why);
        next.twin().flatMap(context.machine().devices()::find).ifPresent(twin -> general.getChildren().add(card(twin)));
    }

    /** Why a device is in its state and what would change it. */
    private String why(DeviceItem item, DeviceState state) {
        return switch (state) {
            case WAITING_FOR_DRIVER -> {
                String driver = context.messages().word("device.driver.", item.type());
                yield driver.equals(item.type()) ? context.text("device.why.waiting.plain")
                        : context.text("device.why.waiting", driver);
            }
            case BYPASSED -> context.text("device.why.bypassed",
                    item.twin().flatMap(context.machine().devices()::find).map(DeviceItem::name).orElse("-"));
            case PROBLEM -> item.eventsProperty().get().isEmpty() ? ""
                    : context.text("device.why.problem", item.eventsProperty().get().getLast().reason());
            case IDLE -> context.text("device.why.idle");
            case ACTIVE -> context.text("device.why.active");
        };
    }

    /** The twin, with the state it is in beside this one's. */
    private Node card(DeviceItem twin) {
        Label state = new Label();
        subscription = subscription.and(twin.stateProperty().subscribe(s -> badge(context, state, s)));
        Hyperlink link = new Hyperlink(twin.name());
        link.setOnAction(event -> select.accept(twin.id()));
        link.setMinWidth(0);
        Label caption = new Label(context.text(twin.kind() == DeviceKind.SYNTHETIC
                ? "device.twin.synthetic" : "device.twin.emulated"));
        caption.getStyleClass().addAll("text-small", "text-muted");
        VBox card = new VBox(caption, link, state);
        card.getStyleClass().add("twin-card");
        return card;
    }

    /** Gives a label the icon, the word and the colour of a state. */
    static void badge(Context context, Label label, DeviceState state) {
        label.getStyleClass().setAll("label", "state-badge", Glyphs.style(state));
        label.setText(context.messages().of("device.state.", state));
        label.setGraphic(Glyphs.action(Glyphs.icon(state)));
    }

    private void showResources(Map<String, String> map) {
        fill(resources, map, false);
        fill(channel, map, true);
    }

    private void fill(GridPane grid, Map<String, String> map, boolean ofChannel) {
        grid.getChildren().clear();
        int row = 0;
        for (Map.Entry<String, String> entry : map.entrySet()) {
            if (CHANNEL.contains(entry.getKey()) == ofChannel) {
                Label value = new Label(entry.getValue());
                value.setWrapText(true);
                value.setMinHeight(Region.USE_PREF_SIZE);
                value.getStyleClass().add("figure");
                grid.addRow(row++, key("device.resource.", entry.getKey()), value);
            }
        }
        if (row == 0) {
            grid.addRow(0, muted("device.none"));
        }
    }

    private void showCounters() {
        counters.getChildren().clear();
        int row = 0;
        for (CounterItem counter : device.counters()) {
            Label value = new Label();
            value.textProperty().bind(counter.valueProperty().map(count -> String.format("%,d", count.longValue())));
            Label rate = new Label();
            rate.textProperty().bind(counter.rateProperty().map(r -> Figures.rate(r.doubleValue())));
            for (Label figure : new Label[] {value, rate}) {
                figure.getStyleClass().add("figure");
                figure.setMinWidth(Region.USE_PREF_SIZE);
                GridPane.setHalignment(figure, HPos.RIGHT);
            }
            Sparkline sparkline = new Sparkline();
            sparkline.show(counter);
            VBox figures = new VBox(value, rate);
            figures.setAlignment(Pos.CENTER_RIGHT);
            counters.addRow(row++, key("device.counter.", counter.key()), figures, sparkline);
        }
        if (row == 0) {
            counters.addRow(0, muted("device.none"));
        }
    }

    private void showEvents() {
        events.getChildren().clear();
        for (DeviceEvent event : device.eventsProperty().get().reversed()) {
            Label line = new Label(context.text("event.line", Figures.millis(event.nanos()),
                    context.messages().of("device.state.", event.state()), event.reason()));
            line.setWrapText(true);
            line.setMinHeight(Region.USE_PREF_SIZE);
            line.getStyleClass().add("text-small");
            events.getChildren().add(line);
        }
        if (events.getChildren().isEmpty()) {
            events.getChildren().add(muted("device.events.none"));
        }
    }

    private Label key(String prefix, String key) {
        return asKey(context.messages().word(prefix, key));
    }

    private Label key(String key) {
        return asKey(context.text(key));
    }

    private static Label asKey(String text) {
        Label label = new Label(text);
        label.getStyleClass().add("text-muted");
        label.setWrapText(true);
        label.setMinHeight(Region.USE_PREF_SIZE);
        return label;
    }

    private Label muted(String key) {
        Label label = new Label(context.text(key));
        label.getStyleClass().add("text-muted");
        label.setWrapText(true);
        GridPane.setColumnSpan(label, 2);
        return label;
    }

    private static VBox page() {
        VBox box = new VBox();
        box.getStyleClass().add("device-page");
        return box;
    }

    private static GridPane grid() {
        GridPane grid = new GridPane();
        grid.getStyleClass().addAll("figures", "device-page");
        ColumnConstraints first = new ColumnConstraints();
        first.setPercentWidth(36);
        ColumnConstraints second = new ColumnConstraints();
        second.setHgrow(Priority.ALWAYS);
        grid.getColumnConstraints().addAll(first, second);
        return grid;
    }
}
