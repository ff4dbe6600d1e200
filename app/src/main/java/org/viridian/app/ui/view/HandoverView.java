package org.viridian.app.ui.view;

import java.util.List;
import javafx.geometry.Pos;
import javafx.scene.control.Label;
import javafx.scene.control.Tooltip;
import javafx.scene.layout.GridPane;
import javafx.scene.layout.Pane;
import javafx.scene.layout.Priority;
import javafx.scene.layout.Region;
import javafx.scene.layout.VBox;
import org.viridian.app.ui.Ids;
import org.viridian.app.ui.model.DeviceItem;
import org.viridian.app.ui.model.DeviceTreeModel;
import org.viridian.app.ui.model.Figures;
import org.viridian.engine.device.DeviceEvent;
import org.viridian.engine.device.DeviceState;

/** The states of each emulated device and its synthetic twin from power-on to now, one bar above the other. */
final class HandoverView extends VBox {
    private final Context context;
    private final DeviceTreeModel devices;
    private final GridPane lanes = new GridPane();
    private final Label end = new Label();

    HandoverView(Context context) {
        this.context = context;
        this.devices = context.machine().devices();
        setId(Ids.HANDOVER);
        getStyleClass().add("handover");
        lanes.getStyleClass().add("lanes");
        end.getStyleClass().addAll("text-small", "text-muted");
        end.setMaxWidth(Double.MAX_VALUE);
        end.setAlignment(Pos.CENTER_RIGHT);
        getChildren().addAll(lanes, end);
        devices.uptimeNanosProperty().subscribe(uptime -> draw());
    }

    private void draw() {
        List<DeviceTreeModel.Twins> twins = devices.twins();
        if (lanes.getRowCount() != twins.size() || twins.isEmpty()) {
            lanes.getChildren().clear();
            for (int row = 0; row < twins.size(); row++) {
                DeviceTreeModel.Twins pair = twins.get(row);
                Label name = new Label(context.messages().word("device.type.", pair.synthetic().type()));
                name.setMinWidth(Region.USE_PREF_SIZE);
                name.getStyleClass().add("text-small");
                Lane emulated = new Lane(pair.emulated());
                Lane synthetic = new Lane(pair.synthetic());
                VBox bars = new VBox(emulated, synthetic);
                bars.getStyleClass().add("lane-pair");
                GridPane.setHgrow(bars, Priority.ALWAYS);
                lanes.addRow(row, name, bars);
            }
        }
        long now = devices.uptimeNanosProperty().get();
        end.setText(twins.isEmpty() ? context.text("handover.none") : context.text("handover.until", Figures.millis(now)));
        lanes.getChildren().stream().filter(VBox.class::isInstance).flatMap(pair -> ((VBox) pair).getChildren().stream())
                .forEach(lane -> ((Lane) lane).draw(now));
    }

    /** One device's bar. */
    private final class Lane extends Pane {
        private static final double HEIGHT = 8;

        private final DeviceItem device;
        private final Tooltip tooltip = new Tooltip();

        Lane(DeviceItem device) {
            this.device = device;
            getStyleClass().add("lane");
            setMinHeight(HEIGHT);
            setPrefHeight(HEIGHT);
            Tooltip.install(this, tooltip);
        }

        void draw(long now) {
            List<DeviceEvent> events = device.eventsProperty().get();
            // Before its first change a device is in a state that nobody noted: drawn as the lane's own ground.
            int count = events.isEmpty() ? 1 : events.size();
            while (getChildren().size() > count) {
                getChildren().removeLast();
            }
            while (getChildren().size() < count) {
                Region bar = new Region();
                bar.setManaged(false);
                getChildren().add(bar);
            }
            double width = getWidth();
            double span = Math.max(1, now);
            for (int i = 0; i < count; i++) {
                DeviceState state = events.isEmpty() ? device.stateProperty().get() : events.get(i).state();
                double from = events.isEmpty() ? 0 : events.get(i).nanos() / span * width;
                double to = i + 1 < events.size() ? events.get(i + 1).nanos() / span * width : width;
                Region bar = (Region) getChildren().get(i);
                bar.getStyleClass().setAll("lane-bar", "bar-" + Glyphs.style(state));
                bar.resizeRelocate(from, 0, Math.max(1, to - from), HEIGHT);
            }
            tooltip.setText(context.text("handover.lane", device.name(),
                    context.messages().of("device.state.", device.stateProperty().get())));
        }
    }
}
