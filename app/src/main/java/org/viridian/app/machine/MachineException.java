package org.viridian.app.machine;

/** A machine cannot be built or started. The message is one sentence for the user: what, why, what to do. */
public final class MachineException extends Exception {
    private static final long serialVersionUID = 1L;

    /** Kinds a caller acts on; the CLI maps each to an exit code. */
    public enum Kind {
        /** The kernel, initrd, disk or ISO cannot be read or is not what it should be. */
        BAD_INPUT,
        /** The host lacks memory, KVM or permission. */
        HOST,
        /** The VM is in a state that does not allow it. */
        STATE
    }

    private final Kind kind;

    /**
     * @param kind what sort of failure
     * @param message what happened, why, what to do
     * @param cause the failure below, or null
     */
    public MachineException(Kind kind, String message, Throwable cause) {
        super(message, cause);
        this.kind = kind;
    }

    /** What sort of failure. */
    public Kind kind() {
        return kind;
    }
}
