package org.viridian.app.cli;

import java.util.List;
import java.util.stream.Collectors;
import org.viridian.app.library.ControlProtocol;
import org.viridian.app.library.DeviceReport;
import org.viridian.app.library.VmSession;
import org.viridian.app.text.Failure;
import org.viridian.engine.device.DeviceEvent;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Shows a VM's devices: kind, state, resources, counters; with {@code --events} how they came to it. */
@Command(name = "devices")
final class DevicesVerb extends Verb {
    private static final long PERIOD_MILLIS = 1000;

    @Parameters(paramLabel = "NAME", descriptionKey = "name")
    String name;

    @Option(names = "--watch")
    boolean watch;

    @Option(names = "--events")
    boolean events;

    DevicesVerb(Session session) {
        super(session);
    }

    @Override
    int perform() throws Failure, InterruptedException {
        try (VmSession vm = library().session(name)) {
            show(vm.devices());
            // One JSON document, or with --watch one a line until the VM ends.
            while (watch && !vm.awaitEnd(PERIOD_MILLIS)) {
                try {
                    show(vm.devices());
                } catch (Failure e) {
                    if (e.kind() == Failure.Kind.STATE) {
                        return 0;
                    }
                    throw e;
                }
            }
            return 0;
        }
    }

    private void show(List<DeviceReport> devices) {
        if (json) {
            output().json(ControlProtocol.json(devices));
            return;
        }
        for (DeviceReport device : devices) {
            output().line("%-20s %-10s %-18s %s".formatted(device.id(), ControlProtocol.word(device.kind()),
                    ControlProtocol.word(device.state()), device.name()));
            String details = device.resources().entrySet().stream()
                    .map(e -> e.getKey() + " " + e.getValue()).collect(Collectors.joining(", "));
            String counts = device.counters().entrySet().stream()
                    .map(e -> e.getKey() + " " + e.getValue()).collect(Collectors.joining(", "));
            for (String line : List.of(details, counts)) {
                if (!line.isEmpty()) {
                    output().line("    " + line);
                }
            }
            if (events) {
                for (DeviceEvent event : device.events()) {
                    output().line("    %10.3f s  %s: %s".formatted(event.nanos() / 1e9,
                            ControlProtocol.word(event.state()), event.reason()));
                }
            }
        }
        if (watch) {
            output().line("");
        }
    }
}
