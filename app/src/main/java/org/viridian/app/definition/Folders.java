package org.viridian.app.definition;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import org.viridian.app.text.Failure;
import org.viridian.app.text.Text;

/**
 * Where the product keeps its files, per the XDG Base Directory Specification 0.8.
 *
 * @param data definitions and disks, {@code $XDG_DATA_HOME/viridian}
 * @param cache what can be made again: packages, assembled guests, {@code $XDG_CACHE_HOME/viridian}
 * @param runtime control sockets, {@code $XDG_RUNTIME_DIR/viridian}; readable by the user alone
 */
public record Folders(Path data, Path cache, Path runtime) {
    /** The folders that an environment gives. */
    public static Folders of(Map<String, String> environment) {
        Path home = Path.of(environment.getOrDefault("HOME", System.getProperty("user.home")));
        Path data = absolute(environment.get("XDG_DATA_HOME"), home.resolve(".local/share"));
        Path cache = absolute(environment.get("XDG_CACHE_HOME"), home.resolve(".cache"));
        // Without a session (cron, a container, su) there is no runtime folder; /tmp with the user's name serves, and
        // ownRuntime refuses it when somebody else has made it first.
        Path runtime = absolute(environment.get("XDG_RUNTIME_DIR"), null);
        Path sockets = runtime != null && Files.isWritable(runtime)
                ? runtime.resolve("viridian")
                : Path.of("/tmp/viridian-" + System.getProperty("user.name"));
        return new Folders(data.resolve("viridian"), cache.resolve("viridian"), sockets);
    }

    /** The folders of this process's environment. */
    public static Folders ofProcess() {
        return of(System.getenv());
    }

    /** The folder of all VMs. */
    public Path vms() {
        return data.resolve("vms");
    }

    /** The folder of downloaded packages. */
    public Path packages() {
        return cache.resolve("packages");
    }

    /** The folder of assembled guests. */
    public Path guests() {
        return cache.resolve("guests");
    }

    /** Makes the runtime folder, mode 0700, and makes sure that it is this user's own. */
    public Path ownRuntime() throws Failure {
        try {
            if (!Files.isDirectory(runtime, LinkOption.NOFOLLOW_LINKS)) {
                Files.createDirectories(runtime.getParent());
                try {
                    Files.createDirectory(runtime,
                            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
                } catch (FileAlreadyExistsException e) {
                    // Another thread or process was first, which is as good; anything but a folder is not.
                    if (!Files.isDirectory(runtime, LinkOption.NOFOLLOW_LINKS)) {
                        throw e;
                    }
                }
            }
            String owner = Files.getOwner(runtime, LinkOption.NOFOLLOW_LINKS).getName();
            if (!owner.equals(System.getProperty("user.name"))) {
                throw new Failure(Failure.Kind.HOST, Text.of("folder.foreign", runtime, owner));
            }
            Files.setPosixFilePermissions(runtime, PosixFilePermissions.fromString("rwx------"));
            return runtime;
        } catch (IOException e) {
            throw new Failure(Failure.Kind.HOST, Text.of("folder.unusable", runtime, Reasons.of(e)), e);
        }
    }

    private static Path absolute(String value, Path otherwise) {
        // The specification says that a relative path is invalid and to be ignored.
        return value == null || !value.startsWith("/") ? otherwise : Path.of(value);
    }
}
