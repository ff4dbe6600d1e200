package org.viridian.app.cli;

import java.util.concurrent.TimeUnit;
import org.viridian.app.library.VmSession;
import org.viridian.app.machine.Ending;
import org.viridian.app.machine.MachineConfig.Engine;
import org.viridian.app.machine.MachineConfig.SerialTarget;
import org.viridian.app.text.Failure;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Runs a VM in this process without a window until it ends: what {@code start --headless} starts. */
@Command(name = "host", hidden = true)
final class HostVerb extends Verb {
    @Parameters(paramLabel = "NAME", descriptionKey = "name")
    String name;

    @Option(names = "--engine", paramLabel = "auto|kvm|software")
    Engine engine;

    HostVerb(Session session) {
        super(session);
    }

    @Override
    int perform() throws Failure, InterruptedException {
        // On SIGTERM the machine is turned off in order, so that the control socket goes and files are closed.
        Thread hook = new Thread(library()::close, "turn-off");
        Runtime.getRuntime().addShutdownHook(hook);
        VmSession vm = library().start(name, engine, new SerialTarget.None());
        while (!vm.awaitEnd(TimeUnit.HOURS.toMillis(1))) {
            // A guest may run for months.
        }
        Ending ending = vm.machine().orElseThrow().ending().orElse(new Ending.TurnedOff());
        return EndOfRun.report(output(), json, name, ending);
    }
}
