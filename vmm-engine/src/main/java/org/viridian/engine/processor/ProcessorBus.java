package org.viridian.engine.processor;

import org.viridian.engine.bus.MsrFault;

/**
 * Where a processor's exits go. Called on the processor's own thread in the middle of the instruction, so that each
 * backend completes the instruction itself. No allocation on this way.
 */
public interface ProcessorBus {
    /** IN; {@code size} is 1, 2 or 4. */
    int readPort(int port, int size);

    /** OUT; {@code size} is 1, 2 or 4. */
    void writePort(int port, int size, int value);

    /** A load from an address without memory; {@code size} is 1, 2, 4 or 8. */
    long readMmio(long address, int size);

    /** A store to an address without memory; {@code size} is 1, 2, 4 or 8. */
    void writeMmio(long address, int size, long value);

    /** RDMSR of a synthetic register (0x40000000–0x400001FF). */
    long readMsr(int msr) throws MsrFault;

    /** WRMSR of a synthetic register. */
    void writeMsr(int msr, long value) throws MsrFault;
}
