package org.viridian.engine.software;

import java.util.Arrays;

/**
 * Finds the block for the current RIP, decoding it when it is new. One per processor; the blocks themselves are shared
 * through {@link CodePage}.
 *
 * <p>Self-modifying code: a page is marked before its bytes are read, every store to a marked page is seen, and a block
 * enters the page's list only if no store has been seen since and all other processors have dropped their write tags. Until
 * then it runs uncached.
 */
final class BlockCache {
    /** Most instructions of a block. */
    static final int MAX_INSTRUCTIONS = 64;

    private final Cpu c;
    private final DecodeContext context = new DecodeContext();
    private final Decoder decoder = new Decoder();
    private final MicroOp[] ops = new MicroOp[MAX_INSTRUCTIONS + 2];
    private long decodedBlocks;

    BlockCache(Cpu c) {
        this.c = c;
    }

    /** Blocks decoded so far. */
    long decodedBlocks() {
        return decodedBlocks;
    }

    /** Linear address of RIP; raises #GP(0) beyond the limit of CS. */
    long linearRip() {
        long rip = c.gpr[Cpu.RIP];
        if (c.codeSize == 64) {
            return rip;
        }
        if (Long.compareUnsigned(rip, c.segLimit[Cpu.CS]) > 0) {
            throw c.raise(CpuFault.GP, 0);
        }
        return c.segBase[Cpu.CS] + rip & 0xFFFF_FFFFL;
    }

    /** The block at RIP. Raises #PF or #GP of the fetch. */
    Block find() {
        long linear = linearRip();
        if ((c.modeKey & Cpu.LIMITED) != 0) {
            return single();
        }
        int slot = Cpu.jumpSlot(linear);
        if (c.jumpTags[slot] == linear) {
            Block block = c.jumps[slot];
            if (block.valid) {
                return block;
            }
        }
        long physical = c.translateFetch(linear);
        boolean global = c.fetchWasGlobal();
        PhysicalMemory.Region region = c.memory.find(physical);
        if (region == null) {
            throw c.raise(c.flat ? CpuFault.PF : CpuFault.UD, c.flat ? 0x14 : CpuFault.NO_ERROR_CODE);
        }
        CodePage page = region.makeCodePage(physical);
        Block block = page.find((int) physical & 0xFFF, c.modeKey);
        if (block == null || block.tailPage >= 0 && !tailMatches(block, linear)) {
            block = decode(linear, physical, region, page, MAX_INSTRUCTIONS);
        }
        if (block.tailPage < 0 && block.cached) {
            c.rememberJump(linear, block, global);
        }
        return block;
    }

    /** One instruction at RIP, not cached. */
    Block single() {
        long linear = linearRip();
        long physical = c.translateFetch(linear);
        PhysicalMemory.Region region = c.memory.find(physical);
        if (region == null) {
            throw c.raise(CpuFault.UD);
        }
        return decode(linear, physical, region, null, 1);
    }

    private boolean tailMatches(Block block, long linear) {
        return (c.translateFetch((linear | 0xFFF) + 1) & ~0xFFFL) == block.tailPage;
    }

    private boolean prepare(CodePage page) {
        if (!page.populated()) {
            page.populate();
            page.safeEpoch(c.memory.requestWriteTagFlush(c));
            c.dropWriteTags(page.physical);
        }
        return page.safeEpoch() >= 0 && c.memory.acknowledged(page.safeEpoch(), c);
    }

    private Block decode(long linear, long physical, PhysicalMemory.Region region, CodePage page, int most) {
        decodedBlocks++;
        boolean cacheable = page != null && prepare(page);
        int version = page == null ? 0 : page.version();
        int room = 4096 - ((int) physical & 0xFFF);
        DecodeContext in = context;
        boolean limited = (c.modeKey & Cpu.LIMITED) != 0;
        long left = limited ? c.segLimit[Cpu.CS] - c.gpr[Cpu.RIP] + 1 : Long.MAX_VALUE;
        in.limit = (int) Math.min(Math.min(room, MAX_INSTRUCTIONS * DecodeContext.MAX_LENGTH), left);
        Mem.copyOut(physical + region.addend, in.bytes, 0, in.limit);
        long tailPage = -1;
        CodePage tail = null;
        int tailVersion = 0;
        int count = 0;
        int position = 0;
        int mode = c.codeSize;
        boolean serialises = false;
        boolean ended = false;
        int limit = most;
        while (count < limit && position < in.limit) {
            MicroOp op = decoder.decode(in, mode, position);
            if (in.exhausted) {
                if (count > 0) {
                    break;
                }
                if (left <= room) {
                    throw c.raise(CpuFault.GP, 0);
                }
                long next = c.translateFetch((linear | 0xFFF) + 1);
                PhysicalMemory.Region nextRegion = c.memory.find(next);
                if (nextRegion == null) {
                    throw c.raise(CpuFault.UD);
                }
                tailPage = next & ~0xFFFL;
                if (page != null) {
                    tail = nextRegion.makeCodePage(next);
                    cacheable &= prepare(tail);
                    tailVersion = tail.version();
                }
                Mem.copyOut(next + nextRegion.addend, in.bytes, room, DecodeContext.MAX_LENGTH);
                in.limit = (int) Math.min(room + DecodeContext.MAX_LENGTH, left);
                op = decoder.decode(in, mode, position);
                if (in.exhausted) {
                    throw c.raise(CpuFault.GP, 0);
                }
                limit = 1;
            }
            op.offset = position;
            op.length = in.position - position;
            position = in.position;
            ops[count++] = op;
            if (in.ends()) {
                ended = true;
                serialises = in.serialises();
                break;
            }
            if (in.shadow && most == 1 && in.opcode == 0xFB) {
                // A single step ends at STI all the same; the stepper keeps interrupts off.
                break;
            }
            if (in.shadow) {
                // Interrupts are looked at between blocks: the next instruction must be in this one.
                limit = Math.min(count + 1, MAX_INSTRUCTIONS + 1);
                serialises = true;
            }
        }
        int length = count;
        if (ended && count >= 2) {
            MicroOp fused = FusedOps.fuse(ops[count - 2], ops[count - 1]);
            if (fused != null) {
                ops[count - 2] = fused;
                length = count - 1;
            }
        }
        if (!ended) {
            MicroOp onwards = new BranchOps.FallThrough(position, mode);
            onwards.offset = position;
            ops[length++] = onwards;
        }
        Block block = new Block((int) physical & 0xFFF, c.modeKey, Arrays.copyOf(ops, length), count, position, serialises, tailPage,
                Arrays.copyOf(in.bytes, position));
        if (cacheable) {
            block.cached = page.insert(block, version);
            if (block.cached && tail != null && !tail.insertTail(block, position - room, tailVersion)) {
                block.invalidate();
                block.cached = false;
            }
        }
        return block;
    }
}
