package org.viridian.app.machine;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;
import org.viridian.app.text.Text;
import org.viridian.engine.loader.BootLoader;
import org.viridian.engine.loader.LinuxLoader;
import org.viridian.engine.loader.LoaderException;
import org.viridian.engine.loader.MultibootLoader;

/** Reads and checks what a machine boots, before anything of the machine exists. */
final class BootFiles {
    private static final long MAX_FILE = 1L << 30;

    private BootFiles() {}

    /** The loader of what the configuration names; the content of a multiboot kernel's module is the kernel's business. */
    static BootLoader read(MachineConfig.Boot boot) throws MachineException {
        byte[] kernel = bytes(boot.kernel());
        Optional<byte[]> initrd = Optional.empty();
        if (boot.initrd().isPresent()) {
            initrd = Optional.of(bytes(boot.initrd().get()));
        }
        String name = boot.kernel().getFileName().toString();
        try {
            if (LinuxLoader.isLinux(kernel)) {
                return LinuxLoader.parse(name, kernel, initrd, boot.commandLine(), true);
            }
            if (MultibootLoader.isMultiboot(kernel)) {
                return MultibootLoader.parse(name, kernel, initrd, boot.commandLine());
            }
        } catch (LoaderException refused) {
            throw Refusals.of(refused);
        }
        throw new MachineException(MachineException.Kind.BAD_INPUT, Text.of("machine.kernel.unknown", boot.kernel()), null);
    }

    private static byte[] bytes(Path file) throws MachineException {
        try {
            long size = Files.size(file);
            if (size == 0 || size > MAX_FILE) {
                throw new MachineException(MachineException.Kind.BAD_INPUT, Text.of("machine.file.size", file, size), null);
            }
            return Files.readAllBytes(file);
        } catch (NoSuchFileException missing) {
            throw new MachineException(MachineException.Kind.BAD_INPUT, Text.of("field.file.missing", file), missing);
        } catch (AccessDeniedException denied) {
            throw new MachineException(MachineException.Kind.BAD_INPUT, Text.of("field.file.unreadable", file), denied);
        } catch (IOException unreadable) {
            throw new MachineException(MachineException.Kind.BAD_INPUT,
                    Text.of("machine.file.unreadable", file, unreadable.getMessage()), unreadable);
        }
    }
}
