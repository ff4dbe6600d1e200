package org.viridian.devices.storage;

import java.io.IOException;
import java.nio.file.Path;

/** A disk image cannot be used; the message is a plain sentence for the user. */
public final class ImageException extends IOException {
    private static final long serialVersionUID = 1L;

    private final transient Path file;

    /** @param message a plain sentence */
    public ImageException(String message) {
        this(message, (Throwable) null);
    }

    private ImageException(Path file, String message) {
        super(message);
        this.file = file;
    }

    /** The refusal of an image that another virtual machine or program holds. */
    public static ImageException inUse(Path file, String holder) {
        return new ImageException(file, file + " is in use by " + holder);
    }

    /**
     * @param message a plain sentence
     * @param cause what went wrong
     */
    public ImageException(String message, Throwable cause) {
        super(message, cause);
        this.file = null;
    }

    /** Whether the image is fine and only held by someone else. */
    public boolean inUse() {
        return file != null;
    }

    /** The image that is in use, or null. */
    public Path file() {
        return file;
    }
}
