package org.viridian.engine.software;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.ReentrantLock;
import org.viridian.engine.clock.VmClock;
import org.viridian.engine.interrupt.InterruptFabric;

/** What the processors of one partition share: the clock, the lock of split atomics, and the bus between local APICs. */
final class SharedProcessors implements InterruptFabric {
    static final int FIXED = 0;
    static final int LOWEST_PRIORITY = 1;
    static final int NMI = 4;
    static final int INIT = 5;
    static final int STARTUP = 6;
    static final int EXT_INT = 7;

    final VmClock clock;
    /** Longest wait for a processor that is inside a device's handler, ns: the handler may want this processor's help. */
    private static final long STOP_WAIT = 20_000_000;

    /** Held by atomics that no compare-and-set of the host can do. */
    private final ReentrantLock bus = new ReentrantLock();
    /** Who holds {@link #bus}, or null. */
    private volatile Cpu busHolder;
    private final List<Cpu> processors = new CopyOnWriteArrayList<>();
    private volatile boolean externalAsserted;
    private volatile ExternalInterruptSource externalSource;
    private volatile EndOfInterruptListener endOfInterrupt = vector -> { };
    private int nextLowest;

    private final int count;

    SharedProcessors(VmClock clock) {
        this(clock, 1);
    }

    /** For a partition of {@code count} processors. */
    SharedProcessors(VmClock clock, int count) {
        this.clock = clock;
        this.count = count;
    }

    /** Processors that the partition will have. */
    int count() {
        return count;
    }

    void add(Cpu cpu) {
        processors.add(cpu);
    }

    void remove(Cpu cpu) {
        processors.remove(cpu);
    }

    /** Takes the bus lock and waits until every other processor stands still. Pairs with {@link #resumeOthers}. */
    void stopOthers(Cpu self) {
        self.stopped(true);
        bus.lock();
        self.stopped(false);
        busHolder = self;
        long end = 0;
        for (Cpu cpu : processors) {
            if (cpu == self) {
                continue;
            }
            cpu.request(Cpu.PENDING_STOP);
            while (!cpu.standsStill()) {
                if (end == 0) {
                    end = System.nanoTime() + STOP_WAIT;
                } else if (System.nanoTime() > end) {
                    break;
                }
                Thread.onSpinWait();
            }
        }
    }

    void resumeOthers(Cpu self) {
        busHolder = null;
        bus.unlock();
    }

    /** Returns when no other processor holds the bus. */
    void awaitBus(Cpu self) {
        for (int spins = 0; busHolder != null && busHolder != self; spins++) {
            if (spins < 1000) {
                Thread.onSpinWait();
            } else {
                Thread.yield();
            }
        }
    }

    /** The PIC's INTR, as processor 0 sees it on LINT0. */
    boolean externalAsserted() {
        return externalAsserted;
    }

    /** The INTA cycle; -1 without a PIC. */
    int acknowledgeExternal() {
        ExternalInterruptSource source = externalSource;
        return source == null ? -1 : source.acknowledge() & 0xFF;
    }

    void broadcastEoi(int vector) {
        endOfInterrupt.endOfInterrupt(vector);
    }

    @Override
    public boolean deliver(long address, int data) {
        int destination = (int) (address >>> 12) & 0xFF | (int) (address >>> 40) << 8;
        boolean logical = (address & 4) != 0;
        if ((data & AUTO_EOI) != 0) {
            return sendAutoEoi(destination, logical, data & 0xFF);
        }
        return send(destination, logical, data >> 8 & 7, data & 0xFF, (data & 0x8000) != 0, destination == 0xFF);
    }

    private boolean sendAutoEoi(int destination, boolean logical, int vector) {
        boolean accepted = false;
        for (Cpu cpu : processors) {
            if (cpu.apic.matches(destination, logical)) {
                accepted |= cpu.apic.acceptAutoEoi(vector);
            }
        }
        return accepted;
    }

    /** Sends to every APIC that the destination names; false when none accepted it. */
    boolean send(int destination, boolean logical, int mode, int vector, boolean level, boolean broadcast) {
        if (mode == LOWEST_PRIORITY) {
            return sendLowest(destination, logical, vector, level, broadcast);
        }
        boolean accepted = false;
        for (Cpu cpu : processors) {
            if (broadcast || cpu.apic.matches(destination, logical)) {
                accepted |= cpu.apic.accept(mode, vector, level);
            }
        }
        return accepted;
    }

    private boolean sendLowest(int destination, boolean logical, int vector, boolean level, boolean broadcast) {
        int count = processors.size();
        int first = nextLowest++ & 0x7FFF_FFFF;
        for (int i = 0; i < count; i++) {
            Cpu cpu = processors.get((first + i) % count);
            if ((broadcast || cpu.apic.matches(destination, logical)) && cpu.apic.accept(FIXED, vector, level)) {
                return true;
            }
        }
        return false;
    }

    /** Sends to all, or to all but one. */
    void sendAll(Cpu except, int mode, int vector, boolean level) {
        for (Cpu cpu : processors) {
            if (cpu != except) {
                cpu.apic.accept(mode == LOWEST_PRIORITY ? FIXED : mode, vector, level);
            }
        }
    }

    @Override
    public void externalInterrupt(boolean asserted) {
        externalAsserted = asserted;
        if (asserted) {
            for (Cpu cpu : processors) {
                if (cpu.apic.index() == 0) {
                    cpu.request(Cpu.PENDING_INTERRUPT);
                }
            }
        }
    }

    @Override
    public void externalInterruptSource(ExternalInterruptSource source) {
        externalSource = source;
    }

    @Override
    public void endOfInterruptListener(EndOfInterruptListener listener) {
        endOfInterrupt = listener;
    }

    @Override
    public void routeIoApicPin(int pin, boolean masked, long address, int data) {
        // Every EOI of a level-triggered vector is broadcast; routes need no registration here.
    }
}
