package org.viridian.app.ui.view;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import javafx.css.PseudoClass;
import javafx.scene.control.Button;
import javafx.scene.control.Tooltip;
import javafx.scene.layout.HBox;
import org.viridian.app.ui.Ids;
import org.viridian.app.ui.model.DeviceItem;
import org.viridian.app.ui.model.DeviceTreeModel;
import org.viridian.app.ui.model.Figures;
import org.viridian.icons.Icon;

/** One light for each kind of device that people wait for; on while its counters move, a click opens the device. */
final class ActivityLights extends HBox {
    private static final PseudoClass BUSY = PseudoClass.getPseudoClass("busy");
    private static final List<String> TYPES = List.of("display", "keyboard", "mouse", "storage", "network", "port");

    private final Context context;
    private final DeviceTreeModel devices;
    private final Consumer<String> open;
    private final Map<String, Button> lights = new TreeMap<>();

    /** @param open shows a device by id */
    ActivityLights(Context context, Consumer<String> open) {
        this.context = context;
        this.devices = context.machine().devices();
        this.open = open;
        setId(Ids.ACTIVITY);
        getStyleClass().add("activity-lights");
        devices.uptimeNanosProperty().subscribe(uptime -> update());
    }

    private void update() {
        Map<String, List<DeviceItem>> byType = devices.items().stream()
                .collect(Collectors.groupingBy(DeviceItem::type));
        List<String> present = TYPES.stream().filter(byType::containsKey).toList();
        if (!lights.keySet().equals(java.util.Set.copyOf(present))) {
            lights.clear();
            getChildren().clear();
            for (String type : present) {
                Button light = new Button(null, Glyphs.of(Icon.ofDeviceType(type), 16));
                light.getStyleClass().addAll("flat", "activity-light");
                light.setFocusTraversable(false);
                light.setTooltip(new Tooltip());
                light.setOnAction(event -> busiest(type).ifPresent(item -> open.accept(item.id())));
                lights.put(type, light);
                getChildren().add(light);
            }
        }
        lights.forEach((type, light) -> {
            DeviceItem item = busiest(type).orElseThrow();
            double rate = item.activityProperty().get();
            light.pseudoClassStateChanged(BUSY, rate > 0);
            String words = context.text("lights.light", item.name(), Figures.rate(rate));
            light.getTooltip().setText(words);
            light.setAccessibleText(words);
        });
    }

    private java.util.Optional<DeviceItem> busiest(String type) {
        return devices.items().stream().filter(item -> item.type().equals(type))
                .max(java.util.Comparator.comparingDouble(item -> item.activityProperty().get()));
    }
}
