package org.viridian.engine.loader;

/** A kernel or initial RAM disk cannot be loaded. The message is one sentence for the user: what, why, what to do. */
public final class LoaderException extends Exception {
    private static final long serialVersionUID = 1L;

    /** @param message one sentence */
    public LoaderException(String message) {
        super(message);
    }

    /**
     * @param message one sentence
     * @param cause the failure below
     */
    public LoaderException(String message, Throwable cause) {
        super(message, cause);
    }
}
