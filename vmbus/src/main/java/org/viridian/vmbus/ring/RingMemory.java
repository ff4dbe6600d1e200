package org.viridian.vmbus.ring;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import org.viridian.engine.memory.GuestMemory;

/**
 * One ring in guest memory: a control page, then data pages, not necessarily next to each other. Data offsets wrap at
 * {@link #size}. Layout: Linux include/linux/hyperv.h, {@code struct hv_ring_buffer}.
 *
 * <p>Thread rule: the control words are atomic; data of one ring is touched by one host thread at a time.
 */
public final class RingMemory {
    /** Byte offset of the writer's index in the control page. */
    static final int WRITE_INDEX = 0;
    /** Byte offset of the reader's index. */
    static final int READ_INDEX = 4;
    /** Byte offset of the reader's "do not signal me". */
    static final int INTERRUPT_MASK = 8;
    /** Byte offset of the bytes the writer waits for. */
    static final int PENDING_SEND_SIZE = 12;
    /** Byte offset of the feature bits. */
    static final int FEATURE_BITS = 64;
    /** Feature: the pending size is honoured. */
    static final int FEATURE_PENDING_SEND = 1;

    private static final int PAGE = GuestMemory.PAGE_SIZE;
    private static final VarHandle INT = ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle();

    private final GuestMemory memory;
    private final long[] pageAddresses;
    private final MemorySegment control;
    private final MemorySegment[] data;
    private final int size;

    /**
     * A ring over guest pages.
     *
     * @param memory the guest's memory
     * @param pages guest page numbers, control page first; at least two, all RAM
     */
    public RingMemory(GuestMemory memory, long[] pages) {
        this.memory = memory;
        this.pageAddresses = new long[pages.length];
        this.data = new MemorySegment[pages.length - 1];
        for (int i = 0; i < pages.length; i++) {
            pageAddresses[i] = pages[i] * PAGE;
            if (i > 0) {
                data[i - 1] = memory.slice(pageAddresses[i], PAGE);
            }
        }
        this.control = memory.slice(pageAddresses[0], PAGE);
        this.size = data.length * PAGE;
    }

    /** Bytes of data space. */
    public int size() {
        return size;
    }

    int control(int offset) {
        return (int) INT.getAcquire(control, (long) offset);
    }

    void control(int offset, int value) {
        INT.setRelease(control, (long) offset, value);
        memory.wrote(pageAddresses[0] + offset, 4);
    }

    /** Copies {@code length} bytes out, from data offset {@code from} on, around the end. */
    void read(int from, byte[] target, int at, int length) {
        int offset = from;
        int done = 0;
        while (done < length) {
            if (offset >= size) {
                offset -= size;
            }
            int within = offset % PAGE;
            int count = Math.min(length - done, PAGE - within);
            MemorySegment.copy(data[offset / PAGE], ValueLayout.JAVA_BYTE, within, target, at + done, count);
            done += count;
            offset += count;
        }
    }

    /** Copies {@code length} bytes in, to data offset {@code to} on, around the end. */
    void write(int to, byte[] source, int at, int length) {
        int offset = to;
        int done = 0;
        while (done < length) {
            if (offset >= size) {
                offset -= size;
            }
            int page = offset / PAGE;
            int within = offset % PAGE;
            int count = Math.min(length - done, PAGE - within);
            MemorySegment.copy(source, at + done, data[page], ValueLayout.JAVA_BYTE, within, count);
            memory.wrote(pageAddresses[page + 1] + within, count);
            done += count;
            offset += count;
        }
    }
}
