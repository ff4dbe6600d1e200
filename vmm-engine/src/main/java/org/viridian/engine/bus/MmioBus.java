package org.viridian.engine.bus;

import java.util.Arrays;
import java.util.Comparator;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The memory-mapped devices of one VM. Unclaimed reads return all ones, unclaimed writes vanish. Handlers run under the
 * VM's device lock. Thread rule as for {@link PortBus}.
 */
public final class MmioBus {
    private record Window(long first, long size, MmioHandler handler) {}

    private volatile Window[] windows = {};
    private final ReentrantLock deviceLock;

    /** @param deviceLock the lock under which this VM's emulated devices run */
    public MmioBus(ReentrantLock deviceLock) {
        this.deviceLock = deviceLock;
    }

    /** Gives a window of addresses to a handler; throws {@link IllegalStateException} on overlap. */
    public synchronized void register(long first, long size, MmioHandler handler) {
        for (Window window : windows) {
            if (first < window.first + window.size && window.first < first + size) {
                throw new IllegalStateException("MMIO 0x%x+0x%x overlaps 0x%x+0x%x".formatted(first, size, window.first, window.size));
            }
        }
        Window[] next = Arrays.copyOf(windows, windows.length + 1);
        next[windows.length] = new Window(first, size, handler);
        Arrays.sort(next, Comparator.comparingLong(Window::first));
        windows = next;
    }

    /** Takes back the window that starts at {@code first}, if there is one. */
    public synchronized void unregister(long first) {
        windows = Arrays.stream(windows).filter(w -> w.first != first).toArray(Window[]::new);
    }

    /** Reads {@code size} (1, 2, 4 or 8) bytes. */
    public long read(long address, int size) {
        Window window = find(address);
        if (window == null) {
            return mask(size);
        }
        deviceLock.lock();
        try {
            return window.handler.read(address, size) & mask(size);
        } finally {
            deviceLock.unlock();
        }
    }

    /** Writes {@code size} (1, 2, 4 or 8) bytes. */
    public void write(long address, int size, long value) {
        Window window = find(address);
        if (window == null) {
            return;
        }
        deviceLock.lock();
        try {
            window.handler.write(address, size, value & mask(size));
        } finally {
            deviceLock.unlock();
        }
    }

    private static long mask(int size) {
        return size == 8 ? -1L : (1L << (size * 8)) - 1;
    }

    private Window find(long address) {
        for (Window window : windows) {
            if (address - window.first >= 0 && address - window.first < window.size) {
                return window;
            }
        }
        return null;
    }
}
