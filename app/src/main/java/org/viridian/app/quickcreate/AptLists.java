package org.viridian.app.quickcreate;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.viridian.app.definition.Folders;
import org.viridian.app.text.Failure;
import org.viridian.app.text.Progress;
import org.viridian.app.text.Text;

/**
 * apt's lists of packages: the system's as long as they serve, else a copy of our own in the cache, which needs no
 * privilege. A fresh system has no lists, and old ones name files that the archive has replaced. Sources and keys are the
 * system's in both cases.
 */
final class AptLists {
    /** Fetches lists as {@code apt-get update} does; a test puts its own in. */
    interface Updater {
        /** Runs a command to its end; throws {@link Failure} with what it complained of. */
        void run(List<String> command) throws Failure;
    }

    private final Path folder;
    private final Updater updater;
    private List<String> options = List.of();

    AptLists(Folders folders, Updater updater) {
        this.folder = folders.packages().resolve("apt");
        this.updater = updater;
    }

    /** A command of apt on the lists in use. */
    List<String> command(String program, String... words) {
        List<String> command = new ArrayList<>();
        command.add(program);
        command.addAll(options);
        command.addAll(Arrays.asList(words));
        return command;
    }

    /** Whether {@link #refresh} has been called: what fails now would fail again. */
    boolean own() {
        return !options.isEmpty();
    }

    /** Fetches lists of our own and uses them from now on. */
    void refresh(Progress progress) throws Failure, IOException {
        progress.at(Text.of("quick.lists"), -1);
        Files.createDirectories(folder.resolve("lists/partial"));
        Files.createDirectories(folder.resolve("archives/partial"));
        options = List.of("-o", "Dir::State::Lists=" + folder.resolve("lists"), "-o", "Dir::Cache=" + folder,
                "-o", "Dir::Cache::Archives=" + folder.resolve("archives"),
                // Root would drop to the user _apt, who may not write into root's cache.
                "-o", "APT::Sandbox::User=" + System.getProperty("user.name"),
                // A system that cleans up after apt would delete what is not its own here.
                "-o", "APT::Update::Post-Invoke=", "-o", "APT::Update::Post-Invoke-Success=");
        updater.run(command("apt-get", "-q", "update"));
    }
}
