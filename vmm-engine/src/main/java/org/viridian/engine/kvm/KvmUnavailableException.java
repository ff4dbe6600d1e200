package org.viridian.engine.kvm;

/** Why this host has no KVM for us: the reason as a value, for whoever wants to say it in the user's language. */
public final class KvmUnavailableException extends Exception {
    private static final long serialVersionUID = 1L;

    /** The reasons that have different remedies. */
    public enum Reason {
        /** Not Linux on x86-64. */
        OTHER_HOST,
        /** There is no /dev/kvm: module not loaded, or no virtualization in this machine. */
        ABSENT,
        /** The user may not open /dev/kvm. */
        DENIED,
        /** The device exists but the processor's virtualization is off or missing. */
        DISABLED,
        /** Another hypervisor holds the processor. */
        BUSY,
        /** The kernel's KVM lacks what is needed. */
        TOO_OLD
    }

    private final Reason reason;

    KvmUnavailableException(Reason reason, String message) {
        super(message);
        this.reason = reason;
    }

    /** The reason. */
    public Reason reason() {
        return reason;
    }
}
