package org.viridian.devices.storage.file;

import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.concurrent.atomic.AtomicBoolean;
import org.viridian.devices.storage.ImageException;

/**
 * A file of the host, locked while it is open. Data goes through a channel; holes and locks through a second descriptor
 * of the same file.
 */
public final class LinuxFile implements HostFile {
    private static final int ZEROES = 1 << 20;

    private final Path file;
    private final Object key;
    private final FileChannel channel;
    private final int descriptor;
    private final boolean readOnly;
    private final AtomicBoolean closed = new AtomicBoolean();
    private volatile boolean punches = true;

    private LinuxFile(Path file, Object key, FileChannel channel, int descriptor, boolean readOnly) {
        this.file = file;
        this.key = key;
        this.channel = channel;
        this.descriptor = descriptor;
        this.readOnly = readOnly;
    }

    /**
     * Opens and locks a file.
     *
     * @throws ImageException with a plain sentence when it cannot be used
     */
    public static LinuxFile open(Path file, boolean readOnly) throws ImageException {
        Object key;
        try {
            if (!Files.exists(file)) {
                throw new ImageException(file + " does not exist");
            }
            if (Files.isDirectory(file)) {
                throw new ImageException(file + " is a folder");
            }
            Object fileKey = Files.readAttributes(file, BasicFileAttributes.class).fileKey();
            key = fileKey != null ? fileKey : file.toRealPath();
        } catch (IOException e) {
            throw refusal(file, true, e);
        }
        ImageLock.claim(file, key, readOnly);
        try {
            return openClaimed(file, key, readOnly);
        } catch (ImageException | RuntimeException refused) {
            ImageLock.release(key);
            throw refused;
        }
    }

    private static LinuxFile openClaimed(Path file, Object key, boolean readOnly) throws ImageException {
        // The channel first: its message says why a file cannot be opened.
        FileChannel channel;
        try {
            channel = readOnly
                    ? FileChannel.open(file, StandardOpenOption.READ)
                    : FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE);
        } catch (IOException e) {
            throw refusal(file, readOnly, e);
        }
        int descriptor = FileCalls.open(file.toAbsolutePath().toString(), !readOnly);
        try {
            if (descriptor < 0) {
                throw new ImageException(file + " cannot be opened (error " + FileCalls.errno() + ")");
            }
            ImageLock.lock(descriptor, file, readOnly);
            return new LinuxFile(file, key, channel, descriptor, readOnly);
        } catch (ImageException refused) {
            if (descriptor >= 0) {
                FileCalls.closeDescriptor(descriptor);
            }
            try {
                channel.close();
            } catch (IOException second) {
                refused.addSuppressed(second);
            }
            throw refused;
        }
    }

    private static ImageException refusal(Path file, boolean readOnly, IOException e) {
        return e instanceof ImageException known ? known
                : new ImageException(file + " cannot be opened" + (readOnly ? "" : " for writing") + ": " + reason(e), e);
    }

    private static String reason(IOException e) {
        return switch (e) {
            case java.nio.file.AccessDeniedException _ -> "access is denied";
            case java.nio.file.NoSuchFileException _ -> "it does not exist";
            case java.nio.file.FileSystemException system when system.getReason() != null -> system.getReason();
            default -> e.getMessage();
        };
    }

    @Override
    public Path path() {
        return file;
    }

    @Override
    public long size() throws IOException {
        return channel.size();
    }

    @Override
    public void resize(long size) throws IOException {
        if (FileCalls.truncate(descriptor, size) < 0) {
            throw new IOException("%s cannot be made %d bytes long (error %d)".formatted(file, size, FileCalls.errno()));
        }
    }

    @Override
    public void read(long offset, MemorySegment target) throws IOException {
        ByteBuffer buffer = target.asByteBuffer();
        long at = offset;
        while (buffer.hasRemaining()) {
            int count = channel.read(buffer, at);
            if (count < 0) {
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
        ByteBuffer buffer = source.asByteBuffer();
        long at = offset;
        while (buffer.hasRemaining()) {
            at += channel.write(buffer, at);
        }
    }

    @Override
    public void zero(long offset, long length) throws IOException {
        long end = Math.min(offset + length, channel.size());
        if (end <= offset) {
            return;
        }
        if (punches) {
            if (FileCalls.punch(descriptor, offset, end - offset)) {
                return;
            }
            int errno = FileCalls.errno();
            if (errno != FileCalls.EOPNOTSUPP && errno != FileCalls.ENOSYS && errno != FileCalls.EINVAL) {
                throw new IOException("a hole in %s was refused (error %d)".formatted(file, errno));
            }
            punches = false;
        }
        ByteBuffer zeroes = ByteBuffer.allocateDirect((int) Math.min(ZEROES, end - offset));
        for (long at = offset; at < end; ) {
            zeroes.clear().limit((int) Math.min(zeroes.capacity(), end - at));
            at += channel.write(zeroes, at);
        }
    }

    @Override
    public void sync() throws IOException {
        if (!readOnly) {
            channel.force(false);
        }
    }

    @Override
    public long nextData(long offset) throws IOException {
        return seek(offset, FileCalls.SEEK_DATA);
    }

    @Override
    public long nextHole(long offset) throws IOException {
        return seek(offset, FileCalls.SEEK_HOLE);
    }

    private long seek(long offset, int whence) throws IOException {
        long size = channel.size();
        if (offset >= size) {
            return size;
        }
        long found = FileCalls.seek(descriptor, offset, whence);
        if (found >= 0) {
            return Math.min(found, size);
        }
        // ENXIO: nothing but a hole follows. Else the file system does not know: all is data.
        return whence == FileCalls.SEEK_DATA && FileCalls.errno() != FileCalls.ENXIO ? offset : size;
    }

    @Override
    public long allocated() throws IOException {
        long total = 0;
        long size = channel.size();
        for (long at = nextData(0); at < size; ) {
            long end = nextHole(at);
            total += end - at;
            at = nextData(end);
        }
        return total;
    }

    @Override
    public void close() throws IOException {
        if (!closed.compareAndSet(false, true)) {
            return;
        }
        try {
            channel.close();
        } finally {
            FileCalls.closeDescriptor(descriptor);
            ImageLock.release(key);
        }
    }
}
