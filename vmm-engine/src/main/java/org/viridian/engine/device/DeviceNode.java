package org.viridian.engine.device;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * What can be known of one device from outside: identity, kind, twin, state, resources, counters, events. The nodes of
 * a VM are the single source for the device manager, the command line, the activity lights and the tests.
 *
 * <p>Thread rule: any thread; a reader sees each value whole, not all values of one moment.
 */
public final class DeviceNode {
    private static final int MAX_EVENTS = 256;

    private final String id;
    private final String name;
    private final DeviceKind kind;
    private final String type;
    private final LongSupplier clock;
    private final List<Counter> counters = new CopyOnWriteArrayList<>();
    private final Map<String, Supplier<String>> resources = new LinkedHashMap<>();
    private final ArrayList<DeviceEvent> events = new ArrayList<>();
    private final List<Consumer<DeviceEvent>> listeners = new CopyOnWriteArrayList<>();
    private volatile DeviceState state;
    private volatile String twin;

    /**
     * @param id stable within the VM, such as {@code ps2-keyboard} or {@code scsi0}
     * @param name what the device manager shows, the datasheet's or TLFS's own name
     * @param kind emulated or synthetic
     * @param type the group in the view by type: {@code display}, {@code keyboard}, {@code mouse}, {@code storage},
     *     {@code network}, {@code system}, {@code port}, {@code integration}
     * @param state the state at power-on
     * @param clock nanoseconds since power-on, for events
     */
    public DeviceNode(String id, String name, DeviceKind kind, String type, DeviceState state, LongSupplier clock) {
        this.id = id;
        this.name = name;
        this.kind = kind;
        this.type = type;
        this.state = state;
        this.clock = clock;
    }

    /** Stable within the VM. */
    public String id() {
        return id;
    }

    /** What the device manager shows. */
    public String name() {
        return name;
    }

    /** Emulated or synthetic. */
    public DeviceKind kind() {
        return kind;
    }

    /** The group in the view by type. */
    public String type() {
        return type;
    }

    /** The present state. */
    public DeviceState state() {
        return state;
    }

    /** Enters a state; records an event when it differs from the present one. */
    public void state(DeviceState next, String reason) {
        DeviceEvent event;
        synchronized (events) {
            if (state == next) {
                return;
            }
            state = next;
            event = new DeviceEvent(clock.getAsLong(), id, next, reason);
            if (events.size() == MAX_EVENTS) {
                events.removeFirst();
            }
            events.add(event);
        }
        listeners.forEach(listener -> listener.accept(event));
    }

    /** The id of the device that does the same job the other way, or null. */
    public String twin() {
        return twin;
    }

    /** Declares the twin. */
    public void twin(String twinId) {
        twin = twinId;
    }

    /** Adds a counter and returns it, for the device to keep in a field. */
    public Counter counter(String key) {
        Counter counter = new Counter(key);
        counters.add(counter);
        return counter;
    }

    /** Shows a counter that is kept elsewhere as this device's. */
    public void counter(Counter counter) {
        counters.add(counter);
    }

    /** Adds a counter whose value is kept elsewhere, such as by a switch port. */
    public void counter(String key, LongSupplier value) {
        counters.add(new Counter(key, value));
    }

    /** The counters, in the order of their making. */
    public List<Counter> counters() {
        return List.copyOf(counters);
    }

    /** Declares a resource such as {@code ports}, {@code irq}, {@code relid}, {@code ring}; the text is made on demand. */
    public void resource(String key, Supplier<String> text) {
        synchronized (resources) {
            resources.put(key, text);
        }
    }

    /** The resources at this moment; those that have no value now are left out. */
    public Map<String, String> resources() {
        Map<String, Supplier<String>> suppliers;
        synchronized (resources) {
            suppliers = new LinkedHashMap<>(resources);
        }
        Map<String, String> texts = new LinkedHashMap<>();
        suppliers.forEach((key, supplier) -> {
            String text = supplier.get();
            if (text != null) {
                texts.put(key, text);
            }
        });
        return texts;
    }

    /** The latest events, oldest first. */
    public List<DeviceEvent> events() {
        synchronized (events) {
            return List.copyOf(events);
        }
    }

    /** Is told of each event, on the thread that causes it. */
    public void onEvent(Consumer<DeviceEvent> listener) {
        listeners.add(listener);
    }
}
