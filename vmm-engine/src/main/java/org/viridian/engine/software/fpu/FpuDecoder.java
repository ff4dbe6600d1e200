package org.viridian.engine.software.fpu;

import org.viridian.engine.software.DecodeContext;
import org.viridian.engine.software.ExtensionDecoder;
import org.viridian.engine.software.MicroOp;

/** Decodes opcodes D8–DF and 9B. */
public final class FpuDecoder implements ExtensionDecoder {
    @Override
    public MicroOp decode(DecodeContext in) {
        return null;
    }
}
