package org.viridian.app.ui.model;

import java.nio.charset.StandardCharsets;
import java.time.OffsetDateTime;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.viridian.app.library.ControlProtocol;
import org.viridian.app.library.DeviceReport;
import org.viridian.app.ui.Messages;
import org.viridian.engine.device.DeviceEvent;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** The devices of a VM at one moment as a file: JSON for programs, a report in the window's language for people. */
public final class DeviceExport {
    private static final JsonMapper MAPPER = JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

    private DeviceExport() {}

    /** The same fields as {@code viridian devices --json}, with the VM's name and the time around them. */
    public static byte[] json(String vm, long uptimeNanos, List<DeviceReport> devices) {
        ObjectNode root = MAPPER.createObjectNode();
        root.put("vm", vm);
        root.put("time", OffsetDateTime.now().truncatedTo(ChronoUnit.SECONDS).toString());
        root.put("uptimeNanos", uptimeNanos);
        root.set("devices", ControlProtocol.json(devices));
        return MAPPER.writeValueAsBytes(root);
    }

    /** A report in plain text, UTF-8: devices by type, then the events of all in their order. */
    public static byte[] report(Messages messages, String vm, long uptimeNanos, List<DeviceReport> devices) {
        StringBuilder out = new StringBuilder();
        out.append(messages.get("report.title", vm)).append('\n');
        out.append(messages.get("report.time", OffsetDateTime.now().truncatedTo(ChronoUnit.SECONDS).toString(),
                Figures.duration(uptimeNanos))).append("\n\n");
        Map<String, List<DeviceReport>> byType = new TreeMap<>();
        devices.forEach(device -> byType.computeIfAbsent(device.type(), type -> new java.util.ArrayList<>()).add(device));
        byType.forEach((type, members) -> {
            out.append("== ").append(messages.word("device.type.", type)).append('\n');
            members.forEach(device -> device(out, messages, device));
        });
        out.append("== ").append(messages.get("device.timeline")).append('\n');
        devices.stream().flatMap(device -> device.events().stream())
                .sorted(java.util.Comparator.comparingLong(DeviceEvent::nanos))
                .forEach(event -> out.append(messages.get("timeline.line", Figures.millis(event.nanos()), event.deviceId(),
                        messages.of("device.state.", event.state()), event.reason())).append('\n'));
        return out.toString().getBytes(StandardCharsets.UTF_8);
    }

    /** One device of a report. */
    public static String text(Messages messages, DeviceReport device) {
        StringBuilder out = new StringBuilder();
        device(out, messages, device);
        return out.toString();
    }

    private static void device(StringBuilder out, Messages messages, DeviceReport device) {
        out.append(device.name()).append(" [").append(device.id()).append("]\n");
        line(out, messages.get("device.column.state"), messages.of("device.state.", device.state()));
        line(out, messages.get("device.tab.kind"), messages.of("device.kind.", device.kind()));
        device.twin().ifPresent(twin -> line(out, messages.get("report.twin"), twin));
        device.resources().forEach((key, value) -> line(out, messages.word("device.resource.", key), value));
        device.counters().forEach((key, count) -> line(out, messages.word("device.counter.", key),
                String.format("%,d", count)));
        out.append('\n');
    }

    private static void line(StringBuilder out, String key, String value) {
        out.append("  ").append(key).append(": ").append(value).append('\n');
    }
}
