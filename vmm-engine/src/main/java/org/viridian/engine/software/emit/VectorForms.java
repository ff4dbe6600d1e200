package org.viridian.engine.software.emit;

import static org.viridian.engine.software.emit.Assembler.*;

/**
 * SSE to SSE4.2, AES and carry-less multiplication: re-encoded with the same vector registers. Floating-point exceptions are
 * masked while they run (the dispatcher sees to it), and memory that must be aligned is checked before. MMX and the approximate
 * reciprocals stay with the interpreter.
 */
final class VectorForms {
    private static final int SIZE = 31;
    /** The memory operand must be 16-byte aligned. */
    private static final int ALIGNED = 32;
    /** The operand of ModRM.rm is written. */
    private static final int STORE = 64;
    /** ModRM.rm names a general register. */
    private static final int GENERAL_RM = 128;
    /** ModRM.reg names a general register, which is written. */
    private static final int GENERAL_REG = 256;
    private static final int REGISTER_ONLY = 512;
    private static final int MEMORY_ONLY = 1024;
    /** All six flags get new values. */
    private static final int FLAGS = 2048;
    /** ModRM.reg is part of the opcode: a shift by an immediate. */
    private static final int SHIFT = 4096;
    /** The operand has 8 bytes with REX.W, else 4. */
    private static final int BY_REX_W = 8192;
    private static final int PACKED = 16 | ALIGNED;

    private static final int P = 0;
    private static final int P66 = 1;
    private static final int PF3 = 2;
    private static final int PF2 = 3;
    /** By map 1–3, prefix and opcode. */
    private static final short[] FORMS = new short[3 * 4 * 256];

    private final Translator t;
    private final Assembler a;
    private final boolean aes;
    private final boolean carryless;

    VectorForms(Translator translator) {
        t = translator;
        a = translator.a;
        aes = TierProbe.aes();
        carryless = TierProbe.carryless();
    }

    private static void form(int map, int prefix, int form, int... opcodes) {
        for (int opcode : opcodes) {
            FORMS[(map - 1) * 1024 + prefix * 256 + opcode] = (short) form;
        }
    }

    private static void range(int map, int prefix, int form, int first, int last) {
        for (int opcode = first; opcode <= last; opcode++) {
            form(map, prefix, form, opcode);
        }
    }

    static {
        int[] arithmetic = {0x51, 0x58, 0x59, 0x5C, 0x5D, 0x5E, 0x5F, 0xC2};
        form(1, P, PACKED, arithmetic);
        form(1, P66, PACKED, arithmetic);
        form(1, PF3, 4, arithmetic);
        form(1, PF2, 8, arithmetic);
        for (int prefix = P; prefix <= P66; prefix++) {
            form(1, prefix, PACKED, 0x54, 0x55, 0x56, 0x57, 0x14, 0x15, 0xC6, 0x28);
            form(1, prefix, PACKED | STORE, 0x29);
            form(1, prefix, PACKED | STORE | MEMORY_ONLY, 0x2B);
            form(1, prefix, 16, 0x10);
            form(1, prefix, 16 | STORE, 0x11);
            form(1, prefix, 8 | STORE | MEMORY_ONLY, 0x13, 0x17);
            form(1, prefix, GENERAL_REG | REGISTER_ONLY, 0x50);
            form(1, prefix, (prefix == P ? 4 : 8) | FLAGS, 0x2E, 0x2F);
        }
        form(1, P, 8, 0x12, 0x16, 0x5A);
        form(1, P66, 8 | MEMORY_ONLY, 0x12, 0x16);
        form(1, PF3, PACKED, 0x12, 0x16);
        form(1, PF2, 8, 0x12);
        form(1, PF3, 4, 0x10, 0x5A);
        form(1, PF2, 8, 0x10, 0x5A);
        form(1, PF3, 4 | STORE, 0x11);
        form(1, PF2, 8 | STORE, 0x11);
        form(1, PF3, GENERAL_RM | BY_REX_W, 0x2A);
        form(1, PF2, GENERAL_RM | BY_REX_W, 0x2A);
        form(1, PF3, 4 | GENERAL_REG, 0x2C, 0x2D);
        form(1, PF2, 8 | GENERAL_REG, 0x2C, 0x2D);
        form(1, P66, PACKED, 0x5A, 0x5B, 0xE6, 0x70, 0x6F, 0x7C, 0x7D, 0xD0);
        form(1, P, PACKED, 0x5B);
        form(1, PF3, PACKED, 0x5B, 0x70);
        form(1, PF2, PACKED, 0xE6, 0x70, 0x7C, 0x7D, 0xD0);
        form(1, PF3, 8, 0xE6, 0x7E);
        range(1, P66, PACKED, 0x60, 0x6D);
        range(1, P66, PACKED, 0x74, 0x76);
        range(1, P66, PACKED, 0xD1, 0xD5);
        range(1, P66, PACKED, 0xD8, 0xE5);
        range(1, P66, PACKED, 0xE8, 0xEF);
        range(1, P66, PACKED, 0xF1, 0xF6);
        range(1, P66, PACKED, 0xF8, 0xFE);
        form(1, P66, SHIFT | REGISTER_ONLY, 0x71, 0x72, 0x73);
        form(1, P66, PACKED | STORE, 0x7F);
        form(1, P66, PACKED | STORE | MEMORY_ONLY, 0xE7);
        form(1, PF3, 16, 0x6F);
        form(1, PF3, 16 | STORE, 0x7F);
        form(1, PF2, 16 | MEMORY_ONLY, 0xF0);
        form(1, P66, GENERAL_RM | BY_REX_W, 0x6E);
        form(1, P66, GENERAL_RM | BY_REX_W | STORE, 0x7E);
        form(1, P66, 8 | STORE, 0xD6);
        form(1, P66, GENERAL_REG | REGISTER_ONLY, 0xD7, 0xC5);
        form(1, P66, 2 | GENERAL_RM, 0xC4);

        range(2, P66, PACKED, 0x00, 0x0B);
        form(2, P66, PACKED, 0x10, 0x14, 0x15, 0x1C, 0x1D, 0x1E, 0x28, 0x29, 0x2B);
        form(2, P66, PACKED | FLAGS, 0x17);
        for (int base = 0x20; base <= 0x30; base += 16) {
            form(2, P66, 8, base, base + 3, base + 5);
            form(2, P66, 4, base + 1, base + 4);
            form(2, P66, 2, base + 2);
        }
        range(2, P66, PACKED, 0x37, 0x41);
        range(2, P66, PACKED, 0xDB, 0xDF);
        form(3, P66, PACKED, 0x08, 0x09, 0x0C, 0x0D, 0x0E, 0x0F, 0x40, 0x41, 0x42, 0x44, 0xDF);
        form(3, P66, 4, 0x0A);
        form(3, P66, 8, 0x0B);
        form(3, P66, 16 | FLAGS, 0x62, 0x63);
        form(3, P66, GENERAL_RM | BY_REX_W, 0x22);
        form(3, P66, GENERAL_RM | BY_REX_W | STORE, 0x16);
    }

    private int form(Insn in) {
        if (in.map == 0 || in.lock || in.rep != 0 && in.prefix66) {
            return 0;
        }
        int prefix = in.rep == 0xF2 ? PF2 : in.rep == 0xF3 ? PF3 : in.prefix66 ? P66 : P;
        int form = FORMS[(in.map - 1) * 1024 + prefix * 256 + in.opcode];
        if (form == 0
                || (form & REGISTER_ONLY) != 0 && in.mod != 3
                || (form & MEMORY_ONLY) != 0 && in.mod == 3
                || in.mod != 3 && !t.addressable(in)
                || !aes && (in.map == 2 && in.opcode >= 0xDB || in.map == 3 && in.opcode == 0xDF)
                || !carryless && in.map == 3 && in.opcode == 0x44) {
            return 0;
        }
        if ((form & SHIFT) != 0) {
            int group = in.reg & 7;
            boolean bytes = in.opcode == 0x73 && (group == 3 || group == 7);
            boolean arithmetic = group == 4 && in.opcode != 0x73;
            return group == 2 || group == 6 || arithmetic || bytes ? form : 0;
        }
        return form;
    }

    boolean knows(Insn in) {
        return form(in) != 0;
    }

    boolean emit(Insn in) {
        int form = form(in);
        boolean memory = in.mod != 3;
        boolean store = (form & STORE) != 0;
        int size = (form & BY_REX_W) != 0 ? in.rexW() ? 8 : 4 : form & SIZE;
        int rm = in.rm;
        boolean spilledRm = false;
        if (memory) {
            t.operand(in, size, store);
            if ((form & ALIGNED) != 0) {
                t.aligned(16);
            }
            rm = RDI;
        } else if ((form & GENERAL_RM) != 0) {
            rm = HostStubs.MAP[in.rm];
            spilledRm = rm == NONE;
            if (spilledRm) {
                rm = RDI;
                if (!store) {
                    a.load(RDI, RBP, StateLayout.GPR + in.rm * 8);
                }
            }
        }
        int reg = in.reg;
        boolean spilledReg = false;
        if ((form & SHIFT) != 0) {
            reg &= 7;
        } else if ((form & GENERAL_REG) != 0) {
            reg = HostStubs.MAP[in.reg];
            spilledReg = reg == NONE;
            if (spilledReg) {
                reg = RAX;
            }
        }
        encode(in, reg, rm, memory);
        if (spilledRm && store) {
            a.store(RDI, RBP, StateLayout.GPR + in.rm * 8);
        }
        if (spilledReg) {
            a.store(RAX, RBP, StateLayout.GPR + in.reg * 8);
        }
        if ((form & FLAGS) != 0) {
            t.flagsMade();
        }
        return true;
    }

    private void encode(Insn in, int reg, int rm, boolean memory) {
        if (in.rep != 0) {
            a.b(in.rep);
        } else if (in.prefix66) {
            a.b(0x66);
        }
        int rex = (in.rexW() ? 8 : 0) | (reg & 8) >> 1 | (rm & 8) >> 3;
        if (rex != 0) {
            a.b(0x40 | rex);
        }
        a.b(0x0F);
        if (in.map > 1) {
            a.b(in.map == 2 ? 0x38 : 0x3A);
        }
        a.b(in.opcode);
        a.b((memory ? 0 : 0xC0) | (reg & 7) << 3 | rm & 7);
        for (int i = 0; i < in.immediateBytes; i++) {
            a.b(in.bytes[in.immediate + i]);
        }
    }
}
