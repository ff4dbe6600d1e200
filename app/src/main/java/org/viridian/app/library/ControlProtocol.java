package org.viridian.app.library;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.viridian.app.machine.MachineState;
import org.viridian.engine.device.DeviceEvent;
import org.viridian.engine.device.DeviceKind;
import org.viridian.engine.device.DeviceState;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The words of the control socket, one JSON object a line. A request is {@code {"verb": …}} with the verb's arguments;
 * the answer is {@code {"ok": true, "result": …}} or {@code {"ok": false, "kind": …, "message": …}}. The same objects
 * are what the command line prints for {@code --json}.
 */
public final class ControlProtocol {
    /** Longest request, bytes. */
    static final int MAX_REQUEST = 1 << 16;
    /** Longest answer, bytes: a 4K screen that does not compress, in base64. */
    static final int MAX_ANSWER = 64 << 20;

    static final JsonMapper MAPPER = JsonMapper.builder().build();

    private ControlProtocol() {}

    /** A status as JSON. */
    public static ObjectNode json(VmStatus status) {
        ObjectNode node = MAPPER.createObjectNode();
        node.put("state", word(status.state()));
        node.put("engine", status.engine());
        node.put("memoryMiB", status.memoryMiB());
        node.put("processors", status.processors());
        node.put("uptimeNanos", status.uptimeNanos());
        node.put("processorLoad", status.processorLoad());
        status.heartbeat().ifPresentOrElse(beat -> node.put("heartbeat", beat), () -> node.putNull("heartbeat"));
        node.put("screenWidth", status.screenWidth());
        node.put("screenHeight", status.screenHeight());
        node.put("processId", status.processId());
        status.ending().ifPresent(ending -> node.put("ending", ending));
        return node;
    }

    static VmStatus status(JsonNode node) {
        JsonNode beat = node.path("heartbeat");
        return new VmStatus(constant(MachineState.class, node.path("state").asString("running")),
                node.path("engine").asString(""), node.path("memoryMiB").asInt(0), node.path("processors").asInt(0),
                node.path("uptimeNanos").asLong(0), node.path("processorLoad").asDouble(0),
                beat.isBoolean() ? Optional.of(beat.booleanValue()) : Optional.empty(),
                node.path("screenWidth").asInt(0), node.path("screenHeight").asInt(0),
                node.path("processId").asLong(0),
                node.has("ending") ? Optional.of(node.get("ending").asString()) : Optional.empty());
    }

    /** Devices as JSON. */
    public static ArrayNode json(List<DeviceReport> devices) {
        ArrayNode list = MAPPER.createArrayNode();
        for (DeviceReport device : devices) {
            ObjectNode node = list.addObject();
            node.put("id", device.id());
            node.put("name", device.name());
            node.put("type", device.type());
            node.put("kind", word(device.kind()));
            node.put("state", word(device.state()));
            device.twin().ifPresent(twin -> node.put("twin", twin));
            ObjectNode resources = node.putObject("resources");
            device.resources().forEach(resources::put);
            ObjectNode counters = node.putObject("counters");
            device.counters().forEach(counters::put);
            ArrayNode events = node.putArray("events");
            for (DeviceEvent event : device.events()) {
                events.addObject().put("nanos", event.nanos()).put("state", word(event.state()))
                        .put("reason", event.reason());
            }
        }
        return list;
    }

    static List<DeviceReport> devices(JsonNode list) {
        List<DeviceReport> devices = new ArrayList<>();
        for (JsonNode node : list) {
            String id = node.path("id").asString("");
            Map<String, String> resources = new LinkedHashMap<>();
            node.path("resources").properties().forEach(e -> resources.put(e.getKey(), e.getValue().asString("")));
            Map<String, Long> counters = new LinkedHashMap<>();
            node.path("counters").properties().forEach(e -> counters.put(e.getKey(), e.getValue().asLong(0)));
            List<DeviceEvent> events = new ArrayList<>();
            for (JsonNode event : node.path("events")) {
                events.add(new DeviceEvent(event.path("nanos").asLong(0), id,
                        constant(DeviceState.class, event.path("state").asString("problem")),
                        event.path("reason").asString("")));
            }
            devices.add(new DeviceReport(id, node.path("name").asString(""), node.path("type").asString(""),
                    constant(DeviceKind.class, node.path("kind").asString("emulated")),
                    constant(DeviceState.class, node.path("state").asString("problem")),
                    node.has("twin") ? Optional.of(node.get("twin").asString()) : Optional.empty(),
                    resources, counters, events));
        }
        return devices;
    }

    /** A constant as files and output spell it: lower case with dashes. */
    public static String word(Enum<?> constant) {
        return constant.name().toLowerCase(java.util.Locale.ROOT).replace('_', '-');
    }

    private static <E extends Enum<E>> E constant(Class<E> type, String word) {
        return Enum.valueOf(type, word.toUpperCase(java.util.Locale.ROOT).replace('-', '_'));
    }
}
