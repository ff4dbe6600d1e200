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

    /** As {@link #read}, for the few handlers that need to know the processor: {@code vp}, or -1 outside an exit. */
    default int readBy(int vp, int port, int size) {
        return read(port, size);
    }

    /** As {@link #write}, for the few handlers that need to know the processor: {@code vp}, or -1 outside an exit. */
    default void writeBy(int vp, int port, int size, int value) {
        write(port, size, value);
    }
}
