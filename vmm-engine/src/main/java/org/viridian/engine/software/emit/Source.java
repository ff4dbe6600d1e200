package org.viridian.engine.software.emit;

/**
 * A decoded block as the translator sees it. Reused for every block.
 */
public final class Source {
    /** Most operations of a block. */
    public static final int MAX_OPERATIONS = 80;

    /** The guest bytes of the block. */
    public byte[] code;
    /** The physical page that holds it, for a look at what follows; may be newer than {@link #code}. */
    public final byte[] page = new byte[4096];
    /** Offset of the block in its page. */
    public int pageOffset;
    /** Guest instructions. */
    public int count;
    /** Operations, and for each the offset in {@link #code} and the bytes; an operation of no bytes is the end of a block without a jump. */
    public int operations;
    /** See {@link #operations}. */
    public final int[] offset = new int[MAX_OPERATIONS];
    /** See {@link #operations}. */
    public final int[] length = new int[MAX_OPERATIONS];
    /** What follows must be looked up afresh. */
    public boolean serialises;
}
