package org.viridian.engine.software.simd;

import org.viridian.engine.software.DecodeContext;
import org.viridian.engine.software.ExtensionDecoder;
import org.viridian.engine.software.MicroOp;
import org.viridian.engine.software.fpu.FxState;
import org.viridian.engine.software.fpu.XState;

/** Decodes the 0F, 0F 38 and 0F 3A opcodes that are not integer instructions: group 15 here, the rest by the table. */
public final class SimdDecoder implements ExtensionDecoder {
    @Override
    public MicroOp decode(DecodeContext in) {
        if (in.map == 1 && in.opcode == 0xAE) {
            in.modrm();
            return group15(in);
        }
        int prefix = in.rep == 0xF2 ? SimdTable.PF2 : in.rep == 0xF3 ? SimdTable.PF3 : in.prefix66 ? SimdTable.P66 : SimdTable.NONE;
        SimdTable.Maker maker = SimdTable.find(prefix, in.map, in.opcode);
        if (maker == null) {
            return null;
        }
        if (in.map != 1 || in.opcode != 0x77) {
            in.modrm();
        }
        return maker.make(in);
    }

    private static MicroOp group15(DecodeContext in) {
        int op = in.reg & 7;
        if (in.rep != 0) {
            return null;
        }
        if (in.mod == 3) {
            return switch (op) {
                case 5, 7 -> new MoveOps.Nothing();
                case 6 -> new MoveOps.Fence();
                default -> null;
            };
        }
        if (in.prefix66) {
            // CLWB and CLFLUSHOPT.
            return op == 6 || op == 7 ? new MoveOps.Flush(in) : null;
        }
        return switch (op) {
            case 0 -> new FxState.Save(in);
            case 1 -> new FxState.Restore(in);
            case 2 -> new FxState.ControlStatus(in, true);
            case 3 -> new FxState.ControlStatus(in, false);
            case 4, 6 -> new XState.Save(in);
            case 5 -> new XState.Restore(in);
            case 7 -> new MoveOps.Flush(in);
            default -> null;
        };
    }
}
