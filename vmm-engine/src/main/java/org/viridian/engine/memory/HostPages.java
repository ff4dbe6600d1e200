package org.viridian.engine.memory;

import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.Platform;
import com.sun.jna.Pointer;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Host memory for a guest: zero, page aligned, and committed by the host only as it is touched. Anonymous private mmap on
 * Linux; elsewhere the JVM's own allocation, which commits at once.
 *
 * <p>Thread rule: the segment from any thread. {@link #close} gives the memory back at once but keeps the addresses mapped
 * (they read as zero) until nothing refers to the segment any more: a window may still be copying pixels from it.
 */
public final class HostPages implements AutoCloseable {
    private static final int PROT_READ_WRITE = 3;
    private static final int MAP_PRIVATE_ANONYMOUS_NORESERVE = 0x02 | 0x20 | 0x4000;
    private static final long MAP_FAILED = -1;
    private static final int MADV_DONTNEED = 4;

    private static final class Libc implements Library {
        static {
            Native.register(Libc.class, "c");
        }

        static native Pointer mmap(Pointer address, long length, int protection, int flags, int fd, long offset);

        static native int munmap(Pointer address, long length);

        static native int madvise(Pointer address, long length, int advice);
    }

    private final MemorySegment segment;
    private final boolean mapped;

    private HostPages(MemorySegment segment, boolean mapped) {
        this.segment = segment;
        this.mapped = mapped;
    }

    /**
     * Allocates {@code bytes} (a multiple of the page size).
     *
     * @throws OutOfMemoryError when the host refuses
     */
    public static HostPages allocate(long bytes) {
        if (bytes <= 0 || (bytes & (GuestMemory.PAGE_SIZE - 1)) != 0) {
            throw new IllegalArgumentException("%d bytes are not whole pages".formatted(bytes));
        }
        if (!Platform.isLinux()) {
            return new HostPages(Arena.ofAuto().allocate(bytes, GuestMemory.PAGE_SIZE), false);
        }
        Pointer address = Libc.mmap(Pointer.NULL, bytes, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS_NORESERVE, -1, 0);
        if (address == null || Pointer.nativeValue(address) == MAP_FAILED) {
            throw new OutOfMemoryError("the host refused %d MiB of guest memory".formatted(bytes >> 20));
        }
        MemorySegment segment = MemorySegment.ofAddress(Pointer.nativeValue(address))
                .reinterpret(bytes, Arena.ofAuto(), range -> Libc.munmap(new Pointer(range.address()), bytes));
        return new HostPages(segment, true);
    }

    /** The memory. */
    public MemorySegment segment() {
        return segment;
    }

    /** Gives the memory back; idempotent. On other hosts than Linux the JVM frees it once nothing refers to it. */
    @Override
    public void close() {
        if (mapped) {
            Libc.madvise(new Pointer(segment.address()), segment.byteSize(), MADV_DONTNEED);
        }
    }
}
