package org.viridian.devices.network;

import java.util.concurrent.locks.ReentrantLock;

/** Buffers for frames in three sizes, so that steady traffic allocates nothing. Any thread. */
final class FramePool {
    private static final int[] SIZES = {2048, 16 << 10, 72 << 10};
    private static final int[] KEPT = {512, 64, 24};

    /** Largest frame there is: what an IP packet can hold, behind an Ethernet header. */
    static final int LARGEST = 65535 + 14;

    private final ReentrantLock lock = new ReentrantLock();
    private final Frame[][] free = new Frame[SIZES.length][];
    private final int[] count = new int[SIZES.length];

    FramePool() {
        for (int i = 0; i < SIZES.length; i++) {
            free[i] = new Frame[KEPT[i]];
        }
    }

    private static int sizeClass(int bytes) {
        return bytes <= SIZES[0] ? 0 : bytes <= SIZES[1] ? 1 : 2;
    }

    /** A frame for {@code bytes} bytes. */
    Frame take(int bytes) {
        if (bytes < 0 || bytes > LARGEST) {
            throw new IllegalArgumentException("frame of %d bytes".formatted(bytes));
        }
        int size = sizeClass(bytes);
        lock.lock();
        try {
            if (count[size] > 0) {
                return free[size][--count[size]].reset(bytes);
            }
        } finally {
            lock.unlock();
        }
        return new Frame(this, SIZES[size]).reset(bytes);
    }

    void back(Frame frame) {
        int size = sizeClass(frame.capacity());
        lock.lock();
        try {
            if (count[size] < KEPT[size]) {
                free[size][count[size]++] = frame;
            }
        } finally {
            lock.unlock();
        }
    }
}
