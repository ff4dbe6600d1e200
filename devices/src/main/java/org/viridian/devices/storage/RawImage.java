package org.viridian.devices.storage;

import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.Map;

/**
 * A raw image: byte n of the disk is byte n of the file. A file that ends inside a sector reads as zero up to the sector's
 * end and grows to it when that sector is written.
 *
 * <p>The image is locked while it is open: one writer, or any number of readers. Inside this process by a table, against
 * other processes by a lock on the file.
 */
public final class RawImage implements DiskImage {
    private static final int SECTOR = 512;
    private static final int WRITER = -1;
    /** Images open in this process: file key → number of readers, or {@link #WRITER}. */
    private static final Map<Object, Integer> OPEN = new HashMap<>();

    private final Path file;
    private final Object key;
    private final boolean readOnly;
    private final FileChannel channel;
    private final long size;
    private boolean closed;

    private RawImage(Path file, Object key, boolean readOnly, FileChannel channel, long size) {
        this.file = file;
        this.key = key;
        this.readOnly = readOnly;
        this.channel = channel;
        this.size = size;
    }

    /**
     * Opens and locks an image.
     *
     * @throws ImageException with a plain sentence when it cannot be used
     */
    public static RawImage open(Path file, boolean readOnly) throws ImageException {
        Object key;
        try {
            if (!Files.isRegularFile(file) && !Files.exists(file)) {
                throw new ImageException(file + " does not exist");
            }
            if (Files.isDirectory(file)) {
                throw new ImageException(file + " is a folder");
            }
            Object fileKey = Files.readAttributes(file, java.nio.file.attribute.BasicFileAttributes.class).fileKey();
            key = fileKey != null ? fileKey : file.toRealPath();
        } catch (IOException e) {
            throw new ImageException(file + " cannot be read: " + e.getMessage(), e);
        }
        claim(file, key, readOnly);
        try {
            return openClaimed(file, key, readOnly);
        } catch (ImageException | RuntimeException refused) {
            release(key, readOnly);
            throw refused;
        }
    }

    private static RawImage openClaimed(Path file, Object key, boolean readOnly) throws ImageException {
        FileChannel channel = null;
        try {
            channel = readOnly
                    ? FileChannel.open(file, StandardOpenOption.READ)
                    : FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE);
            long bytes = channel.size();
            if (bytes == 0) {
                throw new ImageException(file + " is empty");
            }
            if (!lock(channel, readOnly)) {
                throw ImageException.inUse(file, "another program");
            }
            return new RawImage(file, key, readOnly, channel, (bytes + SECTOR - 1) / SECTOR * SECTOR);
        } catch (IOException failure) {
            if (channel != null) {
                try {
                    channel.close();
                } catch (IOException second) {
                    failure.addSuppressed(second);
                }
            }
            throw failure instanceof ImageException refused ? refused
                    : new ImageException(file + " cannot be opened" + (readOnly ? "" : " for writing") + ": " + failure.getMessage(), failure);
        }
    }

    private static boolean lock(FileChannel channel, boolean shared) throws IOException {
        try {
            // Held until the channel closes.
            FileLock lock = channel.tryLock(0, Long.MAX_VALUE, shared);
            return lock != null;
        } catch (OverlappingFileLockException sharedInThisProcess) {
            return shared;
        }
    }

    private static void claim(Path file, Object key, boolean readOnly) throws ImageException {
        synchronized (OPEN) {
            int users = OPEN.getOrDefault(key, 0);
            if (users == WRITER || !readOnly && users > 0) {
                throw ImageException.inUse(file, "another virtual machine");
            }
            OPEN.put(key, readOnly ? users + 1 : WRITER);
        }
    }

    private static void release(Object key, boolean readOnly) {
        synchronized (OPEN) {
            int users = OPEN.get(key);
            if (!readOnly || users == 1) {
                OPEN.remove(key);
            } else {
                OPEN.put(key, users - 1);
            }
        }
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public boolean readOnly() {
        return readOnly;
    }

    @Override
    public String location() {
        return file.toString();
    }

    @Override
    public void read(long offset, MemorySegment target) throws IOException {
        check(offset, target.byteSize());
        ByteBuffer buffer = target.asByteBuffer();
        long at = offset;
        while (buffer.hasRemaining()) {
            int count = channel.read(buffer, at);
            if (count < 0) {
                // Behind the file's last byte, inside its last sector; or the file was cut while we run.
                if (at < channel.size()) {
                    throw new EOFException(file + " ends early");
                }
                target.asSlice(buffer.position()).fill((byte) 0);
                return;
            }
            at += count;
        }
    }

    @Override
    public void write(long offset, MemorySegment source) throws IOException {
        check(offset, source.byteSize());
        if (readOnly) {
            throw new IOException(file + " is open for reading only");
        }
        ByteBuffer buffer = source.asByteBuffer();
        long at = offset;
        while (buffer.hasRemaining()) {
            at += channel.write(buffer, at);
        }
    }

    private void check(long offset, long length) {
        if (offset < 0 || length > size || offset > size - length) {
            throw new IllegalArgumentException("bytes %d+%d of an image of %d".formatted(offset, length, size));
        }
    }

    @Override
    public void flush() throws IOException {
        if (!readOnly) {
            channel.force(false);
        }
    }

    @Override
    public void close() throws IOException {
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
        }
        try {
            if (!readOnly) {
                channel.force(false);
            }
        } finally {
            try {
                channel.close();
            } finally {
                release(key, readOnly);
            }
        }
    }
}
