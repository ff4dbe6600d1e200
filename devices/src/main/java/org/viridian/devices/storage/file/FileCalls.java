package org.viridian.devices.storage.file;

import com.sun.jna.Native;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;

/**
 * The system calls on files that Java's channels do not have: holes and locks of an open file description. A negative
 * result means failure; {@link #errno} then holds the reason for this thread.
 */
final class FileCalls {
    static final int ENXIO = 6;
    static final int EAGAIN = 11;
    static final int EACCES = 13;
    static final int EINVAL = 22;
    static final int ENOSYS = 38;
    static final int ENOLCK = 37;
    static final int EOPNOTSUPP = 95;
    static final int SEEK_DATA = 3;
    static final int SEEK_HOLE = 4;

    private static final int O_RDWR = 2;
    private static final int O_CLOEXEC = 0x80000;
    private static final int KEEP_SIZE_AND_PUNCH = 1 | 2;
    private static final int F_OFD_GETLK = 36;
    private static final int F_OFD_SETLK = 37;
    private static final short F_RDLCK = 0;
    private static final short F_WRLCK = 1;
    private static final short F_UNLCK = 2;
    /** Bytes of struct flock on 64-bit Linux. */
    private static final int FLOCK = 32;

    static {
        Native.register(FileCalls.class, "c");
    }

    private FileCalls() {}

    private static native int open(byte[] path, int flags, int mode);

    private static native int close(int fd);

    private static native int fallocate(int fd, int mode, long offset, long length);

    private static native long lseek(int fd, long offset, int whence);

    private static native int ftruncate(int fd, long length);

    private static native int fcntl(int fd, int command, long argument);

    static int errno() {
        return Native.getLastError();
    }

    static int open(String path, boolean writable) {
        return open((path + "\0").getBytes(StandardCharsets.UTF_8), O_CLOEXEC | (writable ? O_RDWR : 0), 0);
    }

    static void closeDescriptor(int fd) {
        close(fd);
    }

    static boolean punch(int fd, long offset, long length) {
        return fallocate(fd, KEEP_SIZE_AND_PUNCH, offset, length) == 0;
    }

    static int truncate(int fd, long length) {
        return ftruncate(fd, length);
    }

    static long seek(int fd, long offset, int whence) {
        return lseek(fd, offset, whence);
    }

    /** Takes a shared lock on one byte; false with {@link #errno} when it cannot. */
    static boolean lockByte(int fd, long offset) {
        return flock(fd, F_OFD_SETLK, F_RDLCK, offset) >= 0;
    }

    /** True when somebody else holds any lock on the byte. */
    static boolean lockedByOthers(int fd, long offset) {
        int type = flock(fd, F_OFD_GETLK, F_WRLCK, offset);
        return type >= 0 && type != F_UNLCK;
    }

    private static int flock(int fd, int command, short type, long offset) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment flock = arena.allocate(FLOCK, 8);
            flock.set(ValueLayout.JAVA_SHORT, 0, type);
            flock.set(ValueLayout.JAVA_LONG, 8, offset);
            flock.set(ValueLayout.JAVA_LONG, 16, 1);
            return fcntl(fd, command, flock.address()) < 0 ? -1 : flock.get(ValueLayout.JAVA_SHORT, 0);
        }
    }
}
