package org.viridian.engine.loader;

/** A kernel or initrd cannot be loaded. The message is one sentence: what, why, what to do. */
public final class LoaderException extends Exception {
    private static final long serialVersionUID = 1L;

    /** @param message what, why, what to do */
    public LoaderException(String message) {
        super(message);
    }

    /**
     * @param message what, why, what to do
     * @param cause the failure below
     */
    public LoaderException(String message, Throwable cause) {
        super(message, cause);
    }
}
