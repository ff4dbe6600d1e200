package org.viridian.app.ui.model;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import javafx.beans.property.ReadOnlyLongProperty;
import javafx.beans.property.ReadOnlyLongWrapper;
import javafx.collections.FXCollections;
import javafx.collections.ObservableList;
import org.viridian.app.library.DeviceReport;
import org.viridian.engine.device.DeviceEvent;
import org.viridian.engine.device.DeviceKind;

/** All devices of one VM, brought up to date by samples. Thread rule: the windows' thread. */
public final class DeviceTreeModel {
    /** An emulated device and the synthetic one that does the same job. */
    public record Twins(DeviceItem emulated, DeviceItem synthetic) {}

    /**
     * A resource and who has it.
     *
     * @param key its kind, such as {@code ports}
     * @param value one range, interrupt or channel
     * @param device the device
     * @param conflict whether another device names the same
     */
    public record Use(String key, String value, DeviceItem device, boolean conflict) {}

    /** Kinds of resources of the view by resource, in its order. */
    private static final java.util.regex.Pattern NUMBER = java.util.regex.Pattern.compile("0x([0-9A-Fa-f]+)|[0-9]+");
    private static final List<String> RESOURCE_KINDS = List.of("irq", "ports", "mmio", "relid");

    private final Map<String, DeviceItem> byId = new LinkedHashMap<>();
    private final ObservableList<DeviceItem> items = FXCollections.observableArrayList();
    private final ObservableList<DeviceEvent> timeline = FXCollections.observableArrayList();
    private List<DeviceReport> reports = List.of();
    private final ReadOnlyLongWrapper uptimeNanos = new ReadOnlyLongWrapper();

    /**
     * Takes in a sample.
     *
     * @param reports every device
     * @param nanos when it was taken, of a steady clock
     * @param uptime nanoseconds since power-on
     */
    public void sample(List<DeviceReport> reports, long nanos, long uptime) {
        this.reports = reports;
        List<DeviceItem> next = new ArrayList<>(reports.size());
        for (DeviceReport report : reports) {
            DeviceItem item = byId.get(report.id());
            if (item == null) {
                item = new DeviceItem(report);
                byId.put(report.id(), item);
            }
            item.update(report, nanos);
            next.add(item);
        }
        byId.values().retainAll(next);
        if (!items.equals(next)) {
            items.setAll(next);
        }
        List<DeviceEvent> events = next.stream().flatMap(item -> item.eventsProperty().get().stream())
                .sorted(Comparator.comparingLong(DeviceEvent::nanos)).toList();
        if (!timeline.equals(events)) {
            if (events.size() > timeline.size() && events.subList(0, timeline.size()).equals(timeline)) {
                timeline.addAll(events.subList(timeline.size(), events.size()));
            } else {
                timeline.setAll(events);
            }
        }
        uptimeNanos.set(uptime);
    }

    /** Forgets everything: another VM, or another life of it. */
    public void clear() {
        reports = List.of();
        byId.clear();
        items.clear();
        timeline.clear();
        uptimeNanos.set(0);
    }

    /** The last sample as it came. */
    public List<DeviceReport> reports() {
        return reports;
    }

    /** Every device, in the machine's order. */
    public ObservableList<DeviceItem> items() {
        return items;
    }

    /** Events of all devices, oldest first. */
    public ObservableList<DeviceEvent> timeline() {
        return timeline;
    }

    /** Nanoseconds since power-on at the last sample. */
    public ReadOnlyLongProperty uptimeNanosProperty() {
        return uptimeNanos.getReadOnlyProperty();
    }

    /** One device. */
    public Optional<DeviceItem> find(String id) {
        return Optional.ofNullable(byId.get(id));
    }

    /** The view by type: type → devices, a twin beside its partner. */
    public Map<String, List<DeviceItem>> byType() {
        Map<String, List<DeviceItem>> groups = new TreeMap<>();
        items.forEach(item -> groups.computeIfAbsent(item.type(), type -> new ArrayList<>()).add(item));
        groups.values().forEach(DeviceTreeModel::twinsTogether);
        return groups;
    }

    /** The view by connection: {@code board}, then {@code vmbus}. */
    public Map<String, List<DeviceItem>> byConnection() {
        Map<String, List<DeviceItem>> groups = new LinkedHashMap<>();
        groups.put("board", items.stream().filter(item -> item.kind() == DeviceKind.EMULATED).toList());
        groups.put("vmbus", items.stream().filter(item -> item.kind() == DeviceKind.SYNTHETIC).toList());
        return groups;
    }

    /** The view by resource: interrupts, ports, memory, channels, each with the devices that have them, in order. */
    public Map<String, List<Use>> byResource() {
        Map<String, List<Use>> groups = new LinkedHashMap<>();
        for (String kind : RESOURCE_KINDS) {
            List<Use> uses = new ArrayList<>();
            for (DeviceItem item : items) {
                String text = item.resourcesProperty().get().get(kind);
                if (text != null && !text.isBlank()) {
                    for (String value : text.split(",\\s*")) {
                        uses.add(new Use(kind, value, item, false));
                    }
                }
            }
            uses.sort(Comparator.comparingLong((Use use) -> number(use.value())).thenComparing(Use::value));
            groups.put(kind, uses.stream().map(use -> new Use(kind, use.value(), use.device(), uses.stream()
                    .anyMatch(other -> other.device() != use.device() && other.value().equals(use.value())))).toList());
        }
        return groups;
    }

    /** The first number of a resource, decimal or with 0x, to sort by. */
    private static long number(String value) {
        java.util.regex.Matcher digits = NUMBER.matcher(value);
        if (!digits.find()) {
            return Long.MAX_VALUE;
        }
        try {
            return digits.group(1) != null ? Long.parseUnsignedLong(digits.group(1), 16) : Long.parseLong(digits.group());
        } catch (NumberFormatException e) {
            return Long.MAX_VALUE;
        }
    }

    /** The twins, each pair once. */
    public List<Twins> twins() {
        List<Twins> pairs = new ArrayList<>();
        for (DeviceItem item : items) {
            if (item.kind() == DeviceKind.EMULATED) {
                item.twin().flatMap(this::find).ifPresent(synthetic -> pairs.add(new Twins(item, synthetic)));
            }
        }
        return pairs;
    }

    private static void twinsTogether(List<DeviceItem> group) {
        List<DeviceItem> sorted = new ArrayList<>(group.size());
        for (DeviceItem item : group) {
            if (!sorted.contains(item)) {
                sorted.add(item);
                group.stream().filter(other -> item.twin().filter(other.id()::equals).isPresent()
                        && !sorted.contains(other)).forEach(sorted::add);
            }
        }
        group.clear();
        group.addAll(sorted);
    }
}
