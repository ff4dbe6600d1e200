package org.viridian.devices.emulated.serial;

import java.io.IOException;
import java.io.OutputStream;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Carries a serial port's output to a stream (stdout, a file) on a thread of its own, so that a slow reader never holds
 * the guest. When the buffer is full, bytes are dropped; after a write error, all are.
 */
public final class StreamSink implements OutputSink, AutoCloseable {
    private static final int CAPACITY = 1 << 20;
    private static final long CLOSE_SECONDS = 5;

    private final OutputStream stream;
    private final boolean closesStream;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Thread thread;
    private byte[] filling = new byte[4096];
    private int count;
    private boolean closing;
    private volatile IOException failure;

    /**
     * @param name for the thread
     * @param stream where bytes go; flushed whenever the buffer runs empty
     * @param closesStream whether {@link #close} closes it (not for stdout)
     */
    public StreamSink(String name, OutputStream stream, boolean closesStream) {
        this.stream = stream;
        this.closesStream = closesStream;
        this.thread = Thread.ofVirtual().name("serial output " + name).start(this::pump);
    }

    @Override
    public boolean accept(int value) {
        lock.lock();
        try {
            if (closing || failure != null || count == CAPACITY) {
                return false;
            }
            if (count == filling.length) {
                filling = java.util.Arrays.copyOf(filling, Math.min(CAPACITY, count * 2));
            }
            filling[count++] = (byte) value;
            if (count == 1) {
                changed.signal();
            }
            return true;
        } finally {
            lock.unlock();
        }
    }

    private void pump() {
        byte[] draining = new byte[4096];
        try {
            while (true) {
                int length;
                lock.lock();
                try {
                    while (count == 0 && !closing) {
                        changed.awaitUninterruptibly();
                    }
                    if (count == 0) {
                        return;
                    }
                    byte[] full = filling;
                    length = count;
                    filling = draining;
                    count = 0;
                    draining = full;
                } finally {
                    lock.unlock();
                }
                stream.write(draining, 0, length);
                stream.flush();
            }
        } catch (IOException broken) {
            failure = broken;
        }
    }

    /** Why the stream took no more, or null. */
    public IOException failure() {
        return failure;
    }

    /** Writes out what is buffered, waiting a few seconds at most. */
    @Override
    public void close() {
        lock.lock();
        try {
            closing = true;
            changed.signal();
        } finally {
            lock.unlock();
        }
        try {
            thread.join(java.time.Duration.of(CLOSE_SECONDS, TimeUnit.SECONDS.toChronoUnit()));
            if (closesStream) {
                stream.close();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IOException broken) {
            failure = broken;
        }
    }
}
