package org.viridian.engine.software.emit;

import static org.viridian.engine.software.emit.Assembler.*;

/**
 * The integer instructions: most are re-encoded with other register numbers, those with implicit registers have a form of their
 * own. {@link #emit} answers false for what it leaves to the interpreter, before it has written anything.
 */
final class IntegerForms {
    private final Translator t;
    private final Assembler a;

    IntegerForms(Translator translator) {
        t = translator;
        a = translator.a;
    }

    /** True for instructions that neither touch memory nor look at or change flags, and go on behind themselves. */
    boolean flagless(Insn in) {
        if (in.lock) {
            return false;
        }
        int op = in.opcode;
        if (in.map == 0) {
            return switch (op) {
                case 0x8D, 0x98, 0x99 -> op != 0x8D || in.mod != 3;
                case 0x88, 0x89, 0x8A, 0x8B, 0x63, 0x86, 0x87 -> in.mod == 3;
                case 0xC6, 0xC7 -> in.mod == 3 && in.reg == 0;
                case 0x90 -> in.rep == 0;
                default -> op >= 0xB0 && op < 0xC0;
            };
        }
        return in.map == 1 && switch (op) {
            case 0xB6, 0xB7, 0xBE, 0xBF -> in.mod == 3;
            case 0x0D, 0x18, 0x1F -> true;
            case 0x1E -> in.rep == 0xF3 && in.mod == 3;
            default -> op >= 0xC8 && op < 0xD0;
        };
    }

    boolean emit(Insn in) {
        boolean lock = in.lock;
        int op = in.opcode;
        if (in.mod != 3 && !t.addressable(in) || in.map > 1) {
            return false;
        }
        if (!lock) {
            Boolean done = in.map == 0 ? special(in, op) : special0F(in, op);
            if (done != null) {
                return done;
            }
        }
        if (in.map == 1 && op == 0xC7) {
            return (in.reg & 7) == 1 && in.mod != 3 && exchangeWide(in);
        }
        if (in.map == 1 && (op & ~1) == 0xB0) {
            return compareExchange(in);
        }
        if (in.map == 1 && (in.opcode & ~0x18) == 0xA3 && in.mod != 3) {
            return bitString(in);
        }
        int traits = Traits.of(in);
        return traits != Traits.NONE && generic(in, traits);
    }

    private Boolean special(Insn in, int op) {
        if (op < 0x40 && (op & 7) >= 4) {
            if ((op & 7) > 5) {
                return false;
            }
            // The accumulator forms become group 1.
            in.opcode = (op & 1) == 0 ? 0x80 : 0x81;
            in.reg = op >> 3;
            in.rm = 0;
            in.mod = 3;
            return null;
        }
        if (op >= 0x50 && op < 0x58) {
            return !in.prefix66 && push(op & 7 | (in.rex & 1) << 3);
        }
        if (op >= 0x58 && op < 0x60) {
            return !in.prefix66 && pop(op & 7 | (in.rex & 1) << 3);
        }
        if (op >= 0x90 && op < 0x98) {
            int other = op & 7 | (in.rex & 1) << 3;
            if (other == 0) {
                return in.rep == 0;
            }
            in.opcode = 0x87;
            in.reg = 0;
            in.rm = other;
            in.mod = 3;
            return null;
        }
        if (op >= 0xB0 && op < 0xB8) {
            in.opcode = 0xC6;
            in.rm = op & 7 | (in.rex & 1) << 3;
            in.reg = 0;
            in.mod = 3;
            return null;
        }
        if (op >= 0xB8 && op < 0xC0) {
            int target = op & 7 | (in.rex & 1) << 3;
            if (in.operandSize() == 2) {
                in.opcode = 0xC7;
                in.rm = target;
                in.reg = 0;
                in.mod = 3;
                return null;
            }
            int host = HostStubs.MAP[target];
            long value = in.rexW() ? in.immediateValue() : in.immediateValue() & 0xFFFF_FFFFL;
            a.movImm64(host == NONE ? RAX : host, value);
            keep(target, RAX);
            return true;
        }
        switch (op) {
            case 0xA8, 0xA9 -> {
                in.opcode = op == 0xA8 ? 0xF6 : 0xF7;
                in.reg = 0;
                in.rm = 0;
                in.mod = 3;
                return null;
            }
            case 0x8D -> {
                return lea(in);
            }
            case 0x68, 0x6A -> {
                return !in.prefix66 && pushConstant((int) in.immediateValue());
            }
            case 0x98 -> {
                extendAccumulator(in);
                return true;
            }
            case 0x99 -> {
                a.mov(RAX, RSI);
                if (in.operandSize() == 2) {
                    a.b(0x66);
                } else if (in.rexW()) {
                    a.b(0x48);
                }
                a.b(0x99);
                return true;
            }
            case 0xC9 -> {
                return !in.prefix66 && leave();
            }
            case 0xF6, 0xF7 -> {
                return (in.reg & 7) >= 4 ? (Boolean) multiplyOrDivide(in) : null;
            }
            case 0xFF -> {
                return (in.reg & 7) < 2 ? null : (Boolean) ((in.reg & 7) == 6 && !in.prefix66 && pushOperand(in));
            }
            case 0x9C -> {
                return !in.prefix66 && pushFlags();
            }
            case 0xFA, 0xFB -> {
                interruptFlag(op == 0xFB);
                return true;
            }
            case 0x8C -> {
                return storeSegment(in);
            }
            default -> {
                return null;
            }
        }
    }

    private Boolean special0F(Insn in, int op) {
        if (op >= 0xC8 && op < 0xD0) {
            return swapBytes(in, op & 7 | (in.rex & 1) << 3);
        }
        switch (op) {
            case 0x0D, 0x18, 0x1F -> {
                return true;
            }
            case 0x1E -> {
                return in.rep == 0xF3 && in.mod == 3;
            }
            case 0xAE -> {
                if (in.mod != 3 || in.reg < 5 || in.rep != 0 || in.prefix66) {
                    return false;
                }
                a.b(0x0F, 0xAE, 0xC0 | (in.reg & 7) << 3);
                return true;
            }
            default -> {
                return null;
            }
        }
    }

    /** Writes a register that lives in memory back. */
    private void keep(int guest, int from) {
        if (HostStubs.MAP[guest] == NONE) {
            a.store(from, RBP, StateLayout.GPR + guest * 8);
        }
    }

    // ---- the re-encoded forms ----

    private static boolean has(int traits, int bit) {
        return Traits.has(traits, bit);
    }

    private boolean generic(Insn in, int traits) {
        boolean memory = in.mod != 3;
        if (memory && has(traits, Traits.ONLY_REGISTER) || !memory && has(traits, Traits.ONLY_MEMORY)) {
            return false;
        }
        if (in.lock && !(memory && has(traits, Traits.LOCKABLE))) {
            return false;
        }
        int wide = in.operandSize();
        int size = has(traits, Traits.RM_BYTE) ? 1 : has(traits, Traits.RM_WORD) ? 2 : has(traits, Traits.RM_DWORD) ? 4 : wide;
        boolean group = has(traits, Traits.GROUP);
        boolean regByte = !group && has(traits, Traits.REG_BYTE);
        boolean rmByte = !memory && has(traits, Traits.RM_BYTE);
        boolean regHigh = regByte && in.rex == 0 && in.reg >= 4;
        boolean rmHigh = rmByte && in.rex == 0 && in.rm >= 4;
        boolean high = regHigh || rmHigh;
        // With a high byte there is no room for REX: the accumulator comes through RAX.
        boolean regViaRax = high && regByte && (in.reg & 3) == 0;
        boolean rmViaRax = high && rmByte && (in.rm & 3) == 0;
        boolean viaRax = regViaRax || rmViaRax;
        int reg = group ? in.reg & 7 : regViaRax || regHigh ? in.reg : HostStubs.MAP[in.reg];
        boolean regSpilled = reg == NONE;
        if (regSpilled) {
            if (viaRax) {
                return false;
            }
            reg = RAX;
        }
        int rm = memory ? RDI : rmViaRax || rmHigh ? in.rm : HostStubs.MAP[in.rm];
        boolean rmSpilled = rm == NONE;
        if (rmSpilled) {
            rm = RDI;
        }
        boolean force = regByte && !high && reg >= 4 || rmByte && !high && rm >= 4;
        int rex = (in.rexW() ? 8 : 0) | (reg & 8) >> 1 | (rm & 8) >> 3;
        if (high && (rex != 0 || regByte && !regHigh && reg >= 4 || rmByte && !rmHigh && rm >= 4)) {
            return false;
        }
        boolean readsFlags = has(traits, Traits.FLAGS_READ | Traits.FLAGS_SOME);
        if (memory) {
            t.operand(in, size, has(traits, Traits.RM_WRITE));
            if ((in.lock || has(traits, Traits.LOCKS)) && size > 1) {
                t.aligned(size);
            }
        }
        if (readsFlags) {
            t.needFlags();
        }
        if (viaRax) {
            a.mov(RAX, RSI);
        } else if (regSpilled && (has(traits, Traits.REG_READ) || regByte || wide == 2)) {
            a.load(RAX, RBP, StateLayout.GPR + in.reg * 8);
        }
        if (rmSpilled && (has(traits, Traits.RM_READ) || size < 4)) {
            a.load(RDI, RBP, StateLayout.GPR + in.rm * 8);
        }
        encode(in, reg, rm, memory, rex, force);
        boolean regWritten = has(traits, Traits.REG_WRITE);
        boolean rmWritten = has(traits, Traits.RM_WRITE);
        if (regViaRax && regWritten || rmViaRax && rmWritten) {
            a.mov(RSI, RAX);
        }
        if (regSpilled && regWritten) {
            a.store(RAX, RBP, StateLayout.GPR + in.reg * 8);
        }
        if (rmSpilled && rmWritten) {
            a.store(RDI, RBP, StateLayout.GPR + in.rm * 8);
        }
        if (has(traits, Traits.FLAGS_ALL | Traits.FLAGS_SOME)) {
            t.flagsMade();
        }
        return true;
    }

    private void encode(Insn in, int reg, int rm, boolean memory, int rex, boolean force) {
        if (in.lock) {
            a.b(0xF0);
        }
        if (in.prefix66) {
            a.b(0x66);
        }
        if (in.map == 1 && in.opcode == 0xB8) {
            a.b(0xF3);
        }
        if (rex != 0 || force) {
            a.b(0x40 | rex);
        }
        if (in.map == 1) {
            a.b(0x0F);
        }
        a.b(in.opcode);
        a.b((memory ? 0 : 0xC0) | (reg & 7) << 3 | rm & 7);
        for (int i = 0; i < in.immediateBytes; i++) {
            a.b(in.bytes[in.immediate + i]);
        }
    }

    // ---- forms of their own ----

    private boolean lea(Insn in) {
        if (in.mod == 3) {
            return false;
        }
        int size = in.operandSize();
        int target = HostStubs.MAP[in.reg];
        if (size == 8 && !in.prefix67 && !in.ripRelative && target != NONE
                && (in.base < 0 || HostStubs.MAP[in.base] != NONE) && (in.index < 0 || HostStubs.MAP[in.index] != NONE)) {
            a.lea(true, target, in.base < 0 ? NONE : HostStubs.MAP[in.base], in.index < 0 ? NONE : HostStubs.MAP[in.index], in.scale, in.disp);
            return true;
        }
        t.offset(in);
        if (size == 2) {
            int to = t.use(in.reg, RAX);
            a.b(0x66);
            a.rr(false, 0x8B, to, RDI);
            keep(in.reg, RAX);
            return true;
        }
        int to = target == NONE ? RAX : target;
        a.rr(size == 8, 0x8B, to, RDI);
        keep(in.reg, RAX);
        return true;
    }

    private boolean push(int guest) {
        t.saveFlags();
        a.lea(true, RDI, R13, NONE, 0, -8);
        t.probe(8, true);
        int from = t.use(guest, RAX);
        a.store(from, RDI, 0);
        a.lea(true, R13, R13, NONE, 0, -8);
        return true;
    }

    private boolean pushConstant(int value) {
        t.saveFlags();
        a.lea(true, RDI, R13, NONE, 0, -8);
        t.probe(8, true);
        // mov qword [rdi], imm32
        a.rm(true, 0xC7, 0, RDI, 0);
        a.d(value);
        a.lea(true, R13, R13, NONE, 0, -8);
        return true;
    }

    private boolean pushOperand(Insn in) {
        if (in.mod == 3) {
            return push(in.rm);
        }
        t.operand(in, 8, false);
        a.load(RAX, RDI, 0);
        a.store(RAX, RBP, StateLayout.TEMPORARY);
        a.lea(true, RDI, R13, NONE, 0, -8);
        t.probe(8, true);
        a.load(RAX, RBP, StateLayout.TEMPORARY);
        a.store(RAX, RDI, 0);
        a.lea(true, R13, R13, NONE, 0, -8);
        return true;
    }

    private boolean pop(int guest) {
        t.saveFlags();
        a.mov(RDI, R13);
        t.probe(8, false);
        int to = HostStubs.MAP[guest];
        a.load(to == NONE ? RAX : to, RDI, 0);
        if (guest != 4) {
            a.lea(true, R13, R13, NONE, 0, 8);
        }
        keep(guest, RAX);
        return true;
    }

    private boolean leave() {
        t.saveFlags();
        a.load(RDI, RBP, StateLayout.GPR + 5 * 8);
        t.probe(8, false);
        a.load(RAX, RDI, 0);
        a.load(R13, RBP, StateLayout.GPR + 5 * 8);
        a.lea(true, R13, R13, NONE, 0, 8);
        a.store(RAX, RBP, StateLayout.GPR + 5 * 8);
        return true;
    }

    private boolean pushFlags() {
        t.saveFlags();
        a.lea(true, RDI, R13, NONE, 0, -8);
        t.probe(8, true);
        // The low byte of FLAGS is OF; the next is SF ZF 0 AF 0 PF 1 CF.
        a.load32(RAX, RBP, StateLayout.FLAGS);
        a.store(RDI, RBP, StateLayout.TEMPORARY);
        // movzx edi, al; shl edi, 11; movzx eax, ah; and eax, D5h; or eax, edi; or eax, [EFLAGS]
        a.rr0F(false, 0xB6, RDI, RAX);
        a.b(0xC1, 0xE7, 11);
        a.b(0x0F, 0xB6, 0xC4);
        a.b(0x25);
        a.d(0xD5);
        a.rr(false, 0x0B, RAX, RDI);
        a.rm(false, 0x0B, RAX, RBP, StateLayout.EFLAGS);
        // RF and VM read as zero.
        a.b(0x25);
        a.d(~0x30000);
        a.load(RDI, RBP, StateLayout.TEMPORARY);
        a.store(RAX, RDI, 0);
        a.lea(true, R13, R13, NONE, 0, -8);
        return true;
    }

    /** CLI and STI at privilege level 0. */
    private void interruptFlag(boolean set) {
        t.saveFlags();
        a.aluMemory32(7, RBP, StateLayout.CPL, 0);
        t.slow(a.jcc(5));
        if (set) {
            a.aluMemory32(7, RBP, StateLayout.DEFERRED, 0);
            t.slow(a.jcc(5));
        }
        // or/and dword [EFLAGS], imm32
        a.rm(false, 0x81, set ? 1 : 4, RBP, StateLayout.EFLAGS);
        a.d(set ? 0x200 : ~0x200);
        t.flagsLost();
    }

    private boolean storeSegment(Insn in) {
        int segment = in.reg & 7;
        if (segment > 5 || in.operandSize() == 2) {
            return false;
        }
        int selector = StateLayout.SELECTORS + segment * 4;
        if (in.mod != 3) {
            t.operand(in, 2, true);
            a.load32(RAX, RBP, selector);
            a.b(0x66);
            a.rm(false, 0x89, RAX, RDI, 0);
            return true;
        }
        int host = HostStubs.MAP[in.rm];
        a.load32(host == NONE ? RAX : host, RBP, selector);
        keep(in.rm, RAX);
        return true;
    }

    /** BT, BTS, BTR and BTC whose bit number selects the word of memory too. */
    private boolean bitString(Insn in) {
        int size = in.operandSize();
        boolean write = in.opcode != 0xA3;
        if (size == 2 || in.prefix67 || in.lock && !write) {
            return false;
        }
        boolean wide = size == 8;
        t.saveFlags();
        t.offset(in);
        a.rr(true, wide ? 0x8B : 0x63, RAX, t.use(in.reg, RAX));
        // sar rax, 6 or 5
        a.b(0x48, 0xC1, 0xF8);
        a.b(wide ? 6 : 5);
        a.lea(true, RDI, RDI, RAX, wide ? 3 : 2, 0);
        t.segment(in);
        t.flagsLost();
        t.probe(size, write);
        if (in.lock) {
            t.aligned(size);
        }
        a.rr(false, 0x8B, RAX, t.use(in.reg, RAX));
        a.alu(false, 4, RAX, wide ? 63 : 31);
        a.store32(RAX, RBP, StateLayout.TEMPORARY);
        t.needFlags();
        a.load32(RAX, RBP, StateLayout.TEMPORARY);
        encode(in, RAX, RDI, true, wide ? 8 : 0, false);
        t.flagsMade();
        return true;
    }

    private void extendAccumulator(Insn in) {
        switch (in.operandSize()) {
            // movsxd rsi, esi; movsx esi, si; movsx si, sil
            case 8 -> a.b(0x48, 0x63, 0xF6);
            case 4 -> a.b(0x0F, 0xBF, 0xF6);
            default -> {
                a.b(0x66, 0x40);
                a.b(0x0F, 0xBE, 0xF6);
            }
        }
    }

    private boolean swapBytes(Insn in, int guest) {
        if (in.prefix66) {
            return false;
        }
        int host = t.use(guest, RAX);
        int rex = (in.rexW() ? 8 : 0) | host >> 3;
        if (rex != 0) {
            a.b(0x40 | rex);
        }
        a.b(0x0F, 0xC8 | host & 7);
        keep(guest, RAX);
        return true;
    }

    /** MUL, IMUL, DIV and IDIV of RDX:RAX. */
    private boolean multiplyOrDivide(Insn in) {
        int group = in.reg & 7;
        boolean bytes = in.opcode == 0xF6;
        int size = bytes ? 1 : in.operandSize();
        boolean memory = in.mod != 3;
        if (group >= 6 && size < 4) {
            return false;
        }
        int rm = RDI;
        if (memory) {
            t.operand(in, size, false);
        } else if (bytes) {
            // The high bytes, and those that need REX, are rare.
            if (in.rex == 0 && in.rm >= 4 || HostStubs.MAP[in.rm] == NONE) {
                return false;
            }
            rm = HostStubs.MAP[in.rm];
        } else {
            rm = HostStubs.MAP[in.rm];
        }
        if (group >= 6) {
            t.saveFlags();
        }
        if (rm == NONE) {
            a.load(RDI, RBP, StateLayout.GPR + in.rm * 8);
            rm = RDI;
        }
        if (group >= 6) {
            if (memory) {
                a.rm(size == 8, 0x8B, RDI, RDI, 0);
            } else if (rm != RDI) {
                a.rr(size == 8, 0x8B, RDI, rm);
            }
            guardDivision(group == 7, size);
            memory = false;
            rm = RDI;
        }
        a.mov(RAX, RSI);
        if (size == 2) {
            a.b(0x66);
        }
        int rex = (size == 8 ? 8 : 0) | rm >> 3;
        if (rex != 0 || bytes && !memory && rm >= 4) {
            a.b(0x40 | rex);
        }
        a.b(bytes ? 0xF6 : 0xF7);
        a.b((memory ? 0 : 0xC0) | group << 3 | rm & 7);
        a.mov(RSI, RAX);
        t.flagsMade();
        return true;
    }

    /** Leaves every division that may raise #DE to the interpreter; the divisor is in RDI. */
    private void guardDivision(boolean signed, int size) {
        boolean w = size == 8;
        if (!signed) {
            // cmp rdx, rdi; jae
            a.rr(w, 0x3B, RDX, RDI);
            t.slow(a.jcc(3));
        } else {
            // The dividend must be a sign-extended one, the divisor neither 0 nor -1.
            a.lea(w, RAX, RDI, NONE, 0, 1);
            a.alu(w, 7, RAX, 1);
            t.slow(a.jcc(6));
            a.rr(w, 0x8B, RAX, RSI);
            if (w) {
                a.b(0x48);
            }
            a.b(0xC1, 0xF8, w ? 63 : 31);
            a.rr(w, 0x3B, RAX, RDX);
            t.slow(a.jcc(5));
        }
        t.flagsLost();
    }

    private boolean compareExchange(Insn in) {
        boolean bytes = in.opcode == 0xB0;
        int size = bytes ? 1 : in.operandSize();
        boolean memory = in.mod != 3;
        boolean regSpilled = HostStubs.MAP[in.reg] == NONE;
        if (in.lock && !memory || bytes && in.rex == 0 && (in.reg >= 4 || !memory && in.rm >= 4)
                || !memory && (in.rm == 0 || regSpilled)) {
            return false;
        }
        int rm = memory ? RDI : HostStubs.MAP[in.rm];
        boolean rmSpilled = rm == NONE;
        if (memory) {
            t.operand(in, size, true);
            if (in.lock && size > 1) {
                t.aligned(size);
            }
        } else if (rmSpilled) {
            a.load(RDI, RBP, StateLayout.GPR + in.rm * 8);
            rm = RDI;
        }
        int reg = HostStubs.MAP[in.reg];
        if (regSpilled) {
            a.store(R8, RBP, StateLayout.TEMPORARY);
            a.load(R8, RBP, StateLayout.GPR + in.reg * 8);
            reg = R8;
        }
        a.mov(RAX, RSI);
        boolean force = bytes && (reg >= 4 || !memory && rm >= 4);
        encode(in, reg, rm, memory, (in.rexW() ? 8 : 0) | (reg & 8) >> 1 | (rm & 8) >> 3, force);
        a.mov(RSI, RAX);
        if (regSpilled) {
            a.load(R8, RBP, StateLayout.TEMPORARY);
        }
        if (rmSpilled) {
            a.store(RDI, RBP, StateLayout.GPR + in.rm * 8);
        }
        t.flagsMade();
        return true;
    }

    /** CMPXCHG8B and CMPXCHG16B. */
    private boolean exchangeWide(Insn in) {
        int size = in.rexW() ? 16 : 8;
        t.operand(in, size, true);
        t.aligned(size);
        t.needFlags();
        a.mov(RAX, RSI);
        if (in.lock) {
            a.b(0xF0);
        }
        if (size == 16) {
            a.b(0x48);
        }
        a.b(0x0F, 0xC7, 0x08 | RDI);
        a.mov(RSI, RAX);
        t.flagsMade();
        return true;
    }
}
