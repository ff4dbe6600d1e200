package org.viridian.app.library;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.viridian.app.definition.Folders;
import org.viridian.app.definition.NewVm;
import org.viridian.app.definition.VmDefinition;
import org.viridian.app.machine.MachineConfig.Engine;
import org.viridian.app.machine.MachineConfig.SerialTarget;
import org.viridian.app.text.Failure;
import org.viridian.app.text.Progress;
import org.viridian.app.text.Text;

/** Whole VMs are copied, renamed, packed and unpacked; hostile and broken files leave nothing. */
class VmTransfersTest {
    @TempDir Path root;

    private Library library;
    private Path vms;

    @BeforeEach
    void open() throws Exception {
        Folders folders = new Folders(root.resolve("data"), root.resolve("cache"), root.resolve("run"));
        vms = folders.vms();
        library = new Library(folders, FakeMachine::new, (flavour, progress) -> {
            throw new Failure(Failure.Kind.HOST, Text.of("quick.noapt", "x", "y"));
        });
        Files.writeString(root.resolve("kernel"), "kernel");
        library.create(new NewVm("vm", 64, 1, Engine.AUTO,
                new NewVm.Source.Kernel(root.resolve("kernel"), Optional.empty(), "root=/dev/sda"),
                new NewVm.NewDisk.Blank(8), Optional.empty(), true), Progress.NONE);
        try (RandomAccessFile disk = new RandomAccessFile(vms.resolve("vm/disk.raw").toFile(), "rw")) {
            disk.seek(5_000_000);
            disk.write("data in the middle".getBytes(StandardCharsets.UTF_8));
        }
        library.view("vm", view -> view.filed("lab", List.of("debian", "test")));
    }

    @AfterEach
    void close() {
        library.close();
    }

    @Test
    void aCloneStandsByItself() throws Exception {
        library.transfers().clone("vm", "copy", Progress.NONE);
        VmDefinition copy = library.definition("copy");
        assertEquals("copy", copy.name());
        assertEquals(vms.resolve("copy/disk.raw"), copy.disks().getFirst().file());
        assertEquals(vms.resolve("copy/kernel"), copy.boot().kernel(), "what lay elsewhere was taken along");
        assertEquals("root=/dev/sda", copy.boot().commandLine(), "a command line is no path");
        assertArrayEquals(Files.readAllBytes(vms.resolve("vm/disk.raw")), Files.readAllBytes(vms.resolve("copy/disk.raw")));
        assertEquals(List.of("debian", "test"), library.view("copy").tags());
        assertTrue(blocks(vms.resolve("copy/disk.raw")) < 1024, "empty blocks take no space");
        assertThrows(Failure.class, () -> library.transfers().clone("vm", "copy", Progress.NONE));
    }

    @Test
    void exportedAndImportedUnderANewName() throws Exception {
        Path file = root.resolve("vm.viridian");
        library.transfers().export("vm", file, Progress.NONE);
        assertTrue(Files.size(file) < 100_000, "an empty disk packs to little: " + Files.size(file));
        assertEquals("vm", library.transfers().nameIn(file));
        Files.delete(root.resolve("kernel"));
        library.transfers().importFrom(file, "back", Progress.NONE);
        VmDefinition back = library.definition("back");
        assertEquals("kernel", Files.readString(back.boot().kernel()));
        assertArrayEquals(Files.readAllBytes(vms.resolve("vm/disk.raw")), Files.readAllBytes(back.disks().getFirst().file()));
        assertEquals("lab", library.view("back").group());
        library.start("back", null, new SerialTarget.None());
        assertEquals(VmState.RUNNING, library.list().getFirst().state());
    }

    @Test
    void aRenamedVmKeepsEverything() throws Exception {
        library.transfers().rename("vm", "other");
        assertEquals("other", library.definition("other").name());
        assertEquals(vms.resolve("other/disk.raw"), library.definition("other").disks().getFirst().file());
        assertFalse(Files.exists(vms.resolve("vm")));
        assertThrows(Failure.class, () -> library.transfers().rename("other", "no/good"));
    }

    @Test
    void aRunningVmIsLeftAlone() throws Exception {
        library.start("vm", null, new SerialTarget.None());
        assertEquals(Failure.Kind.STATE, assertThrows(Failure.class,
                () -> library.transfers().rename("vm", "other")).kind());
        assertEquals(Failure.Kind.STATE, assertThrows(Failure.class,
                () -> library.transfers().clone("vm", "other", Progress.NONE)).kind());
        assertFalse(Files.exists(vms.resolve("other")));
        assertThrows(Failure.class, () -> library.transfers().export("vm", root.resolve("x"), Progress.NONE));
        assertFalse(Files.exists(root.resolve("x")));
        assertFalse(Files.exists(root.resolve("x.part")));
    }

    @Test
    void filesThatReachOutAreRefusedAndLeaveNothing() throws Exception {
        String good = "{\"format\":1,\"name\":\"a\",\"memoryMiB\":64,\"processors\":1,\"engine\":\"auto\","
                + "\"boot\":{\"kernel\":\"k\"}}";
        refused(Map.of("vm.json", good, "../evil", "x"));
        refused(Map.of("vm.json", good, "/tmp/evil", "x"));
        refused(Map.of("vm.json", good.replace("\"k\"", "\"/etc/passwd\"")));
        refused(Map.of("vm.json", good.replace("\"k\"", "\"../../elsewhere\"")));
        refused(Map.of("vm.json", good.replace("64", "\"much\"")));
        refused(Map.of("other", good));
        Path noise = Files.writeString(root.resolve("noise"), "this is no archive");
        assertThrows(Failure.class, () -> library.transfers().importFrom(noise, "in", Progress.NONE));
        assertFalse(Files.exists(vms.resolve("in")));
        Path cut = root.resolve("cut");
        library.transfers().export("vm", cut, Progress.NONE);
        byte[] whole = Files.readAllBytes(cut);
        Files.write(cut, java.util.Arrays.copyOf(whole, whole.length / 2));
        assertThrows(Failure.class, () -> library.transfers().importFrom(cut, "in", Progress.NONE));
        assertFalse(Files.exists(vms.resolve("in")));
        assertFalse(Files.exists(vms.resolve("../evil")));
    }

    private void refused(Map<String, String> entries) throws Exception {
        Path file = root.resolve("made");
        try (TarArchiveOutputStream out = new TarArchiveOutputStream(new GZIPOutputStream(Files.newOutputStream(file)))) {
            // The definition comes first whatever the map's order.
            for (String name : entries.keySet().stream().sorted(java.util.Comparator
                    .comparing((String n) -> !n.equals("vm.json"))).toList()) {
                TarArchiveEntry entry = new TarArchiveEntry(name, true);
                byte[] bytes = entries.get(name).getBytes(StandardCharsets.UTF_8);
                entry.setSize(bytes.length);
                out.putArchiveEntry(entry);
                ((OutputStream) out).write(bytes);
                out.closeArchiveEntry();
            }
        }
        assertThrows(Failure.class, () -> library.transfers().importFrom(file, "in", Progress.NONE), entries.toString());
        assertFalse(Files.exists(vms.resolve("in")), entries.toString());
    }

    @Test
    void anInterruptedExportLeavesNothing() throws Exception {
        Thread.currentThread().interrupt();
        assertThrows(Failure.class, () -> library.transfers().export("vm", root.resolve("x"), Progress.NONE));
        Thread.interrupted();
        assertFalse(Files.exists(root.resolve("x")));
        assertFalse(Files.exists(root.resolve("x.part")));
    }

    private static long blocks(Path file) throws Exception {
        Process du = new ProcessBuilder("du", "-k", file.toString()).start();
        return Long.parseLong(new String(du.getInputStream().readAllBytes()).split("\\s")[0]);
    }
}
