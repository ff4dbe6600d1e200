package org.viridian.devices.emulated.pci;

/**
 * Answers accesses inside one base address register, by their offset from its base. Called under the device lock; must
 * accept every size and every offset: the guest chooses.
 */
public interface BarHandler {
    /**
     * @param offset bytes from the base
     * @param size 1, 2, 4 or 8 bytes
     * @return the value in the low {@code size} bytes
     */
    long readBar(int offset, int size);

    /**
     * @param offset bytes from the base
     * @param size 1, 2, 4 or 8 bytes
     * @param value the value, zero-extended
     */
    void writeBar(int offset, int size, long value);
}
