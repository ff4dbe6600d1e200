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
 * <p>Thread rule: the segment from any thread; {@link #close} once, when no processor and no device can reach it.
 */
public final class HostPages implements AutoCloseable {
    private static final int PROT_READ_WRITE = 3;
    private static final int MAP_PRIVATE_ANONYMOUS_NORESERVE = 0x02 | 0x20 | 0x4000;
    private static final long MAP_FAILED = -1;

    private static final class Libc implements Library {
        static {
            Native.register(Libc.class, "c");
        }

        static native Pointer mmap(Pointer address, long length, int protection, int flags, int fd, long offset);

        static native int munmap(Pointer address, long length);
    }

    private final MemorySegment segment;
    private final Arena arena;
    private final boolean mapped;
    private boolean closed;

    private HostPages(MemorySegment segment, Arena arena, boolean mapped) {
        this.segment = segment;
        this.arena = arena;
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
            Arena arena = Arena.ofShared();
            return new HostPages(arena.allocate(bytes, GuestMemory.PAGE_SIZE), arena, false);
        }
        Pointer address = Libc.mmap(Pointer.NULL, bytes, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS_NORESERVE, -1, 0);
        if (address == null || Pointer.nativeValue(address) == MAP_FAILED) {
            throw new OutOfMemoryError("the host refused %d MiB of guest memory".formatted(bytes >> 20));
        }
        // A global segment: its life is this object's, ended only after the last possible reader.
        MemorySegment segment = MemorySegment.ofAddress(Pointer.nativeValue(address)).reinterpret(bytes);
        return new HostPages(segment, null, true);
    }

    /** The memory. */
    public MemorySegment segment() {
        return segment;
    }

    /** Gives the memory back. Idempotent. */
    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        if (mapped) {
            Libc.munmap(new Pointer(segment.address()), segment.byteSize());
        } else {
            arena.close();
        }
    }
}
