package org.viridian.engine.software.emit;

/**
 * What the translator must know of an instruction that it re-encodes: which operands it reads and writes, and what it does to
 * the arithmetic flags. A set of bits; 0 stands for an instruction that is not re-encoded.
 */
final class Traits {
    /** Not re-encoded. */
    static final int NONE = 0;
    static final int KNOWN = 1;
    /** The operand of ModRM.rm is read. */
    static final int RM_READ = 2;
    static final int RM_WRITE = 4;
    /** ModRM.reg is a general register that is read. */
    static final int REG_READ = 8;
    static final int REG_WRITE = 16;
    /** The operand is a byte. */
    static final int RM_BYTE = 32;
    static final int REG_BYTE = 64;
    /** The operand of ModRM.rm has 2 bytes, whatever the operand size. */
    static final int RM_WORD = 128;
    /** ModRM.reg is part of the opcode. */
    static final int GROUP = 256;
    static final int FLAGS_READ = 512;
    /** All six flags get new or undefined values. */
    static final int FLAGS_ALL = 1024;
    /** Some flags change, the others stay. */
    static final int FLAGS_SOME = 2048;
    /** LOCK is allowed on memory. */
    static final int LOCKABLE = 4096;
    /** XCHG with memory locks without a prefix. */
    static final int LOCKS = 8192;
    /** Only the memory form is re-encoded. */
    static final int ONLY_MEMORY = 16384;
    /** Only the register form is re-encoded. */
    static final int ONLY_REGISTER = 32768;
    /** The operand of ModRM.rm has 4 bytes, whatever the operand size. */
    static final int RM_DWORD = 65536;

    private static final int RM_BOTH = RM_READ | RM_WRITE;
    private static final int REG_BOTH = REG_READ | REG_WRITE;
    private static final int BYTES = RM_BYTE | REG_BYTE;

    private Traits() {}

    static boolean has(int traits, int bit) {
        return (traits & bit) != 0;
    }

    /** The traits of a decoded instruction of the integer set. */
    static int of(Insn in) {
        return switch (in.map) {
            case 0 -> one(in);
            case 1 -> two(in);
            default -> NONE;
        };
    }

    private static int one(Insn in) {
        int op = in.opcode;
        if (op < 0x40 && (op & 7) < 4) {
            int kind = op >> 3;
            int t = KNOWN | FLAGS_ALL | ((op & 1) == 0 ? BYTES : 0) | (kind == 2 || kind == 3 ? FLAGS_READ : 0);
            boolean toReg = (op & 2) != 0;
            if (kind == 7) {
                return t | RM_READ | REG_READ;
            }
            return t | (toReg ? REG_BOTH | RM_READ : REG_READ | RM_BOTH | LOCKABLE);
        }
        int group = in.reg & 7;
        return switch (op) {
            case 0x63 -> in.operandSize() == 2 ? NONE : KNOWN | RM_READ | REG_WRITE | RM_DWORD;
            case 0x69, 0x6B -> KNOWN | RM_READ | REG_WRITE | FLAGS_ALL;
            case 0x80, 0x81, 0x83 -> KNOWN | GROUP | FLAGS_ALL | RM_READ | (group == 7 ? 0 : RM_WRITE | LOCKABLE)
                    | (group == 2 || group == 3 ? FLAGS_READ : 0) | (op == 0x80 ? RM_BYTE : 0);
            case 0x84 -> KNOWN | RM_READ | REG_READ | FLAGS_ALL | BYTES;
            case 0x85 -> KNOWN | RM_READ | REG_READ | FLAGS_ALL;
            case 0x86 -> KNOWN | RM_BOTH | REG_BOTH | BYTES | LOCKABLE | LOCKS;
            case 0x87 -> KNOWN | RM_BOTH | REG_BOTH | LOCKABLE | LOCKS;
            case 0x88 -> KNOWN | RM_WRITE | REG_READ | BYTES;
            case 0x89 -> KNOWN | RM_WRITE | REG_READ;
            case 0x8A -> KNOWN | RM_READ | REG_WRITE | BYTES;
            case 0x8B -> KNOWN | RM_READ | REG_WRITE;
            case 0xC0, 0xC1, 0xD0, 0xD1, 0xD2, 0xD3 -> shift(in, group);
            case 0xC6, 0xC7 -> group == 0 ? KNOWN | GROUP | RM_WRITE | (op == 0xC6 ? RM_BYTE : 0) : NONE;
            case 0xF6, 0xF7 -> {
                int size = op == 0xF6 ? RM_BYTE : 0;
                yield switch (group) {
                    case 0, 1 -> KNOWN | GROUP | RM_READ | FLAGS_ALL | size;
                    case 2 -> KNOWN | GROUP | RM_BOTH | LOCKABLE | size;
                    case 3 -> KNOWN | GROUP | RM_BOTH | LOCKABLE | FLAGS_ALL | size;
                    default -> NONE;
                };
            }
            case 0xFE, 0xFF -> group < 2 ? KNOWN | GROUP | RM_BOTH | LOCKABLE | FLAGS_SOME | (op == 0xFE ? RM_BYTE : 0) : NONE;
            default -> NONE;
        };
    }

    private static int shift(Insn in, int group) {
        int t = KNOWN | GROUP | RM_BOTH | ((in.opcode & 1) == 0 ? RM_BYTE : 0);
        boolean rotate = group < 4;
        boolean counted = in.opcode < 0xD0 && (in.immediateValue() & (in.rexW() ? 63 : 31)) != 0 || (in.opcode & ~1) == 0xD0;
        return t | (rotate || !counted ? FLAGS_SOME : FLAGS_ALL);
    }

    private static int two(Insn in) {
        int op = in.opcode;
        if (op >> 4 == 4) {
            return KNOWN | RM_READ | REG_BOTH | FLAGS_READ;
        }
        if (op >> 4 == 9) {
            return KNOWN | GROUP | RM_WRITE | RM_BYTE | FLAGS_READ;
        }
        int group = in.reg & 7;
        return switch (op) {
            case 0xA3 -> KNOWN | RM_READ | REG_READ | FLAGS_SOME | ONLY_REGISTER;
            case 0xAB, 0xB3, 0xBB -> KNOWN | RM_BOTH | REG_READ | FLAGS_SOME | ONLY_REGISTER;
            case 0xBA -> group < 4 ? NONE : KNOWN | GROUP | FLAGS_SOME | RM_READ | (group > 4 ? RM_WRITE | LOCKABLE : 0);
            case 0xA4, 0xA5, 0xAC, 0xAD -> KNOWN | RM_BOTH | REG_READ | FLAGS_SOME;
            case 0xAF -> KNOWN | RM_READ | REG_BOTH | FLAGS_ALL;
            case 0xB6, 0xBE -> KNOWN | RM_READ | REG_WRITE | RM_BYTE;
            case 0xB7, 0xBF -> KNOWN | RM_READ | REG_WRITE | RM_WORD;
            case 0xB8 -> in.rep == 0xF3 ? KNOWN | RM_READ | REG_WRITE | FLAGS_ALL : NONE;
            case 0xBC, 0xBD -> KNOWN | RM_READ | REG_BOTH | FLAGS_SOME;
            case 0xC0 -> KNOWN | RM_BOTH | REG_BOTH | BYTES | FLAGS_ALL | LOCKABLE;
            case 0xC1 -> KNOWN | RM_BOTH | REG_BOTH | FLAGS_ALL | LOCKABLE;
            case 0xC3 -> in.prefix66 ? NONE : KNOWN | RM_WRITE | REG_READ | ONLY_MEMORY;
            default -> NONE;
        };
    }
}
