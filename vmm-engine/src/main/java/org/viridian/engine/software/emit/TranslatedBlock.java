package org.viridian.engine.software.emit;

import java.util.Arrays;

/**
 * The code of one guest block, and what the dispatcher must know to leave and re-enter it.
 *
 * <p>Thread rule: the processor's own thread.
 */
public final class TranslatedBlock {
    private static final int[] NO_SITES = {};

    /** Number in the exit words. */
    public final int number;
    /** Offset of the head in the code area. */
    public final int entry;
    /** Guest instructions, taken from the budget at the head. */
    public final int count;
    /** Uses the vector registers. */
    public final boolean vectors;
    /** Offset at which each operation starts, for going on behind the one before. */
    public final int[] resume;
    /** Offset of the way out that the head takes. */
    public final int headExit;
    /** For each link: page offset of the target, place of the displacement, offset of the way out while it is not linked. */
    public final int[] linkTarget;
    /** See {@link #linkTarget}. */
    public final int[] linkSite;
    /** See {@link #linkTarget}. */
    public final int[] linkExit;

    private int[] incomingSites = NO_SITES;
    private int[] incomingExits = NO_SITES;
    private int incoming;

    TranslatedBlock(int number, int entry, int count, boolean vectors, int[] resume, int headExit, int[] linkTarget, int[] linkSite,
            int[] linkExit) {
        this.number = number;
        this.entry = entry;
        this.count = count;
        this.vectors = vectors;
        this.resume = resume;
        this.headExit = headExit;
        this.linkTarget = linkTarget;
        this.linkSite = linkSite;
        this.linkExit = linkExit;
    }

    /** Lets a link of {@code from} go to this block's head. */
    public void linkFrom(TranslatedBlock from, int link, CodeArea area) {
        if (incoming == incomingSites.length) {
            incomingSites = Arrays.copyOf(incomingSites, Math.max(2, incoming * 2));
            incomingExits = Arrays.copyOf(incomingExits, Math.max(2, incoming * 2));
        }
        incomingSites[incoming] = from.linkSite[link];
        incomingExits[incoming++] = from.linkExit[link];
        area.link(from.linkSite[link], entry);
    }

    /** Takes all links to this block back. */
    public void unlink(CodeArea area) {
        for (int i = 0; i < incoming; i++) {
            area.link(incomingSites[i], incomingExits[i]);
        }
        incoming = 0;
    }
}
