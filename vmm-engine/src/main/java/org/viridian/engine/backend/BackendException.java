package org.viridian.engine.backend;

/** The host cannot give a backend what it needs. The message is one sentence: what, why, what to do. */
public final class BackendException extends Exception {
    private static final long serialVersionUID = 1L;

    /** @param message what happened, why, what to do */
    public BackendException(String message) {
        super(message);
    }

    /**
     * @param message what happened, why, what to do
     * @param cause the failure below
     */
    public BackendException(String message, Throwable cause) {
        super(message, cause);
    }
}
