package org.viridian.engine.oracle;

import java.io.ByteArrayOutputStream;
import java.util.Random;

/** Draws random integer instructions with operands that like corners, page borders and holes. Same seed, same cases. */
final class IntegerCases {
    private static final int CF = 1;
    private static final int PF = 4;
    private static final int AF = 0x10;
    private static final int ZF = 0x40;
    private static final int SF = 0x80;
    private static final int OF = 0x800;
    private static final int DF = 0x400;
    private static final int ARITHMETIC = CF | PF | AF | ZF | SF | OF;
    private static final int MXCSR = 0x1F80;
    /** Registers that may hold an address; neither RCX, which counts, nor R10, which is the index. */
    private static final int[] BASES = {3, 5, 6, 7, 9, 11, 12, 13};

    /**
     * A case and what of its outcome the architecture leaves open.
     *
     * @param undefined flags without a defined value
     * @param what the form, for messages
     */
    record Drawn(OracleCase input, int undefined, String what) {}

    private final Random random;
    private final byte[] fxsave = new byte[512];
    private final ByteArrayOutputStream code = new ByteArrayOutputStream();
    private long[] gpr;
    private int size;
    private int undefined;
    /** What lies at the border of the two pages, or 0 for noise. */
    private long store;
    private String what;

    IntegerCases(long seed) {
        random = new Random(seed);
        fxsave[0] = 0x7F;
        fxsave[1] = 3;
        fxsave[24] = (byte) MXCSR;
        fxsave[25] = (byte) (MXCSR >> 8);
    }

    Drawn next() {
        code.reset();
        undefined = 0;
        gpr = new long[16];
        for (int i = 0; i < 16; i++) {
            gpr[i] = value();
        }
        gpr[4] = Oracle.DATA + 0x1000 + random.nextInt(-16, 17) * 4L;
        byte[] memory = new byte[Oracle.MEMORY_BYTES];
        random.nextBytes(memory);
        long flags = 0x202 | random.nextInt() & ARITHMETIC | (random.nextInt(8) == 0 ? DF : 0);
        size = new int[] {1, 2, 4, 8}[random.nextInt(4)];
        store = 0;
        instruction();
        if (store != 0) {
            for (int i = 0; i < 8; i++) {
                memory[0x1000 - Oracle.WINDOW_1 + i] = (byte) (store >> i * 8);
            }
        }
        return new Drawn(new OracleCase(gpr.clone(), flags, fxsave, code.toByteArray(), memory), undefined, what);
    }

    private long value() {
        return switch (random.nextInt(6)) {
            case 0 -> random.nextInt(-2, 3);
            case 1 -> 1L << random.nextInt(64);
            case 2 -> (1L << random.nextInt(64)) - 1;
            case 3 -> random.nextInt(256);
            default -> random.nextLong();
        };
    }

    private long address() {
        return switch (random.nextInt(16)) {
            case 0 -> Oracle.DATA + 0x2000 - random.nextInt(0, 10);
            case 1 -> Oracle.DATA - random.nextInt(0, 10);
            case 2 -> 0x8000_0000_0000_0000L | random.nextLong() >>> 8;
            case 3, 4, 5 -> Oracle.DATA + 0x1000 + random.nextInt(-8, 8);
            default -> Oracle.DATA + 0x1000 + random.nextInt(-24, 24) * 8L;
        };
    }

    /** Emits prefixes, opcode and ModRM; the register field is {@code reg}, or random when negative. */
    private void modrm(int reg, boolean memoryOnly, boolean lock, int... opcode) {
        boolean memory = memoryOnly || random.nextInt(2) == 0;
        int field = reg >= 0 ? reg : random.nextInt(16);
        if (lock && memory && random.nextInt(4) == 0) {
            code.write(0xF0);
        }
        if (size == 2) {
            code.write(0x66);
        }
        int mandatory = opcode[0] == 0xF3 || opcode[0] == 0xF2 ? 1 : 0;
        if (mandatory == 1) {
            code.write(opcode[0]);
        }
        int rex = (size == 8 ? 8 : 0) | (field & 8) >> 1;
        if (!memory) {
            int rm = random.nextInt(16);
            rex |= rm >> 3;
            rex(rex);
            opcode(mandatory, opcode);
            code.write(0xC0 | (field & 7) << 3 | rm & 7);
            return;
        }
        int base = BASES[random.nextInt(BASES.length)];
        long target = address();
        int displacement = random.nextInt(3) == 0 ? random.nextInt() : random.nextInt(-128, 128);
        boolean index = random.nextInt(4) == 0 && base != 10;
        rex |= base >> 3 | (index ? 2 : 0);
        rex(rex);
        opcode(mandatory, opcode);
        boolean wide = displacement != (byte) displacement;
        boolean sib = index || (base & 7) == 4;
        code.write((wide ? 0x80 : 0x40) | (field & 7) << 3 | (sib ? 4 : base & 7));
        int scale = random.nextInt(4);
        if (sib) {
            code.write(scale << 6 | (index ? 2 : 4) << 3 | base & 7);
        }
        if (index) {
            gpr[10] = random.nextInt(-1000, 1000);
        }
        gpr[base] = target - displacement - (index ? gpr[10] << scale : 0);
        immediate(displacement, wide ? 4 : 1);
    }

    private void rex(int bits) {
        if (bits != 0 || random.nextInt(4) == 0) {
            code.write(0x40 | bits);
        }
    }

    private void opcode(int from, int... opcode) {
        for (int i = from; i < opcode.length; i++) {
            code.write(opcode[i]);
        }
    }

    private void immediate(long value, int bytes) {
        for (int i = 0; i < bytes; i++) {
            code.write((int) (value >> 8 * i));
        }
    }

    private int wide() {
        return size == 1 ? 0 : 1;
    }

    private void notByte() {
        if (size == 1) {
            size = 4;
        }
    }

    /** An instruction without ModRM. */
    private void plain(int... opcode) {
        if (size == 2) {
            code.write(0x66);
        }
        rex(size == 8 ? 8 : 0);
        opcode(0, opcode);
    }

    private void instruction() {
        int form = random.nextInt(36);
        what = "form " + form;
        switch (form) {
            case 0, 1, 2 -> arithmetic();
            case 3 -> {
                int operation = random.nextInt(8);
                undefined = logic(operation);
                int opcode = size == 1 ? 0x80 : random.nextBoolean() ? 0x81 : 0x83;
                modrm(operation, false, operation != 7, opcode);
                immediate(value(), opcode == 0x81 ? Math.min(size, 4) : 1);
            }
            case 4 -> modrm(random.nextInt(2), false, true, 0xFE + wide());
            case 5, 6 -> multiplyDivide();
            case 7, 8, 9 -> shift();
            case 10 -> modrm(-1, false, false, 0x88 + wide() + random.nextInt(2) * 2);
            case 11 -> {
                modrm(0, false, false, 0xC6 + wide());
                immediate(value(), Math.min(size, 4));
            }
            case 12 -> {
                notByte();
                modrm(-1, false, false, 0x0F, new int[] {0xB6, 0xB7, 0xBE, 0xBF}[random.nextInt(4)]);
            }
            case 13 -> {
                // With a 16-bit operand, vendors differ in how many bytes MOVSXD reads.
                size = random.nextBoolean() ? 4 : 8;
                modrm(-1, false, false, 0x63);
            }
            case 14 -> {
                notByte();
                modrm(-1, true, false, 0x8D);
            }
            case 15 -> modrm(-1, false, true, 0x86 + wide());
            case 16 -> {
                what = "cmpxchg";
                modrm(-1, false, true, 0x0F, 0xB0 + wide());
            }
            case 17 -> modrm(-1, false, true, 0x0F, 0xC0 + wide());
            case 18 -> {
                size = random.nextBoolean() ? 4 : 8;
                modrm(1, true, true, 0x0F, 0xC7);
            }
            case 19 -> {
                size = random.nextBoolean() ? 4 : 8;
                plain(0x0F, 0xC8 + random.nextInt(8));
            }
            case 20 -> {
                size = 1;
                modrm(0, false, false, 0x0F, 0x90 + random.nextInt(16));
            }
            case 21 -> {
                notByte();
                modrm(-1, false, false, 0x0F, 0x40 + random.nextInt(16));
            }
            case 22 -> bitTest();
            case 23 -> {
                notByte();
                undefined = CF | OF | SF | AF | PF;
                modrm(-1, false, false, 0x0F, 0xBC + random.nextInt(2));
            }
            case 24 -> {
                notByte();
                modrm(-1, false, false, 0xF3, 0x0F, 0xB8);
            }
            case 25 -> doubleShift();
            case 26 -> signedMultiply();
            case 27 -> plain(0x98 + random.nextInt(2));
            case 28 -> stack();
            case 29 -> {
                int[] opcodes = {0x9F, 0x9E, 0xF8, 0xF9, 0xF5, 0xFC, 0xFD, 0xD7};
                int opcode = opcodes[random.nextInt(opcodes.length)];
                size = 4;
                gpr[3] = opcode == 0xD7 ? address() : gpr[3];
                plain(opcode);
            }
            case 30, 31 -> string();
            case 34 -> branch();
            case 35 -> bigEndian();
            case 32 -> {
                size = 4;
                code.write(0x70 + random.nextInt(16));
                code.write(1 + random.nextInt(3));
            }
            default -> {
                what = "test";
                undefined = AF;
                modrm(-1, false, false, 0x84 + wide());
            }
        }
    }

    private int logic(int operation) {
        return operation == 1 || operation == 4 || operation == 6 ? AF : 0;
    }

    private void arithmetic() {
        int operation = random.nextInt(8);
        what = "arithmetic " + operation;
        undefined = logic(operation);
        switch (random.nextInt(3)) {
            case 0 -> modrm(-1, false, operation != 7, operation << 3 | wide());
            case 1 -> modrm(-1, false, false, operation << 3 | 2 | wide());
            default -> {
                plain(operation << 3 | 4 | wide());
                immediate(value(), Math.min(size, 4));
            }
        }
    }

    private void multiplyDivide() {
        int operation = random.nextInt(2, 8);
        what = "F6/F7 " + operation;
        undefined = operation < 4 ? 0 : operation < 6 ? SF | ZF | AF | PF : ARITHMETIC;
        if (operation >= 6 && random.nextInt(3) != 0) {
            // Most random dividends overflow: make the upper half small or a sign.
            gpr[2] = operation == 7 && random.nextBoolean() ? -1 : random.nextInt(3);
        }
        modrm(operation, false, operation < 4, 0xF6 + wide());
    }

    private void shift() {
        int operation = random.nextInt(8);
        what = "shift " + operation;
        int kind = random.nextInt(3);
        int count = random.nextInt(4) == 0 ? random.nextInt(256) : random.nextInt(12);
        if (kind == 1) {
            gpr[1] = gpr[1] & ~0xFFL | count;
        } else if (kind == 2) {
            count = 1;
        }
        int opcode = new int[] {0xC0, 0xD2, 0xD0}[kind] + wide();
        modrm(operation, false, false, opcode);
        if (kind == 0) {
            immediate(count, 1);
        }
        int effective = (kind == 1 ? (int) gpr[1] : count) & (size == 8 ? 63 : 31);
        undefined = effective == 0 ? 0 : (operation < 4 ? 0 : AF) | (effective == 1 ? 0 : OF);
        if (operation >= 4 && operation != 7 && effective >= size * 8) {
            undefined |= CF;
        }
    }

    private void bitTest() {
        notByte();
        what = "bit test";
        undefined = OF | SF | AF | PF;
        int operation = random.nextInt(4);
        if (random.nextBoolean()) {
            modrm(4 + operation, false, operation != 0, 0x0F, 0xBA);
            immediate(random.nextInt(256), 1);
        } else {
            gpr[8] = random.nextInt(-1500, 1500);
            modrm(8, false, operation != 0, 0x0F, 0xA3 | operation << 3);
        }
    }

    private void doubleShift() {
        notByte();
        what = "double shift";
        boolean byCl = random.nextBoolean();
        int count = random.nextInt(size == 2 ? 17 : 64);
        gpr[1] = gpr[1] & ~0xFFL | count;
        modrm(-1, false, false, 0x0F, (random.nextBoolean() ? 0xA4 : 0xAC) + (byCl ? 1 : 0));
        if (!byCl) {
            immediate(count, 1);
        }
        int effective = count & (size == 8 ? 63 : 31);
        undefined = effective == 0 ? 0 : AF | (effective == 1 ? 0 : OF);
    }

    private void signedMultiply() {
        notByte();
        what = "imul";
        undefined = SF | ZF | AF | PF;
        switch (random.nextInt(3)) {
            case 0 -> modrm(-1, false, false, 0x0F, 0xAF);
            case 1 -> {
                modrm(-1, false, false, 0x69);
                immediate(value(), Math.min(size, 4));
            }
            default -> {
                modrm(-1, false, false, 0x6B);
                immediate(value(), 1);
            }
        }
    }

    private void stack() {
        what = "stack";
        size = random.nextBoolean() ? 2 : 4;
        switch (random.nextInt(8)) {
            case 0 -> plain(0x50 + random.nextInt(8));
            case 1 -> plain(0x58 + random.nextInt(8));
            case 2 -> {
                plain(0x68);
                immediate(value(), size);
            }
            case 3 -> {
                plain(0x6A);
                immediate(value(), 1);
            }
            case 4 -> modrm(6, false, false, 0xFF);
            case 5 -> modrm(0, false, false, 0x8F);
            case 6 -> {
                gpr[5] = address();
                plain(0xC9);
            }
            default -> {
                plain(0xC8);
                immediate(random.nextInt(64), 2);
                code.write(0);
            }
        }
    }

    /** Near transfers whose target is code, a hole or non-canonical. */
    private void branch() {
        what = "branch";
        size = 4;
        long target = switch (random.nextInt(4)) {
            case 0 -> 0x8000_0000_0000L + random.nextInt();
            case 1 -> random.nextLong() | 1L << 47 & ~(1L << 62);
            case 2 -> 0x3000_0000L + random.nextInt(4096);
            default -> Oracle.CODE + 40;
        };
        if (target == Oracle.CODE) {
            target++;
        }
        int register = BASES[random.nextInt(BASES.length)];
        switch (random.nextInt(6)) {
            case 0, 1 -> {
                gpr[register] = target;
                rex(register >> 3);
                code.write(0xFF);
                code.write(0xC0 | (random.nextBoolean() ? 4 : 2) << 3 | register & 7);
            }
            case 2, 3 -> {
                gpr[4] = Oracle.DATA + 0x1000;
                store = target;
                boolean drop = random.nextBoolean();
                code.write(drop ? 0xC2 : 0xC3);
                if (drop) {
                    immediate(random.nextInt(64), 2);
                }
            }
            case 4 -> {
                gpr[register] = Oracle.DATA + 0x1000;
                store = target;
                rex(register >> 3);
                code.write(0xFF);
                code.write(0x40 | (random.nextBoolean() ? 4 : 2) << 3 | register & 7);
                if ((register & 7) == 4) {
                    code.write(0x24);
                }
                code.write(0);
            }
            default -> {
                code.write(random.nextBoolean() ? 0xE8 : 0xE9);
                immediate(35, 4);
            }
        }
    }

    /** MOVBE. */
    private void bigEndian() {
        what = "movbe";
        notByte();
        modrm(-1, true, false, 0x0F, 0x38, 0xF0 + random.nextInt(2));
    }

    private void string() {
        int operation = new int[] {0xA4, 0xA6, 0xAA, 0xAC, 0xAE}[random.nextInt(5)];
        what = "string " + Integer.toHexString(operation);
        gpr[6] = address();
        gpr[7] = address();
        gpr[1] = random.nextInt(12);
        switch (random.nextInt(3)) {
            case 0 -> code.write(0xF3);
            case 1 -> code.write(0xF2);
            default -> { }
        }
        plain(operation + wide());
    }
}
