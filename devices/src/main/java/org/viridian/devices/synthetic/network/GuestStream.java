package org.viridian.devices.synthetic.network;

import java.util.List;
import org.viridian.engine.memory.GuestMemory;
import org.viridian.vmbus.channel.GpaRange;
import org.viridian.vmbus.channel.LentMemory;

/**
 * The bytes of one request of the guest: a section of the send buffer, pages named in the packet, or the first followed by
 * the second. Read through, never kept: the guest may change them at any moment. One thread.
 */
final class GuestStream {
    private static final int PAGE = GuestMemory.PAGE_SIZE;

    private LentMemory buffer;
    private int sectionOffset;
    private int sectionLength;
    private List<GpaRange> ranges = List.of();
    private int size;

    /** Looks at another request; {@code section} may be null when {@code length} is 0. */
    void set(LentMemory section, int offset, int length, List<GpaRange> pages) {
        buffer = section;
        sectionOffset = offset;
        sectionLength = length;
        ranges = pages;
        int total = length;
        for (int i = 0; i < pages.size(); i++) {
            total += pages.get(i).length();
        }
        size = total;
    }

    /** Bytes. */
    int size() {
        return size;
    }

    /** Copies out bytes; the caller has checked that they lie inside. */
    void read(int position, byte[] target, int at, int length) {
        int from = position;
        int to = at;
        int left = length;
        if (from < sectionLength) {
            int count = Math.min(left, sectionLength - from);
            buffer.read(sectionOffset + from, target, to, count);
            from += count;
            to += count;
            left -= count;
        }
        int start = sectionLength;
        for (int i = 0; left > 0; i++) {
            GpaRange range = ranges.get(i);
            int end = start + range.length();
            if (from < end) {
                int count = Math.min(left, end - from);
                read(range, from - start, target, to, count);
                from += count;
                to += count;
                left -= count;
            }
            start = end;
        }
    }

    private static void read(GpaRange range, int position, byte[] target, int at, int length) {
        int from = range.offset() + position;
        int to = at;
        int left = length;
        while (left > 0) {
            int within = from % PAGE;
            int count = Math.min(left, PAGE - within);
            range.memory().read(range.pages()[from / PAGE] * PAGE + within, target, to, count);
            from += count;
            to += count;
            left -= count;
        }
    }
}
