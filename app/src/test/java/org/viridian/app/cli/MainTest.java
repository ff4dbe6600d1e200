package org.viridian.app.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.viridian.app.definition.Folders;
import org.viridian.app.library.FakeMachine;
import org.viridian.app.library.GuestSource;
import org.viridian.app.library.Library;
import org.viridian.app.machine.Ending;
import org.viridian.app.machine.Machine;
import org.viridian.app.machine.MachineConfig;
import org.viridian.app.machine.MachineConfig.SerialTarget;
import org.viridian.app.machine.MachineException;
import org.viridian.app.text.Failure;
import org.viridian.app.text.Text;
import org.viridian.engine.partition.GuestCrash;
import org.viridian.engine.device.DeviceState;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Every verb is spoken to as on a terminal: what it prints, where, and how it ends. */
class MainTest {
    @TempDir Path root;

    private Folders folders;
    private Path kernel;
    private Ending ending = new Ending.PoweredOff("test");
    private final List<MachineConfig> built = new ArrayList<>();

    private record Spoken(int exit, String out, String err) {
        JsonNode json() {
            return JsonMapper.shared().readTree(out);
        }
    }

    @BeforeEach
    void prepare() throws Exception {
        folders = new Folders(root.resolve("data"), root.resolve("cache"), root.resolve("run"));
        kernel = Files.writeString(root.resolve("kernel"), "k");
    }

    private Machine build(MachineConfig config) throws MachineException {
        built.add(config);
        if (config.boot().commandLine().equals("refuse")) {
            throw new MachineException(MachineException.Kind.HOST, "KVM: permission denied.", null);
        }
        FakeMachine machine = new FakeMachine(config);
        if (config.name().startsWith("run-")) {
            machine.end(ending);
        }
        return machine;
    }

    private GuestSource guests() {
        return (flavour, progress) -> {
            Path initrd = root.resolve("initrd");
            try {
                Files.writeString(initrd, "i");
            } catch (java.io.IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
            return new GuestSource.BootFiles(kernel, initrd, "console=tty0", "6.1.0-test");
        };
    }

    private Spoken say(String... words) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        int exit = Main.run(words, folders, this::build, guests(), new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8));
        return new Spoken(exit, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }

    @Test
    void aVmIsMadeListedAndDeleted() {
        assertEquals(0, say("create", "box", "--kernel", kernel.toString(), "--memory", "1G", "--cpus", "2",
                "--new-disk", "8M", "--append", "quiet").exit());
        JsonNode list = say("list", "--json").json();
        assertEquals("box", list.get(0).get("name").stringValue());
        assertEquals("off", list.get(0).get("state").stringValue());
        assertEquals(1024, list.get(0).get("memoryMiB").intValue());
        assertTrue(say("list").out().lines().anyMatch(line -> line.startsWith("box ") && line.contains("1024 MiB")));

        Spoken plan = say("delete", "box");
        assertTrue(plan.out().contains("disk.raw") && plan.out().contains("--yes"), plan.out());
        assertTrue(Files.exists(folders.vms().resolve("box")));
        assertEquals(0, say("delete", "box", "--yes").exit());
        assertEquals(0, say("list", "--json").json().size());
    }

    @Test
    void imagesAreMadeLookedAtCopiedAndChecked() throws Exception {
        String base = root.resolve("base.vhdx").toString();
        String over = root.resolve("over.qcow2").toString();
        String copy = root.resolve("copy.vhd").toString();
        assertEquals(0, say("disk", "create", base, "20M", "--sector", "4096").exit());
        assertEquals(4096, say("disk", "info", base, "--json").json().get("logicalSector").intValue());
        assertEquals(0, say("disk", "create", over, "--parent", base).exit());
        JsonNode info = say("disk", "info", over, "--json").json();
        assertEquals(20 << 20, info.get("size").intValue());
        assertEquals(base, info.get("chain").get(0).stringValue());
        assertEquals(0, say("disk", "convert", over, copy).exit());
        assertEquals("vhd", say("disk", "info", copy, "--json").json().get("format").stringValue());
        assertEquals(0, say("disk", "resize", copy, "30M").exit());
        assertEquals(5, say("disk", "resize", copy, "10M").exit(), "a smaller size is asked for as such");
        assertEquals(0, say("disk", "check", copy).exit());
        assertEquals(0, say("disk", "compact", copy).exit());
        Spoken again = say("disk", "create", base, "20M");
        assertEquals(5, again.exit());
        assertTrue(again.err().contains("exists already"), again.err());
        assertEquals(2, say("disk").exit());
        assertEquals(2, say("disk", "create", root.resolve("x.raw").toString(), "twenty").exit());
    }

    @Test
    void aNewDiskHasTheFormatAskedForAndTheDefinitionSaysSo() throws Exception {
        assertEquals(0, say("create", "box", "--kernel", kernel.toString(), "--new-disk", "8M,vhdx").exit());
        JsonNode disk = JsonMapper.shared().readTree(Files.readString(folders.vms().resolve("box/vm.json"))).get("disks").get(0);
        assertEquals("disk.vhdx", disk.get("file").stringValue());
        assertEquals("vhdx", disk.get("format").stringValue());
        assertEquals(36, disk.get("id").stringValue().length());
    }

    @Test
    void debianIsMadeWithItsOwnCopyOfTheBootFiles() throws Exception {
        assertEquals(0, say("create", "deb", "--debian").exit());
        assertEquals("k", Files.readString(folders.vms().resolve("deb/vmlinuz")));
        assertEquals("i", Files.readString(folders.vms().resolve("deb/initrd.img")));
    }

    @ParameterizedTest
    @CsvSource({
        "2, run",
        "2, fly",
        "2, run --kernel K --memory much",
        "2, run --kernel K --serial pigeon",
        "2, run --kernel K --debug-exit 70000",
        "2, run --kernel K --engine steam",
        "2, create box",
        "2, create box --debian --kernel K",
        "2, create box --debian --disk a --new-disk 1G",
        "3, start nobody",
        "3, stop nobody",
        "3, delete nobody",
        "3, devices nobody",
        "3, screenshot nobody x.png",
        "5, run --kernel /nowhere/kernel",
        "5, run --kernel K --disk /nowhere/disk",
        "5, run --kernel K --initrd /nowhere/initrd",
        "5, run --kernel K --memory 1M",
        "5, run --kernel K --cpus 99",
        "5, create ../x --kernel K",
        "6, run --kernel K --append refuse",
    })
    void whatCannotBeDoneIsOneLineAndACode(int exit, String words) {
        String[] spoken = words.replace("K", kernel.toString()).split(" ");
        Spoken plain = say(spoken);
        assertEquals(exit, plain.exit(), plain.err());
        assertEquals("", plain.out());
        assertEquals(1, plain.err().lines().count(), plain.err());
        assertTrue(plain.err().startsWith("viridian: "), plain.err());

        String[] asked = java.util.Arrays.copyOf(spoken, spoken.length + 1);
        asked[spoken.length] = "--json";
        Spoken json = say(asked);
        assertEquals(exit, json.exit());
        assertEquals(exit, json.json().get("exitCode").intValue());
        assertTrue(!json.json().get("ok").booleanValue());
    }

    @Test
    void runEndsAsItsGuestDoes() {
        assertEquals(0, say("run", "--kernel", kernel.toString()).exit());
        ending = new Ending.DebugExit(33);
        assertEquals(33, say("run", "--kernel", kernel.toString(), "--debug-exit", "0xf4").exit());
        assertEquals(0xF4, built.getLast().debugExitPort().orElseThrow());
        ending = new Ending.Failed("triple fault at 0x1000");
        Spoken failed = say("run", "--kernel", kernel.toString());
        assertEquals(7, failed.exit());
        assertEquals(1, failed.err().lines().count());
        assertTrue(failed.err().contains("triple fault at 0x1000"), failed.err());
        assertEquals(new SerialTarget.Stdio(), built.getLast().serial1());
    }

    @Test
    void withJsonStandardOutputIsJsonAlone() {
        Spoken run = say("run", "--kernel", kernel.toString(), "--json");
        assertEquals(0, run.json().get("exitCode").intValue());
        assertEquals(new SerialTarget.None(), built.getLast().serial1(), "the guest must not write between");
    }

    @Test
    void aVmOfAnotherProcessObeysTheVerbs() throws Exception {
        say("create", "box", "--kernel", kernel.toString());
        try (Library window = new Library(folders, this::build, guests())) {
            window.start("box", null, new SerialTarget.None());
            ((FakeMachine) window.session("box").machine().orElseThrow()).ps2.state(DeviceState.ACTIVE, "first command");
            assertEquals("running", say("list", "--json").json().get(0).get("state").stringValue());
            assertEquals(4, say("start", "box", "--headless").exit());
            assertEquals(4, say("delete", "box", "--yes").exit());
            assertTrue(say("devices", "box", "--json").json().valueStream()
                    .anyMatch(device -> device.get("id").stringValue().equals("ps2-keyboard")));
            assertTrue(say("devices", "box", "--events").out().contains("first command"));
            Path png = root.resolve("shot.png");
            assertEquals(0, say("screenshot", "box", png.toString()).exit());
            assertEquals((byte) 0x89, Files.readAllBytes(png)[0]);
            assertEquals(0, say("type", "box", "ls\\n").exit());
            assertEquals(2, say("key", "box", "ctrl-nothing").exit());
            assertEquals(0, say("pause", "box").exit());
            assertEquals(4, say("pause", "box").exit());
            assertEquals(0, say("resume", "box").exit());
            assertEquals(0, say("reset", "box").exit());
            assertEquals(0, say("stop", "box").exit());
            assertEquals(4, say("kill", "box").exit());
        }
    }

    @Test
    void everyVerbHasHelpAndJson() {
        String root = say("--help").out();
        for (String verb : List.of("quickstart", "create", "list", "start", "stop", "kill", "pause", "resume", "reset",
                "delete", "devices", "screenshot", "type", "key", "run", "doctor")) {
            assertTrue(root.contains("  " + verb + " "), verb);
            Spoken help = say(verb, "--help");
            assertEquals(0, help.exit());
            assertTrue(help.out().contains("--json"), verb);
        }
    }

    @Test
    void theDoctorNamesAnEngineAndARemedyForEachLack() {
        JsonNode report = say("doctor", "--json").json();
        assertTrue(List.of("kvm", "software").contains(report.get("automaticEngine").stringValue()));
        assertEquals(report.get("automaticEngine").stringValue().equals("kvm"),
                report.get("kvm").get("status").stringValue().equals("ready"));
        for (JsonNode check : report.get("checks")) {
            assertTrue(check.get("ok").booleanValue() || check.has("remedy")
                    || report.get("kvm").get("status").stringValue().equals("other-host"), check.toString());
            assertTrue(!check.get("finding").stringValue().startsWith("host."), "a missing sentence: " + check);
        }
    }

    @Test
    void everyStateOfKvmHasItsSentences() {
        for (var status : org.viridian.engine.host.KvmStatus.values()) {
            for (String key : List.of(status.key(), status.remedyKey())) {
                assertTrue(key.isEmpty() || !Text.of(key).toString().startsWith("host."), key);
            }
        }
        for (String reason : List.of("kvm", "kvm-slow", "kvm-broken", "no-kvm")) {
            assertTrue(!Text.of("host.auto." + reason).toString().startsWith("host."), reason);
        }
    }

    /** A file that this process may not open for writing: for root, who may open everything else, one of sysfs. */
    private Path forbiddenDevice() throws Exception {
        return System.getProperty("user.name").equals("root") ? Path.of("/sys/kernel/uevent_seqnum")
                : Files.createFile(root.resolve("kvm"), PosixFilePermissions.asFileAttribute(Set.of()));
    }

    /** A multiboot 1 kernel of one instruction that jumps to itself, at 1 MiB. */
    private Path multibootKernel() throws Exception {
        var image = java.nio.ByteBuffer.allocate(64).order(java.nio.ByteOrder.LITTLE_ENDIAN);
        image.putInt(0x1BADB002).putInt(0x10000).putInt(-(0x1BADB002 + 0x10000));
        image.putInt(0x100000).putInt(0x100000).putInt(0x100040).putInt(0x100040).putInt(0x100020).put((byte) 0xEB).put((byte) 0xFE);
        return Files.write(root.resolve("multiboot"), image.array());
    }

    @Test
    void aKvmThatMayNotBeOpenedIsOneLineWithTheFixAndAnExitCode() throws Exception {
        Path device = forbiddenDevice();
        System.setProperty("viridian.kvm.device", device.toString());
        try {
            Spoken doctor = say("doctor", "--engine", "kvm");
            assertEquals(6, doctor.exit());
            assertTrue(doctor.out().contains("usermod -aG kvm"), doctor.out());
            assertEquals(0, say("doctor").exit(), "the software engine works");
            JsonNode report = say("doctor", "--engine", "kvm", "--json").json();
            assertEquals("denied", report.get("kvm").get("status").stringValue());
            assertEquals(false, report.get("usable").booleanValue());
            assertEquals(6, report.get("exitCode").intValue());

            ByteArrayOutputStream err = new ByteArrayOutputStream();
            PrintStream none = new PrintStream(java.io.OutputStream.nullOutputStream());
            int exit = Main.run(new String[] {"run", "--kernel", multibootKernel().toString(), "--engine", "kvm", "--memory", "32M"},
                    folders, org.viridian.app.machine.MachineBuilder::build, guests(), none,
                    new PrintStream(err, true, StandardCharsets.UTF_8));
            assertEquals(6, exit, err.toString(StandardCharsets.UTF_8));
            assertEquals(1, err.toString(StandardCharsets.UTF_8).lines().count(), err.toString(StandardCharsets.UTF_8));
            assertTrue(err.toString(StandardCharsets.UTF_8).contains("usermod -aG kvm"), err.toString(StandardCharsets.UTF_8));
        } finally {
            System.clearProperty("viridian.kvm.device");
        }
    }

    @Test
    void aKvmThatIsNotThereIsSaidSo() {
        System.setProperty("viridian.kvm.device", root.resolve("nothing").toString());
        try {
            assertEquals("absent", say("doctor", "--json").json().get("kvm").get("status").stringValue());
            assertEquals(6, say("doctor", "--engine", "kvm").exit());
        } finally {
            System.clearProperty("viridian.kvm.device");
        }
    }

    @Test
    void whatTheProbeMeasuredIsInTheSentence() {
        String slow = Text.of("host.kvm.slow-kernel-mode", "1.6", "2100.0", "1312").in(java.util.Locale.ENGLISH);
        assertTrue(slow.contains("1.6 million") && slow.contains("1312 times slower"), slow);
        String korean = Text.of("host.kvm.slow-kernel-mode", "1.6", "2100.0", "1312").in(java.util.Locale.KOREAN);
        assertTrue(korean.contains("1.6") && korean.contains("1312배"), korean);
    }

    @Test
    void ofAGuestsLogTheLineThatMattersIsShown() {
        assertEquals("Kernel panic - not syncing: No init found.", RunVerb.crashWords(new GuestCrash(0, 0, 0, 0, 0,
                "<6>[    1.0] Rude RCU\n<0>[    4.821944] Kernel panic - not syncing: No init found.\n[ 5.0] CPU: 0")));
        assertEquals("error code 0x1f", RunVerb.crashWords(new GuestCrash(0x1F, 0, 0, 0, 0, "")));
    }

    @Test
    void failuresKeepTheirKindsExitCodes() {
        assertEquals(List.of(2, 3, 4, 5, 6, 7, 8, 1),
                java.util.Arrays.stream(Failure.Kind.values()).map(Failure.Kind::exitCode).toList());
    }
}
