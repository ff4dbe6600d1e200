package org.viridian.vmbus.loopback;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicLong;
import org.viridian.engine.hyperv.HypercallStatus;
import org.viridian.engine.hyperv.SynicHost;

/** A SynIC without a processor: hypercalls are method calls, messages and event flags are kept until taken. Any thread. */
final class LoopbackSynic implements SynicHost {
    private final Map<Integer, MessagePort> messagePorts = new ConcurrentHashMap<>();
    private final Map<Integer, Runnable> eventPorts = new ConcurrentHashMap<>();
    private final List<LinkedBlockingQueue<byte[]>> messages = new ArrayList<>();
    private final List<BitSet> flags = new ArrayList<>();
    final AtomicLong interrupts = new AtomicLong();

    LoopbackSynic(int processors) {
        for (int i = 0; i < processors; i++) {
            messages.add(new LinkedBlockingQueue<>());
            flags.add(new BitSet());
        }
    }

    @Override
    public AutoCloseable messagePort(int connectionId, MessagePort port) {
        if (messagePorts.putIfAbsent(connectionId, port) != null) {
            throw new IllegalStateException("message port " + connectionId);
        }
        return () -> messagePorts.remove(connectionId, port);
    }

    @Override
    public AutoCloseable eventPort(int connectionId, Runnable onSignal) {
        if (eventPorts.putIfAbsent(connectionId, onSignal) != null) {
            throw new IllegalStateException("event port " + connectionId);
        }
        return () -> eventPorts.remove(connectionId, onSignal);
    }

    @Override
    public boolean postMessage(int vp, int sint, int messageType, byte[] payload) {
        return messages.get(vp).add(payload.clone());
    }

    @Override
    public void signalEvent(int vp, int sint, int flag) {
        BitSet set = flags.get(vp);
        synchronized (set) {
            set.set(flag);
        }
        interrupts.incrementAndGet();
    }

    @Override
    public void discardMessages() {
        messages.forEach(LinkedBlockingQueue::clear);
    }

    /** HvCallPostMessage. */
    int post(int connectionId, int messageType, byte[] payload) {
        MessagePort port = messagePorts.get(connectionId);
        return port == null ? HypercallStatus.INVALID_CONNECTION_ID : port.receive(messageType, payload.clone());
    }

    /** HvCallSignalEvent. */
    int signal(int connectionId) {
        Runnable port = eventPorts.get(connectionId);
        if (port == null) {
            return HypercallStatus.INVALID_CONNECTION_ID;
        }
        port.run();
        return HypercallStatus.SUCCESS;
    }

    LinkedBlockingQueue<byte[]> messages(int vp) {
        return messages.get(vp);
    }

    /** Takes an event flag of a processor: true when it was set. */
    boolean takeFlag(int vp, int flag) {
        BitSet set = flags.get(vp);
        synchronized (set) {
            boolean was = set.get(flag);
            set.clear(flag);
            return was;
        }
    }
}
