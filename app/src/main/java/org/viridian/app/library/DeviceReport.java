package org.viridian.app.library;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.viridian.engine.device.Counter;
import org.viridian.engine.device.DeviceEvent;
import org.viridian.engine.device.DeviceKind;
import org.viridian.engine.device.DeviceNode;
import org.viridian.engine.device.DeviceState;

/**
 * One device at one moment, as it travels over the control socket.
 *
 * @param id stable within the VM
 * @param name the datasheet's or TLFS's name
 * @param type group in the view by type
 * @param kind emulated or synthetic
 * @param state what it is doing
 * @param twin id of the device that does the same job the other way
 * @param resources ports, IRQ, relid, ring …
 * @param counters counts since power-on
 * @param events state changes, oldest first
 */
public record DeviceReport(
        String id,
        String name,
        String type,
        DeviceKind kind,
        DeviceState state,
        Optional<String> twin,
        Map<String, String> resources,
        Map<String, Long> counters,
        List<DeviceEvent> events) {

    /** Looks at a device now. */
    public static DeviceReport of(DeviceNode node) {
        Map<String, Long> counts = new LinkedHashMap<>();
        for (Counter counter : node.counters()) {
            counts.put(counter.name(), counter.get());
        }
        return new DeviceReport(node.id(), node.name(), node.type(), node.kind(), node.state(),
                Optional.ofNullable(node.twin()), node.resources(), counts, node.events());
    }
}
