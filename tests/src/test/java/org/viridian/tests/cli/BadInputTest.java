package org.viridian.tests.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.viridian.app.definition.NewVm.Flavour;
import org.viridian.app.machine.MachineConfig;
import org.viridian.tests.cli.Terminal.Language;
import org.viridian.tests.cli.Terminal.Spoken;
import org.viridian.tests.guest.Guests;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * What a user can get wrong, over the real command line: each wrong thing gives its documented exit code and one line that
 * says why, in the user's language or as JSON, and leaves every file as it was.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(value = 15, unit = TimeUnit.MINUTES)
class BadInputTest {
    private static final int MEBIBYTE = 1 << 20;

    private Path root;
    private Terminal terminal;
    private Path work;

    @BeforeAll
    void preparesGoodFilesAndBadOnes(@TempDir Path folder) throws Exception {
        root = folder;
        terminal = new Terminal(root);
        work = terminal.work();
        MachineConfig debian = Guests.debian(Flavour.CLOUD, 1, List.of());
        Path kernel = Files.copy(debian.boot().kernel(), work.resolve("kernel"), StandardCopyOption.REPLACE_EXISTING);
        byte[] bytes = Files.readAllBytes(kernel);
        byte[] initrd = Files.readAllBytes(debian.boot().initrd().orElseThrow());
        byte[] noise = new byte[MEBIBYTE];
        new Random(1).nextBytes(noise);
        byte[] garbled = initrd.clone();
        System.arraycopy(noise, 0, garbled, garbled.length / 2, Math.min(noise.length, garbled.length / 4));

        unreadable(write("kernel.secret", bytes));
        write("kernel.cut", Arrays.copyOf(bytes, bytes.length / 3));
        write("kernel.header", Arrays.copyOf(bytes, 0x300));
        write("kernel.noise", noise);
        write("kernel.empty", new byte[0]);
        write("initrd.cut", Arrays.copyOf(initrd, initrd.length / 2));
        write("initrd.garbled", garbled);
        write("initrd.noise", noise);
        unreadable(write("initrd.secret", initrd));
        write("disk.empty", new byte[0]);
        write("disk.good", noise);
        Files.setPosixFilePermissions(write("disk.readonly", noise), PosixFilePermissions.fromString("r--r--r--"));
        Files.createDirectory(work.resolve("folder"));
    }

    /** Makes everything deletable again for the temporary folder's end. */
    @AfterAll
    void endsWhatStillRuns() throws Exception {
        terminal.say(Language.ENGLISH, "kill", "running");
        Files.setPosixFilePermissions(terminal.vms(), PosixFilePermissions.fromString("rwx------"));
    }

    private Path write(String name, byte[] content) throws IOException {
        return Files.write(work.resolve(name), content);
    }

    private static void unreadable(Path file) throws IOException {
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("---------"));
    }

    @ParameterizedTest(name = "run {0} -> {1}")
    @CsvSource(delimiter = '|', textBlock = """
            --kernel kernel.secret                         | 5 | permission denied
            --kernel nothing                               | 5 | does not exist
            --kernel folder                                | 5 | is not a file
            --kernel kernel.header                         | 5 | is not a Linux kernel
            --kernel kernel.noise                          | 5 | neither a Linux kernel
            --kernel kernel.empty                          | 5 | 0 bytes
            --kernel kernel --initrd nothing               | 5 | does not exist
            --kernel kernel --initrd initrd.secret         | 5 | permission denied
            --kernel kernel --initrd initrd.cut            | 5 | truncated
            --kernel kernel --initrd initrd.garbled        | 5 | The initrd is damaged
            --kernel kernel --disk nothing                 | 5 | does not exist
            --kernel kernel --disk folder                  | 5 | is not a file
            --kernel kernel --disk disk.empty              | 5 | is empty
            --kernel kernel --disk disk.readonly           | 5 | cannot be written
            --kernel kernel --dvd nothing                  | 5 | does not exist
            --kernel kernel --memory 20M                   | 5 | Give the VM more memory
            --kernel kernel --memory 0                     | 5 | out of range
            --kernel kernel --memory -5                    | 2 | is not a size
            --kernel kernel --cpus 0                       | 5 | out of range
            --kernel kernel --cpus many                    | 2 | --cpus
            --kernel kernel --serial file:nothing/serial   | 5 | nothing/serial
            --kernel kernel --debug-exit high              | 2 | is not an I/O port
            --kernel kernel --no-such-option               | 2 | --no-such-option
            --initrd initrd.noise                          | 2 | --kernel
            """)
    void aThrowAwayVmIsRefused(String words, int status, String reason) throws Exception {
        Map<String, String> before = hashes();
        refusedInOneLine(Privileges.ordinary(), status, reason, ("run " + words).split(" "));
        assertEquals(before, hashes());
    }

    /** One of each kind of refusal in every form. */
    @ParameterizedTest(name = "run {0} -> {1}, {2}")
    @CsvSource(delimiter = '|', textBlock = """
            --kernel kernel.cut                               | 5 | bad-input | truncated
            --kernel kernel --initrd initrd.noise             | 5 | bad-input | neither a cpio archive
            --kernel kernel --disk disk.good --disk disk.good | 4 | state     | is in use
            --kernel kernel --memory 1023G                    | 6 | host      | the host has
            --kernel kernel --memory lots                     | 2 | usage     | is not a size
            --kernel kernel --engine fast                     | 2 | usage     | --engine
            """)
    void aRefusalIsSaidInTheUsersLanguageAndToScripts(String words, int status, String kind, String reason) throws Exception {
        refused(Privileges.ordinary(), status, kind, reason, ("run " + words).split(" "));
    }

    @Test
    void kvmThatTheUserMayNotOpenIsSaidWithItsRemedy() throws Exception {
        refused(Privileges.deniedKvm(root.resolve("dev")), 6, "host", "usermod -aG kvm", "run", "--kernel", "kernel",
                "--engine", "kvm");
    }

    @Test
    void whatDoesNotExistOrIsOffCannotBeHandled() throws Exception {
        assertEquals(0, terminal.say(Language.ENGLISH, "create", "idle", "--kernel", "kernel").status());
        refused(List.of(), 3, "not-found", "no virtual machine 'nobody'", "start", "nobody", "--headless");
        refused(List.of(), 4, "state", "is not running", "stop", "idle");
        refused(List.of(), 4, "state", "already a virtual machine", "create", "idle", "--kernel", "kernel");
        refused(List.of(), 5, "bad-input", "cannot be a name", "create", "../idle", "--kernel", "kernel");
        refused(List.of(), 2, "usage", "display", "start", "idle");
    }

    @Test
    void aRunningVmIsStartedOnceAndItsDiskIsItsOwn() throws Exception {
        assertEquals(0, terminal.say(Language.ENGLISH, "create", "running", "--kernel", "kernel", "--disk", "disk.good").status());
        assertEquals(0, terminal.say(Language.ENGLISH, "create", "rival", "--kernel", "kernel", "--disk", "disk.good").status());
        Spoken started = terminal.say(Language.ENGLISH, "start", "running", "--headless", "--engine", "software");
        assertEquals(0, started.status(), started.err());
        assertEquals(0, terminal.say(Language.ENGLISH, "pause", "running").status());

        refused(List.of(), 4, "state", "already running, in process", "start", "running", "--headless");
        refused(List.of(), 4, "state", "is in use", "start", "rival", "--headless");
        refused(List.of(), 4, "state", "is in use", "run", "--kernel", "kernel", "--disk", "disk.good");
        refused(List.of(), 4, "state", "is running", "delete", "running", "--yes");
        refused(List.of(), 2, "usage", "Nothing has been deleted", "delete", "rival");

        assertTrue(terminal.say(Language.ENGLISH, "list", "--json").out().contains("\"paused\""), "the VM goes on as it was");
        assertEquals(0, terminal.say(Language.ENGLISH, "kill", "running").status());
    }

    @Test
    void aDamagedDefinitionIsNamedAndLeftAlone() throws Exception {
        assertEquals(0, terminal.say(Language.ENGLISH, "create", "hurt", "--kernel", "kernel").status());
        Path definition = terminal.vms().resolve("hurt/vm.json");
        byte[] good = Files.readAllBytes(definition);
        Files.write(definition, Arrays.copyOf(good, good.length / 2));
        refused(List.of(), 5, "bad-input", definition.toString(), "start", "hurt", "--headless");
        refused(List.of(), 4, "state", "already a virtual machine", "create", "hurt", "--kernel", "kernel");
        Spoken list = terminal.say(Language.ENGLISH, "list", "--json");
        assertEquals(0, list.status(), "one damaged VM does not hide the others");
        assertTrue(list.out().contains("\"damaged\""), list.out());

        Files.writeString(definition, new String(good).replaceFirst("\"memoryMiB\"\\s*:\\s*\\d+", "\"memoryMiB\" : \"lots\""));
        refused(List.of(), 5, "bad-input", "memoryMiB", "start", "hurt", "--headless");
        Files.write(definition, new byte[2 * MEBIBYTE]);
        refused(List.of(), 5, "bad-input", "larger than", "start", "hurt", "--headless");
    }

    @Test
    void foldersThatCannotBeWrittenAreNamed() throws Exception {
        assertEquals(0, terminal.say(Language.ENGLISH, "create", "locked", "--kernel", "kernel").status());
        Path folder = terminal.vms().resolve("locked");
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("r-x------"));
        refused(Privileges.ordinary(), 6, "host", folder.toString(), "start", "locked", "--headless");
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx------"));

        Files.setPosixFilePermissions(terminal.vms(), PosixFilePermissions.fromString("r-x------"));
        refused(Privileges.ordinary(), 6, "host", "permission denied", "create", "new", "--kernel", "kernel");
        Files.setPosixFilePermissions(terminal.vms(), PosixFilePermissions.fromString("rwx------"));
        assertFalse(Files.exists(terminal.vms().resolve("new")));
    }

    /** The refusal as a user sees it, and as a Korean script does; nothing has changed afterwards. */
    private void refused(List<String> under, int status, String kind, String reason, String... words) throws Exception {
        Map<String, String> before = hashes();
        refusedInOneLine(under, status, reason, words);

        String[] json = Arrays.copyOf(words, words.length + 1);
        json[words.length] = "--json";
        Spoken script = terminal.say(under, Language.KOREAN, json);
        assertEquals(status, script.status(), script.err());
        assertEquals("", script.err());
        JsonNode answer = JsonMapper.shared().readTree(script.out());
        assertFalse(answer.path("ok").asBoolean(true));
        assertEquals(kind, answer.path("kind").asString());
        assertEquals(status, answer.path("exitCode").asInt());
        String message = answer.path("message").asString();
        assertEquals(1, message.lines().count(), message);
        assertTrue(message.codePoints().anyMatch(c -> Character.UnicodeScript.of(c) == Character.UnicodeScript.HANGUL),
                "not in Korean: " + message);
        assertEquals(before, hashes());
    }

    private void refusedInOneLine(List<String> under, int status, String reason, String... words) throws Exception {
        Spoken spoken = terminal.say(under, Language.ENGLISH, words);
        assertEquals(status, spoken.status(), spoken.err());
        assertEquals(1, spoken.complaints().size(), "one line:\n" + spoken.err());
        String line = spoken.complaints().getFirst();
        assertTrue(line.startsWith("viridian: ") && line.contains(reason), line);
        assertFalse(line.contains("Exception"), line);
        assertEquals("", spoken.out());
    }

    /** Every file of the user by path; not the log and lock of a VM, which its starting writes. */
    private Map<String, String> hashes() throws Exception {
        Map<String, String> found = new TreeMap<>();
        for (Path part : List.of(work, root.resolve("data"))) {
            try (Stream<Path> files = Files.walk(part)) {
                for (Path file : (Iterable<Path>) files.filter(Files::isRegularFile)::iterator) {
                    String name = file.getFileName().toString();
                    if (!name.equals("host.log") && !name.equals("lock")) {
                        found.put(root.relativize(file).toString(), Files.isReadable(file) ? sha256(file) : "unreadable");
                    }
                }
            }
        }
        return found;
    }

    private static String sha256(Path file) throws Exception {
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        try (InputStream in = Files.newInputStream(file)) {
            digest.update(in.readAllBytes());
        }
        return HexFormat.of().formatHex(digest.digest());
    }
}
