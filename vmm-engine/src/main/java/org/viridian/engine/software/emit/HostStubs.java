package org.viridian.engine.software.emit;

import static org.viridian.engine.software.emit.Assembler.*;

/**
 * The fixed code at the start of every code area: in, out, and loading the vector registers. Calling convention of the way
 * in: System V, state register in RDI, address in RSI.
 *
 * <p>Register map: host RBP state, RSP host stack, RAX and RDI scratch; guest RAX RSP RSI RDI in host RSI R13 R14 R15; RCX RDX
 * RBX R8–R12 the same; guest RBP R13 R14 R15 in the state block.
 */
final class HostStubs {
    /** Host register of each guest register, or {@link Assembler#NONE}. */
    static final int[] MAP = {RSI, RCX, RDX, RBX, R13, NONE, R14, R15, R8, R9, R10, R11, R12, NONE, NONE, NONE};
    private static final int[] SAVED = {RBX, RBP, R12, R13, R14, R15};

    /** Offset of the way in. */
    final int enter;
    /** Offset of the way out; RAX holds the exit word. */
    final int exit;
    /** Offset of the routine that loads the vector registers; returns on success, else goes out with RAX. */
    final int loadVectors;

    HostStubs(Assembler a) {
        a.clear();
        enter = a.position();
        for (int register : SAVED) {
            push(a, register);
        }
        a.alu(true, 5, RSP, 8);
        a.mov(RBP, RDI);
        a.store(RSI, RBP, StateLayout.TEMPORARY);
        a.aluMemory32(7, RBP, StateLayout.VECTOR, 2);
        int none = a.jcc(5);
        vectors(a, true);
        a.rm0F(false, 0xAE, 2, RBP, StateLayout.MXCSR);
        a.here(none);
        for (int guest = 0; guest < 16; guest++) {
            if (MAP[guest] != NONE) {
                a.load(MAP[guest], RBP, StateLayout.GPR + guest * 8);
            }
        }
        loadFlags(a);
        // jmp [rbp + TEMPORARY]
        a.rm(false, 0xFF, 4, RBP, StateLayout.TEMPORARY);

        a.align(16);
        exit = a.position();
        a.store32(RAX, RBP, StateLayout.EXIT);
        for (int guest = 0; guest < 16; guest++) {
            if (MAP[guest] != NONE) {
                a.store(MAP[guest], RBP, StateLayout.GPR + guest * 8);
            }
        }
        a.aluMemory32(7, RBP, StateLayout.VECTOR, 2);
        none = a.jcc(5);
        vectors(a, false);
        a.rm0F(false, 0xAE, 3, RBP, StateLayout.MXCSR);
        a.rm0F(false, 0xAE, 2, RBP, StateLayout.HOST_MXCSR);
        a.here(none);
        a.alu(true, 0, RSP, 8);
        for (int i = SAVED.length - 1; i >= 0; i--) {
            pop(a, SAVED[i]);
        }
        a.b(0xC3);

        a.align(16);
        loadVectors = a.position();
        a.aluMemory32(7, RBP, StateLayout.VECTOR, 1);
        int refused = a.jcc(5);
        vectors(a, true);
        a.rm0F(false, 0xAE, 2, RBP, StateLayout.MXCSR);
        // mov dword [rbp + VECTOR], 2
        a.rm(false, 0xC7, 0, RBP, StateLayout.VECTOR);
        a.d(2);
        a.b(0xC3);
        a.here(refused);
        a.alu(true, 0, RSP, 8);
        a.target(a.jmp(), exit);
    }

    private static void push(Assembler a, int register) {
        if (register >= 8) {
            a.b(0x41);
        }
        a.b(0x50 | register & 7);
    }

    private static void pop(Assembler a, int register) {
        if (register >= 8) {
            a.b(0x41);
        }
        a.b(0x58 | register & 7);
    }

    private static void vectors(Assembler a, boolean load) {
        for (int i = 0; i < 16; i++) {
            // MOVAPS
            a.rm0F(false, load ? 0x28 : 0x29, i, RBP, StateLayout.XMM + i * 16);
        }
    }

    /** Brings the arithmetic flags from memory into the host's; RAX is lost. */
    static void loadFlags(Assembler a) {
        a.load32(RAX, RBP, StateLayout.FLAGS);
        // add al, 7Fh: overflows exactly when AL is 1
        a.b(0x04, 0x7F);
        // sahf
        a.b(0x9E);
    }

    /** Stores the host's arithmetic flags to memory and keeps them; RAX is lost. */
    static void saveFlags(Assembler a) {
        // lahf; seto al
        a.b(0x9F);
        a.b(0x0F, 0x90, 0xC0);
        a.store32(RAX, RBP, StateLayout.FLAGS);
    }
}
