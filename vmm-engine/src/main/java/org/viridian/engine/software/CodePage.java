package org.viridian.engine.software;

import java.util.Arrays;

/**
 * The decoded blocks of one physical page, and what bytes they were made from.
 *
 * <p>Thread rule: {@link #find} by any processor without a lock; changes under this object's lock. A block is cached only
 * if no write has been seen since before its bytes were read ({@link #version}), and only once every other processor has
 * dropped write tags to this page.
 */
final class CodePage {
    private static final int BUCKETS = 64;

    final long physical;
    private final Block[] buckets = new Block[BUCKETS];
    /** One bit per byte of the page that some block was decoded from. */
    private final long[] decoded = new long[64];
    private volatile int version;
    private volatile boolean populated;
    /** The epoch at which all processors have no write tag for this page; -1: not asked yet. */
    private volatile long safeEpoch = -1;

    CodePage(long physical) {
        this.physical = physical;
    }

    /** True when blocks exist, so that writes must be seen. */
    boolean populated() {
        return populated;
    }

    int version() {
        return version;
    }

    long safeEpoch() {
        return safeEpoch;
    }

    /** Marks the page before its bytes are read; from now on no processor may fill a write tag for it. */
    synchronized void populate() {
        populated = true;
    }

    /** Notes the epoch that all other processors must acknowledge before blocks may be cached. */
    synchronized void safeEpoch(long epoch) {
        if (safeEpoch < 0) {
            safeEpoch = epoch;
        }
    }

    /** The valid block at this offset for this mode, or null. */
    Block find(int offset, int mode) {
        for (Block block = buckets[offset >>> 6]; block != null; block = block.nextInPage) {
            if (block.offset == offset && block.mode == mode && block.valid) {
                return block;
            }
        }
        return null;
    }

    /** Caches a block whose bytes were read at {@code seen}; answers false when the page has been written since. */
    synchronized boolean insert(Block block, int seen) {
        if (seen != version || !populated) {
            return false;
        }
        block.nextInPage = buckets[block.offset >>> 6];
        buckets[block.offset >>> 6] = block;
        mark(block.offset, Math.min(4096, block.offset + block.bytes));
        return true;
    }

    /** Ties a block of the page before, which reaches {@code bytes} into this one, to this page. */
    synchronized boolean insertTail(Block block, int bytes, int seen) {
        if (seen != version || !populated) {
            return false;
        }
        block.nextInTail = tails;
        tails = block;
        mark(0, bytes);
        return true;
    }

    private Block tails;

    private void mark(int from, int to) {
        for (int i = from; i < to; i++) {
            decoded[i >>> 6] |= 1L << i;
        }
    }

    private boolean overlaps(int from, int length) {
        int last = from + length - 1;
        for (int word = from >>> 6; word <= last >>> 6; word++) {
            long mask = -1L;
            if (word == from >>> 6) {
                mask &= -1L << from;
            }
            if (word == last >>> 6) {
                mask &= -1L >>> 63 - (last & 63);
            }
            if ((decoded[word] & mask) != 0) {
                return true;
            }
        }
        return false;
    }

    /** Drops the blocks that were made from any of these bytes. Call after the bytes have changed. */
    synchronized void wrote(int from, int length) {
        version++;
        if (!populated || !overlaps(from, length)) {
            return;
        }
        int to = from + length;
        Arrays.fill(decoded, 0);
        boolean any = false;
        for (int i = 0; i < BUCKETS; i++) {
            Block kept = null;
            for (Block block = buckets[i]; block != null; ) {
                Block next = block.nextInPage;
                if (block.valid && (block.offset >= to || block.offset + block.bytes <= from)) {
                    block.nextInPage = kept;
                    kept = block;
                    mark(block.offset, Math.min(4096, block.offset + block.bytes));
                    any = true;
                } else {
                    block.invalidate();
                }
                block = next;
            }
            buckets[i] = kept;
        }
        Block kept = null;
        for (Block block = tails; block != null; ) {
            Block next = block.nextInTail;
            int reach = block.offset + block.bytes - 4096;
            if (block.valid && from >= reach) {
                block.nextInTail = kept;
                kept = block;
                mark(0, reach);
                any = true;
            } else {
                block.invalidate();
            }
            block = next;
        }
        tails = kept;
        if (!any) {
            populated = false;
            safeEpoch = -1;
        }
    }
}
