package org.viridian.vmbus.server;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.atomic.AtomicBoolean;
import org.viridian.engine.memory.GuestMemory;
import org.viridian.vmbus.channel.LentMemory;

/**
 * A guest physical address descriptor list: pages that the guest lends to one channel. It arrives in one header and any
 * number of body messages.
 */
final class Gpadl {
    private static final int RANGE_HEADER = 8;

    private final int relid;
    private final int id;
    private final int rangeCount;
    private final int listBytes;
    /** The list as it arrives; given up once it has been looked through. */
    private byte[] list;
    private int received;
    private volatile long[] pages;
    /** True while a device works with the pages as a buffer. */
    private final AtomicBoolean held = new AtomicBoolean();

    Gpadl(int relid, int id, int listBytes, int rangeCount) {
        this.relid = relid;
        this.id = id;
        this.rangeCount = rangeCount;
        this.listBytes = listBytes;
        this.list = new byte[listBytes];
    }

    int relid() {
        return relid;
    }

    int id() {
        return id;
    }

    /** Pages announced, for the quota. */
    int announcedPages() {
        return listBytes / 8;
    }

    /** Takes the next part; what lies beyond the announced length is padding. */
    void append(ByteBuffer message, int offset) {
        int count = Math.min(message.capacity() - offset, listBytes - received);
        message.get(offset, list, received, count);
        received += count;
    }

    boolean complete() {
        return received == listBytes;
    }

    /** Checks the collected list: one range of whole RAM pages per range header. False when anything is wrong. */
    boolean validate(GuestMemory memory) {
        boolean good = lookThrough(memory);
        list = null;
        return good;
    }

    private boolean lookThrough(GuestMemory memory) {
        ByteBuffer words = ByteBuffer.wrap(list).order(ByteOrder.LITTLE_ENDIAN);
        long[] found = new long[list.length / 8];
        int count = 0;
        int at = 0;
        for (int range = 0; range < rangeCount; range++) {
            if (at + RANGE_HEADER > list.length) {
                return false;
            }
            long bytes = words.getInt(at) & 0xFFFF_FFFFL;
            long offset = words.getInt(at + 4) & 0xFFFF_FFFFL;
            at += RANGE_HEADER;
            long needed = (offset + bytes + GuestMemory.PAGE_SIZE - 1) / GuestMemory.PAGE_SIZE;
            if (bytes == 0 || offset >= GuestMemory.PAGE_SIZE || needed > (list.length - at) / 8) {
                return false;
            }
            for (int i = 0; i < needed; i++, at += 8) {
                long page = words.getLong(at);
                if (page < 0 || page > Long.MAX_VALUE / GuestMemory.PAGE_SIZE
                        || !memory.isRam(page * GuestMemory.PAGE_SIZE, GuestMemory.PAGE_SIZE)) {
                    return false;
                }
                found[count++] = page;
            }
        }
        boolean plain = rangeCount == 1 && words.getInt(4) == 0 && words.getInt(0) % GuestMemory.PAGE_SIZE == 0;
        pages = plain ? java.util.Arrays.copyOf(found, count) : null;
        return true;
    }

    /** The pages when the list is one range of whole pages, as a ring must be; else null. */
    long[] ringPages() {
        return pages;
    }

    /** Lends the pages to the device as a buffer; null when they are no plain range or somebody has them. Any thread. */
    LentMemory lend(GuestMemory memory) {
        long[] list = pages;
        return list == null || !held.compareAndSet(false, true) ? null : new LentMemory(memory, list, () -> held.set(false));
    }

    /** True while a device may touch the pages. Any thread. */
    boolean held() {
        return held.get();
    }
}
