package org.viridian.engine.baremetal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Privileged behaviour against an independent emulator: each kernel of {@code src/test/guests} runs under QEMU's TCG and on
 * the software CPU, and prints what it sees. Lines that differ must be listed in {@code NAME.differences} with the reason:
 * blocks of {@code # reason}, {@code - QEMU's line}, {@code + ours}.
 */
class BareMetalTest {
    private static final Path GUESTS = Path.of("src/test/guests");
    private static final int SECONDS = 40;
    private static final int SHOWN = 40;

    @TempDir
    private Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"descriptors", "tasks", "protected", "paging", "exceptions"})
    @Timeout(value = 90, unit = TimeUnit.SECONDS)
    void theKernelSeesTheSame(String name) throws Exception {
        byte[] kernel = assemble(name);
        Path serial = folder.resolve("serial");
        Process qemu = qemu(folder.resolve(name), serial);
        List<String> ours;
        List<String> theirs;
        try {
            ours = lines(SoftwareMachine.run(kernel, SECONDS));
            assertTrue(qemu.waitFor(SECONDS, TimeUnit.SECONDS), "QEMU did not end");
            theirs = lines(Files.readString(serial, StandardCharsets.ISO_8859_1));
        } finally {
            qemu.destroyForcibly();
        }
        assertTrue(theirs.size() > 1, "QEMU printed nothing");
        Map<String, List<String>> known = known(name);
        List<String> differences = new ArrayList<>();
        for (int i = 0; i < Math.max(ours.size(), theirs.size()); i++) {
            String our = i < ours.size() ? ours.get(i) : "(nothing)";
            String their = i < theirs.size() ? theirs.get(i) : "(nothing)";
            if (!our.equals(their) && !known.getOrDefault(their, List.of()).contains(our)) {
                differences.add("- %s%n+ %s".formatted(their, our));
            }
        }
        assertEquals(0, differences.size(), () -> "QEMU (-) and the software CPU (+) differ:\n"
                + String.join("\n", differences.subList(0, Math.min(SHOWN, differences.size()))));
    }

    /** Where QEMU checks too little to compare with, {@code NAME.expected} has what the manuals ask for. */
    @ParameterizedTest
    @ValueSource(strings = {"limits", "control"})
    @Timeout(value = 60, unit = TimeUnit.SECONDS)
    void theKernelSeesWhatTheManualsSay(String name) throws Exception {
        String expected = Files.readString(GUESTS.resolve(name + ".expected"), StandardCharsets.ISO_8859_1);
        assertEquals(expected, SoftwareMachine.run(assemble(name), SECONDS));
    }

    private static List<String> lines(String text) {
        return Arrays.asList(text.split("\n"));
    }

    /** Our lines by QEMU's. */
    private static Map<String, List<String>> known(String name) throws IOException {
        Path file = GUESTS.resolve(name + ".differences");
        Map<String, List<String>> known = new HashMap<>();
        if (Files.exists(file)) {
            String theirs = null;
            for (String line : Files.readAllLines(file)) {
                if (line.startsWith("- ")) {
                    theirs = line.substring(2);
                } else if (line.startsWith("+ ")) {
                    known.computeIfAbsent(theirs, k -> new ArrayList<>()).add(line.substring(2));
                }
            }
        }
        return known;
    }

    private byte[] assemble(String name) throws IOException, InterruptedException {
        Path kernel = folder.resolve(name);
        Process nasm;
        try {
            nasm = new ProcessBuilder("nasm", "-f", "bin", "-o", kernel.toString(), name + ".asm").directory(GUESTS.toFile())
                    .redirectErrorStream(true).start();
        } catch (IOException missing) {
            assumeTrue(false, "nasm is not installed");
            return null;
        }
        String output = new String(nasm.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, nasm.waitFor(), output);
        return Files.readAllBytes(kernel);
    }

    private static Process qemu(Path kernel, Path serial) {
        try {
            return new ProcessBuilder("qemu-system-x86_64", "-accel", "tcg", "-cpu", "max", "-m", "64", "-display", "none",
                    "-monitor", "none", "-no-reboot", "-device", "isa-debug-exit,iobase=0xf4", "-serial", "file:" + serial,
                    "-kernel", kernel.toString()).redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
        } catch (IOException missing) {
            assumeTrue(false, "qemu-system-x86_64 is not installed");
            return null;
        }
    }
}
