package org.viridian.engine.software;

/**
 * An exception of the guest's architecture on its way from a micro-operation to the delivery. One stackless instance per
 * processor, made by {@link Cpu#raise}; never keep it.
 */
public final class CpuFault extends RuntimeException {
    private static final long serialVersionUID = 1L;
    /** The error code of vectors that push none. */
    public static final int NO_ERROR_CODE = -1;

    /** Divide error. */
    public static final int DE = 0;
    /** Debug. */
    public static final int DB = 1;
    /** Breakpoint. */
    public static final int BP = 3;
    /** Overflow. */
    public static final int OF = 4;
    /** Bound range. */
    public static final int BR = 5;
    /** Invalid opcode. */
    public static final int UD = 6;
    /** Device not available. */
    public static final int NM = 7;
    /** Double fault. */
    public static final int DF = 8;
    /** Invalid TSS. */
    public static final int TS = 10;
    /** Segment not present. */
    public static final int NP = 11;
    /** Stack segment. */
    public static final int SS = 12;
    /** General protection. */
    public static final int GP = 13;
    /** Page fault. */
    public static final int PF = 14;
    /** x87 floating point. */
    public static final int MF = 16;
    /** Alignment check. */
    public static final int AC = 17;
    /** SIMD floating point. */
    public static final int XM = 19;

    /** Vector of the exception. */
    int vector;
    /** Error code, or {@link #NO_ERROR_CODE}. */
    int error;
    /** Raised behind a task switch: RIP is that of the new task already. */
    boolean inNewTask;
    /** The cause is a non-canonical address, {@link #linear}: #GP or #SS, see {@link StackFaults}. */
    boolean nonCanonical;
    long linear;

    CpuFault() {
        super(null, null, false, false);
    }

    /** Moves RIP to the instruction that faulted: {@code op} of the block that ran. */
    void settle(Cpu c, MicroOp op) {
        if (!inNewTask) {
            c.gpr[Cpu.RIP] += op.offset;
        }
    }

    /** Vector, 0–31. */
    public int vector() {
        return vector;
    }

    /** Error code, or {@link #NO_ERROR_CODE}. */
    public int error() {
        return error;
    }

    @Override
    public String getMessage() {
        return "guest exception %d, error code %x".formatted(vector, error);
    }
}
