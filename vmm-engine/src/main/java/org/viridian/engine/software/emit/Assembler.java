package org.viridian.engine.software.emit;

import java.util.Arrays;

/**
 * Writes x86-64 machine code into a growing array: the encodings that the translator needs (Intel SDM vol. 2, chapter 2).
 * Registers are numbers 0–15 by encoding. No labels: jumps return the place of their displacement, which {@link #here} or
 * {@link #target} fills in.
 */
public final class Assembler {
    static final int RAX = 0;
    static final int RCX = 1;
    static final int RDX = 2;
    static final int RBX = 3;
    static final int RSP = 4;
    static final int RBP = 5;
    static final int RSI = 6;
    static final int RDI = 7;
    static final int R8 = 8;
    static final int R9 = 9;
    static final int R10 = 10;
    static final int R11 = 11;
    static final int R12 = 12;
    static final int R13 = 13;
    static final int R14 = 14;
    static final int R15 = 15;
    /** No register. */
    static final int NONE = -1;

    private byte[] code = new byte[16384];
    private int position;

    /** Starts again at offset 0. */
    public void clear() {
        position = 0;
    }

    /** Forgets what was written behind an earlier {@link #position}. */
    void rewind(int earlier) {
        position = earlier;
    }

    /** Bytes written so far. */
    public int position() {
        return position;
    }

    /** The bytes; valid up to {@link #position}. */
    public byte[] bytes() {
        return code;
    }

    void b(int value) {
        if (position == code.length) {
            code = Arrays.copyOf(code, position * 2);
        }
        code[position++] = (byte) value;
    }

    void b(int first, int second) {
        b(first);
        b(second);
    }

    void b(int first, int second, int third) {
        b(first);
        b(second);
        b(third);
    }

    void d(int value) {
        b(value);
        b(value >> 8);
        b(value >> 16);
        b(value >> 24);
    }

    void q(long value) {
        d((int) value);
        d((int) (value >>> 32));
    }

    /** Fills with one-byte NOPs that nobody executes. */
    void align(int bytes) {
        while ((position & bytes - 1) != 0) {
            b(0xCC);
        }
    }

    private void rex(boolean w, int reg, int index, int base, boolean always) {
        int rex = (w ? 8 : 0) | (reg & 8) >> 1 | (index & 8) >> 2 | (base & 8) >> 3;
        if (rex != 0 || always) {
            b(0x40 | rex);
        }
    }

    /** opcode reg, rm: both registers. */
    void rr(boolean w, int opcode, int reg, int rm) {
        rex(w, reg, 0, rm, false);
        b(opcode);
        b(0xC0 | (reg & 7) << 3 | rm & 7);
    }

    /** 0F opcode reg, rm. */
    void rr0F(boolean w, int opcode, int reg, int rm) {
        rex(w, reg, 0, rm, false);
        b(0x0F, opcode);
        b(0xC0 | (reg & 7) << 3 | rm & 7);
    }

    /** opcode reg, [base + disp]. */
    void rm(boolean w, int opcode, int reg, int base, int disp) {
        rex(w, reg, 0, base, false);
        b(opcode);
        memory(reg, base, disp);
    }

    /** 0F opcode reg, [base + disp]. */
    void rm0F(boolean w, int opcode, int reg, int base, int disp) {
        rex(w, reg, 0, base, false);
        b(0x0F, opcode);
        memory(reg, base, disp);
    }

    /** opcode reg, [base + disp32], whatever the distance. */
    void rm32(boolean w, int opcode, int reg, int base, int disp) {
        rex(w, reg, 0, base, false);
        b(opcode);
        b(0x80 | (reg & 7) << 3 | base & 7);
        d(disp);
    }

    /** ModRM, SIB and displacement of [base + disp]. */
    void memory(int reg, int base, int disp) {
        boolean zero = disp == 0 && (base & 7) != 5;
        boolean small = disp == (byte) disp;
        b((zero ? 0 : small ? 0x40 : 0x80) | (reg & 7) << 3 | base & 7);
        if ((base & 7) == 4) {
            b(0x24);
        }
        if (!zero) {
            if (small) {
                b(disp);
            } else {
                d(disp);
            }
        }
    }

    /** LEA reg, [base + index << scale + disp]; base and index may be {@link #NONE}. */
    void lea(boolean w, int reg, int base, int index, int scale, int disp) {
        if (index == NONE && base != NONE) {
            if (disp == 0) {
                rr(w, 0x8B, reg, base);
            } else {
                rm(w, 0x8D, reg, base, disp);
            }
            return;
        }
        rex(w, reg, index == NONE ? 0 : index, base == NONE ? 0 : base, false);
        b(0x8D);
        int sib = scale << 6 | (index == NONE ? 4 : index & 7) << 3;
        if (base == NONE) {
            b((reg & 7) << 3 | 4);
            b(sib | 5);
            d(disp);
            return;
        }
        boolean zero = disp == 0 && (base & 7) != 5;
        boolean small = disp == (byte) disp;
        b((zero ? 0 : small ? 0x40 : 0x80) | (reg & 7) << 3 | 4);
        b(sib | base & 7);
        if (!zero) {
            if (small) {
                b(disp);
            } else {
                d(disp);
            }
        }
    }

    /** MOV reg, rm: 64 bits. */
    void mov(int reg, int rm) {
        rr(true, 0x8B, reg, rm);
    }

    /** MOV reg, [base + disp]: 64 bits. */
    void load(int reg, int base, int disp) {
        rm(true, 0x8B, reg, base, disp);
    }

    /** MOV [base + disp], reg: 64 bits. */
    void store(int reg, int base, int disp) {
        rm(true, 0x89, reg, base, disp);
    }

    /** MOV reg, [base + disp]: 32 bits. */
    void load32(int reg, int base, int disp) {
        rm(false, 0x8B, reg, base, disp);
    }

    /** MOV [base + disp], reg: 32 bits. */
    void store32(int reg, int base, int disp) {
        rm(false, 0x89, reg, base, disp);
    }

    /** MOV reg, imm32 zero-extended. */
    void movImm32(int reg, int value) {
        rex(false, 0, 0, reg, false);
        b(0xB8 | reg & 7);
        d(value);
    }

    /** MOV reg, imm64 by the shortest form. */
    void movImm64(int reg, long value) {
        if (value >>> 32 == 0) {
            movImm32(reg, (int) value);
        } else if (value == (int) value) {
            rex(true, 0, 0, reg, false);
            b(0xC7);
            b(0xC0 | reg & 7);
            d((int) value);
        } else {
            rex(true, 0, 0, reg, false);
            b(0xB8 | reg & 7);
            q(value);
        }
    }

    /** Group 1 operation (0 ADD … 7 CMP) of a register with an immediate. */
    void alu(boolean w, int operation, int reg, int value) {
        rex(w, 0, 0, reg, false);
        boolean small = value == (byte) value;
        b(small ? 0x83 : 0x81);
        b(0xC0 | operation << 3 | reg & 7);
        if (small) {
            b(value);
        } else {
            d(value);
        }
    }

    /** Group 1 operation of 32 bits of memory with an 8-bit immediate. */
    void aluMemory32(int operation, int base, int disp, int value) {
        rex(false, 0, 0, base, false);
        b(0x83);
        memory(operation, base, disp);
        b(value);
    }

    /** Jcc rel32; answers the place of the displacement. */
    int jcc(int condition) {
        b(0x0F, 0x80 | condition);
        d(0);
        return position - 4;
    }

    /** JMP rel32; answers the place of the displacement. */
    int jmp() {
        b(0xE9);
        d(0);
        return position - 4;
    }

    /** CALL rel32; answers the place of the displacement. */
    int call() {
        b(0xE8);
        d(0);
        return position - 4;
    }

    /** Makes a jump go to the current position. */
    void here(int place) {
        target(place, position);
    }

    /** Makes a jump go to an offset, which may lie outside this code. */
    void target(int place, int offset) {
        int value = offset - (place + 4);
        code[place] = (byte) value;
        code[place + 1] = (byte) (value >> 8);
        code[place + 2] = (byte) (value >> 16);
        code[place + 3] = (byte) (value >> 24);
    }
}
