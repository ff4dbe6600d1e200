package org.viridian.app.machine;

import java.util.Locale;
import org.viridian.app.text.Text;

/** A machine cannot be built or started. Carries one sentence for the user: what, why, what to do. */
public final class MachineException extends Exception {
    private static final long serialVersionUID = 1L;

    /** Kinds a caller acts on; the CLI maps each to an exit code. */
    public enum Kind {
        /** The kernel, initrd, disk or ISO cannot be read or is not what it should be. */
        BAD_INPUT,
        /** The host lacks memory, KVM or permission. */
        HOST,
        /** The VM or one of its disks is in a state that does not allow it. */
        STATE
    }

    private final Kind kind;
    private final transient Text text;

    /**
     * @param kind what sort of failure
     * @param text what happened, why, what to do
     * @param cause the failure below, or null
     */
    public MachineException(Kind kind, Text text, Throwable cause) {
        super(text.in(Locale.ROOT), cause);
        this.kind = kind;
        this.text = text;
    }

    /**
     * @param kind what sort of failure
     * @param message what happened, why, what to do; the same words in every language
     * @param cause the failure below, or null
     */
    public MachineException(Kind kind, String message, Throwable cause) {
        this(kind, Text.verbatim(message), cause);
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
