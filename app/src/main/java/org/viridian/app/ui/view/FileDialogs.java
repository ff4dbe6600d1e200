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

    /** The system's own file chooser. */
    static FileDialogs ofSystem() {
        return (owner, title) -> {
            FileChooser chooser = new FileChooser();
            chooser.setTitle(title);
            return Optional.ofNullable(chooser.showOpenDialog(owner)).map(File::toPath);
        };
    }
}
