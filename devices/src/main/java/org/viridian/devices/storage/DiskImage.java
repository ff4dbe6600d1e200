package org.viridian.devices.storage;

import java.io.IOException;
import java.lang.foreign.MemorySegment;

/**
 * The blocks of a disk or of a disc, whatever format holds them.
 *
 * <p>Thread rule: any thread, several at a time.
 */
public interface DiskImage extends AutoCloseable {
    /** Bytes, a multiple of 512. */
    long size();

    /** True when writes are refused. */
    boolean readOnly();

    /** Where it is kept, for people. */
    String location();

    /**
     * Reads bytes into all of {@code target}.
     *
     * @param offset first byte; the range lies inside {@link #size}
     */
    void read(long offset, MemorySegment target) throws IOException;

    /**
     * Writes all of {@code source}; durable only after {@link #flush}.
     *
     * @param offset first byte; the range lies inside {@link #size}
     */
    void write(long offset, MemorySegment source) throws IOException;

    /** Returns when everything written before is durable. */
    void flush() throws IOException;

    @Override
    void close() throws IOException;
}
