package org.viridian.app.cli;

import java.nio.file.Path;
import java.util.Optional;
import org.viridian.app.definition.NewVm;
import org.viridian.app.definition.NewVm.Flavour;
import org.viridian.app.definition.NewVm.NewDisk;
import org.viridian.app.definition.NewVm.Source;
import org.viridian.app.machine.MachineConfig.Disk;
import org.viridian.app.machine.MachineConfig.Engine;
import org.viridian.app.machine.NetworkConfig;
import org.viridian.app.text.Failure;
import org.viridian.app.text.Text;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Makes a VM: the twin of the wizard. */
@Command(name = "create")
final class CreateVerb extends Verb {
    @Parameters(paramLabel = "NAME", descriptionKey = "name")
    String name;

    @Option(names = "--memory", paramLabel = "SIZE", defaultValue = "512M")
    String memory;

    @Option(names = "--cpus", paramLabel = "N", defaultValue = "1")
    int cpus;

    @Option(names = "--engine", paramLabel = "auto|kvm|software", defaultValue = "auto")
    Engine engine;

    @Option(names = "--debian", paramLabel = "cloud|generic", arity = "0..1", fallbackValue = "cloud")
    Flavour debian;

    @Option(names = "--kernel", paramLabel = "FILE")
    Path kernel;

    @Option(names = "--initrd", paramLabel = "FILE")
    Path initrd;

    @Option(names = "--append", paramLabel = "TEXT", defaultValue = "")
    String append;

    @Option(names = "--disk", paramLabel = "FILE[,readonly]")
    String disk;

    @Option(names = "--new-disk", paramLabel = "SIZE[,FORMAT]")
    String newDisk;

    @Option(names = "--dvd", paramLabel = "FILE")
    Path dvd;

    @Option(names = "--no-integration")
    boolean noIntegration;

    @Mixin
    NetworkOptions networkOptions = new NetworkOptions();

    CreateVerb(Session session) {
        super(session);
    }

    @Override
    int perform() throws Failure {
        NewVm vm = new NewVm(name, Values.mebibytes(memory), cpus, engine, source(), disk(), Optional.ofNullable(dvd),
                !noIntegration, networkOptions.over(NetworkConfig.NAT));
        library().create(vm, output().progress());
        output().result(json, Output.done(name).put("folder", library().store().folder(name).toString()),
                Text.of("cli.created", name));
        return 0;
    }

    private Source source() throws Failure {
        if ((debian == null) == (kernel == null)) {
            throw new Failure(Failure.Kind.USAGE, Text.of("cli.source"));
        }
        return debian != null ? new Source.Debian(debian)
                : new Source.Kernel(kernel, Optional.ofNullable(initrd), append);
    }

    private NewDisk disk() throws Failure {
        if (disk != null && newDisk != null) {
            throw new Failure(Failure.Kind.USAGE, Text.of("cli.disk.both"));
        }
        if (disk != null) {
            Disk existing = Values.disk(disk);
            return new NewDisk.Existing(existing.file(), existing.readOnly());
        }
        return newDisk != null ? Values.blank(newDisk) : new NewDisk.None();
    }
}
