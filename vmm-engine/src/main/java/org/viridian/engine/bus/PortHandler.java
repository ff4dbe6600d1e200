package org.viridian.engine.bus;

/**
 * Answers accesses to I/O ports. Called on the processor's thread, inside the VM's device lock unless it was
 * registered as concurrent ({@link PortBus}). Must accept every size and every offset in its range: the guest chooses.
 */
public interface PortHandler {
    /**
     * @param port the port addressed
     * @param size 1, 2 or 4 bytes
     * @return the value in the low {@code size} bytes
     */
    int read(int port, int size);

    /**
     * @param port the port addressed
     * @param size 1, 2 or 4 bytes
     * @param value the value, zero-extended
     */
    void write(int port, int size, int value);
}
