package org.viridian.engine.kvm;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;

/**
 * OUTs that end in the kernel: an ioeventfd per port and value, and one thread that runs the actions. The thread starts with
 * the first doorbell. An action may run once more just after its doorbell was closed.
 */
final class Doorbells {
    private static final int EPOLL_CTL_ADD = 1;
    private static final int EPOLL_CTL_DEL = 2;
    private static final int EPOLLIN = 1;
    /** struct epoll_event is packed on x86-64: events u32, data u64. */
    private static final int EVENT_SIZE = 12;
    private static final int EVENT_DATA = 4;
    private static final int BATCH = 32;
    private static final ValueLayout.OfLong PACKED_LONG = ValueLayout.JAVA_LONG_UNALIGNED;

    private record Bell(int fd, int port, int value, Runnable action) {}

    private final int vm;
    private final String name;
    private final ReentrantLock lock = new ReentrantLock();
    private final Map<Integer, Bell> bells = new HashMap<>();
    private int epoll = -1;
    private int wake = -1;
    private Thread thread;
    private boolean closed;

    Doorbells(int vm, String name) {
        this.vm = vm;
        this.name = name;
    }

    Optional<AutoCloseable> add(int port, int value, Runnable action) {
        lock.lock();
        try {
            if (closed || !start()) {
                return Optional.empty();
            }
            int fd = Libc.eventDescriptor();
            if (fd < 0) {
                return Optional.empty();
            }
            Bell bell = new Bell(fd, port, value, action);
            if (attach(bell, 0) < 0) {
                Libc.close(fd);
                return Optional.empty();
            }
            if (watch(EPOLL_CTL_ADD, fd) < 0) {
                attach(bell, KvmAbi.IOEVENTFD_DEASSIGN);
                Libc.close(fd);
                return Optional.empty();
            }
            bells.put(fd, bell);
            return Optional.of(() -> remove(bell));
        } finally {
            lock.unlock();
        }
    }

    private void remove(Bell bell) {
        lock.lock();
        try {
            if (bells.remove(bell.fd, bell)) {
                attach(bell, KvmAbi.IOEVENTFD_DEASSIGN);
                watch(EPOLL_CTL_DEL, bell.fd);
                Libc.close(bell.fd);
            }
        } finally {
            lock.unlock();
        }
    }

    private int attach(Bell bell, int extraFlags) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment request = arena.allocate(KvmAbi.IOEVENTFD_SIZE, 8);
            request.set(ValueLayout.JAVA_LONG, 0, bell.value & 0xFFFF_FFFFL);
            request.set(ValueLayout.JAVA_LONG, KvmAbi.IOEVENTFD_ADDRESS, bell.port);
            request.set(ValueLayout.JAVA_INT, KvmAbi.IOEVENTFD_LENGTH, 4);
            request.set(ValueLayout.JAVA_INT, KvmAbi.IOEVENTFD_FD, bell.fd);
            request.set(ValueLayout.JAVA_INT, KvmAbi.IOEVENTFD_FLAGS, KvmAbi.IOEVENTFD_DATAMATCH | KvmAbi.IOEVENTFD_PIO | extraFlags);
            return Libc.ioctl(vm, KvmAbi.IOEVENTFD, request.address());
        }
    }

    private int watch(int operation, int fd) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment event = arena.allocate(EVENT_SIZE, 8);
            event.set(ValueLayout.JAVA_INT, 0, EPOLLIN);
            event.set(PACKED_LONG, EVENT_DATA, fd);
            return Libc.epoll_ctl(epoll, operation, fd, event.address());
        }
    }

    private boolean start() {
        if (thread != null) {
            return true;
        }
        epoll = Libc.epoll();
        wake = Libc.eventDescriptor();
        if (epoll < 0 || wake < 0 || watch(EPOLL_CTL_ADD, wake) < 0) {
            release();
            return false;
        }
        thread = Thread.ofPlatform().name("doorbells " + name).daemon().start(this::loop);
        return true;
    }

    private void loop() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment events = arena.allocate((long) EVENT_SIZE * BATCH, 8);
            MemorySegment count = arena.allocate(8, 8);
            while (true) {
                int ready = Libc.epoll_wait(epoll, events.address(), BATCH, -1);
                for (int i = 0; i < ready; i++) {
                    int fd = (int) events.get(PACKED_LONG, (long) i * EVENT_SIZE + EVENT_DATA);
                    if (fd == wake) {
                        return;
                    }
                    ring(fd, count);
                }
            }
        }
    }

    private void ring(int fd, MemorySegment count) {
        Bell bell;
        lock.lock();
        try {
            bell = bells.get(fd);
            // Under the lock the descriptor cannot have become somebody else's.
            if (bell == null || Libc.read(fd, count.address(), 8) != 8) {
                return;
            }
        } finally {
            lock.unlock();
        }
        try {
            bell.action.run();
        } catch (RuntimeException failure) {
            System.getLogger("org.viridian.engine.kvm").log(System.Logger.Level.ERROR, "doorbell of " + name, failure);
        }
    }

    void close() {
        Thread running;
        lock.lock();
        try {
            closed = true;
            running = thread;
            if (running != null) {
                try (Arena arena = Arena.ofConfined()) {
                    Libc.write(wake, arena.allocateFrom(ValueLayout.JAVA_LONG, 1).address(), 8);
                }
            }
        } finally {
            lock.unlock();
        }
        boolean interrupted = false;
        while (running != null && running.isAlive() && running != Thread.currentThread()) {
            try {
                running.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        lock.lock();
        try {
            for (Bell bell : bells.values()) {
                attach(bell, KvmAbi.IOEVENTFD_DEASSIGN);
                Libc.close(bell.fd);
            }
            bells.clear();
            release();
        } finally {
            lock.unlock();
        }
    }

    private void release() {
        if (wake >= 0) {
            Libc.close(wake);
        }
        if (epoll >= 0) {
            Libc.close(epoll);
        }
        wake = -1;
        epoll = -1;
    }
}
