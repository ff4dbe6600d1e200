package org.viridian.engine.software.fpu;

import org.viridian.engine.software.DecodeContext;
import org.viridian.engine.software.ExtensionDecoder;
import org.viridian.engine.software.MicroOp;
import org.viridian.engine.software.fpu.MemoryOps.Format;
import org.viridian.engine.software.fpu.RegisterOps.Unary;

/** Decodes opcodes D8–DF and 9B (Intel SDM volume 2, appendix A, tables ). */
public final class FpuDecoder implements ExtensionDecoder {
    private static final Unary.Kind[] GROUP_E = {
        Unary.Kind.CHANGE_SIGN, Unary.Kind.ABSOLUTE, null, null, Unary.Kind.TEST, Unary.Kind.EXAMINE, null, null};

    @Override
    public MicroOp decode(DecodeContext in) {
        if (in.opcode == 0x9B) {
            return new ControlOps.Wait();
        }
        in.modrm();
        int group = in.reg & 7;
        return in.mod != 3 ? memory(in, group) : register(in, group, in.rm & 7);
    }

    private static MicroOp memory(DecodeContext in, int group) {
        return switch (in.opcode) {
            case 0xD8 -> new MemoryOps.Binary(in, group, Format.SINGLE);
            case 0xDA -> new MemoryOps.Binary(in, group, Format.INT32);
            case 0xDC -> new MemoryOps.Binary(in, group, Format.DOUBLE);
            case 0xDE -> new MemoryOps.Binary(in, group, Format.INT16);
            case 0xD9 -> switch (group) {
                case 0 -> new MemoryOps.Load(in, Format.SINGLE);
                case 2, 3 -> new MemoryOps.Store(in, Format.SINGLE, group == 3);
                case 4 -> new ControlOps.LoadEnvironment(in, false);
                case 5 -> new ControlOps.Words(in, ControlOps.Word.LOAD_CONTROL);
                case 6 -> new ControlOps.StoreEnvironment(in, false);
                case 7 -> new ControlOps.Words(in, ControlOps.Word.STORE_CONTROL);
                default -> null;
            };
            case 0xDB -> switch (group) {
                case 0 -> new MemoryOps.Load(in, Format.INT32);
                case 1, 2, 3 -> new MemoryOps.StoreInteger(in, Format.INT32, group == 1, group != 2);
                case 5 -> new MemoryOps.LoadExtended(in);
                case 7 -> new MemoryOps.StoreExtended(in);
                default -> null;
            };
            case 0xDD -> switch (group) {
                case 0 -> new MemoryOps.Load(in, Format.DOUBLE);
                case 1 -> new MemoryOps.StoreInteger(in, Format.INT64, true, true);
                case 2, 3 -> new MemoryOps.Store(in, Format.DOUBLE, group == 3);
                case 4 -> new ControlOps.LoadEnvironment(in, true);
                case 6 -> new ControlOps.StoreEnvironment(in, true);
                case 7 -> new ControlOps.Words(in, ControlOps.Word.STORE_STATUS);
                default -> null;
            };
            default -> switch (group) {
                case 0 -> new MemoryOps.Load(in, Format.INT16);
                case 1, 2, 3 -> new MemoryOps.StoreInteger(in, Format.INT16, group == 1, group != 2);
                case 4 -> new MemoryOps.LoadDecimal(in);
                case 5 -> new MemoryOps.Load(in, Format.INT64);
                case 6 -> new MemoryOps.StoreDecimal(in);
                default -> new MemoryOps.StoreInteger(in, Format.INT64, false, true);
            };
        };
    }

    private static MicroOp register(DecodeContext in, int group, int i) {
        return switch (in.opcode) {
            case 0xD8 -> group == 2 || group == 3
                    ? new RegisterOps.Compare(in, i, false, group - 2)
                    : new RegisterOps.Binary(in, group, 0, i, false);
            case 0xD9 -> registerD9(in, group, i);
            case 0xDA -> group < 4 ? new RegisterOps.Move(in, CMOV[group], i)
                    : in.modrm == 0xE9 ? new RegisterOps.Compare(in, 1, true, 2) : null;
            case 0xDB -> registerDb(in, group, i);
            case 0xDC -> group == 2 || group == 3
                    ? new RegisterOps.Compare(in, i, false, group - 2)
                    : new RegisterOps.Binary(in, reverse(group), i, 0, false);
            case 0xDD -> switch (group) {
                case 0 -> new RegisterOps.Free(in, i, false);
                case 1 -> new RegisterOps.Exchange(in, i);
                case 2, 3 -> new RegisterOps.Store(in, i, group == 3);
                case 4, 5 -> new RegisterOps.Compare(in, i, true, group - 4);
                default -> null;
            };
            case 0xDE -> switch (group) {
                case 2 -> new RegisterOps.Compare(in, i, false, 1);
                case 3 -> in.modrm == 0xD9 ? new RegisterOps.Compare(in, 1, false, 2) : null;
                default -> new RegisterOps.Binary(in, reverse(group), i, 0, true);
            };
            default -> switch (group) {
                case 0 -> new RegisterOps.Free(in, i, true);
                case 1 -> new RegisterOps.Exchange(in, i);
                case 2, 3 -> new RegisterOps.Store(in, i, true);
                case 4 -> in.modrm == 0xE0 ? new ControlOps.Plain(ControlOps.Kind.STATUS_AX) : null;
                case 5, 6 -> new RegisterOps.CompareFlags(in, i, group == 5, true);
                default -> null;
            };
        };
    }

    /** Condition codes of FCMOVB, E, BE, U. */
    private static final int[] CMOV = {2, 4, 6, 10};

    /** DC and DE name the subtractions and divisions the other way round. */
    private static int reverse(int group) {
        return group >= 4 ? group ^ 1 : group;
    }

    private static MicroOp registerD9(DecodeContext in, int group, int i) {
        return switch (group) {
            case 0 -> new RegisterOps.Duplicate(in, i);
            case 1 -> new RegisterOps.Exchange(in, i);
            case 2 -> i == 0 ? new ControlOps.Plain(ControlOps.Kind.NOP) : null;
            case 3 -> new RegisterOps.Store(in, i, true);
            case 4 -> GROUP_E[i] != null ? new Unary(in, GROUP_E[i]) : null;
            case 5 -> i < 7 ? new RegisterOps.Constant(in, i) : null;
            case 6 -> switch (i) {
                case 4 -> new Unary(in, Unary.Kind.EXTRACT);
                case 5 -> new Unary(in, Unary.Kind.REMAINDER_NEAREST);
                case 6 -> new RegisterOps.Rotate(in, -1);
                case 7 -> new RegisterOps.Rotate(in, 1);
                default -> new TranscendentalOps(in, i);
            };
            default -> switch (i) {
                case 0 -> new Unary(in, Unary.Kind.REMAINDER);
                case 2 -> new Unary(in, Unary.Kind.SQUARE_ROOT);
                case 4 -> new Unary(in, Unary.Kind.ROUND);
                case 5 -> new Unary(in, Unary.Kind.SCALE);
                default -> new TranscendentalOps(in, 8 + i);
            };
        };
    }

    private static MicroOp registerDb(DecodeContext in, int group, int i) {
        return switch (group) {
            case 0, 1, 2, 3 -> new RegisterOps.Move(in, CMOV[group] ^ 1, i);
            case 4 -> switch (i) {
                case 0, 1, 4 -> new ControlOps.Plain(ControlOps.Kind.LEGACY_NOP);
                case 2 -> new ControlOps.Plain(ControlOps.Kind.CLEAR);
                case 3 -> new ControlOps.Plain(ControlOps.Kind.INIT);
                default -> null;
            };
            case 5, 6 -> new RegisterOps.CompareFlags(in, i, group == 5, false);
            default -> null;
        };
    }
}
