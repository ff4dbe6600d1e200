package org.viridian.engine.software.simd;

import org.viridian.engine.software.DecodeContext;
import org.viridian.engine.software.MicroOp;
import org.viridian.engine.software.fpu.SseMath;

/**
 * The MMX and SSE instructions by prefix, map and opcode (Intel SDM volume 2, appendix A): one row each, naming the shape
 * of the operands and the function. The ModRM byte has been read when a maker runs.
 */
final class SimdTable {
    static final int NONE = 0;
    static final int P66 = 1;
    static final int PF3 = 2;
    static final int PF2 = 3;

    /** Makes the operation, or answers null for forms that do not exist. */
    @FunctionalInterface
    interface Maker {
        MicroOp make(DecodeContext in);
    }

    private static final Maker[] ROWS = new Maker[4 * 4 * 256];

    private SimdTable() {}

    /** The row, or null. */
    static Maker find(int prefix, int map, int opcode) {
        return ROWS[prefix << 10 | map << 8 | opcode];
    }

    private static void row(int prefix, int map, int opcode, Maker maker) {
        ROWS[prefix << 10 | map << 8 | opcode] = maker;
    }

    /** An operation on 64-bit halves, SSE only. */
    private static void sse(int map, int opcode, SimdOps.Lanes f) {
        row(P66, map, opcode, in -> in.ea == null ? new SimdOps.LanesRegister(in, f) : new SimdOps.LanesMemory(in, f));
    }

    /** An operation on 64-bit halves, in MMX and in SSE. */
    private static void both(int map, int opcode, SimdOps.Lanes f) {
        row(NONE, map, opcode, in -> new SimdOps.LanesMmx(in, f, 8));
        sse(map, opcode, f);
    }

    private static void both(int opcode, SimdOps.Lanes f) {
        both(1, opcode, f);
    }

    private static void wide(int prefix, int map, int opcode, SimdOps.Wide f) {
        row(prefix, map, opcode, in -> new SimdOps.WideOp(in, f, 16, false));
    }

    private static void narrowSource(int prefix, int map, int opcode, SimdOps.Wide f, int bytes) {
        row(prefix, map, opcode, in -> new SimdOps.WideOp(in, f, bytes, false));
    }

    private static void immediate(int prefix, int map, int opcode, SimdOps.Wide f) {
        row(prefix, map, opcode, in -> new SimdOps.WideOp(in, f, 16, true));
    }

    private static void shift(int opcode, SimdOps.Lanes f) {
        row(NONE, 1, opcode, in -> new SimdOps.LanesMmx(in, f, 8));
        row(P66, 1, opcode, in -> new SimdOps.Shift(in, f));
    }

    private static void unpack(int low, int high, Shuffles.Interleave f) {
        row(NONE, 1, low, in -> new SimdOps.LanesMmx(in, f::apply, 4));
        row(NONE, 1, high, in -> new SimdOps.LanesMmx(in, (a, b) -> f.apply(a >>> 32, b >>> 32), 8));
        wide(P66, 1, low, Shuffles.unpackLow(f));
        wide(P66, 1, high, Shuffles.unpackHigh(f));
    }

    private static void narrow(int map, int opcode, Shuffles.Narrow f) {
        row(NONE, map, opcode, in -> new SimdOps.LanesMmx(in, (a, b) -> f.apply(a) | f.apply(b) << 32, 8));
        wide(P66, map, opcode, Shuffles.narrow(f));
    }

    /** ADDPS, ADDPD, ADDSS, ADDSD and the like. */
    private static void arithmetic(int opcode, FpOps.F32 single, FpOps.F64 dbl) {
        row(NONE, 1, opcode, in -> new FpOps.Packed32(in, single));
        row(P66, 1, opcode, in -> new FpOps.Packed64(in, dbl));
        row(PF3, 1, opcode, in -> new FpOps.Scalar32(in, single));
        row(PF2, 1, opcode, in -> new FpOps.Scalar64(in, dbl));
    }

    private static void fp(int prefix, int map, int opcode, FpOps.Wide f, int bytes) {
        row(prefix, map, opcode, in -> new FpOps.WideOp(in, f, bytes, false));
    }

    private static void fpImmediate(int opcode, FpOps.Wide f, int bytes) {
        row(P66, 3, opcode, in -> new FpOps.WideOp(in, f, bytes, true));
    }

    static {
        integers();
        shuffles();
        moves();
        floatingPoint();
        extensions();
    }

    private static void integers() {
        both(0x64, Swar::pcmpgtb);
        both(0x65, Swar::pcmpgtw);
        both(0x66, Swar::pcmpgtd);
        both(0x74, Swar::pcmpeqb);
        both(0x75, Swar::pcmpeqw);
        both(0x76, Swar::pcmpeqd);
        both(0xD4, Swar::paddq);
        both(0xD5, Swar::pmullw);
        both(0xD8, Swar::psubusb);
        both(0xD9, Swar::psubusw);
        both(0xDA, Swar::pminub);
        both(0xDB, Swar::and);
        both(0xDC, Swar::paddusb);
        both(0xDD, Swar::paddusw);
        both(0xDE, Swar::pmaxub);
        both(0xDF, Swar::andNot);
        both(0xE0, Swar::pavgb);
        both(0xE3, Swar::pavgw);
        both(0xE4, Swar::pmulhuw);
        both(0xE5, Swar::pmulhw);
        both(0xE8, Swar::psubsb);
        both(0xE9, Swar::psubsw);
        both(0xEA, Swar::pminsw);
        both(0xEB, Swar::or);
        both(0xEC, Swar::paddsb);
        both(0xED, Swar::paddsw);
        both(0xEE, Swar::pmaxsw);
        both(0xEF, Swar::xor);
        both(0xF4, Swar::pmuludq);
        both(0xF5, Swar::pmaddwd);
        both(0xF6, Swar::psadbw);
        both(0xF8, Swar::psubb);
        both(0xF9, Swar::psubw);
        both(0xFA, Swar::psubd);
        both(0xFB, Swar::psubq);
        both(0xFC, Swar::paddb);
        both(0xFD, Swar::paddw);
        both(0xFE, Swar::paddd);
        shift(0xD1, Swar::psrlw);
        shift(0xD2, Swar::psrld);
        shift(0xD3, Swar::psrlq);
        shift(0xE1, Swar::psraw);
        shift(0xE2, Swar::psrad);
        shift(0xF1, Swar::psllw);
        shift(0xF2, Swar::pslld);
        shift(0xF3, Swar::psllq);
        for (int group = 0x71; group <= 0x73; group++) {
            row(NONE, 1, group, in -> shiftGroup(in, false));
            row(P66, 1, group, in -> shiftGroup(in, true));
        }
        row(NONE, 1, 0x77, in -> new SimdOps.Emms());
    }

    private static MicroOp shiftGroup(DecodeContext in, boolean sse) {
        int op = in.reg & 7;
        if (in.mod != 3) {
            return null;
        }
        if (sse && in.opcode == 0x73 && (op == 3 || op == 7)) {
            return new SimdOps.ShiftBytes(in, op == 7, in.u8());
        }
        SimdOps.Lanes f = switch (in.opcode << 4 | op) {
            case 0x712 -> Swar::psrlw;
            case 0x714 -> Swar::psraw;
            case 0x716 -> Swar::psllw;
            case 0x722 -> Swar::psrld;
            case 0x724 -> Swar::psrad;
            case 0x726 -> Swar::pslld;
            case 0x732 -> Swar::psrlq;
            case 0x736 -> Swar::psllq;
            default -> null;
        };
        if (f == null) {
            return null;
        }
        int count = in.u8();
        return sse ? new SimdOps.ShiftImmediate(in, f, count) : new SimdOps.ShiftImmediateMmx(in, f, count);
    }

    private static void shuffles() {
        unpack(0x60, 0x68, Swar::interleave8);
        unpack(0x61, 0x69, Swar::interleave16);
        unpack(0x62, 0x6A, Swar::interleave32);
        narrow(1, 0x63, Swar::narrowSigned8);
        narrow(1, 0x67, Swar::narrowUnsigned8);
        narrow(1, 0x6B, Swar::narrowSigned16);
        wide(P66, 1, 0x6C, Shuffles::unpackLowQuads);
        wide(P66, 1, 0x6D, Shuffles::unpackHighQuads);
        row(NONE, 1, 0x70, in -> new SimdOps.MmxImmediate(in, (a, b, i) -> Swar.shuffleWords(b, i)));
        immediate(P66, 1, 0x70, Shuffles::pshufd);
        immediate(PF3, 1, 0x70, Shuffles::pshufhw);
        immediate(PF2, 1, 0x70, Shuffles::pshuflw);
        immediate(NONE, 1, 0xC6, Shuffles::shufps);
        immediate(P66, 1, 0xC6, Shuffles::shufpd);
        wide(NONE, 1, 0x14, Shuffles.unpackLow(Swar::interleave32));
        wide(NONE, 1, 0x15, Shuffles.unpackHigh(Swar::interleave32));
        wide(P66, 1, 0x14, Shuffles::unpackLowQuads);
        wide(P66, 1, 0x15, Shuffles::unpackHighQuads);
        narrowSource(PF2, 1, 0x12, Shuffles::movddup, 8);
        wide(PF3, 1, 0x12, Shuffles::movsldup);
        wide(PF3, 1, 0x16, Shuffles::movshdup);
    }

    private static void moves() {
        for (int prefix = NONE; prefix <= P66; prefix++) {
            load(prefix, 0x10, false);
            store(prefix, 0x11, false);
            load(prefix, 0x28, true);
            store(prefix, 0x29, true);
            row(prefix, 1, 0x13, in -> in.ea == null ? null : new MoveOps.StoreHalf(in, 0, 8));
            row(prefix, 1, 0x17, in -> in.ea == null ? null : new MoveOps.StoreHalf(in, 1, 8));
            row(prefix, 1, 0x2B, in -> in.ea == null ? null : new MoveOps.Store(in, true));
        }
        load(P66, 0x6F, true);
        store(P66, 0x7F, true);
        load(PF3, 0x6F, false);
        store(PF3, 0x7F, false);
        row(PF2, 1, 0xF0, in -> in.ea == null ? null : new MoveOps.Load(in, false));
        row(P66, 1, 0xE7, in -> in.ea == null ? null : new MoveOps.Store(in, true));
        row(P66, 2, 0x2A, in -> in.ea == null ? null : new MoveOps.Load(in, true));
        row(NONE, 1, 0xE7, in -> in.ea == null ? null : new MoveOps.MmxMove(in, MoveOps.Mmx.STORE, 8));
        row(PF3, 1, 0x10, in -> scalarLoad(in, 4));
        row(PF2, 1, 0x10, in -> scalarLoad(in, 8));
        row(PF3, 1, 0x11, in -> scalarStore(in, 4));
        row(PF2, 1, 0x11, in -> scalarStore(in, 8));
        row(NONE, 1, 0x12, in -> in.ea == null ? new MoveOps.HalfRegister(in.reg * 2, in.rm * 2 + 1) : new MoveOps.LoadHalf(in, 0));
        row(P66, 1, 0x12, in -> in.ea == null ? null : new MoveOps.LoadHalf(in, 0));
        row(NONE, 1, 0x16, in -> in.ea == null ? new MoveOps.HalfRegister(in.reg * 2 + 1, in.rm * 2) : new MoveOps.LoadHalf(in, 1));
        row(P66, 1, 0x16, in -> in.ea == null ? null : new MoveOps.LoadHalf(in, 1));
        row(P66, 1, 0x6E, in -> in.ea == null ? new MoveOps.SetLow(in.reg, in.rm, true, width(in)) : new MoveOps.LoadLow(in, width(in)));
        row(P66, 1, 0x7E, in -> in.ea == null ? new MoveOps.ToGeneral(in.rm, in.reg, width(in)) : new MoveOps.StoreHalf(in, 0, width(in)));
        row(PF3, 1, 0x7E, in -> in.ea == null ? new MoveOps.SetLow(in.reg, in.rm, false, 8) : new MoveOps.LoadLow(in, 8));
        row(P66, 1, 0xD6, in -> in.ea == null ? new MoveOps.SetLow(in.rm, in.reg, false, 8) : new MoveOps.StoreHalf(in, 0, 8));
        row(NONE, 1, 0x6E, in -> new MoveOps.MmxMove(in, in.ea == null ? MoveOps.Mmx.FROM_GENERAL : MoveOps.Mmx.LOAD, width(in)));
        row(NONE, 1, 0x7E, in -> new MoveOps.MmxMove(in, in.ea == null ? MoveOps.Mmx.TO_GENERAL : MoveOps.Mmx.STORE, width(in)));
        row(NONE, 1, 0x6F, in -> new MoveOps.MmxMove(in, in.ea == null ? MoveOps.Mmx.REGISTER : MoveOps.Mmx.LOAD, 8));
        row(NONE, 1, 0x7F, in -> {
            if (in.ea == null) {
                int register = in.reg;
                in.reg = in.rm;
                in.rm = register;
            }
            return new MoveOps.MmxMove(in, in.ea == null ? MoveOps.Mmx.REGISTER : MoveOps.Mmx.STORE, 8);
        });
        row(PF3, 1, 0xD6, in -> in.ea != null ? null : new MoveOps.MmxMove(in, MoveOps.Mmx.TO_XMM, 8));
        row(PF2, 1, 0xD6, in -> in.ea != null ? null : new MoveOps.MmxMove(in, MoveOps.Mmx.FROM_XMM, 8));
        row(NONE, 1, 0xD7, in -> in.ea != null ? null : new MoveOps.MmxMove(in, MoveOps.Mmx.SIGNS, 8));
        row(P66, 1, 0xD7, in -> in.ea != null ? null : new MoveOps.Signs(in, MoveOps.Mask.BYTES));
        row(NONE, 1, 0x50, in -> in.ea != null ? null : new MoveOps.Signs(in, MoveOps.Mask.SINGLES));
        row(P66, 1, 0x50, in -> in.ea != null ? null : new MoveOps.Signs(in, MoveOps.Mask.DOUBLES));
        row(NONE, 1, 0xF7, in -> in.ea != null ? null : new MoveOps.MaskedStore(in, in.implicitDi(), true));
        row(P66, 1, 0xF7, in -> in.ea != null ? null : new MoveOps.MaskedStore(in, in.implicitDi(), false));
        row(NONE, 1, 0xC4, in -> new MoveOps.Insert(in, 2, true));
        row(P66, 1, 0xC4, in -> new MoveOps.Insert(in, 2, false));
        row(NONE, 1, 0xC5, in -> in.ea != null ? null : new MoveOps.Extract(in, 2, true, in.reg, in.rm));
        row(P66, 1, 0xC5, in -> in.ea != null ? null : new MoveOps.Extract(in, 2, false, in.reg, in.rm));
        row(P66, 3, 0x14, in -> new MoveOps.Extract(in, 1, false, in.rm, in.reg));
        row(P66, 3, 0x15, in -> new MoveOps.Extract(in, 2, false, in.rm, in.reg));
        row(P66, 3, 0x16, in -> new MoveOps.Extract(in, width(in), false, in.rm, in.reg));
        row(P66, 3, 0x17, in -> new MoveOps.Extract(in, 4, false, in.rm, in.reg));
        row(P66, 3, 0x20, in -> new MoveOps.Insert(in, 1, false));
        row(P66, 3, 0x22, in -> new MoveOps.Insert(in, width(in), false));
    }

    private static int width(DecodeContext in) {
        return in.rexW() ? 8 : 4;
    }

    private static void load(int prefix, int opcode, boolean aligned) {
        row(prefix, 1, opcode, in -> in.ea == null ? new MoveOps.Register(in.reg, in.rm) : new MoveOps.Load(in, aligned));
    }

    private static void store(int prefix, int opcode, boolean aligned) {
        row(prefix, 1, opcode, in -> in.ea == null ? new MoveOps.Register(in.rm, in.reg) : new MoveOps.Store(in, aligned));
    }

    private static MicroOp scalarLoad(DecodeContext in, int bytes) {
        return in.ea == null ? new MoveOps.ScalarRegister(in.reg, in.rm, bytes) : new MoveOps.LoadLow(in, bytes);
    }

    private static MicroOp scalarStore(DecodeContext in, int bytes) {
        return in.ea == null ? new MoveOps.ScalarRegister(in.rm, in.reg, bytes) : new MoveOps.StoreHalf(in, 0, bytes);
    }

    private static void floatingPoint() {
        arithmetic(0x51, SseMath::sqrt, SseMath::sqrt);
        arithmetic(0x58, SseMath::add, SseMath::add);
        arithmetic(0x59, SseMath::mul, SseMath::mul);
        arithmetic(0x5C, SseMath::sub, SseMath::sub);
        arithmetic(0x5D, SseMath::min, SseMath::min);
        arithmetic(0x5E, SseMath::div, SseMath::div);
        arithmetic(0x5F, SseMath::max, SseMath::max);
        row(NONE, 1, 0x52, in -> new FpOps.Packed32(in, Conversions::reciprocalRoot));
        row(PF3, 1, 0x52, in -> new FpOps.Scalar32(in, Conversions::reciprocalRoot));
        row(NONE, 1, 0x53, in -> new FpOps.Packed32(in, Conversions::reciprocal));
        row(PF3, 1, 0x53, in -> new FpOps.Scalar32(in, Conversions::reciprocal));
        for (int prefix = NONE; prefix <= P66; prefix++) {
            bitwise(prefix, 0x54, Swar::and);
            bitwise(prefix, 0x55, Swar::andNot);
            bitwise(prefix, 0x56, Swar::or);
            bitwise(prefix, 0x57, Swar::xor);
            boolean dbl = prefix == P66;
            row(prefix, 1, 0x2E, in -> new FpOps.Compare(in, dbl, false));
            row(prefix, 1, 0x2F, in -> new FpOps.Compare(in, dbl, true));
            row(prefix, 1, 0x2A, in -> new FpOps.FromMmx(in, dbl));
            row(prefix, 1, 0x2C, in -> new FpOps.ToMmx(in, dbl, true));
            row(prefix, 1, 0x2D, in -> new FpOps.ToMmx(in, dbl, false));
        }
        for (int prefix = PF3; prefix <= PF2; prefix++) {
            boolean dbl = prefix == PF2;
            row(prefix, 1, 0x2A, in -> new FpOps.FromGeneral(in, dbl));
            row(prefix, 1, 0x2C, in -> new FpOps.ToGeneral(in, dbl, true));
            row(prefix, 1, 0x2D, in -> new FpOps.ToGeneral(in, dbl, false));
        }
        compares();
        fp(NONE, 1, 0x5A, Conversions::ps2pd, 8);
        fp(P66, 1, 0x5A, Conversions::pd2ps, 16);
        fp(PF3, 1, 0x5A, Conversions::ss2sd, 4);
        fp(PF2, 1, 0x5A, Conversions::sd2ss, 8);
        fp(NONE, 1, 0x5B, Conversions::dq2ps, 16);
        fp(P66, 1, 0x5B, Conversions.ps2dq(false), 16);
        fp(PF3, 1, 0x5B, Conversions.ps2dq(true), 16);
        fp(P66, 1, 0xE6, Conversions.pd2dq(true), 16);
        fp(PF3, 1, 0xE6, Conversions::dq2pd, 8);
        fp(PF2, 1, 0xE6, Conversions.pd2dq(false), 16);
        fp(P66, 1, 0x7C, Conversions.horizontal64(SseMath::add), 16);
        fp(PF2, 1, 0x7C, Conversions.horizontal32(SseMath::add), 16);
        fp(P66, 1, 0x7D, Conversions.horizontal64(SseMath::sub), 16);
        fp(PF2, 1, 0x7D, Conversions.horizontal32(SseMath::sub), 16);
        fp(P66, 1, 0xD0, Conversions::addsubpd, 16);
        fp(PF2, 1, 0xD0, Conversions::addsubps, 16);
        fpImmediate(0x08, Conversions::roundps, 16);
        fpImmediate(0x09, Conversions::roundpd, 16);
        fpImmediate(0x0A, Conversions::roundss, 4);
        fpImmediate(0x0B, Conversions::roundsd, 8);
        fpImmediate(0x40, Conversions::dpps, 16);
        fpImmediate(0x41, Conversions::dppd, 16);
    }

    private static void bitwise(int prefix, int opcode, SimdOps.Lanes f) {
        row(prefix, 1, opcode, in -> in.ea == null ? new SimdOps.LanesRegister(in, f) : new SimdOps.LanesMemory(in, f));
    }

    private static void compares() {
        FpOps.F32[] singles = new FpOps.F32[8];
        FpOps.F64[] doubles = new FpOps.F64[8];
        for (int i = 0; i < 8; i++) {
            singles[i] = Conversions.compare32(i);
            doubles[i] = Conversions.compare64(i);
        }
        row(NONE, 1, 0xC2, in -> new FpOps.Packed32(in, singles[in.u8() & 7]));
        row(P66, 1, 0xC2, in -> new FpOps.Packed64(in, doubles[in.u8() & 7]));
        row(PF3, 1, 0xC2, in -> new FpOps.Scalar32(in, singles[in.u8() & 7]));
        row(PF2, 1, 0xC2, in -> new FpOps.Scalar64(in, doubles[in.u8() & 7]));
    }

    /** SSSE3, SSE4.1, SSE4.2, AES-NI, PCLMULQDQ, SHA. */
    private static void extensions() {
        row(NONE, 2, 0x00, in -> new SimdOps.LanesMmx(in, Swar::pshufb, 8));
        wide(P66, 2, 0x00, Shuffles::pshufb);
        narrow(2, 0x01, Swar::addPairs16);
        narrow(2, 0x02, Swar::addPairs32);
        narrow(2, 0x03, Swar::addPairsSaturated);
        narrow(2, 0x05, Swar::subPairs16);
        narrow(2, 0x06, Swar::subPairs32);
        narrow(2, 0x07, Swar::subPairsSaturated);
        both(2, 0x04, Swar::pmaddubsw);
        both(2, 0x08, Swar::psignb);
        both(2, 0x09, Swar::psignw);
        both(2, 0x0A, Swar::psignd);
        both(2, 0x0B, Swar::pmulhrsw);
        both(2, 0x1C, Swar::pabsb);
        both(2, 0x1D, Swar::pabsw);
        both(2, 0x1E, Swar::pabsd);
        row(NONE, 3, 0x0F, in -> new SimdOps.MmxImmediate(in, Shuffles::palignrMmx));
        immediate(P66, 3, 0x0F, Shuffles::palignr);
        wide(P66, 2, 0x10, Shuffles::pblendvb);
        wide(P66, 2, 0x14, Shuffles::blendvps);
        wide(P66, 2, 0x15, Shuffles::blendvpd);
        row(P66, 2, 0x17, SimdOps.Test::new);
        for (int signed = 0; signed <= 1; signed++) {
            int base = signed == 1 ? 0x20 : 0x30;
            narrowSource(P66, 2, base, Shuffles.widen(8, 16, signed == 1), 8);
            narrowSource(P66, 2, base + 1, Shuffles.widen(8, 32, signed == 1), 4);
            narrowSource(P66, 2, base + 2, Shuffles.widen(8, 64, signed == 1), 2);
            narrowSource(P66, 2, base + 3, Shuffles.widen(16, 32, signed == 1), 8);
            narrowSource(P66, 2, base + 4, Shuffles.widen(16, 64, signed == 1), 4);
            narrowSource(P66, 2, base + 5, Shuffles.widen(32, 64, signed == 1), 8);
        }
        sse(2, 0x28, Swar::pmuldq);
        sse(2, 0x29, Swar::pcmpeqq);
        wide(P66, 2, 0x2B, Shuffles.narrow(Swar::narrowUnsigned16));
        sse(2, 0x37, Swar::pcmpgtq);
        sse(2, 0x38, Swar::pminsb);
        sse(2, 0x39, Swar::pminsd);
        sse(2, 0x3A, Swar::pminuw);
        sse(2, 0x3B, Swar::pminud);
        sse(2, 0x3C, Swar::pmaxsb);
        sse(2, 0x3D, Swar::pmaxsd);
        sse(2, 0x3E, Swar::pmaxuw);
        sse(2, 0x3F, Swar::pmaxud);
        sse(2, 0x40, Swar::pmulld);
        wide(P66, 2, 0x41, Shuffles::phminposuw);
        immediate(P66, 3, 0x0C, Shuffles::blendps);
        immediate(P66, 3, 0x0D, Shuffles::blendpd);
        immediate(P66, 3, 0x0E, Shuffles::pblendw);
        row(P66, 3, 0x21, in -> in.ea == null ? new SimdOps.WideOp(in, Shuffles::insertps, 16, true)
                : new SimdOps.WideOp(in, Shuffles::insertpsMemory, 4, true));
        immediate(P66, 3, 0x42, Shuffles::mpsadbw);
        immediate(P66, 3, 0x44, Crypto::pclmulqdq);
        for (int opcode = 0x60; opcode <= 0x63; opcode++) {
            row(P66, 3, opcode, StringCompare::new);
        }
        immediate(NONE, 3, 0xCC, Sha::sha1rnds4);
        wide(NONE, 2, 0xC8, Sha::sha1nexte);
        wide(NONE, 2, 0xC9, Sha::sha1msg1);
        wide(NONE, 2, 0xCA, Sha::sha1msg2);
        wide(NONE, 2, 0xCB, Sha::sha256rnds2);
        wide(NONE, 2, 0xCC, Sha::sha256msg1);
        wide(NONE, 2, 0xCD, Sha::sha256msg2);
        wide(P66, 2, 0xDB, Crypto::aesimc);
        wide(P66, 2, 0xDC, Crypto::aesenc);
        wide(P66, 2, 0xDD, Crypto::aesenclast);
        wide(P66, 2, 0xDE, Crypto::aesdec);
        wide(P66, 2, 0xDF, Crypto::aesdeclast);
        immediate(P66, 3, 0xDF, Crypto::aeskeygenassist);
    }
}
