package org.viridian.devices.storage;

import java.io.IOException;
import java.lang.foreign.MemorySegment;

/**
 * The blocks of a disk or of a disc, whatever format holds them.
 *
 * <p>Thread rule: any thread, several at a time. Requests that overlap and run at the same time have no order.
 */
public interface DiskImage extends AutoCloseable {
    /** Bytes, a multiple of the logical sector. */
    long size();

    /** Bytes of the smallest unit that can be addressed: 512 or 4096. */
    default int logicalSectorSize() {
        return 512;
    }

    /** Bytes of the smallest unit that is written without reading: at least the logical sector. */
    default int physicalSectorSize() {
        return logicalSectorSize();
    }

    /** How the blocks are kept. */
    default ImageFormat format() {
        return ImageFormat.RAW;
    }

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

    /**
     * Tells that the bytes are not needed: afterwards each reads as zero or as it was, and their space goes back to the
     * host as far as the format's units allow.
     */
    default void discard(long offset, long length) throws IOException {}

    /** Bytes of the unit that {@link #discard} frees; a smaller range frees nothing. */
    default int discardGranularity() {
        return logicalSectorSize();
    }

    /**
     * Makes the bytes read as zero.
     *
     * @param deallocate whether their space may be given back
     */
    default void writeZeroes(long offset, long length, boolean deallocate) throws IOException {
        MemorySegment zeroes = MemorySegment.ofArray(new byte[(int) Math.min(length, 1 << 20)]);
        for (long at = 0; at < length; at += zeroes.byteSize()) {
            write(offset + at, zeroes.asSlice(0, Math.min(zeroes.byteSize(), length - at)));
        }
    }

    /**
     * How the bytes from {@code offset} on are kept, through all images of a chain.
     *
     * @param length how far to look, at least 1
     */
    default Extent extent(long offset, long length) throws IOException {
        return new Extent(offset, length, true);
    }

    /**
     * A run of bytes that are kept alike.
     *
     * @param offset its first byte
     * @param length bytes, at least 1
     * @param data false when all of them are known to be zero without reading them
     */
    record Extent(long offset, long length, boolean data) {}

    @Override
    void close() throws IOException;
}
