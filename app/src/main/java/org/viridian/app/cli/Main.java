package org.viridian.app.cli;

import java.io.PrintStream;
import java.util.Arrays;
import java.util.Locale;
import java.util.ResourceBundle;
import org.viridian.app.command.Windows;
import org.viridian.app.definition.Folders;
import org.viridian.app.library.GuestSource;
import org.viridian.app.library.MachineFactory;
import org.viridian.app.machine.MachineBuilder;
import org.viridian.app.quickcreate.DebianGuest;
import org.viridian.app.text.Failure;
import org.viridian.app.text.Text;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The program. Without a verb it opens the window; with one it does that and ends with the verb's exit code. */
public final class Main {
    private Main() {}

    /** Entry point of the process. */
    public static void main(String[] arguments) {
        Folders folders = Folders.ofProcess();
        int status = run(arguments, folders, MachineBuilder::build, new DebianGuest(folders), System.out, System.err);
        // A thread of the toolkit or a hung guest file must not keep a finished command alive.
        System.exit(status);
    }

    /** Runs one command line and returns its exit code; the parts are given so that tests can put their own in. */
    static int run(String[] arguments, Folders folders, MachineFactory machines, GuestSource guests, PrintStream out,
            PrintStream err) {
        Output output = new Output(out, err);
        boolean json = Arrays.asList(arguments).contains("--json");
        try (Session session = new Session(folders, machines, guests, output)) {
            return commandLine(session, guests, json).execute(arguments);
        }
    }

    private static CommandLine commandLine(Session session, GuestSource guests, boolean json) {
        Output output = session.output();
        CommandLine line = new CommandLine(new Root(session));
        for (Verb verb : new Verb[] {
            new QuickstartVerb(session), new CreateVerb(session), new ListVerb(session), new StartVerb(session),
            new LifeVerbs.Stop(session), new LifeVerbs.Kill(session), new LifeVerbs.Pause(session),
            new LifeVerbs.Resume(session), new LifeVerbs.Reset(session), new DeleteVerb(session),
            new TransferVerbs.Clone(session), new TransferVerbs.Rename(session), new TransferVerbs.Export(session),
            new TransferVerbs.Import(session),
            new DevicesVerb(session), new InputVerbs.Screenshot(session), new InputVerbs.Type(session),
            new InputVerbs.Key(session), new RunVerb(session), new NetworkVerb(session), new DoctorVerb(session),
            new HostVerb(session), new PrepareVerb(session, guests), new AttachVerbs.Attach(session),
            new AttachVerbs.Detach(session), new AttachVerbs.Insert(session), new AttachVerbs.Eject(session),
            new AttachVerbs.Drives(session)}) {
            line.addSubcommand(verb);
        }
        ((NetworkVerb) line.getSubcommands().get("network").getCommand()).addTo(line);
        line.addSubcommand(DiskVerbs.group(session));
        line.setResourceBundle(ResourceBundle.getBundle("org.viridian.app.cli.help",
                "ko".equals(Locale.getDefault().getLanguage()) ? Locale.KOREAN : Locale.ROOT, Main.class.getModule()));
        line.setCaseInsensitiveEnumValuesAllowed(true);
        line.setOut(new java.io.PrintWriter(output.out(), true));
        line.setParameterExceptionHandler((e, words) ->
                output.failed(json, new Failure(Failure.Kind.USAGE, Text.of("cli.usage", e.getMessage(),
                        e.getCommandLine().getCommandSpec().qualifiedName()), e)));
        line.setExecutionExceptionHandler((e, command, parsed) -> {
            System.getLogger(Main.class.getName()).log(System.Logger.Level.ERROR, "a verb failed", e);
            return output.failed(json, new Failure(Failure.Kind.INTERNAL, Text.of("internal", e.toString()), e));
        });
        return line;
    }

    /** No verb: the window. */
    @Command(name = "viridian", versionProvider = Version.class)
    static final class Root extends Verb {
        @CommandLine.Option(names = "--version", versionHelp = true)
        boolean version;

        Root(Session session) {
            super(session);
        }

        @Override
        int perform() throws Failure {
            return session().open(new Windows.Opening.Main());
        }
    }

    /** {@code --version}: the program's, the runtime's. */
    static final class Version implements CommandLine.IVersionProvider {
        @Override
        public String[] getVersion() {
            String version = Main.class.getPackage().getImplementationVersion();
            return new String[] {"viridian " + (version == null ? "(built from source)" : version)
                    + ", Java " + Runtime.version()};
        }
    }
}
