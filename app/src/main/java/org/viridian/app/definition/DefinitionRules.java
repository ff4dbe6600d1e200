package org.viridian.app.definition;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.viridian.app.definition.FieldProblem.Field;
import org.viridian.app.machine.MachineConfig.Disk;
import org.viridian.app.text.Text;

/** What a definition must obey. Each check stands alone, so the wizard can check a page as the user types. */
public final class DefinitionRules {
    /** Least RAM, MiB: below it no Linux kernel starts. */
    public static final int MIN_MEMORY_MIB = 16;
    /** Most RAM, MiB. */
    public static final int MAX_MEMORY_MIB = 1 << 20;
    /** Most virtual processors. */
    public static final int MAX_PROCESSORS = 8;
    /** Most hard disks on the SCSI controller. */
    public static final int MAX_DISKS = 60;
    /** Most bytes of a kernel command line: COMMAND_LINE_SIZE of x86 Linux is 2048 with its final zero. */
    public static final int MAX_COMMAND_LINE = 2047;
    /** Largest blank disk, MiB: 16 TiB. */
    public static final int MAX_DISK_MIB = 16 << 20;

    /** A name is a folder name, a socket name and a word on a command line. */
    private static final Pattern NAME = Pattern.compile("[\\p{L}\\p{N}][\\p{L}\\p{N} ._-]{0,62}(?<![ .])");

    private DefinitionRules() {}

    /** Checks a name. */
    public static Optional<FieldProblem> name(String name) {
        if (name == null || name.isBlank()) {
            return problem(Field.NAME, "field.name.empty");
        }
        if (!NAME.matcher(name).matches()) {
            return problem(Field.NAME, "field.name.bad", name);
        }
        return Optional.empty();
    }

    /** Checks RAM. */
    public static Optional<FieldProblem> memory(int memoryMiB) {
        return memoryMiB >= MIN_MEMORY_MIB && memoryMiB <= MAX_MEMORY_MIB
                ? Optional.empty()
                : problem(Field.MEMORY, "field.memory.range", memoryMiB, MIN_MEMORY_MIB, MAX_MEMORY_MIB);
    }

    /** Checks the number of processors. */
    public static Optional<FieldProblem> processors(int processors) {
        return processors >= 1 && processors <= MAX_PROCESSORS
                ? Optional.empty()
                : problem(Field.PROCESSORS, "field.processors.range", processors, MAX_PROCESSORS);
    }

    /** Checks a command line. */
    public static Optional<FieldProblem> commandLine(String commandLine) {
        int length = commandLine.getBytes(StandardCharsets.UTF_8).length;
        if (length > MAX_COMMAND_LINE) {
            return problem(Field.COMMAND_LINE, "field.append.long", length, MAX_COMMAND_LINE);
        }
        return commandLine.chars().anyMatch(c -> c == 0 || c == '\n' || c == '\r')
                ? problem(Field.COMMAND_LINE, "field.append.control")
                : Optional.empty();
    }

    /** Checks that a file can be read. */
    public static Optional<FieldProblem> readable(Field field, Path file) {
        if (file == null || file.toString().isEmpty()) {
            return problem(field, "field.file.none");
        }
        if (!Files.exists(file)) {
            return problem(field, "field.file.missing", file);
        }
        if (!Files.isRegularFile(file) && !isBlockDevice(field, file)) {
            return problem(field, "field.file.kind", file);
        }
        return Files.isReadable(file) ? Optional.empty() : problem(field, "field.file.unreadable", file);
    }

    /** Checks a hard disk image. */
    public static Optional<FieldProblem> disk(Path file, boolean readOnly) {
        Optional<FieldProblem> problem = readable(Field.DISK, file);
        if (problem.isEmpty() && !readOnly && !Files.isWritable(file)) {
            return problem(Field.DISK, "field.file.readonly", file);
        }
        return problem;
    }

    /** Checks the size of a blank disk. */
    public static Optional<FieldProblem> blankDisk(int sizeMiB) {
        return sizeMiB >= 1 && sizeMiB <= MAX_DISK_MIB
                ? Optional.empty()
                : problem(Field.DISK, "field.disk.size", sizeMiB, MAX_DISK_MIB);
    }

    /** Every problem of a VM to be made, in the order of the wizard's pages. */
    public static List<FieldProblem> problems(NewVm vm) {
        List<FieldProblem> found = new ArrayList<>();
        name(vm.name()).ifPresent(found::add);
        memory(vm.memoryMiB()).ifPresent(found::add);
        processors(vm.processors()).ifPresent(found::add);
        switch (vm.disk()) {
            case NewVm.NewDisk.None none -> { }
            case NewVm.NewDisk.Existing existing ->
                disk(existing.file(), existing.readOnly()).ifPresent(found::add);
            case NewVm.NewDisk.Blank blank -> blankDisk(blank.sizeMiB()).ifPresent(found::add);
        }
        if (vm.source() instanceof NewVm.Source.Kernel kernel) {
            readable(Field.KERNEL, kernel.kernel()).ifPresent(found::add);
            kernel.initrd().flatMap(initrd -> readable(Field.INITRD, initrd)).ifPresent(found::add);
            commandLine(kernel.commandLine()).ifPresent(found::add);
        }
        vm.dvd().flatMap(iso -> readable(Field.DVD, iso)).ifPresent(found::add);
        return found;
    }

    /** Every problem of a definition that is about to be saved; files may be absent, they are checked at the start. */
    public static List<FieldProblem> problems(VmDefinition vm) {
        List<FieldProblem> found = new ArrayList<>();
        name(vm.name()).ifPresent(found::add);
        memory(vm.memoryMiB()).ifPresent(found::add);
        processors(vm.processors()).ifPresent(found::add);
        commandLine(vm.boot().commandLine()).ifPresent(found::add);
        if (vm.disks().size() > MAX_DISKS) {
            problem(Field.DISK, "field.disk.many", vm.disks().size(), MAX_DISKS).ifPresent(found::add);
        }
        return found;
    }

    /** Every problem that would stop a VM from starting: {@link #problems(VmDefinition)} and its files. */
    public static List<FieldProblem> problemsAtStart(VmDefinition vm) {
        List<FieldProblem> found = problems(vm);
        readable(Field.KERNEL, vm.boot().kernel()).ifPresent(found::add);
        vm.boot().initrd().flatMap(initrd -> readable(Field.INITRD, initrd)).ifPresent(found::add);
        for (Disk disk : vm.disks()) {
            disk(disk.file(), disk.readOnly()).ifPresent(found::add);
        }
        vm.dvd().flatMap(iso -> readable(Field.DVD, iso)).ifPresent(found::add);
        return found;
    }

    private static boolean isBlockDevice(Field field, Path file) {
        // A host disk or DVD drive is a legitimate image; java.nio calls it "other".
        return (field == Field.DISK || field == Field.DVD) && !Files.isDirectory(file)
                && file.toAbsolutePath().normalize().startsWith("/dev");
    }

    private static Optional<FieldProblem> problem(Field field, String key, Object... arguments) {
        return Optional.of(new FieldProblem(field, Text.of(key, arguments)));
    }
}
