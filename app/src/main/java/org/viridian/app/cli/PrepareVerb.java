package org.viridian.app.cli;

import org.viridian.app.definition.NewVm.Flavour;
import org.viridian.app.library.GuestSource;
import org.viridian.app.text.Failure;
import org.viridian.app.text.Text;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Fetches and assembles a gallery guest into the cache without making a VM; for set-up scripts. */
@Command(name = "prepare", hidden = true)
final class PrepareVerb extends Verb {
    @Option(names = "--debian", paramLabel = "cloud|generic", defaultValue = "cloud")
    Flavour debian;

    private final GuestSource guests;

    PrepareVerb(Session session, GuestSource guests) {
        super(session);
        this.guests = guests;
    }

    @Override
    int perform() throws Failure {
        GuestSource.BootFiles files = guests.assemble(debian, output().progress());
        output().result(json, Output.done(files.version()).put("kernel", files.kernel().toString())
                .put("initrd", files.initrd().toString()).put("commandLine", files.commandLine()),
                Text.of("cli.prepared", files.version(), files.kernel().getParent()));
        return 0;
    }
}
