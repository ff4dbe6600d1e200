package org.viridian.app.cli;

import java.util.List;
import java.util.Optional;
import org.viridian.app.definition.VmDefinition;
import org.viridian.app.library.ControlProtocol;
import org.viridian.app.library.VmStatus;
import org.viridian.app.library.VmSummary;
import org.viridian.app.text.Failure;
import org.viridian.app.text.Text;
import picocli.CommandLine.Command;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Lists the VMs. */
@Command(name = "list")
final class ListVerb extends Verb {
    ListVerb(Session session) {
        super(session);
    }

    @Override
    int perform() throws Failure {
        List<VmSummary> vms = library().list();
        if (json) {
            ArrayNode list = Output.MAPPER.createArrayNode();
            vms.forEach(vm -> list.add(object(vm)));
            output().json(list);
            return 0;
        }
        if (vms.isEmpty()) {
            output().remark(Text.of("cli.none"));
            return 0;
        }
        int width = Math.max(8, vms.stream().mapToInt(vm -> vm.name().length()).max().orElse(8));
        String row = "%-" + width + "s  %-8s %-9s %4s %9s %6s %9s";
        output().line(row.formatted((Object[]) Text.of("cli.list.header").toString().split("\t")));
        for (VmSummary vm : vms) {
            Optional<VmDefinition> definition = vm.definition();
            Optional<VmStatus> status = vm.status();
            output().line(row.formatted(vm.name(), ControlProtocol.word(vm.state()),
                    status.map(VmStatus::engine).or(() -> definition.map(d -> ControlProtocol.word(d.engine()))).orElse(""),
                    definition.map(d -> Integer.toString(d.processors())).orElse(""),
                    definition.map(d -> d.memoryMiB() + " MiB").orElse(""),
                    status.map(s -> "%.0f %%".formatted(100 * s.processorLoad())).orElse(""),
                    status.map(s -> time(s.uptimeNanos())).orElse("")).stripTrailing());
            vm.damage().ifPresent(damage -> output().line("  " + damage));
        }
        return 0;
    }

    private static ObjectNode object(VmSummary vm) {
        ObjectNode node = Output.MAPPER.createObjectNode();
        node.put("name", vm.name());
        node.put("state", ControlProtocol.word(vm.state()));
        vm.definition().ifPresent(definition -> {
            node.put("memoryMiB", definition.memoryMiB());
            node.put("processors", definition.processors());
            node.put("engine", ControlProtocol.word(definition.engine()));
        });
        vm.status().ifPresent(status -> node.set("status", ControlProtocol.json(status)));
        vm.damage().ifPresent(damage -> node.put("damage", damage));
        return node;
    }

    private static String time(long nanos) {
        long seconds = nanos / 1_000_000_000;
        return "%d:%02d:%02d".formatted(seconds / 3600, seconds / 60 % 60, seconds % 60);
    }
}
