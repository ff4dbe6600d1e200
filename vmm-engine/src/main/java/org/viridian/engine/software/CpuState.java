package org.viridian.engine.software;

import org.viridian.engine.software.fpu.X87;

/**
 * The registers of one processor and its lazy flags. Fields are public to the sub-packages' micro-operations; only the
 * processor's own thread touches them.
 */
public abstract class CpuState {
    /** Slot of {@link #gpr} that is always zero. */
    public static final int ZERO = 16;
    /** Slot of {@link #gpr} that holds RIP: the start of the running block. */
    public static final int RIP = 17;

    /** Segment slots. */
    public static final int ES = 0;
    /** CS. */
    public static final int CS = 1;
    /** SS. */
    public static final int SS = 2;
    /** DS. */
    public static final int DS = 3;
    /** FS. */
    public static final int FS = 4;
    /** GS. */
    public static final int GS = 5;
    /** LDTR. */
    public static final int LDTR = 6;
    /** TR. */
    public static final int TR = 7;
    /** Slot whose base is always zero: flat segments of 64-bit code. */
    public static final int FLAT = 8;

    /** Carry flag. */
    public static final int F_CF = 1;
    /** Parity flag. */
    public static final int F_PF = 4;
    /** Auxiliary carry flag. */
    public static final int F_AF = 0x10;
    /** Zero flag. */
    public static final int F_ZF = 0x40;
    /** Sign flag. */
    public static final int F_SF = 0x80;
    /** Trap flag. */
    public static final int F_TF = 0x100;
    /** Interrupt flag. */
    public static final int F_IF = 0x200;
    /** Direction flag. */
    public static final int F_DF = 0x400;
    /** Overflow flag. */
    public static final int F_OF = 0x800;
    /** I/O privilege level. */
    public static final int F_IOPL = 0x3000;
    /** Nested task. */
    public static final int F_NT = 0x4000;
    /** Resume flag. */
    public static final int F_RF = 0x10000;
    /** Virtual-8086 mode. */
    public static final int F_VM = 0x20000;
    /** Alignment check. */
    public static final int F_AC = 0x40000;
    /** CPUID is there. */
    public static final int F_ID = 0x200000;
    /** The six arithmetic flags. */
    public static final int F_ARITHMETIC = F_CF | F_PF | F_AF | F_ZF | F_SF | F_OF;

    static final long CR0_PE = 1;
    static final long CR0_MP = 2;
    static final long CR0_EM = 4;
    static final long CR0_TS = 8;
    static final long CR0_NE = 0x20;
    static final long CR0_WP = 0x10000;
    static final long CR0_AM = 0x40000;
    static final long CR0_PG = 0x80000000L;
    static final long CR4_TSD = 4;
    static final long CR4_DE = 8;
    static final long CR4_PSE = 0x10;
    static final long CR4_PAE = 0x20;
    static final long CR4_PGE = 0x80;
    static final long CR4_OSFXSR = 0x200;
    static final long CR4_OSXMMEXCPT = 0x400;
    static final long CR4_UMIP = 0x800;
    static final long CR4_FSGSBASE = 0x10000;
    static final long CR4_OSXSAVE = 0x40000;
    static final long CR4_SMEP = 0x10_0000;
    static final long CR4_SMAP = 0x20_0000;
    static final long EFER_SCE = 1;
    static final long EFER_LME = 0x100;
    static final long EFER_LMA = 0x400;
    static final long EFER_NXE = 0x800;
    static final long EFER_AIBRSE = 0x20_0000;

    private static final long AUX_MASK = 0xC000_0000_0000_0008L;

    /** RAX RCX RDX RBX RSP RBP RSI RDI R8–R15, then {@link #ZERO} and {@link #RIP}. */
    public final long[] gpr = new long[18];
    /** XMM registers: low half of register n at 2n, high half at 2n+1. */
    public final long[] xmm = new long[32];
    /** MXCSR. */
    public int mxcsr = 0x1F80;
    /** The x87 and MMX state. */
    public final X87 x87 = new X87();

    /**
     * Last result, sign-extended from its size: ZF, SF and PF derive from it. See {@link #flagAux}.
     */
    public long flagResult = 0x100;
    /**
     * Bit 63 CF, bit 62 CF xor OF, bit 3 AF, bit 4 inverts SF, bits 8–15 are xored into the result's low byte for PF.
     * Bits 32–61 are noise.
     */
    public long flagAux;
    /** RFLAGS without the arithmetic flags. */
    int eflags = 2;

    final long[] segBase = new long[9];
    final long[] segLimit = new long[9];
    final int[] segSelector = new int[9];
    /** As in {@link org.viridian.engine.processor.SegmentState#attributes}. */
    final int[] segAttr = new int[9];
    long gdtBase;
    int gdtLimit;
    long idtBase;
    int idtLimit;
    long cr0;
    long cr2;
    long cr3;
    long cr4;
    long efer;
    /** XCR0: the state components that XSAVE and XRSTOR handle. */
    public long xcr0 = 1;
    final long[] dr = new long[8];

    /** Code size: 16, 32 or 64. */
    int codeSize = 16;
    /** Current privilege level. */
    int cpl;
    /** Mask of the stack pointer. */
    long stackMask = 0xFFFF;

    long star;
    long lstar;
    long cstar;
    long fmask;
    long kernelGsBase;
    long tscAux;
    long sysenterCs;
    long sysenterEsp;
    long sysenterEip;

    // ---- flags ----

    /** Carry flag. */
    public final boolean cf() {
        return flagAux < 0;
    }

    /** Zero flag. */
    public final boolean zf() {
        return flagResult == 0;
    }

    /** Sign flag. */
    public final boolean sf() {
        return (flagResult ^ flagAux << 59) < 0;
    }

    /** Overflow flag. */
    public final boolean of() {
        return (flagAux ^ flagAux << 1) < 0;
    }

    /** Parity flag. */
    public final boolean pf() {
        return (Integer.bitCount((int) (flagResult ^ flagAux >>> 8) & 0xFF) & 1) == 0;
    }

    /** Auxiliary carry flag. */
    public final boolean af() {
        return (flagAux & 8) != 0;
    }

    /** Evaluates a condition code as encoded in Jcc, SETcc, CMOVcc: 0 O, 1 NO, 2 B … 15 NLE. */
    public final boolean condition(int code) {
        return switch (code) {
            case 0 -> of();
            case 1 -> !of();
            case 2 -> flagAux < 0;
            case 3 -> flagAux >= 0;
            case 4 -> flagResult == 0;
            case 5 -> flagResult != 0;
            case 6 -> flagAux < 0 || flagResult == 0;
            case 7 -> flagAux >= 0 && flagResult != 0;
            case 8 -> sf();
            case 9 -> !sf();
            case 10 -> pf();
            case 11 -> !pf();
            case 12 -> less();
            case 13 -> !less();
            case 14 -> flagResult == 0 || less();
            default -> flagResult != 0 && !less();
        };
    }

    private boolean less() {
        return (flagResult ^ flagAux << 59 ^ flagAux ^ flagAux << 1) < 0;
    }

    /** Sets CF, PF, AF, ZF, SF and OF from their places in RFLAGS; other bits are ignored. */
    public final void setArithmeticFlags(int bits) {
        flagResult = (bits & F_ZF) != 0 ? 0 : 0x100;
        long aux = (bits & F_CF) != 0 ? 0xC000_0000_0000_0000L : 0;
        if ((bits & F_OF) != 0) {
            aux ^= 0x4000_0000_0000_0000L;
        }
        if ((bits & F_AF) != 0) {
            aux |= 8;
        }
        if ((bits & F_SF) != 0) {
            aux |= 16;
        }
        if ((bits & F_PF) == 0) {
            aux |= 0x100;
        }
        flagAux = aux;
    }

    /** The arithmetic flags in their places in RFLAGS. */
    public final int arithmeticFlags() {
        return (cf() ? F_CF : 0) | (pf() ? F_PF : 0) | (af() ? F_AF : 0) | (zf() ? F_ZF : 0) | (sf() ? F_SF : 0) | (of() ? F_OF : 0);
    }

    /** Flags of AND, OR, XOR, TEST: CF, OF and AF clear. {@code result} is sign-extended. */
    public final void logicFlags(long result) {
        flagResult = result;
        flagAux = 0;
    }

    /** Flags of an addition by operands and result, all sign-extended from {@code 64 - shift} bits. */
    final void addFlags(long a, long b, long r, int shift) {
        long carries = a & b | (a | b) & ~r;
        flagResult = r;
        flagAux = carries << shift & 0xC000_0000_0000_0000L | carries & 8;
    }

    /** Flags of a subtraction. */
    final void subFlags(long a, long b, long r, int shift) {
        long borrows = ~a & b | ~(a ^ b) & r;
        flagResult = r;
        flagAux = borrows << shift & 0xC000_0000_0000_0000L | borrows & 8;
    }

    final void addFlags64(long a, long b, long r) {
        flagResult = r;
        flagAux = (a & b | (a | b) & ~r) & AUX_MASK;
    }

    final void subFlags64(long a, long b, long r) {
        flagResult = r;
        flagAux = (~a & b | ~(a ^ b) & r) & AUX_MASK;
    }

    final void addFlags32(int a, int b, int r) {
        int carries = a & b | (a | b) & ~r;
        flagResult = r;
        flagAux = (long) carries << 32 | carries & 8;
    }

    final void subFlags32(int a, int b, int r) {
        int borrows = ~a & b | ~(a ^ b) & r;
        flagResult = r;
        flagAux = (long) borrows << 32 | borrows & 8;
    }

    /** Replaces CF and OF, keeps the rest. */
    final void setCfOf(boolean cf, boolean of) {
        long aux = flagAux & ~0xC000_0000_0000_0000L;
        if (cf) {
            aux |= 0xC000_0000_0000_0000L;
        }
        flagAux = of ? aux ^ 0x4000_0000_0000_0000L : aux;
    }

    /** Replaces CF, keeps the rest. */
    final void setCf(boolean cf) {
        setCfOf(cf, of());
    }

    /** RFLAGS as PUSHF stores it. */
    public final long rflags() {
        return eflags | arithmeticFlags();
    }

    /** Replaces all of RFLAGS without any check. */
    final void setRflags(long value) {
        eflags = (int) value & 0x3F7FD7 & ~F_ARITHMETIC | 2;
        setArithmeticFlags((int) value);
    }

    /** RIP between blocks. */
    public final long rip() {
        return gpr[RIP];
    }

    final boolean longMode() {
        return (efer & EFER_LMA) != 0;
    }

    final boolean protectedMode() {
        return (cr0 & CR0_PE) != 0;
    }

    final boolean virtual8086() {
        return (eflags & F_VM) != 0;
    }
}
