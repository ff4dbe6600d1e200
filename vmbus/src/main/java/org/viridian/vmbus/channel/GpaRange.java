package org.viridian.vmbus.channel;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.viridian.engine.memory.GuestMemory;

/**
 * A buffer in guest memory named by a GPA-direct packet: bytes spread over guest pages, all of them checked to be RAM.
 * Valid until the packet is completed.
 *
 * @param memory the guest's memory
 * @param length bytes
 * @param offset first byte inside the first page
 * @param pages guest page numbers
 */
public record GpaRange(GuestMemory memory, int length, int offset, long[] pages) {
    /** Something done with a run of the buffer that lies in one page. */
    @FunctionalInterface
    public interface Run<E extends Exception> {
        /**
         * @param bytes the run, a view of guest RAM
         * @param position where the run lies in the buffer
         */
        void accept(MemorySegment bytes, int position) throws E;
    }

    /**
     * Visits {@code count} bytes from {@code position} on, page by page, joining pages that follow each other.
     *
     * @param writes whether the visitor writes; the backends are then told
     */
    public <E extends Exception> void forEachRun(int position, int count, boolean writes, Run<E> run) throws E {
        int end = position + Math.min(count, length - position);
        int at = position;
        while (at < end) {
            int from = offset + at;
            int index = from / GuestMemory.PAGE_SIZE;
            int within = from % GuestMemory.PAGE_SIZE;
            int bytes = Math.min(end - at, GuestMemory.PAGE_SIZE - within);
            int next = index + 1;
            while (at + bytes < end && pages[next] == pages[next - 1] + 1
                    && memory.isRam(pages[index] * GuestMemory.PAGE_SIZE, (next - index + 1L) * GuestMemory.PAGE_SIZE)) {
                bytes = Math.min(end - at, bytes + GuestMemory.PAGE_SIZE);
                next++;
            }
            long address = pages[index] * GuestMemory.PAGE_SIZE + within;
            run.accept(memory.slice(address, bytes), at);
            if (writes) {
                memory.wrote(address, bytes);
            }
            at += bytes;
        }
    }

    /** Copies {@code source} into the buffer from {@code position} on; what does not fit is cut. */
    public void write(int position, byte[] source) {
        forEachRun(position, source.length, true, (bytes, at) ->
                MemorySegment.copy(source, at - position, bytes, ValueLayout.JAVA_BYTE, 0, (int) bytes.byteSize()));
    }
}
