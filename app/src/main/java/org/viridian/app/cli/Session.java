package org.viridian.app.cli;

import java.util.Optional;
import java.util.ServiceLoader;
import org.viridian.app.command.Windows;
import org.viridian.app.definition.Folders;
import org.viridian.app.library.GuestSource;
import org.viridian.app.library.Library;
import org.viridian.app.library.MachineFactory;
import org.viridian.app.text.Failure;
import org.viridian.app.text.Text;

/** One run of the program: its folders, its library, its output. */
final class Session implements AutoCloseable {
    private final Folders folders;
    private final Output output;
    private final MachineFactory machines;
    private final Library library;

    Session(Folders folders, MachineFactory machines, GuestSource guests, Output output) {
        this.folders = folders;
        this.output = output;
        this.machines = machines;
        this.library = new Library(folders, machines, guests);
    }

    Folders folders() {
        return folders;
    }

    Output output() {
        return output;
    }

    Library library() {
        return library;
    }

    MachineFactory machines() {
        return machines;
    }

    /** Opens the windows, or says why there are none: exit code 2. */
    int open(Windows.Opening opening) throws Failure {
        Optional<Windows> windows = ServiceLoader.load(Windows.class).findFirst();
        if (windows.isEmpty()) {
            throw new Failure(Failure.Kind.USAGE, Text.of("cli.nodisplay", Text.of("cli.nowindows")));
        }
        Optional<Text> obstacle = windows.get().obstacle();
        if (obstacle.isPresent()) {
            throw new Failure(Failure.Kind.USAGE, Text.of("cli.nodisplay", obstacle.get()));
        }
        return windows.get().open(library, opening);
    }

    @Override
    public void close() {
        library.close();
    }
}
