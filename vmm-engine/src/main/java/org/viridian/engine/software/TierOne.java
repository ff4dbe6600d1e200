package org.viridian.engine.software;

import java.util.Arrays;
import org.viridian.engine.software.emit.CodeArea;
import org.viridian.engine.software.emit.Exit;
import org.viridian.engine.software.emit.Source;
import org.viridian.engine.software.emit.StateLayout;
import org.viridian.engine.software.emit.TranslatedBlock;
import org.viridian.engine.software.emit.Translator;

/**
 * Tier 1 of one processor: translates hot blocks of 64-bit code into host code and runs them. Whatever the host code does not
 * do itself it leaves to the interpreter one operation at a time; the registers then move between {@link Cpu} and the state
 * block.
 *
 * <p>Thread rule: the processor's own thread, except {@link Code#divert}.
 */
final class TierOne {
    /** Entries of a block before it is translated. */
    static final int THRESHOLD = Integer.getInteger("viridian.cpu.threshold", 8);
    /** Rounding to nearest, all exceptions masked, no flag set. */
    private static final int MXCSR_DEFAULT = 0x1F80;
    private static final int MXCSR_MASKS = 0x1F80;
    private static final int MOST_BLOCKS = 1 << 22;

    /** The translation of a block for one processor. */
    static final class Code {
        final Block block;
        final TranslatedBlock at;
        private final CodeArea area;
        private boolean gone;
        private boolean diverted;

        Code(Block block, TranslatedBlock at, CodeArea area) {
            this.block = block;
            this.at = at;
            this.area = area;
        }

        /** Makes whoever comes to the head leave: the block is stale. Any thread. */
        void divert() {
            synchronized (area) {
                if (!gone && !diverted) {
                    diverted = true;
                    area.divert(at.entry, at.headExit);
                }
            }
        }
    }

    private final Cpu c;
    private final BlockCache blocks;
    private final CodeArea area;
    private final Translator translator;
    private final Source source = new Source();
    private final long state;
    private final int threshold;
    private Code[] codes = new Code[1024];
    private int count;
    private long translated;
    private long emptied;
    private long exits;

    /** Translates blocks that have been entered {@code threshold} times, into an area of {@code bytes}. */
    TierOne(Cpu c, BlockCache blocks, long bytes, int threshold) {
        this.threshold = threshold;
        this.c = c;
        this.blocks = blocks;
        this.area = new CodeArea(bytes);
        this.translator = new Translator(area);
        this.state = c.area.state();
        Mem.raw32(state + StateLayout.HOST_MXCSR, MXCSR_DEFAULT);
    }

    /** Translations made, code areas emptied, returns from translated code, bytes of code: for logs and tests. */
    String statistics() {
        return "translated %d, emptied %d, exits %d, code %d KiB".formatted(translated, emptied, exits, area.used() >> 10);
    }

    long translations() {
        return translated;
    }

    long emptied() {
        return emptied;
    }

    /** The translation of the block at RIP, made now if the block has become hot, or null. */
    Code code(Block block) {
        Code[] made = block.translations;
        if (made != null) {
            Code code = made[c.apic.index()];
            if (code != null) {
                return code;
            }
        }
        if (++block.heat < threshold || !block.cached || block.tailPage >= 0 || (block.mode & 3) != 2 || !block.valid) {
            return null;
        }
        return translate(block);
    }

    private Code translate(Block block) {
        if (area.full() || count == MOST_BLOCKS) {
            empty();
        }
        Source s = source;
        s.code = block.code;
        s.pageOffset = block.offset;
        s.count = block.count;
        s.serialises = block.serialises;
        s.operations = block.ops.length;
        for (int i = 0; i < s.operations; i++) {
            MicroOp op = block.ops[i];
            s.offset[i] = op.offset;
            s.length[i] = op.length;
        }
        long physical = c.translateFetch(c.gpr[Cpu.RIP]);
        PhysicalMemory.Region region = c.memory.find(physical);
        if (region == null) {
            return null;
        }
        Mem.copyOut((physical & ~0xFFFL) + region.addend, s.page, 0, 4096);
        if (count == codes.length) {
            codes = Arrays.copyOf(codes, count * 2);
        }
        Code code = new Code(block, translator.translate(s, count), area);
        codes[count++] = code;
        translated++;
        block.translation(c.apic.index(), c.memory.processors(), code);
        if (!block.valid) {
            code.divert();
        }
        return code;
    }

    /** Forgets all translations. */
    void empty() {
        synchronized (area) {
            for (int i = 0; i < count; i++) {
                codes[i].gone = true;
                codes[i].block.translation(c.apic.index(), 0, null);
            }
        }
        Arrays.fill(codes, 0, count, null);
        count = 0;
        area.empty();
        c.clearNativeJumps(true);
        emptied++;
    }

    /**
     * Runs translated code from the block at RIP until something needs the dispatcher, or about {@code budget} instructions have
     * been executed. Answers true when the block at RIP must be interpreted. Exceptions leave with RIP at their instruction.
     */
    boolean run(Code start, int budget) {
        long s = state;
        Code code = start;
        int at = start.at.entry;
        int given = budget;
        Mem.raw64(s + StateLayout.PAGE, c.gpr[Cpu.RIP] & ~0xFFFL);
        Mem.raw32(s + StateLayout.BUDGET, budget);
        copyIn(false);
        while (true) {
            area.run(s, at);
            exits++;
            int exit = Mem.raw32(s + StateLayout.EXIT);
            int index = Exit.index(exit);
            code = codes[Exit.block(exit)];
            copyOut();
            switch (Exit.kind(exit)) {
                case Exit.STEP -> {
                    MicroOp op = code.block.ops[index];
                    c.gpr[Cpu.RIP] = Mem.raw64(s + StateLayout.PAGE) + code.block.offset;
                    try {
                        op.exec(c);
                    } catch (CpuFault fault) {
                        fault.settle(c, op);
                        retire(given, code.at.count - index);
                        throw fault;
                    } catch (Block.BlockExit stale) {
                        c.gpr[Cpu.RIP] += op.offset;
                        retire(given, code.at.count - index);
                        return false;
                    }
                    boolean vectors = code.at.vectors;
                    if (!code.block.valid || vectors && !vectorsAllowed()) {
                        c.gpr[Cpu.RIP] += op.offset + op.length;
                        retire(given, code.at.count - index - 1);
                        return false;
                    }
                    if (c.pending != 0) {
                        // Leave at the next head, where interrupts may come.
                        retire(given, 0);
                        given = 0;
                        Mem.raw32(s + StateLayout.BUDGET, 0);
                    }
                    copyIn(vectors);
                    at = code.at.resume[index + 1];
                }
                case Exit.END -> {
                    MicroOp op = code.block.ops[index];
                    c.gpr[Cpu.RIP] = Mem.raw64(s + StateLayout.PAGE) + code.block.offset;
                    try {
                        op.exec(c);
                    } catch (CpuFault fault) {
                        fault.settle(c, op);
                        retire(given, code.at.count - index);
                        throw fault;
                    } catch (Block.BlockExit stale) {
                        c.gpr[Cpu.RIP] += op.offset;
                        retire(given, code.at.count - index);
                        return false;
                    }
                    if (c.pending != 0) {
                        retire(given, 0);
                        return false;
                    }
                    Code next = successor(given);
                    if (next == null) {
                        return false;
                    }
                    Mem.raw64(s + StateLayout.PAGE, c.gpr[Cpu.RIP] & ~0xFFFL);
                    c.rememberNativeJump(c.gpr[Cpu.RIP], area.address(next.at.entry));
                    copyIn(false);
                    at = next.at.entry;
                }
                case Exit.LINK -> {
                    c.gpr[Cpu.RIP] = Mem.raw64(s + StateLayout.PAGE) + code.at.linkTarget[index];
                    Code next = successor(given);
                    if (next == null) {
                        return false;
                    }
                    // The translation of the successor may have emptied the area.
                    if (!code.gone && code.block.valid && next.block.offset == code.at.linkTarget[index]
                            && next.block.mode == code.block.mode) {
                        next.at.linkFrom(code.at, index, area);
                    }
                    Mem.raw64(s + StateLayout.PAGE, c.gpr[Cpu.RIP] & ~0xFFFL);
                    at = next.at.entry;
                }
                default -> {
                    c.gpr[Cpu.RIP] = Mem.raw64(s + StateLayout.PAGE) + code.block.offset;
                    if (Exit.kind(exit) == Exit.HEAD && !code.block.valid) {
                        code.at.unlink(area);
                        c.forgetNativeJump(c.gpr[Cpu.RIP]);
                        retire(given, 0);
                        return false;
                    }
                    retire(given, code.at.count);
                    return Exit.kind(exit) == Exit.VECTOR;
                }
            }
        }
    }

    private Code successor(int given) {
        try {
            Code next = code(blocks.find());
            if (next == null) {
                retire(given, 0);
            } else if (next.diverted) {
                retire(given, 0);
                return null;
            }
            return next;
        } catch (CpuFault fault) {
            retire(given, 0);
            throw fault;
        }
    }

    /** Counts what was executed out of {@code given}, less what the last block did not get to. */
    private void retire(int given, int unused) {
        c.instructions += given - Mem.raw32(state + StateLayout.BUDGET) - unused;
    }

    /** Instructions of the budget that are left after {@link #run}. */
    int budgetLeft() {
        return Mem.raw32(state + StateLayout.BUDGET);
    }

    private boolean vectorsAllowed() {
        return (c.cr0 & (Cpu.CR0_EM | Cpu.CR0_TS)) == 0 && (c.cr4 & Cpu.CR4_OSFXSR) != 0 && (c.mxcsr & MXCSR_MASKS) == MXCSR_MASKS;
    }

    private void copyIn(boolean vectors) {
        long s = state;
        Mem.copyIn(c.gpr, s + StateLayout.GPR, 16);
        int f = c.arithmeticFlags();
        Mem.raw32(s + StateLayout.FLAGS, (f & 0xD5) << 8 | f >>> 11 & 1);
        Mem.raw32(s + StateLayout.EFLAGS, c.eflags);
        Mem.raw32(s + StateLayout.CPL, c.cpl);
        Mem.raw64(s + StateLayout.TLB, c.tlb);
        Mem.raw64(s + StateLayout.JUMPS, c.nativeJumps);
        Mem.raw64(s + StateLayout.FS_BASE, c.segBase[Cpu.FS]);
        Mem.raw64(s + StateLayout.GS_BASE, c.segBase[Cpu.GS]);
        Mem.raw32(s + StateLayout.DEFERRED, c.interruptDeferred ? 1 : 0);
        for (int i = 0; i < 6; i++) {
            Mem.raw32(s + StateLayout.SELECTORS + i * 4, c.segSelector[i]);
        }
        boolean allowed = vectorsAllowed();
        Mem.raw32(s + StateLayout.VECTOR, allowed ? vectors ? 2 : 1 : 0);
        if (allowed) {
            Mem.copyIn(c.xmm, s + StateLayout.XMM, 32);
            Mem.raw32(s + StateLayout.MXCSR, c.mxcsr);
        }
    }

    private void copyOut() {
        long s = state;
        Mem.copyOut(s + StateLayout.GPR, c.gpr, 16);
        int f = Mem.raw32(s + StateLayout.FLAGS);
        c.setArithmeticFlags(f >>> 8 & 0xD5 | (f & 1) << 11);
        c.eflags = Mem.raw32(s + StateLayout.EFLAGS);
        if (Mem.raw32(s + StateLayout.VECTOR) == 2) {
            Mem.copyOut(s + StateLayout.XMM, c.xmm, 32);
            c.mxcsr = Mem.raw32(s + StateLayout.MXCSR);
        }
    }
}
