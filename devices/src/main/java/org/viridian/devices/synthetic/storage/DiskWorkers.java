package org.viridian.devices.synthetic.storage;

import java.util.TreeSet;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * The threads of one disk: several requests at a time, begun in the order of their arrival. A flush begins when all writes
 * that arrived before it have ended. A disk whose host file hangs holds up only its own requests.
 */
final class DiskWorkers {
    /** Requests of one disk that are with the host at a time. */
    private static final int THREADS = 4;
    private static final int IDLE_SECONDS = 10;

    enum Kind { READ, WRITE, FLUSH }

    private final ThreadPoolExecutor threads;
    private final Object order = new Object();
    // Guarded by order.
    private long next;
    private int pending;
    private final TreeSet<Long> writes = new TreeSet<>();

    DiskWorkers(String name) {
        threads = new ThreadPoolExecutor(THREADS, THREADS, IDLE_SECONDS, TimeUnit.SECONDS, new LinkedBlockingQueue<>(),
                Thread.ofPlatform().daemon().name(name + " ", 0).factory());
        threads.allowCoreThreadTimeOut(true);
    }

    /** Takes a request; {@code work} must not throw. */
    void submit(Kind kind, Runnable work) {
        synchronized (order) {
            long number = next++;
            pending++;
            if (kind == Kind.WRITE) {
                writes.add(number);
            }
            threads.execute(() -> {
                try {
                    if (kind == Kind.FLUSH) {
                        awaitWritesBefore(number);
                    }
                    work.run();
                } finally {
                    ended(kind, number);
                }
            });
        }
    }

    private void ended(Kind kind, long number) {
        synchronized (order) {
            if (kind == Kind.WRITE) {
                writes.remove(number);
            }
            pending--;
            order.notifyAll();
        }
    }

    /** Never waits for ever: what arrived before has begun, for the queue keeps the order. */
    private void awaitWritesBefore(long number) {
        synchronized (order) {
            boolean interrupted = false;
            while (!writes.isEmpty() && writes.first() < number) {
                try {
                    order.wait();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Waits until no request is left. */
    void drain() {
        synchronized (order) {
            boolean interrupted = false;
            while (pending > 0) {
                try {
                    order.wait();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Lets the threads go once they are done. */
    void close() {
        threads.shutdown();
    }
}
