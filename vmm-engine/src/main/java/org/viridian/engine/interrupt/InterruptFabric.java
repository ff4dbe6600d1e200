package org.viridian.engine.interrupt;

/**
 * The way of interrupts into the local APICs, the same over every backend: the IOAPIC and SynIC send messages, the PIC
 * holds the ExtINT line.
 *
 * <p>Thread rule: any thread; the methods never block on a processor.
 */
public interface InterruptFabric {
    /**
     * Bit of a message's data: the local APIC ends the interrupt itself when it hands it over (TLFS, "SINTx Registers",
     * AutoEOI). A backend whose APIC cannot do it ignores the bit; guests are told not to use it.
     */
    int AUTO_EOI = 1 << 16;

    /**
     * Sends a message-signalled interrupt (Intel SDM vol. 3, "Message Signalled Interrupts").
     *
     * @param address 0xFEE00000 with destination in 19:12, destination mode in bit 2
     * @param data vector in 7:0, delivery mode in 10:8, trigger in 15; perhaps {@link #AUTO_EOI}
     * @return false when every addressed APIC refused it (disabled); the sender keeps its state and tries again later
     */
    boolean deliver(long address, int data);

    /** Drives the PIC's INTR output, wired to LINT0 of processor 0. */
    void externalInterrupt(boolean asserted);

    /** Who acknowledges an external interrupt: set once, by the PIC. */
    void externalInterruptSource(ExternalInterruptSource source);

    /** Who is told of the end of level-triggered interrupts: set once, by the IOAPIC. */
    void endOfInterruptListener(EndOfInterruptListener listener);

    /** Tells the backend what pin {@code pin} of the IOAPIC will send, so that its EOIs are reported. */
    void routeIoApicPin(int pin, boolean masked, long address, int data);

    /** Supplies the vector of a pending ExtINT (the INTA cycle). Called on processor 0's thread. */
    @FunctionalInterface
    interface ExternalInterruptSource {
        /** Acknowledges the highest pending interrupt and returns its vector, 0–255 (spurious if none is left). */
        int acknowledge();
    }

    /** Told when a guest has finished a level-triggered vector. Called on a processor's thread. */
    @FunctionalInterface
    interface EndOfInterruptListener {
        /** The EOI broadcast for {@code vector}. */
        void endOfInterrupt(int vector);
    }
}
