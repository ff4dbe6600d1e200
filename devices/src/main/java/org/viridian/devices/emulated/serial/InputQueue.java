package org.viridian.devices.emulated.serial;

import java.util.concurrent.locks.ReentrantLock;

/** A bounded queue from the host to a serial port: a terminal panel, a socket, stdin. Any thread. */
public final class InputQueue implements InputSource {
    private static final int CAPACITY = 1 << 16;

    private final ReentrantLock lock = new ReentrantLock();
    private final byte[] bytes = new byte[CAPACITY];
    private int head;
    private int count;
    private volatile Runnable wakeUp = () -> {};

    /**
     * Queues bytes for the guest; never blocks.
     *
     * @return how many fitted
     */
    public int offer(byte[] source, int offset, int length) {
        int taken;
        lock.lock();
        try {
            taken = Math.min(length, CAPACITY - count);
            for (int i = 0; i < taken; i++) {
                bytes[head + count + i & CAPACITY - 1] = source[offset + i];
            }
            count += taken;
        } finally {
            lock.unlock();
        }
        if (taken > 0) {
            wakeUp.run();
        }
        return taken;
    }

    @Override
    public int poll() {
        lock.lock();
        try {
            if (count == 0) {
                return -1;
            }
            int value = bytes[head] & 0xFF;
            head = head + 1 & CAPACITY - 1;
            count--;
            return value;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void onAvailable(Runnable action) {
        wakeUp = action;
    }
}
