package org.viridian.engine.software.emit;

import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.Platform;
import com.sun.jna.Pointer;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Memory for machine code, mapped twice from one anonymous file: written through one mapping, executed through the other, so
 * that no page is ever writable and executable at the same address. Linux only (memfd_create(2)).
 *
 * <p>Thread rule: any. The mappings live as long as the object is reachable.
 */
public final class ExecutableMemory {
    private static final int PROT_READ = 1;
    private static final int PROT_WRITE = 2;
    private static final int PROT_EXEC = 4;
    private static final int MAP_SHARED = 1;
    private static final int MFD_CLOEXEC = 1;
    private static final long MAP_FAILED = -1;

    private static final class Libc implements Library {
        static {
            Native.register(Libc.class, "c");
        }

        static native int memfd_create(String name, int flags);

        static native int ftruncate(int fd, long length);

        static native int close(int fd);

        static native Pointer mmap(Pointer address, long length, int protection, int flags, int fd, long offset);

        static native int munmap(Pointer address, long length);
    }

    private final MemorySegment writable;
    private final MemorySegment executable;

    private ExecutableMemory(MemorySegment writable, MemorySegment executable) {
        this.writable = writable;
        this.executable = executable;
    }

    /**
     * Maps {@code bytes}, whole pages, committed by the host as they are used.
     *
     * @throws UnsupportedOperationException when the host refuses; the message says what
     */
    public static ExecutableMemory allocate(long bytes) {
        if (!Platform.isLinux()) {
            throw new UnsupportedOperationException("translated code needs Linux");
        }
        int fd = Libc.memfd_create("viridian-code", MFD_CLOEXEC);
        if (fd < 0) {
            throw new UnsupportedOperationException("the host refused an anonymous file (memfd_create, error %d)".formatted(Native.getLastError()));
        }
        try {
            if (Libc.ftruncate(fd, bytes) != 0) {
                throw new UnsupportedOperationException("the host refused %d MiB of memory for code".formatted(bytes >> 20));
            }
            MemorySegment data = map(fd, bytes, PROT_READ | PROT_WRITE);
            MemorySegment code = map(fd, bytes, PROT_READ | PROT_EXEC);
            return new ExecutableMemory(data, code);
        } finally {
            Libc.close(fd);
        }
    }

    private static MemorySegment map(int fd, long bytes, int protection) {
        Pointer address = Libc.mmap(Pointer.NULL, bytes, protection, MAP_SHARED, fd, 0);
        long at = address == null ? 0 : Pointer.nativeValue(address);
        if (at == 0 || at == MAP_FAILED) {
            throw new UnsupportedOperationException((protection & PROT_EXEC) != 0
                    ? "the host does not let this process execute memory it has written (mmap, error %d)".formatted(Native.getLastError())
                    : "the host refused memory for code (mmap, error %d)".formatted(Native.getLastError()));
        }
        return MemorySegment.ofAddress(at).reinterpret(bytes, Arena.ofAuto(), range -> Libc.munmap(new Pointer(range.address()), bytes));
    }

    /** Bytes of the area. */
    public long size() {
        return executable.byteSize();
    }

    /** Address at which the code runs. */
    public long executable() {
        return executable.address();
    }

    /** Address at which the same bytes are written. */
    public long writable() {
        return writable.address();
    }

    /** Copies code to an offset of the area. */
    public void write(long offset, byte[] code, int length) {
        MemorySegment.copy(code, 0, writable, ValueLayout.JAVA_BYTE, offset, length);
    }

    /** Replaces a 32-bit word of code. Only while no other thread runs it. */
    public void write32(long offset, int value) {
        writable.set(ValueLayout.JAVA_INT_UNALIGNED, offset, value);
    }

    /** Replaces eight aligned bytes of code at once; another thread may be running them. */
    public void write64(long offset, long value) {
        ValueLayout.JAVA_LONG.varHandle().setVolatile(writable, offset, value);
    }
}
