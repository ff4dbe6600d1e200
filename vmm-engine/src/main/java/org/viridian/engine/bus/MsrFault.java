package org.viridian.engine.bus;

/** The access to a model-specific register raises #GP(0) in the guest. One stackless instance: guests provoke it at will. */
public final class MsrFault extends Exception {
    private static final long serialVersionUID = 1L;

    /** The only instance. */
    public static final MsrFault INSTANCE = new MsrFault();

    private MsrFault() {
        super("general protection", null, false, false);
    }
}
