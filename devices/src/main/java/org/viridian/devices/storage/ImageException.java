package org.viridian.devices.storage;

import java.io.IOException;

/** A disk image cannot be used; the message is a plain sentence for the user. */
public final class ImageException extends IOException {
    private static final long serialVersionUID = 1L;

    /** @param message a plain sentence */
    public ImageException(String message) {
        super(message);
    }

    /**
     * @param message a plain sentence
     * @param cause what went wrong
     */
    public ImageException(String message, Throwable cause) {
        super(message, cause);
    }
}
