package org.viridian.tests.guest;

import static org.junit.jupiter.api.Assumptions.abort;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.apache.commons.compress.archivers.cpio.CpioArchiveEntry;
import org.apache.commons.compress.archivers.cpio.CpioArchiveOutputStream;
import org.apache.commons.compress.archivers.cpio.CpioConstants;
import org.viridian.app.definition.Folders;

/** Programs of Debian packages for a guest that lives in an initramfs: a second archive, which the kernel adds to the first. */
public final class GuestPackages {
    private static final List<String> LIBRARY_FOLDERS = List.of("lib/x86_64-linux-gnu", "usr/lib/x86_64-linux-gnu");

    private GuestPackages() {}

    /**
     * Appends programs to an initrd.
     *
     * @param initrd the guest's own archive
     * @param folder where the new one is written
     * @param packages Debian packages, libraries among them
     * @param programs paths inside the packages
     * @param libraries file names of shared objects inside the packages
     * @return the new archive
     */
    public static Path append(Path initrd, Path folder, List<String> packages, List<String> programs, List<String> libraries)
            throws IOException, InterruptedException {
        Path root = folder.resolve("packages");
        for (String name : packages) {
            run(root, "dpkg-deb", "-x", download(name).toString(), root.toString());
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (CpioArchiveOutputStream cpio = new CpioArchiveOutputStream(bytes, CpioConstants.FORMAT_NEW)) {
            for (String directory : List.of("bin", "sbin", "lib", "lib64", "lib/x86_64-linux-gnu", "usr", "usr/sbin", "usr/bin")) {
                CpioArchiveEntry entry = new CpioArchiveEntry(directory);
                entry.setMode(CpioConstants.C_ISDIR | 0755);
                cpio.putArchiveEntry(entry);
                cpio.closeArchiveEntry();
            }
            for (String program : programs) {
                put(cpio, program, root.resolve(program));
            }
            for (String library : libraries) {
                put(cpio, (library.startsWith("ld-") ? "lib64/" : "lib/x86_64-linux-gnu/") + library, find(root, library));
            }
        }
        Path result = folder.resolve("initrd.img");
        Files.write(result, Files.readAllBytes(initrd));
        Files.write(result, bytes.toByteArray(), java.nio.file.StandardOpenOption.APPEND);
        return result;
    }

    private static Path find(Path root, String library) throws IOException {
        for (String folder : LIBRARY_FOLDERS) {
            Path candidate = root.resolve(folder).resolve(library);
            if (Files.exists(candidate)) {
                return candidate.toRealPath();
            }
        }
        throw new IOException("no package holds " + library);
    }

    private static void put(CpioArchiveOutputStream cpio, String name, Path file) throws IOException {
        byte[] content = Files.readAllBytes(file);
        CpioArchiveEntry entry = new CpioArchiveEntry(name, content.length);
        entry.setMode(CpioConstants.C_ISREG | 0755);
        cpio.putArchiveEntry(entry);
        cpio.write(content);
        cpio.closeArchiveEntry();
    }

    /** The package file, from the cache or from Debian. */
    private static Path download(String name) throws IOException, InterruptedException {
        Path cache = Files.createDirectories(Folders.ofProcess().packages());
        if (newest(cache, name) == null) {
            try {
                run(cache, "apt-get", "download", name);
            } catch (IOException missing) {
                return abort("Debian package " + name + " is not to be had: " + missing.getMessage());
            }
        }
        return newest(cache, name);
    }

    private static Path newest(Path cache, String name) throws IOException {
        try (Stream<Path> files = Files.list(cache)) {
            return files.filter(file -> file.getFileName().toString().matches(java.util.regex.Pattern.quote(name) + "_.*\\.deb"))
                    .max(java.util.Comparator.naturalOrder()).orElse(null);
        }
    }

    private static void run(Path folder, String... command) throws IOException, InterruptedException {
        Files.createDirectories(folder);
        Process process = new ProcessBuilder(new ArrayList<>(List.of(command))).directory(folder.toFile())
                .redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes());
        if (process.waitFor() != 0) {
            throw new IOException(String.join(" ", command) + ": " + output.strip());
        }
    }
}
