package org.viridian.engine.kvm;

import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;

/**
 * The system calls this backend makes, mapped directly. Pointers are plain addresses: the memory behind them belongs to the
 * caller and outlives the call. A negative result means failure; {@link #errno} then holds the reason for this thread.
 */
final class Libc {
    static final int EPERM = 1;
    static final int ENOENT = 2;
    static final int EINTR = 4;
    static final int ENXIO = 6;
    static final int EAGAIN = 11;
    static final int EACCES = 13;
    static final int EBUSY = 16;
    static final int ENODEV = 19;

    private static final int O_RDWR_CLOEXEC = 0x2 | 0x80000;
    private static final int PROT_READ_WRITE = 3;
    private static final int MAP_SHARED = 1;
    private static final int EFD_CLOEXEC_NONBLOCK = 0x80000 | 0x800;
    private static final int EPOLL_CLOEXEC = 0x80000;

    static {
        Native.register(Libc.class, "c");
    }

    private Libc() {}

    static native int open(byte[] path, int flags, int mode);

    static native int close(int fd);

    static native int ioctl(int fd, long request, long argument);

    private static native long mmap(long address, long length, int protection, int flags, int fd, long offset);

    static native int munmap(long address, long length);

    private static native int eventfd(int initial, int flags);

    static native long read(int fd, long buffer, long length);

    static native long write(int fd, long buffer, long length);

    private static native int epoll_create1(int flags);

    static native int epoll_ctl(int epoll, int operation, int fd, long event);

    static native int epoll_wait(int epoll, long events, int maximum, int timeoutMillis);

    static native int getpid();

    private static native int sigaction(int signal, long action, long old);

    private static native int pthread_sigmask(int how, long set, long old);

    private static native long syscall(long number, long a, long b, long c);

    private static native int __libc_current_sigrtmax();

    static int openReadWrite(String path) {
        return open((path + "\0").getBytes(StandardCharsets.UTF_8), O_RDWR_CLOEXEC, 0);
    }

    /** Maps {@code length} bytes of a descriptor, shared; -1 on failure. */
    static long mapShared(int fd, long length) {
        return mmap(0, length, PROT_READ_WRITE, MAP_SHARED, fd, 0);
    }

    /** A non-blocking eventfd at zero. */
    static int eventDescriptor() {
        return eventfd(0, EFD_CLOEXEC_NONBLOCK);
    }

    static int epoll() {
        return epoll_create1(EPOLL_CLOEXEC);
    }

    static int errno() {
        return Native.getLastError();
    }

    /**
     * The signal that brings a thread out of KVM_RUN. KVM_RUN only needs a signal that is handled; the JVM uses none of the
     * real-time signals, so the first free one from the top gets getpid() as its handler: a function that is safe in a
     * signal handler, ignores its arguments and changes nothing. No Java code runs in signal context.
     */
    static final class KickSignal {
        private static final long SYS_GETTID = 186;
        private static final long SYS_TGKILL = 234;
        private static final int SIG_UNBLOCK = 1;
        private static final int SA_RESTART = 0x1000_0000;
        private static final int SIGACTION_SIZE = 152;
        private static final int SIGACTION_FLAGS = 136;
        private static final int SIGSET_SIZE = 128;
        private static final int CANDIDATES = 16;

        private static final int NUMBER = install();
        private static final long PROCESS = getpid();

        private KickSignal() {}

        private static int install() {
            Pointer harmless = NativeLibrary.getInstance("c").getFunction("getpid");
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment action = arena.allocate(SIGACTION_SIZE, 8);
                MemorySegment old = arena.allocate(SIGACTION_SIZE, 8);
                int top = __libc_current_sigrtmax();
                for (int signal = top; signal > top - CANDIDATES; signal--) {
                    if (sigaction(signal, 0, old.address()) == 0 && old.get(ValueLayout.JAVA_LONG, 0) == 0) {
                        action.set(ValueLayout.JAVA_LONG, 0, Pointer.nativeValue(harmless));
                        action.set(ValueLayout.JAVA_INT, SIGACTION_FLAGS, SA_RESTART);
                        if (sigaction(signal, action.address(), 0) == 0) {
                            return signal;
                        }
                    }
                }
            }
            throw new IllegalStateException("no real-time signal is free to interrupt virtual processors");
        }

        /** Readies the calling thread; returns its id for {@link #send}. */
        static int prepareThread() {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment set = arena.allocate(SIGSET_SIZE, 8);
                set.set(ValueLayout.JAVA_LONG, 0, 1L << (NUMBER - 1));
                pthread_sigmask(SIG_UNBLOCK, set.address(), 0);
            }
            return (int) syscall(SYS_GETTID, 0, 0, 0);
        }

        /** Interrupts a thread of this process; one that has ended is no error. */
        static void send(int thread) {
            syscall(SYS_TGKILL, PROCESS, thread, NUMBER);
        }
    }
}
