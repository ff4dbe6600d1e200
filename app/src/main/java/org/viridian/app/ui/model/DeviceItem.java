package org.viridian.app.ui.model;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import javafx.beans.property.ReadOnlyDoubleProperty;
import javafx.beans.property.ReadOnlyDoubleWrapper;
import javafx.beans.property.ReadOnlyObjectProperty;
import javafx.beans.property.ReadOnlyObjectWrapper;
import javafx.collections.FXCollections;
import javafx.collections.ObservableList;
import org.viridian.app.library.DeviceReport;
import org.viridian.engine.device.DeviceEvent;
import org.viridian.engine.device.DeviceKind;
import org.viridian.engine.device.DeviceState;

/** One device as the device manager shows it. Thread rule: the windows' thread. */
public final class DeviceItem {
    private final String id;
    private final String name;
    private final String type;
    private final DeviceKind kind;
    private final ReadOnlyObjectWrapper<DeviceState> state = new ReadOnlyObjectWrapper<>();
    private final ReadOnlyObjectWrapper<Map<String, String>> resources = new ReadOnlyObjectWrapper<>(Map.of());
    private final ReadOnlyObjectWrapper<List<DeviceEvent>> events = new ReadOnlyObjectWrapper<>(List.of());
    private final ReadOnlyDoubleWrapper activity = new ReadOnlyDoubleWrapper();
    private final ObservableList<CounterItem> counters = FXCollections.observableArrayList();
    private Optional<String> twin = Optional.empty();

    DeviceItem(DeviceReport report) {
        id = report.id();
        name = report.name();
        type = report.type();
        kind = report.kind();
    }

    void update(DeviceReport report, long nanos) {
        twin = report.twin();
        report.counters().forEach((key, count) -> counter(key).sample(count, nanos));
        activity.set(counters.stream().mapToDouble(counter -> counter.rateProperty().get()).max().orElse(0));
        if (!resources.get().equals(report.resources())) {
            resources.set(report.resources());
        }
        if (!events.get().equals(report.events())) {
            events.set(report.events());
        }
        state.set(report.state());
    }

    private CounterItem counter(String key) {
        for (CounterItem counter : counters) {
            if (counter.key().equals(key)) {
                return counter;
            }
        }
        CounterItem counter = new CounterItem(key);
        counters.add(counter);
        return counter;
    }

    /** Stable within the VM. */
    public String id() {
        return id;
    }

    /** The datasheet's or TLFS's name. */
    public String name() {
        return name;
    }

    /** Group in the view by type. */
    public String type() {
        return type;
    }

    /** Emulated or synthetic. */
    public DeviceKind kind() {
        return kind;
    }

    /** Id of the device that does the same job the other way. */
    public Optional<String> twin() {
        return twin;
    }

    /** What it is doing. */
    public ReadOnlyObjectProperty<DeviceState> stateProperty() {
        return state.getReadOnlyProperty();
    }

    /** Ports, IRQ, relid, ring … */
    public ReadOnlyObjectProperty<Map<String, String>> resourcesProperty() {
        return resources.getReadOnlyProperty();
    }

    /** State changes, oldest first. */
    public ReadOnlyObjectProperty<List<DeviceEvent>> eventsProperty() {
        return events.getReadOnlyProperty();
    }

    /** The rate of its busiest counter, per second. */
    public ReadOnlyDoubleProperty activityProperty() {
        return activity.getReadOnlyProperty();
    }

    /** Its counters. */
    public ObservableList<CounterItem> counters() {
        return counters;
    }
}
