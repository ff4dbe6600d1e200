package org.viridian.devices.storage;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicBoolean;
import org.viridian.devices.storage.file.HostFile;
import org.viridian.devices.storage.file.LinuxFile;

/**
 * A raw image: byte n of the disk is byte n of the file. A file that ends inside a sector reads as zero up to the sector's
 * end and grows to it when that sector is written. A fixed VHD is the same with a footer behind the disk.
 *
 * <p>The image is locked while it is open: one writer, or any number of readers.
 */
public final class RawImage implements DiskImage {
    private static final int SECTOR = 512;

    private final HostFile file;
    private final ImageFormat format;
    private final boolean readOnly;
    private final long size;
    private final boolean guarded;
    private final AtomicBoolean closed = new AtomicBoolean();

    private RawImage(HostFile file, ImageFormat format, long size, boolean readOnly, boolean guarded) {
        this.file = file;
        this.format = format;
        this.readOnly = readOnly;
        this.size = size;
        this.guarded = guarded;
    }

    /**
     * Opens and locks an image.
     *
     * @throws ImageException with a plain sentence when it cannot be used
     */
    public static RawImage open(Path file, boolean readOnly) throws ImageException {
        HostFile open = LinuxFile.open(file, readOnly);
        try {
            return of(open, readOnly, false);
        } catch (IOException refused) {
            try {
                open.close();
            } catch (IOException second) {
                refused.addSuppressed(second);
            }
            throw refused instanceof ImageException known ? known
                    : new ImageException(file + " cannot be read: " + refused.getMessage(), refused);
        }
    }

    /**
     * An image over an open file.
     *
     * @param guarded refuse to write what would make a later look at the content find another format; for images whose
     *     format nobody has stated
     */
    public static RawImage of(HostFile file, boolean readOnly, boolean guarded) throws IOException {
        long bytes = file.size();
        if (bytes == 0) {
            throw new ImageException(file.path() + " is empty");
        }
        return new RawImage(file, ImageFormat.RAW, (bytes + SECTOR - 1) / SECTOR * SECTOR, readOnly, guarded);
    }

    /** The first {@code size} bytes of a fixed VHD. */
    public static RawImage ofFixedVhd(HostFile file, long size, boolean readOnly) {
        return new RawImage(file, ImageFormat.VHD, size, readOnly, false);
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public ImageFormat format() {
        return format;
    }

    @Override
    public boolean readOnly() {
        return readOnly;
    }

    @Override
    public String location() {
        return file.path().toString();
    }

    @Override
    public void read(long offset, MemorySegment target) throws IOException {
        check(offset, target.byteSize());
        file.read(offset, target);
    }

    @Override
    public void write(long offset, MemorySegment source) throws IOException {
        checkWritable(offset, source.byteSize());
        if (guarded && offset == 0 && source.byteSize() >= SECTOR
                && Probe.byHeader(source.asSlice(0, SECTOR).toArray(ValueLayout.JAVA_BYTE)) != ImageFormat.RAW) {
            throw new IOException(location() + " is used as a raw image only because nobody said what it is; what the guest"
                    + " writes to its first sector would change that. State its format as raw");
        }
        file.write(offset, source);
    }

    @Override
    public void discard(long offset, long length) throws IOException {
        checkWritable(offset, length);
        file.zero(offset, length);
    }

    @Override
    public int discardGranularity() {
        return 4096;
    }

    @Override
    public void writeZeroes(long offset, long length, boolean deallocate) throws IOException {
        checkWritable(offset, length);
        file.zero(offset, length);
    }

    @Override
    public Extent extent(long offset, long length) throws IOException {
        check(offset, length);
        long data = file.nextData(offset);
        if (data > offset) {
            return new Extent(offset, data >= Math.min(size, file.size()) ? length : Math.min(length, data - offset), false);
        }
        long hole = file.nextHole(offset);
        return new Extent(offset, hole >= file.size() ? length : Math.clamp(hole - offset, 1, length), true);
    }

    private void checkWritable(long offset, long length) throws IOException {
        check(offset, length);
        if (readOnly) {
            throw new IOException(location() + " is open for reading only");
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
            file.sync();
        }
    }

    @Override
    public void close() throws IOException {
        if (closed.compareAndSet(false, true)) {
            try {
                flush();
            } finally {
                file.close();
            }
        }
    }
}
