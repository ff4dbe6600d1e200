package org.viridian.devices.inventory;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.viridian.engine.device.Counter;
import org.viridian.engine.device.DeviceEvent;
import org.viridian.engine.device.DeviceKind;
import org.viridian.engine.device.DeviceNode;

/**
 * The live list of one VM's devices: the single source for device manager, command line, activity lights and tests.
 *
 * <p>Thread rule: any thread. A view is made of the nodes present at the call; each value in it is read once.
 */
public final class DeviceTree {
    /** Where a device hangs. */
    public enum Connection {
        /** Ports, MMIO and interrupt wires. */
        BOARD,
        /** A VMBus channel. */
        VMBUS
    }

    /** Two devices that do one job, the emulated and the synthetic way. */
    public record Pair(DeviceNode emulated, DeviceNode synthetic) {}

    private final List<DeviceNode> nodes = new CopyOnWriteArrayList<>();
    private final List<Consumer<DeviceEvent>> eventListeners = new CopyOnWriteArrayList<>();
    private final List<Runnable> listListeners = new CopyOnWriteArrayList<>();

    /** Adds a device; throws {@link IllegalArgumentException} when its id is taken. */
    public void add(DeviceNode node) {
        synchronized (nodes) {
            if (find(node.id()).isPresent()) {
                throw new IllegalArgumentException("device " + node.id() + " is in the tree already");
            }
            nodes.add(node);
        }
        node.onEvent(event -> {
            // A node cannot forget a listener; one that has left the tree is no longer ours to report.
            if (nodes.contains(node)) {
                eventListeners.forEach(listener -> listener.accept(event));
            }
        });
        listListeners.forEach(Runnable::run);
    }

    /** Adds devices in this order. */
    public void addAll(Iterable<DeviceNode> devices) {
        devices.forEach(this::add);
    }

    /** Takes a device out, such as a disk that was removed. */
    public void remove(String id) {
        if (nodes.removeIf(node -> node.id().equals(id))) {
            listListeners.forEach(Runnable::run);
        }
    }

    /** The devices, in the order of adding. */
    public List<DeviceNode> nodes() {
        return List.copyOf(nodes);
    }

    /** The device of this id. */
    public Optional<DeviceNode> find(String id) {
        return nodes.stream().filter(node -> node.id().equals(id)).findFirst();
    }

    /** Where a device hangs. */
    public static Connection connection(DeviceNode node) {
        return node.kind() == DeviceKind.SYNTHETIC ? Connection.VMBUS : Connection.BOARD;
    }

    /** The view by type: type → devices, types in alphabetical order. */
    public Map<String, List<DeviceNode>> byType() {
        Map<String, List<DeviceNode>> groups = new TreeMap<>();
        nodes.forEach(node -> groups.computeIfAbsent(node.type(), type -> new ArrayList<>()).add(node));
        return groups;
    }

    /** The view by connection: board first, then VMBus; both present even when empty. */
    public Map<Connection, List<DeviceNode>> byConnection() {
        Map<Connection, List<DeviceNode>> groups = new LinkedHashMap<>();
        for (Connection connection : Connection.values()) {
            groups.put(connection, nodes.stream().filter(node -> connection(node) == connection).toList());
        }
        return groups;
    }

    /** The declared pairs, each once. */
    public List<Pair> pairs() {
        List<Pair> pairs = new ArrayList<>();
        for (DeviceNode node : nodes) {
            if (node.kind() == DeviceKind.EMULATED && node.twin() != null) {
                find(node.twin()).ifPresent(synthetic -> pairs.add(new Pair(node, synthetic)));
            }
        }
        return pairs;
    }

    /** The latest events of all devices, oldest first. */
    public List<DeviceEvent> timeline() {
        return nodes.stream()
                .flatMap(node -> node.events().stream())
                .sorted(Comparator.comparingLong(DeviceEvent::nanos))
                .toList();
    }

    /** Is told of each event of each device, on the thread that causes it; must not block. */
    public void onEvent(Consumer<DeviceEvent> listener) {
        eventListeners.add(listener);
    }

    /** Is told when devices come and go; must not block. */
    public void onListChange(Runnable listener) {
        listListeners.add(listener);
    }

    /** Everything as plain values. */
    public List<DeviceSnapshot> snapshot() {
        return nodes.stream().map(DeviceTree::snapshot).toList();
    }

    /** One device as plain values. */
    public static DeviceSnapshot snapshot(DeviceNode node) {
        Map<String, Long> counters = new LinkedHashMap<>();
        for (Counter counter : node.counters()) {
            counters.put(counter.name(), counter.get());
        }
        List<DeviceSnapshot.Event> events = node.events().stream()
                .map(event -> new DeviceSnapshot.Event(event.nanos() / 1_000_000, key(event.state()), event.reason()))
                .toList();
        return new DeviceSnapshot(node.id(), node.name(), key(node.kind()), node.type(), key(connection(node)),
                key(node.state()), node.twin(), node.resources(), counters, events);
    }

    /** An enum constant as the command line writes it: {@code WAITING_FOR_DRIVER} → {@code waiting-for-driver}. */
    private static String key(Enum<?> constant) {
        return constant.name().toLowerCase(java.util.Locale.ROOT).replace('_', '-');
    }
}
