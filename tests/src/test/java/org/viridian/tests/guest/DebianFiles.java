package org.viridian.tests.guest;

import static org.junit.jupiter.api.Assumptions.abort;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.viridian.app.definition.Folders;

/** Files out of Debian's packages, fetched once into the product's cache; a test whose package cannot be had is skipped. */
public final class DebianFiles {
    private DebianFiles() {}

    /** The unpacked content of a package. */
    public static Path unpacked(String name) {
        Folders folders = Folders.ofProcess();
        try {
            Path deb = deb(folders.packages(), name);
            String version = deb.getFileName().toString().replaceAll("\\.deb$", "");
            Path target = folders.cache().resolve("unpacked").resolve(version);
            if (Files.isDirectory(target)) {
                return target;
            }
            Files.createDirectories(target.getParent());
            Path part = Files.createTempDirectory(target.getParent(), ".part");
            run(part, "dpkg-deb", "-x", deb.toString(), part.toString());
            try {
                Files.move(part, target, StandardCopyOption.ATOMIC_MOVE);
            } catch (IOException somebodyElseWasFaster) {
                if (!Files.isDirectory(target)) {
                    throw somebodyElseWasFaster;
                }
            }
            return target;
        } catch (IOException missing) {
            return abort("Debian's package " + name + " is not to be had: " + missing.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return abort("interrupted");
        }
    }

    private static Path deb(Path packages, String name) throws IOException, InterruptedException {
        Files.createDirectories(packages);
        Optional<Path> cached = find(packages, name);
        if (cached.isPresent()) {
            return cached.get();
        }
        Path incoming = Files.createTempDirectory(packages, ".incoming");
        try {
            run(incoming, "apt-get", "-q", "-o", "APT::Sandbox::User=root", "download", name);
            Path fetched = find(incoming, name).orElseThrow(() -> new IOException("apt-get left no file"));
            return Files.move(fetched, packages.resolve(fetched.getFileName()), StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(incoming);
        }
    }

    private static Optional<Path> find(Path folder, String name) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> file.getFileName().toString().startsWith(name + "_")
                    && file.getFileName().toString().endsWith(".deb")).max(Path::compareTo);
        }
    }

    /** Runs a program of the host; its output is the message when it fails. */
    public static void run(Path folder, String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(List.of(command)).directory(folder.toFile()).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes());
        if (process.waitFor() != 0) {
            throw new IOException(command[0] + ": " + output.lines().reduce((a, b) -> b).orElse("failed"));
        }
    }
}
