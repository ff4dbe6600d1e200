package org.viridian.engine.bus;

import java.util.concurrent.locks.ReentrantLock;

/**
 * The 64 Ki I/O ports of one VM. Unclaimed reads return all ones, unclaimed writes vanish.
 *
 * <p>Thread rule: registration at any time; accesses from every processor's thread. Handlers run under the VM's device
 * lock, except those registered with {@link #registerConcurrent}, which do their own locking (the hypercall ports).
 */
public final class PortBus {
    private static final int PORTS = 0x10000;

    private record Slot(PortHandler handler, boolean locked) {}

    private final Slot[] slots = new Slot[PORTS];
    private final ReentrantLock deviceLock;

    /** @param deviceLock the lock under which this VM's emulated devices run */
    public PortBus(ReentrantLock deviceLock) {
        this.deviceLock = deviceLock;
    }

    /** Gives {@code count} ports from {@code first} on to a handler; throws {@link IllegalStateException} if one is taken. */
    public void register(int first, int count, PortHandler handler) {
        claim(first, count, new Slot(handler, true));
    }

    /** As {@link #register}, for a handler that is called without the device lock. */
    public void registerConcurrent(int first, int count, PortHandler handler) {
        claim(first, count, new Slot(handler, false));
    }

    /** Takes the ports back, whoever had them. */
    public synchronized void unregister(int first, int count) {
        for (int port = first; port < first + count; port++) {
            slots[port] = null;
        }
    }

    private synchronized void claim(int first, int count, Slot slot) {
        if (first < 0 || count <= 0 || first + count > PORTS) {
            throw new IllegalArgumentException("ports 0x%x+%d".formatted(first, count));
        }
        for (int port = first; port < first + count; port++) {
            if (slots[port] != null) {
                throw new IllegalStateException("port 0x%x is taken".formatted(port));
            }
        }
        for (int port = first; port < first + count; port++) {
            slots[port] = slot;
        }
    }

    /** Reads a port outside an exit; {@code size} is 1, 2 or 4. */
    public int read(int port, int size) {
        return read(-1, port, size);
    }

    /** Reads a port for processor {@code vp}; {@code size} is 1, 2 or 4. */
    public int read(int vp, int port, int size) {
        Slot slot = slots[port & 0xFFFF];
        int mask = size == 4 ? -1 : (1 << (size * 8)) - 1;
        if (slot == null) {
            return mask;
        }
        if (!slot.locked) {
            return slot.handler.readBy(vp, port & 0xFFFF, size) & mask;
        }
        deviceLock.lock();
        try {
            return slot.handler.readBy(vp, port & 0xFFFF, size) & mask;
        } finally {
            deviceLock.unlock();
        }
    }

    /** Writes a port outside an exit; {@code size} is 1, 2 or 4. */
    public void write(int port, int size, int value) {
        write(-1, port, size, value);
    }

    /** Writes a port for processor {@code vp}; {@code size} is 1, 2 or 4. */
    public void write(int vp, int port, int size, int value) {
        Slot slot = slots[port & 0xFFFF];
        if (slot == null) {
            return;
        }
        int masked = size == 4 ? value : value & ((1 << (size * 8)) - 1);
        if (!slot.locked) {
            slot.handler.writeBy(vp, port & 0xFFFF, size, masked);
            return;
        }
        deviceLock.lock();
        try {
            slot.handler.writeBy(vp, port & 0xFFFF, size, masked);
        } finally {
            deviceLock.unlock();
        }
    }
}
