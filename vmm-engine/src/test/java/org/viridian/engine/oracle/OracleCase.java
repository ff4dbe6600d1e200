package org.viridian.engine.oracle;

/**
 * A few user-mode instructions and the state they start from. The code is placed at {@link Oracle#CODE} with INT3 behind it.
 *
 * @param gpr 16 registers by encoding
 * @param rflags initial flags; neither TF nor AC
 * @param fxsave 512 bytes of FXSAVE64 image
 * @param code at most {@link Oracle#CODE_BYTES} bytes; must not loop
 * @param memory {@link Oracle#MEMORY_BYTES}: the two windows of the data pages
 */
public record OracleCase(long[] gpr, long rflags, byte[] fxsave, byte[] code, byte[] memory) {}
