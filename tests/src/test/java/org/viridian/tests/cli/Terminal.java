package org.viridian.tests.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * A user at a terminal: runs the real {@code ./viridian} as a process, with folders of its own, and reads what it prints.
 */
final class Terminal {
    private static final Path PROGRAM = Path.of("..", "viridian").toAbsolutePath().normalize();
    private static final long LIMIT_SECONDS = 300;

    private final Path root;

    /** @param root an empty folder for everything that this user has */
    Terminal(Path root) throws IOException {
        this.root = root;
        for (String folder : List.of("data", "run", "cache", "work")) {
            Files.createDirectories(root.resolve(folder));
        }
    }

    /** What a command did: its status and what it printed where. */
    record Spoken(int status, String out, String err) {
        /** Standard error without the launcher's own progress lines. */
        List<String> complaints() {
            return err.lines().filter(line -> !line.isBlank()).toList();
        }
    }

    /** The language of the session. */
    enum Language {
        ENGLISH("en"),
        KOREAN("ko");

        private final String code;

        Language(String code) {
            this.code = code;
        }
    }

    /** The folder that commands run in. */
    Path work() {
        return root.resolve("work");
    }

    /** The folder of VMs. */
    Path vms() {
        return root.resolve("data/viridian/vms");
    }

    /** Runs {@code viridian WORDS}. */
    Spoken say(Language language, String... words) throws IOException, InterruptedException {
        return say(List.of(), language, words);
    }

    /** Runs {@code viridian WORDS} under another command, which takes the rest of its arguments as the one to run. */
    Spoken say(List<String> under, Language language, String... words) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(under);
        command.add(PROGRAM.toString());
        command.addAll(List.of(words));
        Path out = Files.createTempFile(root, "out", "");
        Path err = Files.createTempFile(root, "err", "");
        ProcessBuilder builder = new ProcessBuilder(command).directory(work().toFile())
                .redirectInput(Path.of("/dev/null").toFile()).redirectOutput(out.toFile()).redirectError(err.toFile());
        Map<String, String> environment = builder.environment();
        environment.put("XDG_DATA_HOME", root.resolve("data").toString());
        environment.put("XDG_CACHE_HOME", root.resolve("cache").toString());
        environment.put("XDG_RUNTIME_DIR", root.resolve("run").toString());
        environment.put("JAVA25_HOME", System.getProperty("java.home"));
        environment.put("VIRIDIAN_NO_INSTALL", "1");
        environment.put("VIRIDIAN_JAVA_OPTS", "-XX:TieredStopAtLevel=1 -Duser.language=" + language.code
                + " -Dstdout.encoding=UTF-8 -Dstderr.encoding=UTF-8");
        environment.remove("DISPLAY");
        Process process = builder.start();
        if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
            throw new AssertionError("still running after %d s: %s%n%s".formatted(LIMIT_SECONDS, command, read(err)));
        }
        Spoken spoken = new Spoken(process.exitValue(), read(out), read(err));
        Files.delete(out);
        Files.delete(err);
        return spoken;
    }

    private static String read(Path file) throws IOException {
        return Files.readString(file, StandardCharsets.UTF_8);
    }
}
