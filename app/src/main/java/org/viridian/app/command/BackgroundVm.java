package org.viridian.app.command;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.viridian.app.definition.Reasons;
import org.viridian.app.library.ControlProtocol;
import org.viridian.app.library.Library;
import org.viridian.app.library.VmSession;
import org.viridian.app.library.VmStatus;
import org.viridian.app.machine.MachineConfig.Engine;
import org.viridian.app.machine.MachineState;
import org.viridian.app.text.Failure;
import org.viridian.app.text.Text;

/** Starts a VM in a process of its own, without a window, that outlives this one and its terminal. */
public final class BackgroundVm {
    private static final long LIMIT_MILLIS = 60_000;
    private static final String MAIN = "org.viridian.app.cli.Main";

    private final Library library;

    /** @param library where the VM is */
    public BackgroundVm(Library library) {
        this.library = library;
    }

    /** Starts it and returns once it runs. */
    public VmStatus start(String name, Engine engine) throws Failure, InterruptedException {
        Optional<VmSession> running = library.runningSession(name);
        if (running.isPresent()) {
            try (VmSession session = running.get()) {
                throw new Failure(Failure.Kind.STATE, Text.of("vm.running", name, session.status().processId()));
            }
        }
        Path log = library.store().folder(name).resolve("host.log");
        Process process = launch(name, engine, log);
        long end = System.nanoTime() + LIMIT_MILLIS * 1_000_000;
        while (System.nanoTime() < end) {
            if (!process.isAlive()) {
                throw new Failure(kind(process.exitValue()), Text.of("cli.host.failed", name, reason(log)));
            }
            Optional<VmSession> session = library.runningSession(name);
            if (session.isPresent()) {
                try (VmSession vm = session.get()) {
                    VmStatus status = vm.status();
                    if (status.state() != MachineState.OFF) {
                        return status;
                    }
                } catch (Failure e) {
                    if (e.kind() != Failure.Kind.STATE) {
                        throw e;
                    }
                    // It has just ended; the process tells why.
                }
            }
            Thread.sleep(50);
        }
        process.destroy();
        throw new Failure(Failure.Kind.TIMEOUT, Text.of("cli.host.failed", name, reason(log)));
    }

    private static Process launch(String name, Engine engine, Path log) throws Failure {
        List<String> command = new ArrayList<>();
        Path setsid = Path.of("/usr/bin/setsid");
        if (Files.isExecutable(setsid)) {
            // Away from the terminal: Ctrl+C and its closing are meant for this command, not for the VM.
            command.add(setsid.toString());
        }
        command.addAll(self());
        command.addAll(List.of("host", name));
        if (engine != null) {
            command.addAll(List.of("--engine", ControlProtocol.word(engine)));
        }
        try {
            return new ProcessBuilder(command)
                    .redirectInput(new File("/dev/null"))
                    .redirectErrorStream(true)
                    .redirectOutput(log.toFile())
                    .start();
        } catch (IOException e) {
            throw new Failure(Failure.Kind.HOST, Text.of("cli.host.failed", name, Reasons.of(e)), e);
        }
    }

    /** This program's own command line up to its main class. */
    private static List<String> self() throws Failure {
        ProcessHandle.Info info = ProcessHandle.current().info();
        String[] words = info.arguments().orElse(new String[0]);
        for (int i = 0; i < words.length; i++) {
            if (words[i].equals(MAIN) || words[i].endsWith("/" + MAIN)) {
                List<String> command = new ArrayList<>();
                command.add(info.command().orElse("java"));
                command.addAll(Arrays.asList(words).subList(0, i + 1));
                return command;
            }
        }
        throw new Failure(Failure.Kind.INTERNAL, Text.of("internal", "unknown command line"));
    }

    private static Failure.Kind kind(int exitCode) {
        return Arrays.stream(Failure.Kind.values()).filter(kind -> kind.exitCode() == exitCode).findFirst()
                .orElse(Failure.Kind.GUEST);
    }

    private static String reason(Path log) {
        try {
            List<String> lines = Files.readAllLines(log);
            return lines.isEmpty() ? "-" : lines.getLast().replaceFirst("^viridian: ", "");
        } catch (IOException e) {
            return Reasons.of(e).toString();
        }
    }
}
