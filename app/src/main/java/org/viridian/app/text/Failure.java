package org.viridian.app.text;

import java.util.Locale;

/** Something the user asked for cannot be done. Carries one sentence (what, why, what to do) and a stable kind. */
public final class Failure extends Exception {
    private static final long serialVersionUID = 1L;

    /** What sort of failure; the command line maps each to its exit code. */
    public enum Kind {
        /** The command is not complete or not understood, or there is no display for the window. Exit code 2. */
        USAGE(2),
        /** No VM of that name. Exit code 3. */
        NOT_FOUND(3),
        /** The VM is in a state that does not allow it, such as starting a running VM. Exit code 4. */
        STATE(4),
        /** A file, a definition or a value is not what it should be. Exit code 5. */
        BAD_INPUT(5),
        /** The host lacks memory, KVM, permission, space or a tool. Exit code 6. */
        HOST(6),
        /** The guest ended by a triple fault, or the engine met an error. Exit code 7. */
        GUEST(7),
        /** What was waited for did not come in time. Exit code 8. */
        TIMEOUT(8),
        /** A fault of the program itself. Exit code 1. */
        INTERNAL(1);

        private final int exitCode;

        Kind(int exitCode) {
            this.exitCode = exitCode;
        }

        /** The process exit code. */
        public int exitCode() {
            return exitCode;
        }
    }

    private final Kind kind;
    private final transient Text text;

    /**
     * @param kind what sort of failure
     * @param text what happened, why, what to do
     * @param cause the failure below, or null
     */
    public Failure(Kind kind, Text text, Throwable cause) {
        super(text.in(Locale.ROOT), cause);
        this.kind = kind;
        this.text = text;
    }

    /** A failure without one below it. */
    public Failure(Kind kind, Text text) {
        this(kind, text, null);
    }

    /** What sort of failure. */
    public Kind kind() {
        return kind;
    }

    /** The sentence, in no language yet. */
    public Text text() {
        return text == null ? Text.verbatim(getMessage()) : text;
    }
}
