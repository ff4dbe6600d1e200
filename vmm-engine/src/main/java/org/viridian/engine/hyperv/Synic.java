package org.viridian.engine.hyperv;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.viridian.engine.backend.BackendPartition;
import org.viridian.engine.clock.VmClock;
import org.viridian.engine.device.Counter;
import org.viridian.engine.memory.GuestMemory;

/**
 * The synthetic interrupt controllers of one VM and the ports its guest can call.
 *
 * <p>Thread rule: any thread, see {@link SynicHost}.
 */
final class Synic implements SynicHost {
    /** How often waiting messages and refused interrupts are looked at again: turns a lost wake-up into a delay. */
    private static final long WATCHDOG_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

    private final BackendPartition backend;
    private final VmClock clock;
    private final List<SynicProcessor> processors = new ArrayList<>();
    private final PortTable<MessagePort> messagePorts = new PortTable<>();
    private final PortTable<Runnable> eventPorts = new PortTable<>();
    private final VmClock.Timer watchdog;
    private final AtomicBoolean watching = new AtomicBoolean();
    private final Counter messages = new Counter("messages-posted");
    private final Counter events = new Counter("events-signalled");
    private final Counter dropped = new Counter("messages-dropped");

    Synic(BackendPartition backend, GuestMemory memory, VmClock clock, int processorCount) {
        this.backend = backend;
        this.clock = clock;
        this.watchdog = clock.timer(this::look);
        for (int vp = 0; vp < processorCount; vp++) {
            processors.add(new SynicProcessor(vp, memory, backend.interrupts(), this::watch));
        }
    }

    SynicProcessor processor(int vp) {
        return processors.get(vp);
    }

    int processorCount() {
        return processors.size();
    }

    /** Finds the guest's message port, or null. */
    MessagePort messagePort(int connectionId) {
        return messagePorts.find(connectionId);
    }

    /** Finds the guest's event port, or null. */
    Runnable eventPort(int connectionId) {
        return eventPorts.find(connectionId);
    }

    List<Counter> counters() {
        return List.of(messages, events, dropped);
    }

    @Override
    public AutoCloseable messagePort(int connectionId, MessagePort port) {
        messagePorts.add(connectionId, port);
        return () -> messagePorts.remove(connectionId, port);
    }

    @Override
    public AutoCloseable eventPort(int connectionId, Runnable onSignal) {
        // A lambda may be one object for many ports; the table tells them apart by id.
        eventPorts.add(connectionId, onSignal);
        Optional<AutoCloseable> doorbell;
        try {
            doorbell = backend.doorbell(HypercallPage.SIGNAL_PORT, connectionId, onSignal);
        } catch (RuntimeException refused) {
            eventPorts.remove(connectionId, onSignal);
            throw refused;
        }
        return () -> {
            eventPorts.remove(connectionId, onSignal);
            if (doorbell.isPresent()) {
                doorbell.get().close();
            }
        };
    }

    @Override
    public boolean postMessage(int vp, int sint, int messageType, byte[] payload) {
        if (payload.length > SynicProcessor.MAX_PAYLOAD || messageType == 0) {
            throw new IllegalArgumentException("message type 0x%x of %d bytes".formatted(messageType, payload.length));
        }
        boolean queued = processors.get(vp).post(checkedSint(sint), messageType, payload);
        (queued ? messages : dropped).increment();
        return queued;
    }

    @Override
    public void signalEvent(int vp, int sint, int flag) {
        if (flag < 0 || flag >= SynicProcessor.FLAGS) {
            throw new IllegalArgumentException("event flag " + flag);
        }
        events.increment();
        processors.get(vp).signal(checkedSint(sint), flag);
    }

    private static int checkedSint(int sint) {
        if (sint < 0 || sint >= SynicProcessor.SINTS) {
            throw new IllegalArgumentException("SINT " + sint);
        }
        return sint;
    }

    @Override
    public void discardMessages() {
        processors.forEach(SynicProcessor::discardMessages);
    }

    void reset() {
        processors.forEach(SynicProcessor::reset);
    }

    private void watch() {
        if (!watching.getAndSet(true)) {
            watchdog.arm(clock.nanoTime() + WATCHDOG_NANOS);
        }
    }

    private void look() {
        watching.set(false);
        for (SynicProcessor processor : processors) {
            if (processor.waiting()) {
                processor.rescan();
                if (processor.waiting()) {
                    watch();
                }
            }
        }
    }
}
