package org.viridian.engine.software;

/**
 * One decoded guest instruction. Immutable after decoding and shared by all processors.
 *
 * <p>{@link #exec} performs the whole instruction. It changes registers only after the last access that can fault.
 * It leaves RIP alone, unless the decoder was told that it {@linkplain DecodeContext#endBlock ends the block}: then it
 * must set RIP last.
 */
public abstract class MicroOp {
    /** Bytes from the start of the block to the start of this instruction. Set by the decoder. */
    int offset;
    /** Bytes of this instruction. Set by the decoder. */
    int length;

    /** For subclasses. */
    protected MicroOp() {}

    /**
     * Executes the instruction.
     *
     * @throws CpuFault made by {@link Cpu#raise}; the instruction then has had no effect
     */
    public abstract void exec(Cpu c);

    /** RIP of this instruction. Valid until the block ends. */
    protected final long rip(Cpu c) {
        return c.gpr[Cpu.RIP] + offset;
    }

    /** RIP of the next instruction in line. Valid until the block ends. */
    protected final long nextRip(Cpu c) {
        return c.gpr[Cpu.RIP] + offset + length;
    }
}
