package org.viridian.engine.software;

/**
 * The instruction being decoded: prefixes, opcode, ModRM and a reader for what follows. Reused for every instruction;
 * decoders copy what they need.
 *
 * <p>Rule for memory operands: keep the {@link Ea} object itself, for its displacement is completed after decoding.
 */
public final class DecodeContext {
    /** Longest instruction of the architecture. */
    static final int MAX_LENGTH = 15;

    // The instruction bytes available: up to the end of the page, or of the next page when the instruction straddles.
    final byte[] bytes = new byte[8192 + MAX_LENGTH];
    int limit;
    int start;
    int position;
    /** Set when the reader ran out of bytes: fetch the next page, or #GP beyond 15 bytes. */
    boolean exhausted;
    boolean tooLong;

    /** Code size: 16, 32 or 64. */
    public int mode;
    /** Operand-size prefix 66. */
    public boolean prefix66;
    /** Address-size prefix 67. */
    public boolean prefix67;
    /** Last repeat prefix: 0, 0xF2 or 0xF3. */
    public int rep;
    /** LOCK prefix. */
    public boolean lock;
    /** Segment override, or -1. */
    public int segment;
    /** REX prefix 0x40–0x4F, or 0. */
    public int rex;
    /** 0 one-byte opcodes, 1 0F, 2 0F 38, 3 0F 3A. */
    public int map;
    /** Opcode byte. */
    public int opcode;
    /** Operand size in bytes by prefixes and mode: 2, 4 or 8. */
    public int opSize;
    /** Address size in bits: 16, 32 or 64. */
    public int addrSize;

    /** True once {@link #modrm} has been called. */
    public boolean hasModrm;
    /** The ModRM byte. */
    public int modrm;
    /** ModRM.mod; 3 = register operand. */
    public int mod;
    /** ModRM.reg with REX.R. */
    public int reg;
    /** ModRM.rm with REX.B: the register when {@link #mod} is 3. */
    public int rm;
    /** The memory operand, or null when {@link #mod} is 3. */
    public Ea ea;

    /** STI, MOV SS: no interrupt before the next instruction. */
    boolean shadow;
    /** The LOCK prefix has been honoured. */
    boolean lockable;

    private boolean ends;
    private boolean serialises;

    /** True with REX.W. */
    public boolean rexW() {
        return (rex & 8) != 0;
    }

    /** The operation changes RIP, or nothing may be decoded behind it; it sets RIP itself. */
    public void endBlock() {
        ends = true;
    }

    /** As {@link #endBlock}; and the next block is looked up afresh, because translation or mode may change. */
    public void endBlockAndSerialise() {
        ends = true;
        serialises = true;
    }

    boolean ends() {
        return ends;
    }

    boolean serialises() {
        return serialises;
    }

    void begin(int codeSize, int at) {
        mode = codeSize;
        start = at;
        position = at;
        exhausted = false;
        tooLong = false;
        prefix66 = false;
        prefix67 = false;
        rep = 0;
        lock = false;
        segment = -1;
        rex = 0;
        map = 0;
        hasModrm = false;
        ea = null;
        mod = 3;
        reg = 0;
        rm = 0;
        shadow = false;
        lockable = false;
        ends = false;
        serialises = false;
    }

    /** The next byte, unsigned. Past the end it answers 0 and the decoder decodes again with more bytes. */
    public int u8() {
        if (position - start >= MAX_LENGTH) {
            tooLong = true;
            return 0;
        }
        if (position >= limit) {
            exhausted = true;
            return 0;
        }
        return bytes[position++] & 0xFF;
    }

    /** The next byte, not consumed. */
    int peek() {
        if (position >= limit) {
            exhausted = true;
            return 0;
        }
        return bytes[position] & 0xFF;
    }

    /** A sign-extended 8-bit immediate. */
    public int imm8() {
        return (byte) u8();
    }

    /** An unsigned 16-bit immediate. */
    public int imm16() {
        int low = u8();
        return low | u8() << 8;
    }

    /** A 32-bit immediate. */
    public int imm32() {
        int low = imm16();
        return low | imm16() << 16;
    }

    /** A 64-bit immediate. */
    public long imm64() {
        long low = imm32() & 0xFFFF_FFFFL;
        return low | (long) imm32() << 32;
    }

    /** An immediate of the operand size, at most 32 bits, sign-extended. */
    public long immZ() {
        return opSize == 2 ? (short) imm16() : imm32();
    }

    /** Reads ModRM, SIB and displacement; the second call does nothing. */
    public void modrm() {
        if (hasModrm) {
            return;
        }
        hasModrm = true;
        modrm = u8();
        mod = modrm >> 6;
        reg = (modrm >> 3 & 7) | (rex & 4) << 1;
        rm = modrm & 7;
        if (mod == 3) {
            rm |= (rex & 1) << 3;
            return;
        }
        ea = addrSize == 16 ? ea16() : ea32();
    }

    private Ea ea16() {
        int base = Cpu.ZERO;
        int index = Cpu.ZERO;
        int seg = Cpu.DS;
        switch (rm) {
            case 0 -> { base = 3; index = 6; }
            case 1 -> { base = 3; index = 7; }
            case 2 -> { base = 5; index = 6; seg = Cpu.SS; }
            case 3 -> { base = 5; index = 7; seg = Cpu.SS; }
            case 4 -> base = 6;
            case 5 -> base = 7;
            case 6 -> {
                if (mod != 0) {
                    base = 5;
                    seg = Cpu.SS;
                }
            }
            default -> base = 3;
        }
        long disp = mod == 1 ? imm8() : mod == 2 || rm == 6 ? (short) imm16() : 0;
        return make(base, index, 0, disp, seg, false);
    }

    private Ea ea32() {
        int base = rm | (rex & 1) << 3;
        int index = Cpu.ZERO;
        int scale = 0;
        int seg = Cpu.DS;
        boolean ripRelative = false;
        boolean disp32 = mod == 2;
        if (rm == 4) {
            int sib = u8();
            scale = sib >> 6;
            index = (sib >> 3 & 7) | (rex & 2) << 2;
            if (index == 4) {
                index = Cpu.ZERO;
            }
            base = (sib & 7) | (rex & 1) << 3;
            if ((sib & 7) == 5 && mod == 0) {
                base = Cpu.ZERO;
                disp32 = true;
            }
        } else if (rm == 5 && mod == 0) {
            disp32 = true;
            base = Cpu.ZERO;
            if (mode == 64) {
                base = Cpu.RIP;
                ripRelative = true;
            }
        }
        if (base == 4 || base == 5) {
            seg = Cpu.SS;
        }
        long disp = mod == 1 ? imm8() : disp32 ? imm32() : 0;
        return make(base, index, scale, disp, seg, ripRelative);
    }

    /** Reads ModRM of an instruction nobody knows, so that its length is right. */
    void modrmIf(boolean there) {
        if (there) {
            modrm();
        }
    }

    /** True when an 8-bit register number means the low byte of the register with that number. */
    boolean lowByte(int register) {
        return rex != 0 || register < 4;
    }

    /** A memory operand that is only an offset. */
    Ea absolute(long offset) {
        return make(Cpu.ZERO, Cpu.ZERO, 0, offset, Cpu.DS, false);
    }

    private Ea make(int base, int index, int scale, long disp, int defaultSegment, boolean ripRelative) {
        return new Ea(base, index, scale, disp, segmentFor(defaultSegment), addrSize == 64 ? 0 : addrSize, mode != 64, ripRelative);
    }

    /** The implicit destination of MASKMOVDQU and MASKMOVQ: DS:rDI with the address size of the instruction. */
    public Ea implicitDi() {
        return make(7, Cpu.ZERO, 0, 0, Cpu.DS, false);
    }

    /** The segment slot of a memory operand: the override or the default; the zero slot for flat segments in 64-bit code. */
    int segmentFor(int defaultSegment) {
        int seg = segment >= 0 ? segment : defaultSegment;
        return mode == 64 && seg != Cpu.FS && seg != Cpu.GS ? Cpu.FLAT : seg;
    }
}
