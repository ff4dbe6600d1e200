package org.viridian.engine.kvm;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.locks.ReentrantLock;
import org.viridian.engine.interrupt.InterruptFabric;

/**
 * Interrupts into KVM's local APICs with the other chips outside the kernel (split irqchip). Messages go by
 * KVM_SIGNAL_MSI. The routing table serves one purpose: it tells the kernel which level-triggered vectors are the IOAPIC's,
 * so that their EOIs exit. The ExtINT line is polled by processor 0 before it enters the guest.
 */
final class KvmInterrupts implements InterruptFabric {
    static final int PINS = 24;
    private static final int LEVEL = 1 << 15;
    private static final int STRIPES = 4;

    /** One message buffer and its lock; callers spread over a few so that devices rarely meet. */
    private static final class Stripe {
        final ReentrantLock lock = new ReentrantLock();
        final MemorySegment message;

        Stripe(Arena arena) {
            message = arena.allocate(KvmAbi.MSI_SIZE, 8);
        }
    }

    private final int vm;
    private final Arena arena = Arena.ofAuto();
    private final Stripe[] stripes = new Stripe[STRIPES];
    private final MemorySegment routing;
    private final ReentrantLock routingLock = new ReentrantLock();
    private final long[] address = new long[PINS];
    private final int[] data = new int[PINS];
    private volatile boolean extInt;
    private volatile ExternalInterruptSource source;
    private volatile EndOfInterruptListener listener;
    private volatile KvmProcessor bootProcessor;
    private volatile boolean closed;

    KvmInterrupts(int vm) {
        this.vm = vm;
        for (int i = 0; i < STRIPES; i++) {
            stripes[i] = new Stripe(arena);
        }
        routing = arena.allocate(KvmAbi.ROUTING_HEADER + (long) PINS * KvmAbi.ROUTING_ENTRY_SIZE, 8);
    }

    @Override
    public boolean deliver(long messageAddress, int messageData) {
        Stripe stripe = stripes[(int) Thread.currentThread().threadId() & STRIPES - 1];
        stripe.lock.lock();
        try {
            if (closed) {
                return false;
            }
            stripe.message.set(ValueLayout.JAVA_LONG, 0, messageAddress);
            stripe.message.set(ValueLayout.JAVA_INT, KvmAbi.MSI_DATA, messageData & 0xFFFF);
            // Zero: every addressed APIC refused it.
            return Libc.ioctl(vm, KvmAbi.SIGNAL_MSI, stripe.message.address()) > 0;
        } finally {
            stripe.lock.unlock();
        }
    }

    @Override
    public void externalInterrupt(boolean asserted) {
        if (extInt == asserted) {
            return;
        }
        extInt = asserted;
        KvmProcessor processor = bootProcessor;
        if (asserted && processor != null) {
            processor.poke();
        }
    }

    @Override
    public void externalInterruptSource(ExternalInterruptSource newSource) {
        source = newSource;
    }

    @Override
    public void endOfInterruptListener(EndOfInterruptListener newListener) {
        listener = newListener;
    }

    @Override
    public void routeIoApicPin(int pin, boolean masked, long pinAddress, int pinData) {
        if (pin < 0 || pin >= PINS) {
            return;
        }
        routingLock.lock();
        try {
            // A masked pin keeps its route: the EOI of an interrupt taken before the mask must still arrive.
            if (masked && (pinData & LEVEL) == 0) {
                return;
            }
            boolean relevant = ((pinData | data[pin]) & LEVEL) != 0;
            boolean same = address[pin] == pinAddress && data[pin] == pinData;
            address[pin] = pinAddress;
            data[pin] = pinData;
            // The kernel takes milliseconds for a new table, and guests rewrite edge pins by the dozen.
            if (relevant && !same && !closed) {
                publish();
            }
        } finally {
            routingLock.unlock();
        }
    }

    private void publish() {
        routing.fill((byte) 0);
        int count = 0;
        for (int pin = 0; pin < PINS; pin++) {
            if ((data[pin] & LEVEL) == 0) {
                continue;
            }
            long at = KvmAbi.ROUTING_HEADER + (long) count * KvmAbi.ROUTING_ENTRY_SIZE;
            routing.set(ValueLayout.JAVA_INT, at, pin);
            routing.set(ValueLayout.JAVA_INT, at + KvmAbi.ROUTING_TYPE, KvmAbi.ROUTING_TYPE_MSI);
            routing.set(ValueLayout.JAVA_INT, at + KvmAbi.ROUTING_MSI_ADDRESS, (int) address[pin]);
            routing.set(ValueLayout.JAVA_INT, at + KvmAbi.ROUTING_MSI_DATA, data[pin]);
            count++;
        }
        routing.set(ValueLayout.JAVA_INT, 0, count);
        if (Libc.ioctl(vm, KvmAbi.SET_GSI_ROUTING, routing.address()) < 0) {
            System.getLogger("org.viridian.engine.kvm").log(System.Logger.Level.WARNING,
                    "KVM refused the interrupt routes (error {0})", Libc.errno());
        }
    }

    void bootProcessor(KvmProcessor processor) {
        bootProcessor = processor;
    }

    boolean externalPending() {
        return extInt && source != null;
    }

    int acknowledge() {
        return source.acknowledge();
    }

    void endOfInterrupt(int vector) {
        EndOfInterruptListener present = listener;
        if (present != null) {
            present.endOfInterrupt(vector);
        }
    }

    /** After this the descriptor is no longer used. */
    void close() {
        closed = true;
        for (Stripe stripe : stripes) {
            stripe.lock.lock();
            stripe.lock.unlock();
        }
        routingLock.lock();
        routingLock.unlock();
    }
}
