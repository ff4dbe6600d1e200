package org.viridian.app.ui.view;

import java.util.Map;
import javafx.beans.InvalidationListener;
import javafx.geometry.Pos;
import javafx.scene.Node;
import javafx.scene.control.Hyperlink;
import javafx.scene.control.Label;
import javafx.scene.control.ScrollPane;
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
import org.viridian.engine.device.DeviceState;
import org.viridian.icons.Icon;

/** One device in full: what it is, its twin, resources, counters with their rates, and what happened to it. */
final class DeviceDetails extends ScrollPane {
    private final Context context;
    private final java.util.function.Consumer<String> select;
    private final VBox content = new VBox();
    private final GridPane resources = grid();
    private final GridPane counters = grid();
    private final VBox events = new VBox();
    private final InvalidationListener countersChanged = observable -> showCounters();
    private DeviceItem device;
    private Subscription subscription = Subscription.EMPTY;

    /** @param select selects another device by id */
    DeviceDetails(Context context, java.util.function.Consumer<String> select) {
        this.context = context;
        this.select = select;
        setId(Ids.DEVICE_DETAILS);
        setFitToWidth(true);
        setHbarPolicy(ScrollBarPolicy.NEVER);
        content.getStyleClass().add("device-details");
        setContent(content);
        show(null);
    }

    void show(DeviceItem next) {
        subscription.unsubscribe();
        subscription = Subscription.EMPTY;
        if (device != null) {
            device.counters().removeListener(countersChanged);
        }
        device = next;
        content.getChildren().clear();
        if (next == null) {
            Label hint = new Label(context.text("device.choose"));
            hint.getStyleClass().add("text-muted");
            hint.setWrapText(true);
            content.getChildren().add(hint);
            return;
        }
        Label name = new Label(next.name());
        name.getStyleClass().add("title-4");
        name.setId(Ids.DEVICE_NAME);
        name.setWrapText(true);
        HBox title = new HBox(Glyphs.of(Icon.ofDeviceType(next.type()), 20), name);
        title.setAlignment(Pos.CENTER_LEFT);
        title.getStyleClass().add("spaced");
        Label kind = new Label(context.messages().of("device.kind.", next.kind()));
        kind.setGraphic(Glyphs.of(Glyphs.icon(next.kind()), 14));
        kind.setId(Ids.DEVICE_KIND);
        Label state = new Label();
        state.setId(Ids.DEVICE_STATE);
        HBox badges = new HBox(state, kind);
        badges.setAlignment(Pos.CENTER_LEFT);
        badges.getStyleClass().add("spaced");
        content.getChildren().addAll(title, badges);
        subscription = next.stateProperty().subscribe(s -> badge(context, state, s));
        next.twin().flatMap(context.machine().devices()::find).ifPresent(twin -> content.getChildren().add(card(twin)));
        content.getChildren().addAll(section("device.resources"), resources, section("device.counters"), counters,
                section("device.events"), events);
        subscription = subscription.and(next.resourcesProperty().subscribe(this::showResources))
                .and(next.eventsProperty().subscribe(list -> showEvents()));
        next.counters().addListener(countersChanged);
        showCounters();
    }

    /** The twin, with the state it is in beside this one's. */
    private Node card(DeviceItem twin) {
        Label state = new Label();
        subscription = subscription.and(twin.stateProperty().subscribe(s -> badge(context, state, s)));
        Hyperlink link = new Hyperlink(twin.name());
        link.setOnAction(event -> select.accept(twin.id()));
        link.setMinWidth(0);
        Label caption = new Label(context.text(twin.kind() == org.viridian.engine.device.DeviceKind.SYNTHETIC
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
        resources.getChildren().clear();
        int row = 0;
        for (Map.Entry<String, String> entry : map.entrySet()) {
            Label value = new Label(entry.getValue());
            value.setWrapText(true);
            value.getStyleClass().add("figure");
            resources.addRow(row++, key("device.resource.", entry.getKey()), value);
        }
        if (map.isEmpty()) {
            resources.addRow(0, muted("device.none"));
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
                GridPane.setHalignment(figure, javafx.geometry.HPos.RIGHT);
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
            line.getStyleClass().add("text-small");
            events.getChildren().add(line);
        }
        if (events.getChildren().isEmpty()) {
            events.getChildren().add(muted("device.events.none"));
        }
    }

    private Label key(String prefix, String key) {
        Label label = new Label(context.messages().word(prefix, key));
        label.getStyleClass().add("text-muted");
        label.setWrapText(true);
        return label;
    }

    private Label muted(String key) {
        Label label = new Label(context.text(key));
        label.getStyleClass().add("text-muted");
        label.setWrapText(true);
        return label;
    }

    private Label section(String key) {
        Label label = new Label(context.text(key));
        label.getStyleClass().addAll("section-title", "text-bold");
        return label;
    }

    private static GridPane grid() {
        GridPane grid = new GridPane();
        grid.getStyleClass().add("figures");
        ColumnConstraints first = new ColumnConstraints();
        first.setPercentWidth(36);
        ColumnConstraints second = new ColumnConstraints();
        second.setHgrow(Priority.ALWAYS);
        grid.getColumnConstraints().addAll(first, second);
        return grid;
    }
}
