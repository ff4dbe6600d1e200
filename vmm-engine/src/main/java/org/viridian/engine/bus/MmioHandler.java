package org.viridian.engine.bus;

/** Answers accesses to guest physical addresses that no memory backs. Rules as for {@link PortHandler}. */
public interface MmioHandler {
    /**
     * @param address guest physical address; any alignment
     * @param size 1, 2, 4 or 8 bytes
     * @return the value in the low {@code size} bytes
     */
    long read(long address, int size);

    /**
     * @param address guest physical address; any alignment
     * @param size 1, 2, 4 or 8 bytes
     * @param value the value, zero-extended
     */
    void write(long address, int size, long value);
}
