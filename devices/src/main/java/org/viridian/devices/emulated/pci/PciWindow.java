package org.viridian.devices.emulated.pci;

import java.lang.foreign.MemorySegment;
import org.viridian.engine.bus.MmioHandler;
import org.viridian.engine.bus.PortHandler;
import org.viridian.engine.memory.MemoryRegion;

/**
 * One base address register's window and where it decodes now. The guest may place it on top of something else; it then
 * decodes nothing, and what was there stays.
 *
 * <p>Thread rule: under the device lock.
 */
final class PciWindow implements PortHandler, MmioHandler {
    private final int size;
    private final boolean io;
    private final BarHandler handler;
    private final MemorySegment direct;

    private long base = -1;
    private boolean mapped;
    private MemoryRegion region;

    private PciWindow(int size, boolean io, BarHandler handler, MemorySegment direct) {
        this.size = size;
        this.io = io;
        this.handler = handler;
        this.direct = direct;
    }

    static PciWindow io(int size, BarHandler handler) {
        return new PciWindow(size, true, handler, null);
    }

    static PciWindow memory(int size, BarHandler handler, MemorySegment direct) {
        return new PciWindow(size, false, handler, direct);
    }

    /** Decodes at {@code address}, or nowhere for -1. */
    void moveTo(long address, PciHost host) {
        if (address == base) {
            return;
        }
        unmap(host);
        base = address;
        if (address < 0) {
            return;
        }
        try {
            if (io) {
                if (address + size > 0x1_0000) {
                    return;
                }
                host.ports().register((int) address, size, this);
            } else {
                host.mmio().register(address, size, this);
            }
            mapped = true;
            if (direct != null) {
                MemoryRegion next = new MemoryRegion(address, direct, MemoryRegion.Kind.VIDEO);
                host.memory().add(next);
                region = next;
            }
        } catch (IllegalStateException | IllegalArgumentException taken) {
            unmap(host);
        }
    }

    private void unmap(PciHost host) {
        if (region != null) {
            host.memory().remove(region);
            region = null;
        }
        if (mapped) {
            mapped = false;
            if (io) {
                host.ports().unregister((int) base, size);
            } else {
                host.mmio().unregister(base);
            }
        }
    }

    @Override
    public int read(int port, int bytes) {
        return (int) handler.readBar(port - (int) base, bytes);
    }

    @Override
    public void write(int port, int bytes, int value) {
        handler.writeBar(port - (int) base, bytes, value & 0xFFFF_FFFFL);
    }

    @Override
    public long read(long address, int bytes) {
        return handler.readBar((int) (address - base), bytes);
    }

    @Override
    public void write(long address, int bytes, long value) {
        handler.writeBar((int) (address - base), bytes, value);
    }
}
