package org.viridian.app.definition;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.viridian.app.text.Failure;
import org.viridian.app.text.Text;

/**
 * The definitions of one user, one folder per VM: {@code vms/NAME/vm.json} beside the VM's own disks. Nothing is cached,
 * so the window and any number of commands can work on the same folder.
 *
 * <p>A file that cannot be read is reported with its name and reason and never written, moved or deleted by itself.
 *
 * <p>Thread rule: any thread.
 */
public final class DefinitionStore {
    /** Largest definition file that is read, bytes: far above any real one, far below what hurts. */
    static final int MAX_FILE = 1 << 20;

    private static final String FILE = "vm.json";

    private final Path root;

    /** @param root the folder of all VMs; made when the first VM is */
    public DefinitionStore(Path root) {
        this.root = root;
    }

    /** A VM of the store. */
    public sealed interface Entry {
        /** The VM's name, which is its folder's. */
        String name();

        /** A VM that can be read. */
        record Loaded(VmDefinition definition) implements Entry {
            @Override
            public String name() {
                return definition.name();
            }
        }

        /** A VM whose file is damaged. */
        record Damaged(String name, Path file, Text reason) implements Entry {}
    }

    /** Every VM, by name. */
    public List<Entry> list() throws Failure {
        List<Path> folders = new ArrayList<>();
        try (Stream<Path> children = Files.list(root)) {
            children.filter(folder -> Files.exists(folder.resolve(FILE))).forEach(folders::add);
        } catch (NoSuchFileException e) {
            return List.of();
        } catch (IOException e) {
            throw unusable(root, e);
        }
        List<Entry> entries = new ArrayList<>();
        for (Path folder : folders) {
            entries.add(read(folder.getFileName().toString()));
        }
        entries.sort(Comparator.comparing(Entry::name));
        return entries;
    }

    /** Whether there is a VM of that name, damaged or not. */
    public boolean exists(String name) {
        return DefinitionRules.name(name).isEmpty() && Files.exists(file(name));
    }

    /** The definition of a VM. */
    public VmDefinition load(String name) throws Failure {
        if (!exists(name)) {
            throw new Failure(Failure.Kind.NOT_FOUND, Text.of("vm.unknown", name));
        }
        return switch (read(name)) {
            case Entry.Loaded loaded -> loaded.definition();
            case Entry.Damaged damaged ->
                throw new Failure(Failure.Kind.BAD_INPUT, Text.of("vm.damaged", damaged.file(), damaged.reason()));
        };
    }

    /** Makes the folder of a new VM, for its disks, before {@link #save}. Fails when there is a VM of that name. */
    public Path createFolder(String name) throws Failure {
        Path folder = folder(name);
        try {
            Files.createDirectories(root);
            Files.createDirectory(folder,
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            return folder;
        } catch (FileAlreadyExistsException e) {
            throw new Failure(Failure.Kind.STATE, Text.of("vm.exists", name, folder), e);
        } catch (IOException e) {
            throw unusable(folder, e);
        }
    }

    /** Writes a definition atomically. The VM's folder must exist; a damaged file there is not overwritten. */
    public void save(VmDefinition vm) throws Failure {
        List<FieldProblem> problems = DefinitionRules.problems(vm);
        if (!problems.isEmpty()) {
            throw new Failure(Failure.Kind.BAD_INPUT, problems.getFirst().text());
        }
        if (exists(vm.name()) && read(vm.name()) instanceof Entry.Damaged damaged) {
            throw new Failure(Failure.Kind.BAD_INPUT, Text.of("vm.damaged", damaged.file(), damaged.reason()));
        }
        try {
            AtomicFile.write(file(vm.name()), DefinitionJson.write(vm, folder(vm.name())));
        } catch (IOException e) {
            throw unusable(file(vm.name()), e);
        }
    }

    /** The VM's folder, whether it exists or not. */
    public Path folder(String name) throws Failure {
        var problem = DefinitionRules.name(name);
        if (problem.isPresent()) {
            throw new Failure(Failure.Kind.BAD_INPUT, problem.get().text());
        }
        return root.resolve(name);
    }

    /** Everything that {@link #delete} would remove: the VM's folder and what is in it; never a disk kept elsewhere. */
    public List<Path> filesOf(String name) throws Failure {
        Path folder = folder(name);
        try (Stream<Path> tree = Files.walk(folder)) {
            return tree.sorted().toList();
        } catch (IOException e) {
            throw unusable(folder, e);
        }
    }

    /** Removes the VM's folder. The definition goes first, so an interrupted deletion never leaves half a VM listed. */
    public void delete(String name) throws Failure {
        if (!exists(name)) {
            throw new Failure(Failure.Kind.NOT_FOUND, Text.of("vm.unknown", name));
        }
        List<Path> files = filesOf(name);
        Path at = file(name);
        try {
            Files.delete(at);
            for (Path file : files.reversed()) {
                at = file;
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            throw unusable(at, e);
        }
    }

    private Entry read(String name) {
        Path file = file(name);
        try {
            if (Files.size(file) > MAX_FILE) {
                return new Entry.Damaged(name, file, Text.of("vm.damaged.large", MAX_FILE));
            }
            VmDefinition vm = DefinitionJson.read(Files.readAllBytes(file), file.getParent());
            if (!vm.name().equals(name)) {
                return new Entry.Damaged(name, file, Text.of("vm.damaged.name", vm.name()));
            }
            List<FieldProblem> problems = DefinitionRules.problems(vm);
            return problems.isEmpty()
                    ? new Entry.Loaded(vm)
                    : new Entry.Damaged(name, file, problems.getFirst().text());
        } catch (DefinitionJson.Unreadable e) {
            return new Entry.Damaged(name, file, Text.verbatim(e.getMessage()));
        } catch (IOException e) {
            return new Entry.Damaged(name, file, Reasons.of(e));
        }
    }

    private Path file(String name) {
        return root.resolve(name).resolve(FILE);
    }

    private static Failure unusable(Path path, IOException e) {
        return new Failure(Failure.Kind.HOST, Text.of("folder.unusable", path, Reasons.of(e)), e);
    }
}
