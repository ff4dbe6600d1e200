package org.viridian.engine.software.simd;

import org.viridian.engine.software.DecodeContext;
import org.viridian.engine.software.ExtensionDecoder;
import org.viridian.engine.software.MicroOp;

/** Decodes the 0F, 0F 38 and 0F 3A opcodes that are not integer instructions. */
public final class SimdDecoder implements ExtensionDecoder {
    @Override
    public MicroOp decode(DecodeContext in) {
        return null;
    }
}
