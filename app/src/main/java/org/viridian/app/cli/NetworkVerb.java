package org.viridian.app.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.viridian.app.definition.VmDefinition;
import org.viridian.app.library.DeviceReport;
import org.viridian.app.library.VmSession;
import org.viridian.app.library.VmSummary;
import org.viridian.app.text.Failure;
import org.viridian.app.text.Text;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** The networks of the VMs: what is connected to what, and what can be changed while a VM runs. */
@Command(name = "network")
final class NetworkVerb extends Verb {
    private static final List<String> COUNTERS = List.of("frames-sent", "frames-received", "network-bytes-sent",
            "network-bytes-received", "send-drops", "receive-drops");

    NetworkVerb(Session session) {
        super(session);
    }

    /** Its own verbs, which picocli cannot make without a session. */
    void addTo(CommandLine line) {
        CommandLine own = line.getSubcommands().get("network");
        own.addSubcommand(new Show(session())).addSubcommand(new Set(session())).addSubcommand(new Link(session()))
                .addSubcommand(new Capture(session()));
    }

    @Override
    int perform() throws Failure {
        return list(this, json);
    }

    private static int list(Verb verb, boolean json) throws Failure {
        ArrayNode list = Output.MAPPER.createArrayNode();
        for (VmSummary vm : verb.library().list()) {
            if (vm.definition().isPresent()) {
                list.add(object(verb, vm, vm.definition().get()));
            }
        }
        if (json) {
            verb.output().json(list);
            return 0;
        }
        String row = "%-16s %-20s %-18s %-5s %12s %12s %7s  %s";
        verb.output().line(row.formatted((Object[]) Text.of("cli.network.header").toString().split("\t")));
        list.forEach(item -> verb.output().line(row.formatted(item.path("name").asString(""), item.path("connection").asString(""),
                item.path("mac").asString(""), item.path("link").asString(""), item.path("network-bytes-sent").asString(""),
                item.path("network-bytes-received").asString(""),
                item.has("send-drops") ? item.path("send-drops").asLong(0) + item.path("receive-drops").asLong(0) : "",
                String.join(" ", item.path("forwards").valueStream().map(forward -> forward.asString("")).toList()))
                .stripTrailing()));
        return 0;
    }

    private static ObjectNode object(Verb verb, VmSummary vm, VmDefinition definition) throws Failure {
        ObjectNode node = Output.MAPPER.createObjectNode().put("name", vm.name());
        node.put("connection", definition.network().connection().toString());
        node.put("mac", definition.network().addressIn(vm.name()).toString());
        ArrayNode forwards = node.putArray("forwards");
        definition.network().forwards().forEach(forward -> forwards.add(forward.toString()));
        Optional<VmSession> running = vm.status().isEmpty() ? Optional.empty() : verb.library().runningSession(vm.name());
        if (running.isPresent()) {
            try (VmSession session = running.get()) {
                for (DeviceReport device : session.devices()) {
                    if (device.id().equals("net0")) {
                        node.put("link", device.resources().getOrDefault("link", ""));
                        COUNTERS.forEach(key -> node.put(key, device.counters().getOrDefault(key, 0L)));
                    }
                }
            } catch (Failure ended) {
                if (ended.kind() != Failure.Kind.STATE) {
                    throw ended;
                }
            }
        }
        return node;
    }

    /** The list. */
    @Command(name = "list")
    static final class Show extends Verb {
        Show(Session session) {
            super(session);
        }

        @Override
        int perform() throws Failure {
            return list(this, json);
        }
    }

    /** Connects a VM that is off to something else. */
    @Command(name = "set")
    static final class Set extends Verb {
        @Parameters(paramLabel = "NAME", descriptionKey = "name")
        String name;

        @Mixin
        NetworkOptions options = new NetworkOptions();

        Set(Session session) {
            super(session);
        }

        @Override
        int perform() throws Failure {
            VmDefinition before = library().definition(name);
            VmDefinition after = before.withNetwork(options.over(before.network()));
            library().update(after);
            output().result(json, Output.done(name).put("connection", after.network().connection().toString()),
                    Text.of("cli.network.set", name, after.network().connection()));
            return 0;
        }
    }

    /** Pulls the cable of a running VM or puts it in. */
    @Command(name = "link")
    static final class Link extends LifeVerbs.OnRunning {
        /** Where the cable is. */
        enum Position { UP, DOWN }

        @Parameters(paramLabel = "up|down", descriptionKey = "link")
        Position position;

        Link(Session session) {
            super(session);
        }

        @Override
        Text act(VmSession vm) throws Failure {
            vm.networkLink(position == Position.UP);
            return Text.of("cli.network.link", name, position.name().toLowerCase(Locale.ROOT));
        }
    }

    /** Records a running VM's frames, or ends the recording. */
    @Command(name = "capture")
    static final class Capture extends LifeVerbs.OnRunning {
        @Parameters(paramLabel = "FILE.pcapng", descriptionKey = "pcapng", arity = "0..1")
        Path file;

        @Option(names = "--stop", descriptionKey = "capture-stop")
        boolean stop;

        Capture(Session session) {
            super(session);
        }

        @Override
        Text act(VmSession vm) throws Failure {
            if (stop == (file != null)) {
                throw new Failure(Failure.Kind.USAGE, Text.of("cli.network.capture.usage"));
            }
            vm.networkCapture(Optional.ofNullable(file).map(Path::toAbsolutePath));
            return stop ? Text.of("cli.network.capture.stopped", name) : Text.of("cli.network.capture", name, file);
        }
    }
}
