package org.viridian.engine.software.fpu;

import org.viridian.engine.software.Cpu;
import org.viridian.engine.software.CpuFault;

/**
 * The x87 and MMX registers (Intel SDM volume 1, chapter 8) and what all x87 instructions share: stack, exceptions,
 * condition codes. Physical register n holds MMX register n; ST(i) is physical register {@code top + i}.
 *
 * <p>Used by the processor's own thread only.
 */
public final class X87 {
    /** Condition codes and flags of the status word. */
    static final int C0 = 0x100;
    static final int C1 = 0x200;
    static final int C2 = 0x400;
    static final int C3 = 0x4000;
    static final int STACK_FAULT = 0x40;
    private static final int SUMMARY = 0x8080;

    /** Significand of the default NaN. */
    static final long INDEFINITE = 0xC000_0000_0000_0000L;
    /** Sign and exponent of the default NaN. */
    static final int INDEFINITE_EXPONENT = 0xFFFF;

    /** Significands by physical register; the values of the MMX registers. */
    public final long[] significand = new long[8];
    /** Sign (bit 15) and exponent by physical register. */
    public final int[] exponent = new int[8];
    /** Control word. */
    public int control;
    /** Status word without TOP. */
    public int status;
    /** Physical register of ST(0). */
    public int top;
    /** Bit n is set when physical register n is not empty. */
    public int valid;
    /** Last opcode: 11 bits. */
    public int lastOpcode;
    /** Address of the last instruction that was not a control instruction. */
    public long lastIp;
    /** Address of its memory operand. */
    public long lastData;
    /** Arithmetic shared by x87 and SSE. */
    public final SoftFloat soft = new SoftFloat();
    /** Working numbers of the transcendental functions. */
    final Transcendental functions = new Transcendental();

    /** In the state after reset. */
    public X87() {
        reset();
    }

    /** Returns to the state after reset, which is not that of FNINIT: registers hold +0 and are not empty. */
    public void reset() {
        initialise();
        control = 0x40;
        valid = 0xFF;
        java.util.Arrays.fill(significand, 0);
        java.util.Arrays.fill(exponent, 0);
    }

    /** FNINIT. */
    void initialise() {
        control = 0x37F;
        status = 0;
        top = 0;
        valid = 0;
        lastOpcode = 0;
        lastIp = 0;
        lastData = 0;
    }

    /** The status word with TOP. */
    public int statusWord() {
        return status | top << 11;
    }

    /** Replaces the status word; the summary bits follow the flags and masks. */
    public void setStatusWord(int word) {
        top = word >> 11 & 7;
        status = word & 0x477F;
        updateSummary();
    }

    /** Replaces the control word; bit 6 always reads as one. */
    public void setControlWord(int word) {
        control = word & 0x1F3F | 0x40;
        updateSummary();
    }

    private void updateSummary() {
        if ((status & ~control & 0x3F) != 0) {
            status |= SUMMARY;
        } else {
            status &= ~SUMMARY;
        }
    }

    void clearExceptions() {
        status &= 0x7F00;
    }

    /** Raises #MF when an unmasked exception waits. All waiting x87 and all MMX instructions begin with it. */
    public void checkPending(Cpu c) {
        if ((status & SUMMARY) != 0 && c.numericErrors()) {
            throw c.raise(CpuFault.MF);
        }
    }

    /** What every MMX instruction but EMMS does to the x87 state. */
    public void enterMmx() {
        top = 0;
        valid = 0xFF;
    }

    /** EMMS. */
    public void leaveMmx() {
        valid = 0;
        top = 0;
    }

    /** Writes an MMX register. */
    public void setMmx(int register, long value) {
        significand[register] = value;
        exponent[register] = 0xFFFF;
    }

    // ---- stack ----

    int physical(int i) {
        return top + i & 7;
    }

    boolean empty(int i) {
        return (valid >> physical(i) & 1) == 0;
    }

    void set(int i, int signExponent, long value) {
        int r = physical(i);
        exponent[r] = signExponent;
        significand[r] = value;
        valid |= 1 << r;
    }

    void setIndefinite(int i) {
        set(i, INDEFINITE_EXPONENT, INDEFINITE);
    }

    void pop() {
        valid &= ~(1 << top);
        top = top + 1 & 7;
    }

    /** Pushes a value; a full stack is a stack fault and gives the default NaN. */
    void push(int signExponent, long value) {
        if (!empty(7)) {
            stackOverflow();
            return;
        }
        top = top - 1 & 7;
        set(0, signExponent, value);
    }

    private void stackOverflow() {
        status |= C1;
        if (signal(SoftFloat.IE | STACK_FAULT)) {
            top = top - 1 & 7;
            setIndefinite(0);
        }
    }

    /** Tests for a full stack before a load that could fault otherwise; true when the load is to go on. */
    boolean roomToPush() {
        if (empty(7)) {
            return true;
        }
        stackOverflow();
        return false;
    }

    /**
     * Records exceptions.
     *
     * @return whether all of them are masked, so that the instruction goes on with its masked response
     */
    boolean signal(int raised) {
        status |= raised;
        if ((raised & ~control & 0x3F) == 0) {
            return true;
        }
        status |= SUMMARY;
        return false;
    }

    /** Records the stack underflow of an instruction that found an empty register. */
    boolean stackUnderflow() {
        status &= ~C1;
        return signal(SoftFloat.IE | STACK_FAULT);
    }

    void setC1(boolean value) {
        status = value ? status | C1 : status & ~C1;
    }

    void setConditions(int codes) {
        status = status & ~(C0 | C1 | C2 | C3) | codes;
    }

    /** Significand bits by precision control. */
    int precision() {
        return switch (control >> 8 & 3) {
            case 0 -> 24;
            case 2 -> 53;
            default -> 64;
        };
    }

    void loadA(int i) {
        int r = physical(i);
        soft.a80(exponent[r], significand[r]);
    }

    void loadB(int i) {
        int r = physical(i);
        soft.b80(exponent[r], significand[r]);
    }

    /** Two-bit tag of a physical register as FNSTENV stores it. */
    int tag(int register) {
        if ((valid >> register & 1) == 0) {
            return 3;
        }
        int e = exponent[register] & 0x7FFF;
        long s = significand[register];
        if (e == 0 && s == 0) {
            return 1;
        }
        return e == 0 || e == 0x7FFF || s >= 0 ? 2 : 0;
    }

    /** The full tag word. */
    int tagWord() {
        int word = 0;
        for (int i = 0; i < 8; i++) {
            word |= tag(i) << i * 2;
        }
        return word;
    }

    /** Replaces the tags; only "empty" matters. */
    void setTagWord(int word) {
        valid = 0;
        for (int i = 0; i < 8; i++) {
            if ((word >> i * 2 & 3) != 3) {
                valid |= 1 << i;
            }
        }
    }
}
