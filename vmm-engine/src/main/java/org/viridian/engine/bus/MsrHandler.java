package org.viridian.engine.bus;

/** Answers the synthetic MSRs 0x40000000–0x400001FF. Called on the thread of the processor that executes the access. */
public interface MsrHandler {
    /** Reads register {@code msr} of processor {@code vp}. */
    long read(int vp, int msr) throws MsrFault;

    /** Writes register {@code msr} of processor {@code vp}. */
    void write(int vp, int msr, long value) throws MsrFault;
}
