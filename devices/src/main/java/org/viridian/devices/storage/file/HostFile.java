package org.viridian.devices.storage.file;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/**
 * The file below a disk image: what all formats are written on, and where tests put their faults.
 *
 * <p>Thread rule: any thread, several at a time.
 */
public interface HostFile extends AutoCloseable {
    /** Bytes. */
    long size() throws IOException;

    /** Cuts the file, or extends it with zero bytes that take no space. */
    void resize(long size) throws IOException;

    /** Reads into all of {@code target}; behind the end of the file there are zeroes. */
    void read(long offset, MemorySegment target) throws IOException;

    /** Writes all of {@code source}, extending the file where needed. */
    void write(long offset, MemorySegment source) throws IOException;

    /** Makes bytes read as zero and gives their space back to the host where the host can; never changes the size. */
    void zero(long offset, long length) throws IOException;

    /** Returns when everything written before is durable. */
    void sync() throws IOException;

    /**
     * The first byte from {@code offset} on that may be other than zero.
     *
     * @return its offset, or {@link #size} when only zeroes follow
     */
    long nextData(long offset) throws IOException;

    /** The first byte from {@code offset} on that takes no space and reads as zero; at most {@link #size}. */
    long nextHole(long offset) throws IOException;

    /** Bytes the file takes on the host. */
    long allocated() throws IOException;

    /** Its name, for people and for finding files beside it. */
    Path path();

    @Override
    void close() throws IOException;

    /** Reads {@code length} bytes. */
    default byte[] read(long offset, int length) throws IOException {
        byte[] bytes = new byte[length];
        read(offset, MemorySegment.ofArray(bytes));
        return bytes;
    }

    /** Writes an array. */
    default void write(long offset, byte[] bytes) throws IOException {
        write(offset, MemorySegment.ofArray(bytes));
    }
}
