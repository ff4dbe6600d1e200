package org.viridian.engine.software.emit;

import static org.viridian.engine.software.emit.Assembler.*;

import java.util.Arrays;

/**
 * Turns one decoded block of 64-bit code into host code. Instructions are re-encoded over the register map of
 * {@link HostStubs}; memory operands go through an inline TLB probe; what is not known here leaves for the interpreter, one
 * operation at a time.
 *
 * <p>Flags: the guest's arithmetic flags are in the host's EFLAGS or in the state block, and always in the state block at the
 * head of a block and wherever the interpreter may take over.
 *
 * <p>Thread rule: the processor's own thread.
 */
public final class Translator {
    private static final int HOST = 0;
    private static final int MEMORY = 1;
    private static final int BOTH = 2;
    private static final int LOOK_AHEAD = 12;

    final Assembler a = new Assembler();
    private final CodeArea area;
    private final Insn in = new Insn();
    private final Insn ahead = new Insn();
    private final IntegerForms integer = new IntegerForms(this);
    private final VectorForms vector = new VectorForms(this);
    Source source;
    private int number;
    private int base;
    private int flags;
    /** The operation being translated. */
    int operation;
    private boolean usesVectors;
    private boolean finished;

    private final int[] coldPlace = new int[512];
    private final int[] coldExit = new int[512];
    private int cold;
    private final int[] linkTarget = new int[4];
    private final int[] linkSite = new int[4];
    private int links;
    private int takenPlace;
    private int takenTarget;
    private boolean takenNeedsSave;

    /** A translator into this area. */
    public Translator(CodeArea area) {
        this.area = area;
    }

    /** Translates; the area must not be {@linkplain CodeArea#full full}. Null when the block is not worth it. */
    public TranslatedBlock translate(Source from, int blockNumber) {
        source = from;
        number = blockNumber;
        base = area.next();
        cold = 0;
        links = 0;
        takenPlace = -1;
        finished = false;
        usesVectors = false;
        a.clear();
        int[] resume = new int[from.operations];
        usesVectors = anyVector();
        // sub dword [rbp + BUDGET], count: seven bytes, so that a jump can take its place at once
        a.rm32(false, 0x83, 5, RBP, StateLayout.BUDGET);
        a.b(from.count);
        int headPlace = a.jcc(8);
        int vectorPlace = -1;
        int vectorBack = 0;
        if (usesVectors) {
            a.aluMemory32(7, RBP, StateLayout.VECTOR, 2);
            vectorPlace = a.jcc(5);
            vectorBack = a.position();
        }
        flags = MEMORY;
        for (operation = 0; operation < from.operations; operation++) {
            resume[operation] = base + a.position();
            one(operation);
        }
        if (!finished) {
            throw new IllegalStateException("a block without an end");
        }
        operation = from.operations - 1;
        if (takenPlace >= 0) {
            a.here(takenPlace);
            if (takenNeedsSave) {
                HostStubs.saveFlags(a);
            }
            flags = BOTH;
            jumpTo(takenTarget, 0);
        }
        a.here(headPlace);
        int headExit = base + a.position();
        out(Exit.pack(number, 0, Exit.HEAD));
        if (vectorPlace >= 0) {
            a.here(vectorPlace);
            a.movImm32(RAX, Exit.pack(number, 0, Exit.VECTOR));
            a.target(a.call(), area.stubs.loadVectors - base);
            a.target(a.jmp(), vectorBack);
        }
        int[] linkExit = new int[links];
        for (int i = 0; i < cold; ) {
            int exit = coldExit[i];
            int at = a.position();
            for (; i < cold && coldExit[i] == exit; i++) {
                a.here(coldPlace[i]);
            }
            if (Exit.kind(exit) == Exit.LINK) {
                linkExit[Exit.index(exit)] = base + at;
            }
            out(exit);
        }
        for (int i = 0; i < links; i++) {
            linkSite[i] += base;
        }
        TranslatedBlock block = new TranslatedBlock(number, base, from.count, usesVectors, resume, headExit,
                Arrays.copyOf(linkTarget, links), Arrays.copyOf(linkSite, links), linkExit);
        area.add(a.bytes(), a.position());
        return block;
    }

    private boolean anyVector() {
        for (int i = 0; i < source.operations; i++) {
            if (source.length[i] > 0 && in.decode(source.code, source.offset[i], source.code.length) && vector.knows(in)) {
                return true;
            }
        }
        return false;
    }

    private void one(int k) {
        int offset = source.offset[k];
        int length = source.length[k];
        boolean last = k == source.operations - 1;
        if (length == 0) {
            // The end of a block without a jump.
            finish(source.pageOffset + offset);
            return;
        }
        if (!in.decode(source.code, offset, source.code.length) || in.length > length) {
            step(last);
            return;
        }
        boolean fused = in.length < length;
        int position = a.position();
        int exits = cold;
        int before = flags;
        boolean done = insn(in, last && !fused);
        if (done && fused) {
            int second = offset + in.length;
            done = in.decode(source.code, second, source.code.length) && second + in.length == offset + length && insn(in, true);
        }
        if (!done) {
            a.rewind(position);
            cold = exits;
            flags = before;
            step(last);
        }
    }

    private boolean insn(Insn i, boolean last) {
        if (last && control(i)) {
            return true;
        }
        if (last) {
            return false;
        }
        return vector.knows(i) ? vector.emit(i) : integer.emit(i);
    }

    /** The interpreter runs the operation. */
    void step(boolean last) {
        saveFlags();
        if (last) {
            out(Exit.pack(number, operation, Exit.END));
            finished = true;
        } else {
            out(Exit.pack(number, operation, Exit.STEP));
        }
        flags = BOTH;
    }

    private void out(int exit) {
        a.movImm32(RAX, exit);
        a.target(a.jmp(), area.stubs.exit - base);
    }

    /** A jump, by the place of its displacement, that leaves the operation to the interpreter. */
    void slow(int place) {
        cold(place, Exit.pack(number, operation, operation == source.operations - 1 ? Exit.END : Exit.STEP));
    }

    private void cold(int place, int exit) {
        coldPlace[cold] = place;
        coldExit[cold++] = exit;
    }

    // ---- flags ----

    /** Makes sure that the state block has the flags. RAX is lost. */
    void saveFlags() {
        if (flags == HOST) {
            HostStubs.saveFlags(a);
            flags = BOTH;
        }
    }

    /** The host's flags have been overwritten by code that is not the guest's. */
    void flagsLost() {
        flags = MEMORY;
    }

    /** Makes sure that the host has the guest's flags. RAX is lost. */
    void needFlags() {
        if (flags == MEMORY) {
            HostStubs.loadFlags(a);
            flags = BOTH;
        }
    }

    /** The host's flags are the guest's new ones. */
    void flagsMade() {
        flags = HOST;
    }

    // ---- memory ----

    /** The host register of a guest register; one that lives in memory is loaded into {@code scratch}. */
    int use(int guest, int scratch) {
        int host = HostStubs.MAP[guest];
        if (host != NONE) {
            return host;
        }
        a.load(scratch, RBP, StateLayout.GPR + guest * 8);
        return scratch;
    }

    /** True when {@link #address} can do it. */
    boolean addressable(Insn i) {
        return !i.ripRelative || !i.prefix67 && Math.abs((long) i.disp) < Integer.MAX_VALUE - 8192;
    }

    /** RDI = the effective address; neither segment nor flags are touched. RAX may be lost. */
    void offset(Insn i) {
        if (i.ripRelative) {
            a.load(RDI, RBP, StateLayout.PAGE);
            a.lea(true, RDI, RDI, NONE, 0, source.pageOffset + i.start + i.length + i.disp);
            return;
        }
        int b = i.base < 0 ? NONE : use(i.base, RDI);
        int x = i.index < 0 ? NONE : use(i.index, RAX);
        a.lea(!i.prefix67, RDI, b, x, i.scale, i.disp);
    }

    /** RDI = the linear address, with flags saved before. */
    void address(Insn i) {
        saveFlags();
        offset(i);
        segment(i);
    }

    /** Adds the segment's base to RDI; flags must be saved. */
    void segment(Insn i) {
        if (i.segment >= 0) {
            a.rm(true, 0x03, RDI, RBP, i.segment == 4 ? StateLayout.FS_BASE : StateLayout.GS_BASE);
            flagsLost();
        }
    }

    /** RDI: linear address in, host address out. RAX and the flags are lost; flags must be saved. */
    void probe(int size, boolean write) {
        a.rr(false, 0x8B, RAX, RDI);
        // shr eax, 7; and eax, mask
        a.b(0xC1, 0xE8, StateLayout.TLB_SHIFT);
        a.b(0x25);
        a.d(StateLayout.TLB_MASK);
        a.rm(true, 0x03, RAX, RBP, StateLayout.TLB);
        a.rm(true, 0x33, RDI, RAX, write ? StateLayout.TLB_WRITE : StateLayout.TLB_READ);
        a.alu(true, 7, RDI, 4096 - size);
        slow(a.jcc(7));
        a.rm(true, 0x03, RDI, RAX, StateLayout.TLB_HOST);
        flagsLost();
    }

    /** Leaves the operation to the interpreter unless RDI is a multiple of {@code size}. */
    void aligned(int size) {
        // test edi, size - 1
        a.b(0xF7, 0xC7);
        a.d(size - 1);
        slow(a.jcc(5));
    }

    /** RDI = host address of the memory operand. */
    void operand(Insn i, int size, boolean write) {
        address(i);
        probe(size, write);
    }

    // ---- the end of a block ----

    private void finish(int target) {
        saveFlags();
        if (source.serialises) {
            lookUp(target, 0);
        } else {
            jumpTo(target, 0);
        }
        finished = true;
    }

    /** Goes on at an offset from the start of the page, which may lie outside; flags are saved. */
    private void jumpTo(int target, int drop) {
        if (target >= 0 && target < 4096) {
            if (drop != 0) {
                a.lea(true, R13, R13, NONE, 0, drop);
            }
            linkTarget[links] = target;
            int place = a.jmp();
            linkSite[links] = place;
            cold(place, Exit.pack(number, links++, Exit.LINK));
            return;
        }
        lookUp(target, drop);
    }

    private void lookUp(int target, int drop) {
        a.load(RDI, RBP, StateLayout.PAGE);
        a.lea(true, RDI, RDI, NONE, 0, target);
        dispatch(drop);
    }

    /**
     * Goes on at the linear address in RDI through the jump cache, and adds {@code drop} to RSP on the way; flags are saved. What
     * the cache does not know is left to the interpreter, so nothing of the jump may have happened before.
     */
    private void dispatch(int drop) {
        lookUpTarget();
        if (drop != 0) {
            a.lea(true, R13, R13, NONE, 0, drop);
        }
        a.alu(true, 4, RDI, -4096);
        a.store(RDI, RBP, StateLayout.PAGE);
        // jmp [rax + 8]
        a.rm(false, 0xFF, 4, RAX, 8);
    }

    /** RAX = the jump cache's entry for the linear address in RDI, or out. */
    private void lookUpTarget() {
        a.rr(false, 0x8B, RAX, RDI);
        a.b(0xC1, 0xE8, 8);
        a.rr(false, 0x33, RAX, RDI);
        a.b(0x25);
        a.d(StateLayout.JUMP_ENTRIES - 1);
        a.b(0xC1, 0xE0, 4);
        a.rm(true, 0x03, RAX, RBP, StateLayout.JUMPS);
        a.rm(true, 0x3B, RDI, RAX, 0);
        cold(a.jcc(5), Exit.pack(number, operation, Exit.END));
    }

    /** The return address may overwrite the pointer that the call goes through, so it is stored when nothing can stop the call. */
    private void callThroughMemory(Insn i, int next) {
        a.lea(true, RDI, R13, NONE, 0, -8);
        probe(8, true);
        a.store(RDI, RBP, StateLayout.TEMPORARY);
        operand(i, 8, false);
        a.load(RDI, RDI, 0);
        lookUpTarget();
        a.load(RAX, RAX, 8);
        a.store(RAX, RBP, StateLayout.TEMPORARY_2);
        a.store(RDI, RBP, StateLayout.TEMPORARY_3);
        a.load(RDI, RBP, StateLayout.TEMPORARY);
        a.load(RAX, RBP, StateLayout.PAGE);
        a.lea(true, RAX, RAX, NONE, 0, next);
        a.store(RAX, RDI, 0);
        a.lea(true, R13, R13, NONE, 0, -8);
        a.load(RDI, RBP, StateLayout.TEMPORARY_3);
        a.alu(true, 4, RDI, -4096);
        a.store(RDI, RBP, StateLayout.PAGE);
        a.rm(false, 0xFF, 4, RBP, StateLayout.TEMPORARY_2);
    }

    private boolean control(Insn i) {
        if (i.lock || i.prefix66 && i.opcode != 0x0F) {
            return false;
        }
        int next = source.pageOffset + i.start + i.length;
        int op = i.opcode;
        if (i.map == 1) {
            if (op >> 4 != 8 || !near(i)) {
                return false;
            }
            conditional(op & 15, next + (int) i.immediateValue(), next);
            return true;
        }
        if (op >> 4 == 7) {
            conditional(op & 15, next + (int) i.immediateValue(), next);
            return true;
        }
        switch (op) {
            case 0xE9, 0xEB -> {
                if (!near(i)) {
                    return false;
                }
                int target = next + (int) i.immediateValue();
                if (flags == HOST && live(target)) {
                    saveFlags();
                }
                if (target < 0 || target >= 4096) {
                    saveFlags();
                }
                jumpTo(target, 0);
            }
            case 0xE8 -> {
                if (!near(i)) {
                    return false;
                }
                saveFlags();
                call(next);
                jumpTo(next + (int) i.immediateValue(), -8);
            }
            case 0xC3, 0xC2 -> {
                saveFlags();
                a.mov(RDI, R13);
                probe(8, false);
                a.load(RDI, RDI, 0);
                int drop = op == 0xC2 ? (int) i.immediateValue() & 0xFFFF : 0;
                dispatch(8 + drop);
            }
            case 0xFF -> {
                return indirect(i, next);
            }
            default -> {
                return false;
            }
        }
        finished = true;
        return true;
    }

    private static boolean near(Insn i) {
        long rel = i.immediateValue();
        return Math.abs(rel) < Integer.MAX_VALUE - 8192;
    }

    /** Stores the return address; RSP stays as it is. */
    private void call(int next) {
        a.lea(true, RDI, R13, NONE, 0, -8);
        probe(8, true);
        a.load(RAX, RBP, StateLayout.PAGE);
        a.lea(true, RAX, RAX, NONE, 0, next);
        a.store(RAX, RDI, 0);
    }

    private boolean indirect(Insn i, int next) {
        int group = i.reg & 7;
        if (group != 2 && group != 4 || i.mod != 3 && !addressable(i) || i.mod == 3 && i.rm == 4) {
            return false;
        }
        saveFlags();
        boolean memory = i.mod != 3;
        if (memory && group == 2) {
            callThroughMemory(i, next);
            finished = true;
            return true;
        }
        if (memory) {
            operand(i, 8, false);
            a.load(RDI, RDI, 0);
        }
        if (group == 2) {
            canonical(use(i.rm, RDI));
            call(next);
        }
        if (!memory) {
            int target = use(i.rm, RDI);
            if (target != RDI) {
                a.mov(RDI, target);
            }
        }
        dispatch(group == 2 ? -8 : 0);
        finished = true;
        return true;
    }

    /** Leaves the operation to the interpreter unless a register holds a canonical address. */
    private void canonical(int register) {
        a.mov(RAX, register);
        // shl rax, 16; sar rax, 16
        a.b(0x48, 0xC1, 0xE0);
        a.b(16);
        a.b(0x48, 0xC1, 0xF8);
        a.b(16);
        a.rr(true, 0x3B, RAX, register);
        slow(a.jcc(5));
    }

    private void conditional(int condition, int taken, int passed) {
        needFlags();
        boolean near = taken >= 0 && taken < 4096;
        boolean takenLive = flags == HOST && (!near || live(taken));
        boolean passedLive = flags == HOST && live(passed);
        if (takenLive && passedLive) {
            saveFlags();
            takenLive = false;
            passedLive = false;
        }
        int place = a.jcc(condition);
        if (takenLive || !near) {
            takenPlace = place;
            takenTarget = taken;
        } else {
            linkTarget[links] = taken;
            linkSite[links] = place;
            cold(place, Exit.pack(number, links++, Exit.LINK));
        }
        takenNeedsSave = takenLive;
        if (passedLive) {
            saveFlags();
        }
        flags = BOTH;
        jumpTo(passed, 0);
        finished = true;
    }

    /** Whether code at an offset of the page may look at the flags before it overwrites them. */
    private boolean live(int target) {
        int at = target;
        for (int n = 0; n < LOOK_AHEAD; n++) {
            if (at < 0 || at >= 4096 || !ahead.decode(source.page, at, 4096)) {
                return true;
            }
            int t = Traits.of(ahead);
            boolean plain = integer.flagless(ahead);
            if (!plain && (!Traits.has(t, Traits.KNOWN) || ahead.lock || ahead.mod != 3
                    || Traits.has(t, Traits.FLAGS_READ | Traits.FLAGS_SOME))) {
                return true;
            }
            if (!plain && Traits.has(t, Traits.FLAGS_ALL)) {
                return false;
            }
            at += ahead.length;
        }
        return true;
    }
}
