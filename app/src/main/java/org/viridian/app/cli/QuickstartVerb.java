package org.viridian.app.cli;

import java.nio.file.Path;
import java.util.Optional;
import org.viridian.app.command.LoginWatch;
import org.viridian.app.command.Windows;
import org.viridian.app.definition.NewVm;
import org.viridian.app.definition.NewVm.Flavour;
import org.viridian.app.definition.NewVm.NewDisk;
import org.viridian.app.definition.NewVm.Source;
import org.viridian.app.library.VmSession;
import org.viridian.app.machine.Ending;
import org.viridian.app.machine.MachineConfig.Engine;
import org.viridian.app.machine.MachineConfig.SerialTarget;
import org.viridian.app.text.Failure;
import org.viridian.app.text.Text;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Makes the Debian VM when there is none, and starts it. */
@Command(name = "quickstart")
final class QuickstartVerb extends Verb {
    /** Where to stop. */
    enum Until {
        /** The login prompt is on the screen. */
        LOGIN
    }

    @Option(names = "--name", paramLabel = "NAME", descriptionKey = "name")
    String name;

    @Option(names = "--headless")
    boolean headless;

    @Option(names = "--engine", paramLabel = "auto|kvm|software")
    Engine engine;

    @Option(names = "--debian", paramLabel = "cloud|generic", defaultValue = "cloud")
    Flavour debian;

    @Option(names = "--screenshot", paramLabel = "FILE.png")
    Path screenshot;

    @Option(names = "--until", paramLabel = "login")
    Until until;

    @Option(names = "--timeout", paramLabel = "SECONDS", defaultValue = "900")
    long timeout;

    QuickstartVerb(Session session) {
        super(session);
    }

    @Override
    int perform() throws Failure, InterruptedException {
        String vmName = name != null ? name : debian == Flavour.CLOUD ? "debian" : "debian-generic";
        if (!library().store().exists(vmName)) {
            library().create(new NewVm(vmName, 512, 1, Engine.AUTO, new Source.Debian(debian), new NewDisk.Blank(1024),
                    Optional.empty(), true), output().progress());
        }
        if (!headless) {
            return session().open(new Windows.Opening.Start(vmName));
        }
        Thread hook = new Thread(library()::close, "turn-off");
        Runtime.getRuntime().addShutdownHook(hook);
        VmSession vm = library().start(vmName, engine, new SerialTarget.None());
        output().remark(Text.of("cli.started", vmName, vm.status().engine()));
        if (until == null && screenshot == null) {
            while (!vm.awaitEnd(Long.MAX_VALUE / 2_000_000)) {
                // Until the guest ends.
            }
            Ending ending = vm.machine().orElseThrow().ending().orElse(new Ending.TurnedOff());
            return EndOfRun.report(output(), json, vmName, ending);
        }
        double seconds = LoginWatch.await(vm, timeout);
        if (screenshot != null) {
            InputVerbs.Screenshot.write(screenshot, vm.screenshot());
        }
        vm.kill();
        output().result(json, Output.done(vmName).put("loginSeconds", seconds),
                Text.of("cli.login", "%.1f".formatted(seconds)));
        return 0;
    }
}
