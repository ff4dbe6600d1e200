package org.viridian.devices.emulated.interrupt;

import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.viridian.devices.emulated.EmulatedDevice;
import org.viridian.engine.bus.MmioBus;
import org.viridian.engine.bus.MmioHandler;
import org.viridian.engine.device.Counter;
import org.viridian.engine.firmware.BoardMap;
import org.viridian.engine.interrupt.InterruptFabric;

/**
 * The 82093AA I/O APIC (Intel 290566): 24 inputs, each with a redirection entry, sending messages to local APICs.
 *
 * <p>Thread rule: under the device lock; {@link #endOfInterrupt} takes it itself, on a processor's thread.
 */
public final class IoApic extends EmulatedDevice implements MmioHandler, InterruptFabric.EndOfInterruptListener {
    /** Guest physical address of the register window. */
    public static final long BASE = BoardMap.IO_APIC;
    /** Inputs. */
    public static final int PINS = 24;

    private static final int WINDOW = 0x1000;
    private static final int REG_ID = 0x00;
    private static final int REG_VERSION = 0x01;
    private static final int REG_ARBITRATION = 0x02;
    private static final int REG_TABLE = 0x10;
    private static final int VERSION = 0x0017_0011;

    private static final long VECTOR = 0xFF;
    private static final int MODE_SHIFT = 8;
    private static final int MODE_EXTINT = 7;
    private static final long LOGICAL = 1L << 11;
    private static final long DELIVERY_STATUS = 1L << 12;
    private static final long REMOTE_IRR = 1L << 14;
    private static final long LEVEL = 1L << 15;
    private static final long MASKED = 1L << 16;
    private static final long WRITABLE = 0xFF00_0000_0001_FFFFL & ~(DELIVERY_STATUS | REMOTE_IRR);

    /** Volatile state: register select, id, wire levels, latched edges, redirection entries. */
    public record State(int select, int id, int lines, int pending, long[] entries) {}

    // Static.
    private final ReentrantLock deviceLock;

    // Glue.
    private final InterruptFabric fabric;
    private final Counter interrupts = node().counter("interrupts");

    // Volatile.
    private final long[] entries = new long[PINS];
    private int select;
    private int id;
    private int lines;
    private int pending;

    /**
     * @param fabric where messages go; this object becomes its EOI listener
     * @param deviceLock the VM's device lock
     * @param clock nanoseconds since power-on
     */
    public IoApic(InterruptFabric fabric, ReentrantLock deviceLock, LongSupplier clock) {
        super("ioapic", "82093AA I/O APIC", "system", clock);
        this.fabric = fabric;
        this.deviceLock = deviceLock;
        node().resource("mmio", () -> "fec00000-fec00fff");
        fabric.endOfInterruptListener(this);
        clear();
    }

    /** Registers the window. */
    public void attach(MmioBus mmio) {
        mmio.register(BASE, WINDOW, this);
    }

    /** Drives input {@code pin}: true = asserted, whatever polarity the guest has declared. */
    void line(int pin, boolean asserted) {
        int bit = 1 << pin;
        boolean before = (lines & bit) != 0;
        if (asserted) {
            lines |= bit;
            if (!before && (entries[pin] & LEVEL) == 0) {
                pending |= bit;
            }
            service(pin);
        } else {
            lines &= ~bit;
        }
    }

    /** Sends the pin's message when it has something to say and may say it. */
    private void service(int pin) {
        int bit = 1 << pin;
        long entry = entries[pin];
        boolean level = (entry & LEVEL) != 0;
        boolean wants = level ? (lines & bit) != 0 && (entry & REMOTE_IRR) == 0 : (pending & bit) != 0;
        if (!wants || (entry & MASKED) != 0) {
            return;
        }
        // A message no APIC takes stays pending: it is offered again at the next edge, write or EOI.
        if (!fabric.deliver(address(entry), data(entry))) {
            return;
        }
        interrupts.increment();
        pending &= ~bit;
        if (level && remembers(entry)) {
            entries[pin] |= REMOTE_IRR;
        }
    }

    /** Remote IRR exists for fixed and lowest-priority delivery only: the others have no EOI. */
    private static boolean remembers(long entry) {
        return (entry >> MODE_SHIFT & 7) <= 1;
    }

    private static long address(long entry) {
        return 0xFEE0_0000L | (entry >>> 56) << 12 | ((entry & LOGICAL) != 0 ? 4 : 0);
    }

    private static int data(long entry) {
        int trigger = (entry & LEVEL) != 0 ? 1 << 15 : 0;
        return (int) (entry & VECTOR) | (int) (entry >> MODE_SHIFT & 7) << 8 | 1 << 14 | trigger;
    }

    @Override
    public void endOfInterrupt(int vector) {
        deviceLock.lock();
        try {
            for (int pin = 0; pin < PINS; pin++) {
                long entry = entries[pin];
                if ((entry & REMOTE_IRR) != 0 && (entry & VECTOR) == vector) {
                    entries[pin] &= ~REMOTE_IRR;
                    service(pin);
                }
            }
        } finally {
            deviceLock.unlock();
        }
    }

    @Override
    public long read(long address, int size) {
        accessed();
        int offset = (int) (address - BASE);
        int register = switch (offset & ~3) {
            case 0x00 -> select;
            case 0x10 -> readSelected();
            default -> 0;
        };
        return (register & 0xFFFF_FFFFL) >>> 8 * (offset & 3);
    }

    private int readSelected() {
        if (select >= REG_TABLE && select < REG_TABLE + 2 * PINS) {
            long entry = entries[(select - REG_TABLE) >> 1];
            return (int) ((select & 1) == 0 ? entry : entry >>> 32);
        }
        return switch (select) {
            case REG_ID, REG_ARBITRATION -> id << 24;
            case REG_VERSION -> VERSION;
            default -> 0;
        };
    }

    @Override
    public void write(long address, int size, long value) {
        accessed();
        // The datasheet allows 32-bit accesses only; a wider one carries a register in its low half.
        switch ((int) (address - BASE)) {
            case 0x00 -> select = (int) value & 0xFF;
            case 0x10 -> {
                if (size >= 4) {
                    writeSelected((int) value);
                }
            }
            default -> { }
        }
    }

    private void writeSelected(int value) {
        if (select == REG_ID) {
            id = value >>> 24 & 0x0F;
        } else if (select >= REG_TABLE && select < REG_TABLE + 2 * PINS) {
            int pin = (select - REG_TABLE) >> 1;
            long entry = entries[pin];
            long next = (select & 1) == 0
                    ? entry & 0xFFFF_FFFF_0000_0000L | value & 0xFFFF_FFFFL
                    : entry & 0xFFFF_FFFFL | (long) value << 32;
            redirect(pin, next & WRITABLE | entry & REMOTE_IRR);
        }
    }

    private void redirect(int pin, long entry) {
        long next = entry;
        if ((next & LEVEL) == 0) {
            // Kernels without a directed EOI switch a pin to edge and back to clear a stuck remote IRR.
            next &= ~REMOTE_IRR;
        } else {
            pending &= ~(1 << pin);
        }
        entries[pin] = next;
        announce(pin);
        service(pin);
    }

    private void announce(int pin) {
        long entry = entries[pin];
        fabric.routeIoApicPin(pin, (entry & MASKED) != 0 || (entry >> MODE_SHIFT & 7) == MODE_EXTINT, address(entry), data(entry));
    }

    private void clear() {
        java.util.Arrays.fill(entries, MASKED);
        select = id = lines = pending = 0;
    }

    @Override
    public void reset() {
        idleAfterReset();
        clear();
        for (int pin = 0; pin < PINS; pin++) {
            announce(pin);
        }
    }

    @Override
    public Record save() {
        return new State(select, id, lines, pending, entries.clone());
    }

    @Override
    public void restore(Record state) {
        State s = own(State.class, state);
        if (s.entries == null || s.entries.length != PINS) {
            throw new IllegalArgumentException("ioapic state has not %d entries".formatted(PINS));
        }
        select = s.select & 0xFF;
        id = s.id & 0x0F;
        lines = s.lines & 0xFF_FFFF;
        pending = s.pending & 0xFF_FFFF;
        for (int pin = 0; pin < PINS; pin++) {
            entries[pin] = s.entries[pin] & (WRITABLE | REMOTE_IRR);
            announce(pin);
        }
    }
}
