package org.viridian.vmbus.channel;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.viridian.engine.memory.GuestMemory;

/**
 * Guest pages that the guest has lent to a channel by a page list (GPADL), seen as one buffer. The guest may change its
 * content at any moment: copy once, check the copy, use the copy.
 *
 * <p>Thread rule: any thread, until {@link #giveBack}. While it is held, a teardown of the list stops the channel first,
 * so the device never touches pages that the guest believes its own again.
 */
public final class LentMemory {
    private static final int PAGE = GuestMemory.PAGE_SIZE;

    private final GuestMemory memory;
    private final long[] pageNumbers;
    private final MemorySegment[] views;
    private final int size;
    private final Runnable onGiveBack;

    /**
     * A view of whole pages.
     *
     * @param pages guest page numbers, all RAM
     * @param onGiveBack told once the device lets go
     */
    public LentMemory(GuestMemory memory, long[] pages, Runnable onGiveBack) {
        this.memory = memory;
        this.pageNumbers = pages.clone();
        this.views = new MemorySegment[pages.length];
        for (int i = 0; i < pages.length; i++) {
            views[i] = memory.slice(pages[i] * PAGE, PAGE);
        }
        this.size = pages.length * PAGE;
        this.onGiveBack = onGiveBack;
    }

    /** Bytes. */
    public int size() {
        return size;
    }

    /** Copies out {@code length} bytes from {@code offset} on; the caller has checked the range. */
    public void read(int offset, byte[] target, int at, int length) {
        int from = offset;
        int to = at;
        int left = length;
        while (left > 0) {
            int within = from % PAGE;
            int count = Math.min(left, PAGE - within);
            MemorySegment.copy(views[from / PAGE], ValueLayout.JAVA_BYTE, within, target, to, count);
            from += count;
            to += count;
            left -= count;
        }
    }

    /** Copies in {@code length} bytes to {@code offset} on; the caller has checked the range. */
    public void write(int offset, byte[] source, int at, int length) {
        int to = offset;
        int from = at;
        int left = length;
        while (left > 0) {
            int page = to / PAGE;
            int within = to % PAGE;
            int count = Math.min(left, PAGE - within);
            MemorySegment.copy(source, from, views[page], ValueLayout.JAVA_BYTE, within, count);
            memory.wrote(pageNumbers[page] * PAGE + within, count);
            to += count;
            from += count;
            left -= count;
        }
    }

    /** The device lets go: it will not touch the pages again. */
    public void giveBack() {
        onGiveBack.run();
    }
}
