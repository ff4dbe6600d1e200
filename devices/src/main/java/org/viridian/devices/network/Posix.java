package org.viridian.devices.network;

import com.sun.jna.Native;
import java.nio.charset.StandardCharsets;

/** The system calls of the uplinks, mapped directly. Pointers are plain addresses of memory that outlives the call. */
final class Posix {
    static final int EPERM = 1;
    static final int ENOENT = 2;
    static final int EAGAIN = 11;
    static final int EACCES = 13;
    static final int EBUSY = 16;
    static final int ENODEV = 19;

    static final short POLLIN = 1;
    static final short POLLPRI = 2;
    static final short POLLOUT = 4;
    static final short POLLERR = 8;
    static final short POLLHUP = 16;

    /** O_RDWR | O_NONBLOCK | O_CLOEXEC. */
    private static final int READ_WRITE = 0x2 | 0x800 | 0x80000;
    /** EFD_CLOEXEC | EFD_NONBLOCK. */
    private static final int EVENT_FLAGS = 0x80000 | 0x800;

    static {
        Native.register(Posix.class, "c");
    }

    private Posix() {}

    private static native int open(byte[] path, int flags, int mode);

    static native int close(int fd);

    static native int ioctl(int fd, long request, long argument);

    private static native int eventfd(int initial, int flags);

    static native long read(int fd, long buffer, long length);

    static native long write(int fd, long buffer, long length);

    /** Negative on failure, EINTR among it. */
    static native int poll(long descriptors, long count, int timeoutMillis);

    static int openDevice(String path) {
        return open((path + "\0").getBytes(StandardCharsets.UTF_8), READ_WRITE, 0);
    }

    static int eventDescriptor() {
        return eventfd(0, EVENT_FLAGS);
    }

    static int errno() {
        return Native.getLastError();
    }
}
