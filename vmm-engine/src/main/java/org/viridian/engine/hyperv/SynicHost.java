package org.viridian.engine.hyperv;

/**
 * The host's end of inter-partition communication (TLFS, "Inter-Partition Communication"): ports that the guest reaches
 * by HvCallPostMessage and HvCallSignalEvent, and messages and event flags to the guest's processors.
 *
 * <p>Thread rule: any thread. Ports are called on the processor's thread that made the hypercall, or for events on a
 * doorbell thread; they must not block.
 */
public interface SynicHost {
    /** Receives HvCallPostMessage. */
    @FunctionalInterface
    interface MessagePort {
        /**
         * @param messageType the guest's message type
         * @param payload a copy, 0–240 bytes
         * @return the hypercall status, {@link HypercallStatus}
         */
        int receive(int messageType, byte[] payload);
    }

    /** Opens a message port; closing the result withdraws it. Throws {@link IllegalStateException} if the id is taken. */
    AutoCloseable messagePort(int connectionId, MessagePort port);

    /** Opens an event port; several signals may merge into one call. */
    AutoCloseable eventPort(int connectionId, Runnable onSignal);

    /**
     * Queues a message for a processor's SINT; messages to one SINT arrive in order, and none that was queued is lost
     * until the partition is reset or {@link #discardMessages} is called.
     *
     * @param payload at most 240 bytes; not kept
     * @return false when the SINT's message buffers are used up because the guest does not read: nothing was queued
     */
    boolean postMessage(int vp, int sint, int messageType, byte[] payload);

    /** Sets event flag {@code flag} (0–2047) of a processor's SINT and interrupts it if the flag was clear. */
    void signalEvent(int vp, int sint, int flag);

    /** Drops all messages that no processor has taken yet. */
    void discardMessages();
}
