package org.viridian.app.machine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;
import org.viridian.engine.loader.BootLoader;
import org.viridian.engine.loader.LinuxLoader;
import org.viridian.engine.loader.LoaderException;
import org.viridian.engine.loader.MultibootLoader;

/** Reads and checks what a machine boots, before anything of the machine exists. */
final class BootFiles {
    private static final long MAX_FILE = 1L << 30;

    private BootFiles() {}

    static BootLoader read(MachineConfig.Boot boot) throws MachineException {
        byte[] kernel = bytes("kernel", boot.kernel());
        Optional<byte[]> initrd = Optional.empty();
        if (boot.initrd().isPresent()) {
            initrd = Optional.of(bytes("initrd", boot.initrd().get()));
            checkInitrd(boot.initrd().get(), initrd.get());
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
            throw new MachineException(MachineException.Kind.BAD_INPUT, refused.getMessage(), refused);
        }
        throw new MachineException(MachineException.Kind.BAD_INPUT,
                "The kernel %s is neither a Linux kernel (bzImage) nor a multiboot kernel. Choose another file."
                        .formatted(boot.kernel()), null);
    }

    private static byte[] bytes(String what, Path file) throws MachineException {
        try {
            long size = Files.size(file);
            if (size == 0 || size > MAX_FILE) {
                throw new MachineException(MachineException.Kind.BAD_INPUT,
                        "The %s %s has %d bytes, which cannot be right. Choose another file.".formatted(what, file, size), null);
            }
            return Files.readAllBytes(file);
        } catch (NoSuchFileException missing) {
            throw new MachineException(MachineException.Kind.BAD_INPUT,
                    "The %s %s does not exist. Choose another file.".formatted(what, file), missing);
        } catch (IOException unreadable) {
            throw new MachineException(MachineException.Kind.BAD_INPUT,
                    "The %s %s cannot be read: %s. Check its permissions.".formatted(what, file, unreadable.getMessage()), unreadable);
        }
    }

    /**
     * A cut-off initrd would only show as a kernel panic minutes later. A plain cpio archive says where it ends, so that
     * one is checked here; a compressed one is unpacked by the guest.
     */
    private static void checkInitrd(Path file, byte[] bytes) throws MachineException {
        String magic = new String(bytes, 0, Math.min(6, bytes.length), java.nio.charset.StandardCharsets.ISO_8859_1);
        if (!magic.equals("070701") && !magic.equals("070702")) {
            return;
        }
        int at = 0;
        while (at + 110 <= bytes.length) {
            try {
                int nameSize = hex(bytes, at + 94);
                long fileSize = hex(bytes, at + 54) & 0xFFFF_FFFFL;
                long data = at + 110L + nameSize + 3 & ~3L;
                long next = data + fileSize + 3 & ~3L;
                if (at + 110L + nameSize > bytes.length || data + fileSize > bytes.length) {
                    break;
                }
                String name = new String(bytes, at + 110, Math.max(0, nameSize - 1), java.nio.charset.StandardCharsets.ISO_8859_1);
                if (name.equals("TRAILER!!!")) {
                    return;
                }
                at = (int) Math.min(next, Integer.MAX_VALUE);
            } catch (NumberFormatException damaged) {
                break;
            }
        }
        throw new MachineException(MachineException.Kind.BAD_INPUT,
                "The initrd %s is truncated: its archive ends in the middle of a file. Make or fetch it again.".formatted(file), null);
    }

    private static int hex(byte[] bytes, int at) {
        return Integer.parseUnsignedInt(new String(bytes, at, 8, java.nio.charset.StandardCharsets.ISO_8859_1), 16);
    }
}
