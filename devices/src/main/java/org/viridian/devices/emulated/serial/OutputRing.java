package org.viridian.devices.emulated.serial;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The last bytes a serial port has sent, for a terminal panel or a test: older ones are overwritten. Positions count
 * bytes since power-on. Any thread.
 */
public final class OutputRing implements OutputSink {
    private final ReentrantLock lock = new ReentrantLock();
    private final byte[] bytes;
    private long end;
    private final List<Runnable> listeners = new CopyOnWriteArrayList<>();

    /** @param capacity bytes kept */
    public OutputRing(int capacity) {
        bytes = new byte[capacity];
    }

    @Override
    public boolean accept(int value) {
        lock.lock();
        try {
            bytes[(int) (end++ % bytes.length)] = (byte) value;
        } finally {
            lock.unlock();
        }
        listeners.forEach(Runnable::run);
        return true;
    }

    /** Position behind the last byte. */
    public long end() {
        lock.lock();
        try {
            return end;
        } finally {
            lock.unlock();
        }
    }

    /** What was sent from {@code position} on and is still kept; ask next for {@link #end} as it was then. */
    public byte[] since(long position) {
        lock.lock();
        try {
            long from = Math.clamp(position, Math.max(0, end - bytes.length), end);
            byte[] copy = new byte[(int) (end - from)];
            for (int i = 0; i < copy.length; i++) {
                copy[i] = bytes[(int) ((from + i) % bytes.length)];
            }
            return copy;
        } finally {
            lock.unlock();
        }
    }

    /** Told of each byte, under the VM's device lock: must not block. */
    public void onOutput(Runnable listener) {
        listeners.add(listener);
    }
}
