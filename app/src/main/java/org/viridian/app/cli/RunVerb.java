package org.viridian.app.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.viridian.app.definition.DefinitionRules;
import org.viridian.app.definition.FieldProblem;
import org.viridian.app.definition.FieldProblem.Field;
import org.viridian.app.library.Library;
import org.viridian.app.machine.Ending;
import org.viridian.app.machine.Machine;
import org.viridian.app.machine.MachineConfig;
import org.viridian.app.machine.MachineConfig.Boot;
import org.viridian.app.machine.MachineConfig.BootDevice;
import org.viridian.app.machine.MachineConfig.Disk;
import org.viridian.app.machine.MachineConfig.Engine;
import org.viridian.app.machine.MachineConfig.Firmware;
import org.viridian.app.machine.MachineConfig.SerialTarget;
import org.viridian.app.machine.MachineException;
import org.viridian.app.machine.MachineListener;
import org.viridian.app.machine.NetworkConfig;
import org.viridian.app.quickcreate.SeaBios;
import org.viridian.app.text.Failure;
import org.viridian.app.text.Text;
import org.viridian.engine.partition.GuestCrash;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * A throw-away VM in the foreground: nothing of it is kept, its serial port is the terminal, and its end is this
 * command's end.
 */
@Command(name = "run")
final class RunVerb extends Verb {
    /** What the machine starts in. */
    enum FirmwareKind {
        /** The kernel is loaded directly. */
        NONE,
        /** SeaBIOS finds something to boot on the CD or a disk. */
        SEABIOS
    }

    @Option(names = "--firmware", paramLabel = "none|seabios")
    FirmwareKind firmware;

    @Option(names = "--boot", paramLabel = "cd|disk[,...][,menu]", defaultValue = "cd,disk")
    String bootOrder;

    @Option(names = "--kernel", paramLabel = "FILE")
    Path kernel;

    @Option(names = "--initrd", paramLabel = "FILE")
    Path initrd;

    @Option(names = "--append", paramLabel = "TEXT", defaultValue = "")
    String append;

    @Option(names = "--disk", paramLabel = "FILE[,readonly]")
    List<String> disks = new ArrayList<>();

    @Option(names = {"--dvd", "--cdrom"}, paramLabel = "FILE")
    Path dvd;

    @Option(names = "--memory", paramLabel = "SIZE", defaultValue = "512M")
    String memory;

    @Option(names = "--cpus", paramLabel = "N", defaultValue = "1")
    int cpus;

    @Option(names = "--serial", paramLabel = "stdio|none|file:FILE", defaultValue = "stdio")
    String serial;

    @Option(names = "--engine", paramLabel = "auto|kvm|software", defaultValue = "auto")
    Engine engine;

    @Option(names = "--debug-exit", paramLabel = "PORT")
    String debugExit;

    @Option(names = "--no-integration")
    boolean noIntegration;

    @Mixin
    NetworkOptions networkOptions = new NetworkOptions();

    @Option(names = "--timeout", paramLabel = "SECONDS", defaultValue = "0")
    long timeout;

    @Option(names = "--screenshot", paramLabel = "FILE.png")
    Path screenshot;

    RunVerb(Session session) {
        super(session);
    }

    @Override
    int perform() throws Failure, InterruptedException {
        MachineConfig config = config();
        if (config.network().connection() instanceof NetworkConfig.Connection.Switch) {
            library().meetOtherProcesses();
        }
        Machine machine = build(config);
        Thread hook = new Thread(machine::close, "turn-off");
        Runtime.getRuntime().addShutdownHook(hook);
        try (machine) {
            machine.addListener(new MachineListener() {
                @Override
                public void guestCrashed(GuestCrash crash) {
                    output().remark(Text.of("cli.crash", crashWords(crash)));
                }
            });
            start(machine);
            Ending ending = await(machine);
            if (screenshot != null) {
                shoot(machine);
            }
            if (ending == null) {
                throw new Failure(Failure.Kind.TIMEOUT, Text.of("cli.stop.timeout", config.name(), timeout));
            }
            return EndOfRun.report(output(), json, config.name(), ending);
        } finally {
            removeHook(hook);
        }
    }

    /**
     * The line of the guest's own report that says most: Linux sends the tail of its log, in which the panic's reason
     * is one line among many. The error code when it sent no text.
     */
    static String crashWords(GuestCrash crash) {
        List<String> lines = crash.message().lines()
                .map(line -> line.replaceFirst("^(<\\d+>)?\\[ *[\\d.]+\\] *", "").strip())
                .filter(line -> !line.isEmpty())
                .toList();
        if (lines.isEmpty()) {
            return "error code 0x%x".formatted(crash.p0());
        }
        return lines.stream().filter(line -> line.contains("anic - not syncing")).findFirst()
                .orElse(lines.getLast());
    }

    private MachineConfig config() throws Failure {
        List<Disk> attached = new ArrayList<>();
        for (String disk : disks) {
            attached.add(Values.disk(disk));
        }
        SerialTarget target = Values.serial(serial);
        if (json && target instanceof SerialTarget.Stdio) {
            // Standard output is either the guest's or JSON, never both.
            target = new SerialTarget.None();
        }
        int mebibytes = Values.mebibytes(memory);
        List<FieldProblem> problems = new ArrayList<>();
        DefinitionRules.memory(mebibytes).ifPresent(problems::add);
        DefinitionRules.processors(cpus).ifPresent(problems::add);
        DefinitionRules.commandLine(append).ifPresent(problems::add);
        boolean seabios = firmware == null ? kernel == null : firmware == FirmwareKind.SEABIOS;
        if (seabios == (kernel != null)) {
            throw new Failure(Failure.Kind.USAGE, Text.of(seabios ? "cli.run.kernel-and-firmware" : "cli.run.kernel"));
        }
        if (seabios && attached.isEmpty() && dvd == null) {
            // Firmware with nothing to start from would only say so on a screen that nobody sees.
            throw new Failure(Failure.Kind.USAGE, Text.of("cli.run.kernel"));
        }
        if (kernel != null) {
            DefinitionRules.readable(Field.KERNEL, kernel).ifPresent(problems::add);
        }
        if (initrd != null) {
            DefinitionRules.readable(Field.INITRD, initrd).ifPresent(problems::add);
        }
        attached.forEach(disk -> DefinitionRules.disk(disk.file(), disk.readOnly()).ifPresent(problems::add));
        if (dvd != null) {
            DefinitionRules.readable(Field.DVD, dvd).ifPresent(problems::add);
        }
        if (!problems.isEmpty()) {
            throw new Failure(Failure.Kind.BAD_INPUT, problems.getFirst().text());
        }
        Boot boot = seabios ? Boot.NONE
                : new Boot(kernel.toAbsolutePath(), Optional.ofNullable(initrd).map(Path::toAbsolutePath), append);
        MachineConfig machine = new MachineConfig("run-" + ProcessHandle.current().pid(), (long) mebibytes << 20, cpus, engine, boot,
                attached, Optional.ofNullable(dvd).map(Path::toAbsolutePath), !noIntegration, target,
                debugExit == null ? Optional.empty() : Optional.of(Values.port(debugExit)))
                .withNetwork(networkOptions.over(NetworkConfig.NAT));
        return seabios ? machine.withFirmware(seabios()) : machine;
    }

    private Firmware seabios() throws Failure {
        List<BootDevice> order = new ArrayList<>();
        boolean menu = false;
        for (String word : bootOrder.split(",", -1)) {
            switch (word) {
                case "cd" -> order.add(BootDevice.CD);
                case "disk" -> order.add(BootDevice.DISK);
                case "menu" -> menu = true;
                default -> throw new Failure(Failure.Kind.USAGE, Text.of("cli.boot", bootOrder));
            }
        }
        return new SeaBios(session().folders()).firmware(order, menu, output().progress());
    }

    private Machine build(MachineConfig config) throws Failure {
        try {
            return session().machines().build(config);
        } catch (MachineException e) {
            throw Library.failure(e);
        }
    }

    private static void start(Machine machine) throws Failure {
        try {
            machine.start();
        } catch (MachineException e) {
            throw Library.failure(e);
        }
    }

    /** The ending, or null when the time is up. */
    private Ending await(Machine machine) throws InterruptedException {
        if (timeout <= 0) {
            return machine.awaitEnd();
        }
        CompletableFuture<Ending> ending = new CompletableFuture<>();
        Thread waiter = Thread.ofVirtual().start(() -> {
            try {
                ending.complete(machine.awaitEnd());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        try {
            return ending.get(timeout, TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            waiter.interrupt();
            return null;
        } catch (ExecutionException e) {
            throw new IllegalStateException(e);
        }
    }

    private void shoot(Machine machine) throws Failure {
        Optional<byte[]> png = org.viridian.app.library.Screenshots.png(machine.screen());
        if (png.isEmpty()) {
            output().remark(Text.of("screen.off", machine.config().name()));
        } else {
            InputVerbs.Screenshot.write(screenshot, png.get());
        }
    }

    private static void removeHook(Thread hook) {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // The process is going down and the hook is running: nothing to take back.
        }
    }
}
