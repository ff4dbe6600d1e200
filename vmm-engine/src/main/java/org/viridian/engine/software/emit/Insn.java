package org.viridian.engine.software.emit;

/**
 * The parts of one instruction of 64-bit code: prefixes, opcode, ModRM, displacement and where its immediate is. Says no
 * to what it does not know. Reused for every instruction.
 */
final class Insn {
    private static final int MODRM = 1;
    private static final int IMM8 = 2;
    private static final int IMM16 = 4;
    /** 2 or 4 bytes by operand size. */
    private static final int IMM_Z = 8;
    /** 2, 4 or 8 bytes by operand size. */
    private static final int IMM_V = 16;
    private static final int UNKNOWN = 32;
    private static final byte[] ONE = new byte[256];
    private static final byte[] TWO = new byte[256];

    static {
        for (int op = 0; op < 0x40; op++) {
            int low = op & 7;
            ONE[op] = (byte) (low < 4 ? MODRM : low == 4 ? IMM8 : low == 5 ? IMM_Z : UNKNOWN);
        }
        set(ONE, UNKNOWN, 0x60, 0x61, 0x62, 0x82, 0x9A, 0xA0, 0xA1, 0xA2, 0xA3, 0xC4, 0xC5, 0xD4, 0xD5, 0xD6, 0xEA, 0xC8);
        set(ONE, MODRM, 0x63, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8A, 0x8B, 0x8C, 0x8D, 0x8E, 0x8F, 0xD0, 0xD1, 0xD2, 0xD3, 0xD8, 0xD9,
                0xDA, 0xDB, 0xDC, 0xDD, 0xDE, 0xDF, 0xF6, 0xF7, 0xFE, 0xFF);
        set(ONE, IMM_Z, 0x68, 0xA9, 0xE8, 0xE9);
        set(ONE, IMM8, 0x6A, 0xA8, 0xCD, 0xE0, 0xE1, 0xE2, 0xE3, 0xE4, 0xE5, 0xE6, 0xE7, 0xEB);
        set(ONE, MODRM | IMM_Z, 0x69, 0x81, 0xC7);
        set(ONE, MODRM | IMM8, 0x6B, 0x80, 0x83, 0xC0, 0xC1, 0xC6);
        set(ONE, IMM16, 0xC2, 0xCA);
        for (int op = 0x70; op < 0x80; op++) {
            ONE[op] = IMM8;
        }
        for (int op = 0xB0; op < 0xB8; op++) {
            ONE[op] = IMM8;
            ONE[op + 8] = IMM_V;
        }
        for (int op = 0; op < 256; op++) {
            TWO[op] = (byte) (op >= 0x80 && op < 0x90 ? IMM_Z : MODRM);
        }
        set(TWO, 0, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0B, 0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x77, 0xA0, 0xA1, 0xA2, 0xA8, 0xA9, 0xAA,
                0xC8, 0xC9, 0xCA, 0xCB, 0xCC, 0xCD, 0xCE, 0xCF);
        set(TWO, MODRM | IMM8, 0x70, 0x71, 0x72, 0x73, 0xA4, 0xAC, 0xBA, 0xC2, 0xC4, 0xC5, 0xC6);
        set(TWO, UNKNOWN, 0x0A, 0x0C, 0x0E, 0x0F, 0x04, 0x36, 0x37, 0x39, 0x3B, 0x3C, 0x3D, 0x3E, 0x3F);
    }

    byte[] bytes;
    int start;
    int length;
    boolean prefix66;
    boolean prefix67;
    int rep;
    boolean lock;
    /** 4 FS, 5 GS, else -1. */
    int segment;
    int rex;
    /** 0: one-byte opcodes, 1: 0F, 2: 0F 38, 3: 0F 3A. */
    int map;
    int opcode;
    boolean hasModrm;
    int mod;
    /** ModRM.reg with REX.R. */
    int reg;
    /** ModRM.rm with REX.B; only when {@link #mod} is 3. */
    int rm;
    /** Guest registers of a memory operand, or -1. */
    int base;
    int index;
    int scale;
    int disp;
    boolean ripRelative;
    /** Place and bytes of the immediate. */
    int immediate;
    int immediateBytes;

    private static void set(byte[] table, int value, int... opcodes) {
        for (int opcode : opcodes) {
            table[opcode] = (byte) value;
        }
    }

    /** Decodes at {@code at}; false when the instruction is unknown or runs past {@code limit}. */
    boolean decode(byte[] code, int at, int limit) {
        bytes = code;
        start = at;
        prefix66 = false;
        prefix67 = false;
        rep = 0;
        lock = false;
        segment = -1;
        rex = 0;
        map = 0;
        hasModrm = false;
        mod = 3;
        reg = 0;
        rm = 0;
        base = -1;
        index = -1;
        scale = 0;
        disp = 0;
        ripRelative = false;
        immediateBytes = 0;
        int p = at;
        int end = Math.min(limit, at + 15);
        while (true) {
            if (p >= end) {
                return false;
            }
            opcode = code[p++] & 0xFF;
            switch (opcode) {
                case 0x66 -> prefix66 = true;
                case 0x67 -> prefix67 = true;
                case 0xF0 -> lock = true;
                case 0xF2, 0xF3 -> rep = opcode;
                case 0x64 -> segment = 4;
                case 0x65 -> segment = 5;
                case 0x26, 0x2E, 0x36, 0x3E -> { }
                default -> {
                    if (opcode >> 4 == 4) {
                        rex = opcode;
                        continue;
                    }
                    return body(code, p, end);
                }
            }
            // REX counts only directly before the opcode.
            rex = 0;
        }
    }

    private boolean body(byte[] code, int from, int end) {
        int p = from;
        int form;
        if (opcode == 0x0F) {
            if (p >= end) {
                return false;
            }
            map = 1;
            opcode = code[p++] & 0xFF;
            form = TWO[opcode];
            if (opcode == 0x38 || opcode == 0x3A) {
                if (p >= end) {
                    return false;
                }
                map = opcode == 0x38 ? 2 : 3;
                form = map == 2 ? MODRM : MODRM | IMM8;
                opcode = code[p++] & 0xFF;
            }
        } else {
            form = ONE[opcode];
        }
        if ((form & UNKNOWN) != 0) {
            return false;
        }
        if ((form & MODRM) != 0) {
            if (p >= end) {
                return false;
            }
            hasModrm = true;
            int modrm = code[p++] & 0xFF;
            mod = modrm >> 6;
            reg = modrm >> 3 & 7 | (rex & 4) << 1;
            rm = modrm & 7 | (rex & 1) << 3;
            if (mod != 3) {
                p = address(code, p, end, modrm & 7);
                if (p < 0) {
                    return false;
                }
            }
            if (map == 0 && (opcode & ~1) == 0xF6 && (reg & 7) < 2) {
                form |= opcode == 0xF6 ? IMM8 : IMM_Z;
            }
        }
        if (map == 1 && opcode >= 0x80 && opcode < 0x90 || map == 0 && (opcode == 0xE8 || opcode == 0xE9)) {
            immediateBytes = 4;
        } else {
            immediateBytes = (form & IMM8) != 0 ? 1 : (form & IMM16) != 0 ? 2
                    : (form & IMM_Z) != 0 ? (prefix66 && !rexW() ? 2 : 4)
                    : (form & IMM_V) != 0 ? (rexW() ? 8 : prefix66 ? 2 : 4) : 0;
        }
        immediate = p;
        p += immediateBytes;
        length = p - start;
        return p <= end;
    }

    private int address(byte[] code, int from, int end, int low) {
        int p = from;
        boolean wide = mod == 2;
        if (low == 4) {
            if (p >= end) {
                return -1;
            }
            int sib = code[p++] & 0xFF;
            scale = sib >> 6;
            index = sib >> 3 & 7 | (rex & 2) << 2;
            if (index == 4) {
                index = -1;
            }
            base = sib & 7 | (rex & 1) << 3;
            if ((sib & 7) == 5 && mod == 0) {
                base = -1;
                wide = true;
            }
        } else if (low == 5 && mod == 0) {
            ripRelative = true;
            wide = true;
        } else {
            base = rm;
        }
        if (mod == 1) {
            if (p >= end) {
                return -1;
            }
            disp = code[p++];
        } else if (wide) {
            if (p + 4 > end) {
                return -1;
            }
            disp = code[p] & 0xFF | (code[p + 1] & 0xFF) << 8 | (code[p + 2] & 0xFF) << 16 | code[p + 3] << 24;
            p += 4;
        }
        return p;
    }

    boolean rexW() {
        return (rex & 8) != 0;
    }

    /** Operand size in bytes: 2, 4 or 8. */
    int operandSize() {
        return rexW() ? 8 : prefix66 ? 2 : 4;
    }

    /** The immediate, sign-extended. */
    long immediateValue() {
        long value = 0;
        for (int i = 0; i < immediateBytes; i++) {
            value |= (bytes[immediate + i] & 0xFFL) << i * 8;
        }
        int shift = 64 - immediateBytes * 8;
        return immediateBytes == 0 ? 0 : value << shift >> shift;
    }
}
