package org.viridian.engine.oracle;

/**
 * What an {@link OracleCase} left behind.
 *
 * @param gpr 16 registers by encoding
 * @param rip behind the INT3 that ended it, or at the instruction that faulted
 * @param rflags flags
 * @param fxsave 512 bytes of FXSAVE64 image
 * @param memory the two windows of the data pages
 * @param vector the exception, 3 for the INT3
 * @param error its error code, 0 if it has none
 * @param address CR2 after a page fault
 */
public record OracleResult(
        long[] gpr, long rip, long rflags, byte[] fxsave, byte[] memory, int vector, int error, long address) {}
