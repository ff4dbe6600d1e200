package org.viridian.devices.storage.format;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.locks.ReentrantLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.viridian.devices.storage.DiskImage;
import org.viridian.devices.storage.file.HostFile;

/**
 * What the formats with tables share: blocks are found through a {@link MetadataCache}; blocks that are there are read and
 * written at the same time by many threads, and only a change of the tables is alone. Changes of the tables stay in memory
 * until a flush, which makes the data durable first and then the tables in order, so that the file is whole after a stop at
 * any moment and holds all that was flushed.
 */
public abstract class FormatImage implements DiskImage {
    /** Changed pages after which the tables are written without waiting for the guest's flush. */
    private static final int MAX_CHANGED = 2048;

    /** The image's file. */
    protected final HostFile file;
    /** What blocks that are not here are read from, or null: zeroes. */
    protected final DiskImage parent;
    private final boolean readOnly;
    private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock();
    private final ReentrantLock commitLock = new ReentrantLock();
    private MetadataCache metadata;
    private boolean closed;

    /**
     * @param file the image's file; belongs to the image from now on
     * @param parent the image below, or null; belongs to the image
     */
    protected FormatImage(HostFile file, DiskImage parent, boolean readOnly) {
        this.file = file;
        this.parent = parent;
        this.readOnly = readOnly;
    }

    /** Gives the image its tables; before it is used. */
    protected final void tables(MetadataCache cache) {
        metadata = cache;
    }

    /** The image's tables. */
    protected final MetadataCache tables() {
        return metadata;
    }

    // What a format does.

    /** Reads some bytes into the beginning of {@code target}, at least one; returns how many. Under the read lock. */
    protected abstract long readSome(long offset, MemorySegment target) throws IOException;

    /**
     * Writes some bytes from the beginning of {@code source} without changing a table; returns how many, 0 when a table must
     * change. Under the read lock.
     */
    protected abstract long overwriteSome(long offset, MemorySegment source) throws IOException;

    /** Writes some bytes and changes the tables as needed; returns how many. Under the write lock. */
    protected abstract long allocateSome(long offset, MemorySegment source) throws IOException;

    /**
     * Makes some bytes zero, or unneeded, from {@code offset} on; returns how many it has dealt with. Under the write lock.
     *
     * @param mustBeZero false for a discard: bytes may also stay as they are
     */
    protected abstract long zeroSome(long offset, long length, boolean mustBeZero, boolean deallocate) throws IOException;

    /** How the bytes from {@code offset} on are kept. Under the read lock. */
    protected abstract Extent extentHere(long offset, long length) throws IOException;

    /** Before the first change of the file since it was opened: marks the file as being written. Under the write lock. */
    protected abstract void beginWriting() throws IOException;

    /** Takes what else belongs to a commit along with a batch. Under the write lock. */
    protected void taken() {}

    /** Writes a batch; the data it points to is durable already. On return it is durable. Under the commit lock. */
    protected abstract void store(MetadataCache.Batch batch) throws IOException;

    /** A batch is durable: what it no longer uses may be used again. Under the write lock. */
    protected void committed() throws IOException {}

    /** All is flushed and no thread is left: marks the file as complete. */
    protected abstract void endWriting() throws IOException;

    // Requests.

    private boolean writing;

    /** True once the file has been marked as being written. */
    protected final boolean writing() {
        return writing;
    }

    @Override
    public final boolean readOnly() {
        return readOnly;
    }

    @Override
    public final String location() {
        return file.path().toString();
    }

    @Override
    public final void read(long offset, MemorySegment target) throws IOException {
        check(offset, target.byteSize());
        lock.readLock().lock();
        try {
            for (long at = 0; at < target.byteSize(); ) {
                at += readSome(offset + at, target.asSlice(at));
            }
        } finally {
            lock.readLock().unlock();
        }
    }

    @Override
    public final void write(long offset, MemorySegment source) throws IOException {
        check(offset, source.byteSize());
        checkWritable(offset, source.byteSize());
        long size = source.byteSize();
        for (long at = 0; at < size; ) {
            long count = 0;
            lock.readLock().lock();
            try {
                while (writing && at + count < size) {
                    long some = overwriteSome(offset + at + count, source.asSlice(at + count));
                    if (some == 0) {
                        break;
                    }
                    count += some;
                }
            } finally {
                lock.readLock().unlock();
            }
            at += count;
            if (at < size) {
                at += allocate(offset + at, source.asSlice(at));
            }
        }
        relieve();
    }

    private long allocate(long offset, MemorySegment source) throws IOException {
        lock.writeLock().lock();
        try {
            begin();
            return allocateSome(offset, source);
        } finally {
            lock.writeLock().unlock();
        }
    }

    private void begin() throws IOException {
        if (!writing) {
            beginWriting();
            writing = true;
        }
    }

    @Override
    public final void discard(long offset, long length) throws IOException {
        clear(offset, length, false, true);
    }

    @Override
    public final void writeZeroes(long offset, long length, boolean deallocate) throws IOException {
        clear(offset, length, true, deallocate);
    }

    private void clear(long offset, long length, boolean mustBeZero, boolean deallocate) throws IOException {
        check(offset, length);
        checkWritable(offset, length);
        for (long at = 0; at < length; ) {
            // Block by block, so that others get their turn.
            lock.writeLock().lock();
            try {
                begin();
                at += zeroSome(offset + at, length - at, mustBeZero, deallocate);
            } finally {
                lock.writeLock().unlock();
            }
            relieve();
        }
    }

    @Override
    public final Extent extent(long offset, long length) throws IOException {
        check(offset, length);
        lock.readLock().lock();
        try {
            return extentHere(offset, length);
        } finally {
            lock.readLock().unlock();
        }
    }

    private void check(long offset, long length) {
        if (offset < 0 || length < 0 || length > size() || offset > size() - length) {
            throw new IllegalArgumentException("bytes %d+%d of an image of %d".formatted(offset, length, size()));
        }
    }

    private void checkWritable(long offset, long length) throws IOException {
        if (((offset | length) & logicalSectorSize() - 1) != 0) {
            throw new IOException("bytes %d+%d are no whole sectors of %s".formatted(offset, length, location()));
        }
        if (readOnly) {
            throw new IOException(location() + " is open for reading only");
        }
    }

    private void relieve() throws IOException {
        if (metadata != null && metadata.changedPages() > MAX_CHANGED) {
            commit();
        }
    }

    @Override
    public final void flush() throws IOException {
        if (!readOnly) {
            commit();
        }
    }

    /** Makes data and tables durable. Not under the lock. */
    protected final void commit() throws IOException {
        commitLock.lock();
        try {
            MetadataCache.Batch batch;
            lock.writeLock().lock();
            try {
                batch = metadata == null ? null : metadata.take();
                taken();
            } finally {
                lock.writeLock().unlock();
            }
            boolean stored = false;
            try {
                file.sync();
                if (batch != null && !batch.isEmpty()) {
                    store(batch);
                }
                stored = true;
            } finally {
                lock.writeLock().lock();
                try {
                    if (batch != null && stored) {
                        metadata.done(batch);
                        committed();
                    } else if (batch != null) {
                        metadata.putBack(batch);
                    }
                } finally {
                    lock.writeLock().unlock();
                }
            }
        } finally {
            commitLock.unlock();
        }
    }

    /** True when the image lies over another. */
    public final boolean hasParent() {
        return parent != null;
    }

    /** The image below, if any. */
    public final java.util.Optional<DiskImage> parent() {
        return java.util.Optional.ofNullable(parent);
    }

    /** Runs something that must be alone, such as a change of size. */
    protected final <T> T alone(Alone<T> work) throws IOException {
        lock.writeLock().lock();
        try {
            begin();
            return work.run();
        } finally {
            lock.writeLock().unlock();
        }
    }

    /** Something done alone. */
    @FunctionalInterface
    protected interface Alone<T> {
        /** Does it. */
        T run() throws IOException;
    }

    /** Reads from the image below; behind its end and without one there are zeroes. */
    protected final void readParent(long offset, MemorySegment target) throws IOException {
        long there = parent == null ? 0 : Math.clamp(parent.size() - offset, 0, target.byteSize());
        if (there > 0) {
            parent.read(offset, target.asSlice(0, there));
        }
        if (there < target.byteSize()) {
            target.asSlice(there).fill((byte) 0);
        }
    }

    /** How the image below keeps bytes that are not here. */
    protected final Extent parentExtent(long offset, long length) throws IOException {
        if (parent == null || offset >= parent.size()) {
            return new Extent(offset, length, false);
        }
        return parent.extent(offset, Math.min(length, parent.size() - offset));
    }

    @Override
    public final void close() throws IOException {
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
        }
        try {
            if (writing) {
                // Twice: what the first frees is only then out of the tables.
                commit();
                commit();
                endWriting();
            }
        } finally {
            try {
                file.close();
            } finally {
                if (parent != null) {
                    parent.close();
                }
            }
        }
    }
}
