package org.viridian.app.definition;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.viridian.app.machine.MachineConfig.Boot;
import org.viridian.app.machine.MachineConfig.Disk;
import org.viridian.app.machine.MachineConfig.Engine;
import org.viridian.app.text.Failure;

/** Definitions go to disk and come back, whole or not at all, and a damaged one is nobody's to touch. */
class DefinitionStoreTest {
    @TempDir Path root;

    private VmDefinition vm(String name) {
        Path folder = root.resolve(name);
        return new VmDefinition(name, 512, 2, Engine.SOFTWARE,
                new Boot(folder.resolve("vmlinuz"), Optional.of(Path.of("/elsewhere/initrd")), "console=tty0 \"x\""),
                List.of(new Disk(folder.resolve("disk.raw"), false), new Disk(Path.of("/iso/a.raw"), true)),
                Optional.of(Path.of("/iso/dvd.iso")), true);
    }

    private DefinitionStore store() {
        return new DefinitionStore(root);
    }

    private VmDefinition saved(String name) throws Failure {
        store().createFolder(name);
        store().save(vm(name));
        return vm(name);
    }

    private Path file(String name) {
        return root.resolve(name).resolve("vm.json");
    }

    @Test
    void whatIsSavedIsLoaded() throws Exception {
        VmDefinition vm = saved("Debian 12 시험");
        assertEquals(vm, store().load("Debian 12 시험"));
        String text = Files.readString(file("Debian 12 시험"));
        assertTrue(text.contains("\"disk.raw\"") && text.contains("\"/elsewhere/initrd\""),
                "paths inside the folder are relative, others absolute: " + text);
    }

    @Test
    void unknownFieldsSurviveAChange() throws Exception {
        saved("a");
        Files.writeString(file("a"), Files.readString(file("a")).replaceFirst("\\{", "{\"notes\": [1, {\"x\": null}],"));
        VmDefinition loaded = store().load("a");
        store().save(new VmDefinition("a", 1024, 1, loaded.engine(), loaded.boot(), loaded.disks(), loaded.dvd(),
                loaded.integration(), loaded.unknownFields()));
        assertEquals(1024, store().load("a").memoryMiB());
        assertEquals("{\"notes\":[1,{\"x\":null}]}", store().load("a").unknownFields());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "{", "null", "[]", "{}", "{\"format\":1}", "{\"format\":2}", "{\"format\":\"1\"}",
        "{\"format\":1,\"format\":1}", "\u0000\u0001", "{\"format\":1,\"name\":\"a\",\"memoryMiB\":99999999999}"})
    void aDamagedFileIsReportedByNameAndLeftAlone(String content) throws Exception {
        saved("good");
        saved("a");
        byte[] bytes = content.getBytes(StandardCharsets.UTF_8);
        Files.write(file("a"), bytes);

        List<DefinitionStore.Entry> entries = store().list();
        assertEquals(List.of("a", "good"), entries.stream().map(DefinitionStore.Entry::name).toList());
        DefinitionStore.Entry.Damaged damaged = assertInstanceOf(DefinitionStore.Entry.Damaged.class, entries.get(0));
        assertEquals(file("a"), damaged.file());

        Failure load = assertThrows(Failure.class, () -> store().load("a"));
        assertEquals(Failure.Kind.BAD_INPUT, load.kind());
        assertTrue(load.getMessage().contains(file("a").toString()), load.getMessage());
        assertThrows(Failure.class, () -> store().save(vm("a")));
        assertArrayEquals(bytes, Files.readAllBytes(file("a")));
    }

    @Test
    void everyCutOfAFileIsDamageNotACrash() throws Exception {
        saved("a");
        byte[] whole = Files.readAllBytes(file("a"));
        for (int length = 0; length < whole.length - 1; length++) {
            Files.write(file("a"), java.util.Arrays.copyOf(whole, length));
            assertInstanceOf(DefinitionStore.Entry.Damaged.class, store().list().getFirst());
        }
    }

    @Test
    void aReaderNeverSeesHalfAFile() throws Exception {
        saved("a");
        AtomicBoolean stop = new AtomicBoolean();
        AtomicReference<Object> wrong = new AtomicReference<>();
        Thread reader = Thread.ofPlatform().start(() -> {
            while (!stop.get()) {
                try {
                    VmDefinition seen = store().load("a");
                    if (seen.memoryMiB() < 512 || seen.memoryMiB() > 712) {
                        wrong.set(seen);
                    }
                } catch (Failure e) {
                    wrong.set(e);
                }
            }
        });
        VmDefinition vm = vm("a");
        for (int i = 0; i < 200; i++) {
            store().save(new VmDefinition("a", 512 + i, 2, vm.engine(), vm.boot(), vm.disks(), vm.dvd(), true));
        }
        stop.set(true);
        reader.join();
        assertEquals(null, wrong.get());
        try (var left = Files.list(root.resolve("a"))) {
            assertEquals(1, left.count(), "no temporary file stays behind");
        }
    }

    @Test
    void aFailedWriteLeavesTheOldFile() throws Exception {
        saved("a");
        byte[] before = Files.readAllBytes(file("a"));
        // A folder in the file's place: the rename must fail, whoever runs the test (root ignores permissions).
        Path other = Files.createDirectories(root.resolve("b/vm.json/occupied")).getParent();
        assertThrows(IOException.class, () -> AtomicFile.write(other, new byte[] {1}));
        try (var left = Files.list(root.resolve("b"))) {
            assertEquals(List.of(other), left.toList());
        }
        assertArrayEquals(before, Files.readAllBytes(file("a")));
    }

    @Test
    void deletionTakesTheFolderAndNothingElse() throws Exception {
        saved("a");
        saved("b");
        Files.writeString(root.resolve("a/disk.raw"), "x");
        assertEquals(List.of(root.resolve("a"), root.resolve("a/disk.raw"), file("a")), store().filesOf("a"));
        store().delete("a");
        assertTrue(Files.notExists(root.resolve("a")));
        assertEquals(vm("b"), store().load("b"));
        assertEquals(Failure.Kind.NOT_FOUND, assertThrows(Failure.class, () -> store().delete("a")).kind());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", ".", "..", "../x", "a/b", "-x", "a\nb", "x.", "a\u0000b"})
    void namesThatAreNotFolderNamesAreRefused(String name) {
        assertTrue(DefinitionRules.name(name).isPresent());
        assertThrows(Failure.class, () -> store().createFolder(name));
        assertEquals(Failure.Kind.NOT_FOUND, assertThrows(Failure.class, () -> store().load(name)).kind());
    }

    @Test
    void eachFieldHasItsOwnProblem() {
        NewVm bad = new NewVm("", 4, 9, Engine.AUTO,
                new NewVm.Source.Kernel(root.resolve("no"), Optional.of(root), "x\ny"),
                new NewVm.NewDisk.Blank(0), Optional.of(root.resolve("no.iso")), true);
        assertEquals(List.of(FieldProblem.Field.NAME, FieldProblem.Field.MEMORY, FieldProblem.Field.PROCESSORS,
                FieldProblem.Field.DISK, FieldProblem.Field.KERNEL, FieldProblem.Field.INITRD,
                FieldProblem.Field.COMMAND_LINE, FieldProblem.Field.DVD),
                DefinitionRules.problems(bad).stream().map(FieldProblem::field).toList());
    }

    @Test
    void theCommandOfTheWizardIsQuotedForAShell() {
        NewVm vm = new NewVm("my vm", 512, 1, Engine.SOFTWARE,
                new NewVm.Source.Kernel(Path.of("/k"), Optional.empty(), "it's"), new NewVm.NewDisk.Blank(64),
                Optional.empty(), false);
        assertEquals("viridian create 'my vm' --memory 512M --cpus 1 --engine software --kernel /k --append "
                + "'it'\\''s' --new-disk 64M --no-integration", vm.command());
    }
}
