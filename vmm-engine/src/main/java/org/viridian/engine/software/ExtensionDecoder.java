package org.viridian.engine.software;

/** Decodes instructions outside the integer set: x87, MMX, SSE. */
@FunctionalInterface
public interface ExtensionDecoder {
    /**
     * Decodes one instruction. Prefixes, map and opcode are read; the ModRM byte and immediates are not, and the decoder
     * must read them ({@link DecodeContext#modrm}) for every instruction that it knows, even when it will raise #UD.
     *
     * @return the operation, or null when it does not know the opcode (#UD); nothing but ModRM may have been read then
     */
    MicroOp decode(DecodeContext in);
}
