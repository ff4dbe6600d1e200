package org.viridian.engine.software;

import java.util.Arrays;

/**
 * A run of decoded instructions, keyed by physical address and mode. Shared by the processors; the successor slots are
 * hints that every processor checks before use.
 */
final class Block {
    /** Offset of the first byte in its physical page. */
    final int offset;
    /** Mode key, code size and stack size. */
    final int mode;
    /** The instructions; replaced one by one by exits when the block becomes stale while it runs. */
    final MicroOp[] ops;
    /** Guest bytes covered; may reach into the next page. */
    final int bytes;
    /** Guest instructions. */
    final int count;
    /** Successors must be looked up afresh. */
    final boolean serialises;
    /** Physical page of the second part of an instruction that crosses pages, else -1. */
    final long tailPage;
    /** In its page's list; only then may others refer to it. */
    boolean cached;
    volatile boolean valid = true;
    /** The guest bytes it was made from. */
    final byte[] code;
    /** Times entered while there was no translation. Racy. */
    int heat;
    /** Translations by processor, or null. */
    volatile TierOne.Code[] translations;

    Block nextInPage;
    Block nextInTail;

    /** Successors in the same page, told apart by their offset. Racy hints. */
    Block next0;
    Block next1;

    Block(int offset, int mode, MicroOp[] ops, int count, int bytes, boolean serialises, long tailPage, byte[] code) {
        this.code = code;
        this.offset = offset;
        this.mode = mode;
        this.ops = ops;
        this.count = count;
        this.bytes = bytes;
        this.serialises = serialises;
        this.tailPage = tailPage;
    }

    /** Sets or forgets the translation for one of {@code processors} processors. */
    synchronized void translation(int processor, int processors, TierOne.Code code) {
        TierOne.Code[] made = translations;
        if (made == null && code == null) {
            return;
        }
        TierOne.Code[] next = made == null ? new TierOne.Code[Math.max(processors, processor + 1)]
                : Arrays.copyOf(made, Math.max(made.length, processor + 1));
        next[processor] = code;
        translations = next;
    }

    /** Makes a stale block stop at its next instruction boundary, wherever it runs. */
    void invalidate() {
        if (!valid) {
            return;
        }
        valid = false;
        for (int i = 1; i < ops.length; i++) {
            if (!(ops[i] instanceof StaleExit)) {
                ops[i] = new StaleExit(ops[i]);
            }
        }
        next0 = null;
        next1 = null;
        TierOne.Code[] made = translations;
        if (made != null) {
            for (TierOne.Code translation : made) {
                if (translation != null) {
                    translation.divert();
                }
            }
        }
    }

    /** Leaves a block whose remaining instructions have been overwritten. */
    private static final class StaleExit extends MicroOp {
        StaleExit(MicroOp replaced) {
            offset = replaced.offset;
            length = replaced.length;
        }

        @Override
        public void exec(Cpu c) {
            throw BlockExit.INSTANCE;
        }
    }

    /** Control flow: the block ends before the instruction that threw. */
    static final class BlockExit extends RuntimeException {
        private static final long serialVersionUID = 1L;
        static final BlockExit INSTANCE = new BlockExit();

        private BlockExit() {
            super(null, null, false, false);
        }
    }
}
