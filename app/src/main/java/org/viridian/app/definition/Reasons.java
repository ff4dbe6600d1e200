package org.viridian.app.definition;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import org.viridian.app.text.Text;

/** Says why a file operation failed, without the class name that Java puts in place of a reason. */
public final class Reasons {
    private Reasons() {}

    /** A clause such as {@code permission denied}. */
    public static Text of(IOException e) {
        return switch (e) {
            case NoSuchFileException missing -> Text.of("reason.missing", missing.getFile());
            case AccessDeniedException denied -> Text.of("reason.denied", denied.getFile());
            case FileSystemException other when other.getReason() != null -> Text.verbatim(other.getReason());
            default -> Text.verbatim(e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage());
        };
    }
}
