package org.viridian.engine.software.emit;

/**
 * Why translated code returned, packed into the word that it leaves at {@link StateLayout#EXIT}: block number, operation
 * index, kind.
 */
public final class Exit {
    /** The interpreter runs the operation; translated code goes on behind it. */
    public static final int STEP = 0;
    /** The interpreter runs the operation, which ends the block; the jump cache should know where it goes. */
    public static final int END = 1;
    /** A jump inside the page whose target has no translation yet; the index is the number of the link. */
    public static final int LINK = 2;
    /** At the head of a block: the budget is used up, or the block is stale. */
    public static final int HEAD = 3;
    /** At the head of a block that needs the vector registers, which are not to be used now. */
    public static final int VECTOR = 4;

    private Exit() {}

    static int pack(int block, int index, int kind) {
        return block << 10 | index << 3 | kind;
    }

    /** Number of the block. */
    public static int block(int exit) {
        return exit >>> 10;
    }

    /** Index of the operation or the link. */
    public static int index(int exit) {
        return exit >>> 3 & 127;
    }

    /** One of the constants. */
    public static int kind(int exit) {
        return exit & 7;
    }
}
