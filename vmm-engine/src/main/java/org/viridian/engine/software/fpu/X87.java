package org.viridian.engine.software.fpu;

/** The x87 and MMX registers. */
public final class X87 {
    /** Returns to the state after reset. */
    public void reset() {}
}
