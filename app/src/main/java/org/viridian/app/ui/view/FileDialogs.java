package org.viridian.app.ui.view;

import java.io.File;
import java.nio.file.Path;
import java.util.Optional;
import javafx.stage.FileChooser;
import javafx.stage.Window;

/** Asks for files; behind an interface because not every platform of JavaFX has a chooser. */
@FunctionalInterface
public interface FileDialogs {
    /** The file the user chose, or empty. */
    Optional<Path> open(Window owner, String title);

    /** The file the user wants written, or empty; by default as {@link #open}. */
    default Optional<Path> save(Window owner, String title, String proposal) {
        return open(owner, title);
    }

    /** The system's own file chooser. */
    static FileDialogs ofSystem() {
        return new FileDialogs() {
            @Override
            public Optional<Path> open(Window owner, String title) {
                return Optional.ofNullable(chooser(title).showOpenDialog(owner)).map(File::toPath);
            }

            @Override
            public Optional<Path> save(Window owner, String title, String proposal) {
                FileChooser chooser = chooser(title);
                chooser.setInitialFileName(proposal);
                return Optional.ofNullable(chooser.showSaveDialog(owner)).map(File::toPath);
            }

            private static FileChooser chooser(String title) {
                FileChooser chooser = new FileChooser();
                chooser.setTitle(title);
                return chooser;
            }
        };
    }
}
