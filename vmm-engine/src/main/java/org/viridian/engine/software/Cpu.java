package org.viridian.engine.software;

import org.viridian.engine.processor.ProcessorBus;

/**
 * One x86-64 processor: what the micro-operations work on.
 *
 * <p>Thread rule: everything belongs to the processor's own thread except {@link #request}.
 */
public final class Cpu extends CpuMemory {
    /** Another thread wants attention: see the PENDING constants. */
    static final int PENDING_KICK = 1;
    static final int PENDING_INTERRUPT = 2;
    static final int PENDING_WRITE_TAGS = 4;
    static final int PENDING_FLUSH = 8;

    final PhysicalMemory memory;
    /** No paging, no MMIO: addresses outside regions raise #PF. For comparison with a real CPU's ring 3. */
    final boolean flat;
    volatile long acknowledgedEpoch;
    ProcessorBus bus;

    private final CpuFault fault = new CpuFault();

    Cpu(PhysicalMemory memory, boolean flat) {
        this.memory = memory;
        this.flat = flat;
    }

    /** Asks the processor to look at something at its next block boundary. Any thread. */
    void request(int what) {
    }

    @Override
    public CpuFault raise(int vector, int errorCode) {
        fault.vector = vector;
        fault.error = errorCode;
        return fault;
    }

    /** Raises #UD or #NM when SSE may not be used now. Every SSE operation calls it first. */
    public void checkSse() {
        if ((cr0 & (CR0_EM | CR0_TS)) != 0 || (cr4 & CR4_OSFXSR) == 0) {
            throw raise((cr0 & CR0_EM) != 0 || (cr4 & CR4_OSFXSR) == 0 ? CpuFault.UD : CpuFault.NM);
        }
    }

    /** Raises #NM when x87 may not be used now. Every x87 operation calls it first (WAIT: {@link #checkWait}). */
    public void checkFpu() {
        if ((cr0 & (CR0_EM | CR0_TS)) != 0) {
            throw raise(CpuFault.NM);
        }
    }

    /** Raises #UD or #NM when MMX may not be used now. */
    public void checkMmx() {
        if ((cr0 & (CR0_EM | CR0_TS)) != 0) {
            throw raise((cr0 & CR0_EM) != 0 ? CpuFault.UD : CpuFault.NM);
        }
    }

    /** Raises #NM when WAIT/FWAIT may not run now. */
    public void checkWait() {
        if ((cr0 & (CR0_MP | CR0_TS)) == (CR0_MP | CR0_TS)) {
            throw raise(CpuFault.NM);
        }
    }

    /** The exception of an unmasked SIMD floating-point condition: #XM, or #UD without CR4.OSXMMEXCPT. */
    public CpuFault simdException() {
        return raise((cr4 & CR4_OSXMMEXCPT) != 0 ? CpuFault.XM : CpuFault.UD);
    }

    /** CR0.NE: unmasked x87 exceptions raise #MF at the next waiting instruction. */
    public boolean numericErrors() {
        return (cr0 & CR0_NE) != 0;
    }

    /** Linear address of a segment offset in 16- and 32-bit code, after the checks of limit and type. */
    long legacyLinear(int segment, long offset, int size, boolean write) {
        throw raise(CpuFault.UD);
    }

    @Override
    long slowLoad(long linear, int size) {
        throw raise(CpuFault.UD);
    }

    @Override
    void slowStore(long linear, int size, long value) {
        throw raise(CpuFault.UD);
    }

    @Override
    long translate(long linear, int access) {
        throw raise(CpuFault.UD);
    }
}
