package org.viridian.app.cli;

import org.viridian.app.command.BackgroundVm;
import org.viridian.app.command.Windows;
import org.viridian.app.definition.VmDefinition;
import org.viridian.app.library.VmStatus;
import org.viridian.app.machine.MachineConfig.Engine;
import org.viridian.app.text.Failure;
import org.viridian.app.text.Text;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Starts a VM: in a window, or with {@code --headless} in a process of its own that outlives this one. */
@Command(name = "start")
final class StartVerb extends Verb {
    @Parameters(paramLabel = "NAME", descriptionKey = "name")
    String name;

    @Option(names = "--headless")
    boolean headless;

    @Option(names = "--engine", paramLabel = "auto|kvm|software")
    Engine engine;

    @Mixin
    NetworkOptions networkOptions = new NetworkOptions();

    StartVerb(Session session) {
        super(session);
    }

    @Override
    int perform() throws Failure, InterruptedException {
        VmDefinition definition = library().definition(name);
        if (networkOptions.given()) {
            // Kept, like a cable that is moved: the next start finds it where it was put.
            library().update(definition.withNetwork(networkOptions.over(definition.network())));
        }
        if (!headless) {
            return session().open(new Windows.Opening.Start(name));
        }
        VmStatus status = new BackgroundVm(library()).start(name, engine);
        output().result(json, Output.done(name).put("engine", status.engine()).put("processId", status.processId()),
                Text.of("cli.started", name, status.engine()));
        return 0;
    }
}
