package org.viridian.engine.processor;

/**
 * What a processor that has run carries besides its registers: whether it runs, what is about to be delivered to it, and
 * the state that only some processors have.
 *
 * @param activity whether it executes
 * @param timestamp the TSC
 * @param xcr0 extended control register 0, or 0 when the processor has no XSAVE
 * @param xsave the whole XSAVE area in the standard (non-compacted) form (Intel SDM vol. 1, "XSAVE area"), or null when
 *     {@link ProcessorState#fxsave} is all there is
 * @param debug DR0 DR1 DR2 DR3 DR6 DR7, or null for the reset state
 * @param pending what is under way
 */
public record LiveState(Activity activity, long timestamp, long xcr0, byte[] xsave, long[] debug, Pending pending) {
    /** Number of a vector that is not there. */
    public static final int NONE = -1;

    /** What a processor does. */
    public enum Activity {
        /** Executes instructions. */
        RUNNING,
        /** Waits in HLT. */
        HALTED,
        /** Has had INIT and waits for SIPI. */
        WAIT_FOR_SIPI,
        /** Has had neither since power-on. */
        WAIT_FOR_INIT
    }

    /**
     * Events between two instructions (Intel SDM vol. 3, "Interruptibility state" and "Event injection").
     *
     * @param exception vector of an exception not yet delivered, or {@link #NONE}
     * @param exceptionError its error code, or {@link #NONE} when it has none
     * @param interrupt vector of an interrupt acknowledged but not yet delivered, or {@link #NONE}
     * @param softInterrupt that interrupt comes from an INT instruction
     * @param shadow interrupts are held off for one instruction: bit 0 by MOV SS, bit 1 by STI
     * @param nmiInjected an NMI is being delivered
     * @param nmiPending an NMI waits
     * @param nmiBlocked the handler of an NMI runs
     */
    public record Pending(int exception, int exceptionError, int interrupt, boolean softInterrupt, int shadow, boolean nmiInjected,
            boolean nmiPending, boolean nmiBlocked) {
        /** Nothing is under way. */
        public static final Pending NOTHING = new Pending(NONE, NONE, NONE, false, 0, false, false, false);
    }
}
