package org.viridian.engine.hyperv;

import org.viridian.engine.bus.PortHandler;
import org.viridian.engine.device.Counter;
import org.viridian.engine.memory.GuestMemory;
import org.viridian.engine.memory.GuestMemoryException;
import org.viridian.engine.partition.Partition;
import org.viridian.engine.processor.VirtualProcessor;

/**
 * Hypercalls (TLFS, "Hypercall Interface"), arriving at the two ports of {@link HypercallPage}. A guest may reach the
 * ports without the page, too; every register is hostile input.
 *
 * <p>Thread rule: called on the thread of the processor that makes the call, without the device lock.
 */
final class Hypercalls implements PortHandler {
    static final int NOTIFY_LONG_SPIN_WAIT = 0x0008;
    static final int POST_MESSAGE = 0x005C;
    static final int SIGNAL_EVENT = 0x005D;

    private static final long FAST = 1L << 16;
    /** Variable header size, reps and everything reserved: none of it belongs to a call known here. */
    private static final long NOT_SIMPLE = ~0x1_FFFFL;

    private static final int PORTS = 8;
    private static final int RAX = 0;
    private static final int RCX = 1;
    private static final int RDX = 2;
    private static final int RBX = 3;
    private static final int R8 = 8;
    private static final int NOTHING = -1;

    // HvCallPostMessage input.
    private static final int MESSAGE_SIZE = 256;
    private static final int MESSAGE_TYPE = 8;
    private static final int MESSAGE_LENGTH = 12;
    private static final int MESSAGE_PAYLOAD = 16;
    private static final int EVENT_SIZE = 8;

    /** Whether the guest has switched the hypercall page on. */
    interface Gate {
        /** True while hypercalls are allowed. */
        boolean open();
    }

    private final Partition partition;
    private final GuestMemory memory;
    private final Synic synic;
    private final Gate gate;
    private final Counter calls = new Counter("hypercalls");
    private final Counter signals = new Counter("hypercall-signals");
    private final Counter refused = new Counter("hypercalls-refused");

    Hypercalls(Partition partition, Synic synic, Gate gate) {
        this.partition = partition;
        this.memory = partition.memory();
        this.synic = synic;
        this.gate = gate;
        partition.ports().registerConcurrent(HypercallPage.SIGNAL_PORT, PORTS, this);
    }

    java.util.List<Counter> counters() {
        return java.util.List.of(calls, signals, refused);
    }

    @Override
    public int read(int port, int size) {
        return NOTHING;
    }

    @Override
    public void write(int port, int size, int value) {}

    /** SignalEvent in its short form. The guest ignores the result, so an unknown id is nothing. */
    @Override
    public void writeBy(int vp, int port, int size, int value) {
        if (vp < 0 || port != HypercallPage.SIGNAL_PORT || size != 4 || !allowed(partition.processor(vp))) {
            return;
        }
        signals.increment();
        Runnable eventPort = synic.eventPort(value);
        if (eventPort != null) {
            eventPort.run();
        } else {
            refused.increment();
        }
    }

    /** Any hypercall; the status goes into EAX and, zero-extended, RAX. */
    @Override
    public int readBy(int vp, int port, int size) {
        if (vp < 0 || port != HypercallPage.CALL_PORT || size != 4) {
            return NOTHING;
        }
        VirtualProcessor processor = partition.processor(vp);
        if (!allowed(processor)) {
            return NOTHING;
        }
        calls.increment();
        int status;
        if (processor.inLongMode()) {
            status = call(processor.register(RCX), processor.register(RDX), processor.register(R8));
        } else {
            long input = pair(processor, RDX, RAX);
            long first = pair(processor, RBX, RCX);
            status = call(input, first, 0);
            processor.register(RDX, 0);
        }
        if (status != HypercallStatus.SUCCESS) {
            refused.increment();
        }
        return status;
    }

    /** User code that was given the ports by its kernel must not call: a real hypercall would raise #UD there. */
    private boolean allowed(VirtualProcessor processor) {
        return gate.open() && processor.privilegeLevel() == 0;
    }

    private static long pair(VirtualProcessor processor, int high, int low) {
        return processor.register(high) << 32 | processor.register(low) & 0xFFFF_FFFFL;
    }

    /**
     * Carries out a call.
     *
     * @param input the input value
     * @param first address of the input block, or with the fast bit its first 8 bytes
     * @param second address of the output block; no call known here has one
     */
    int call(long input, long first, long second) {
        int code = (int) input & 0xFFFF;
        boolean fast = (input & FAST) != 0;
        boolean simple = (input & NOT_SIMPLE) == 0;
        return switch (code) {
            case POST_MESSAGE -> simple && !fast ? postMessage(first) : HypercallStatus.INVALID_HYPERCALL_INPUT;
            case SIGNAL_EVENT -> simple ? signalEvent(fast, first) : HypercallStatus.INVALID_HYPERCALL_INPUT;
            case NOTIFY_LONG_SPIN_WAIT -> {
                Thread.yield();
                yield HypercallStatus.SUCCESS;
            }
            default -> HypercallStatus.INVALID_HYPERCALL_CODE;
        };
    }

    private int postMessage(long address) {
        int misplaced = checkBlock(address, MESSAGE_SIZE);
        if (misplaced != HypercallStatus.SUCCESS) {
            return misplaced;
        }
        int connectionId;
        int type;
        byte[] payload;
        try {
            connectionId = memory.readInt(address);
            type = memory.readInt(address + MESSAGE_TYPE);
            int length = memory.readInt(address + MESSAGE_LENGTH);
            if (length < 0 || length > SynicProcessor.MAX_PAYLOAD || type <= 0) {
                return HypercallStatus.INVALID_PARAMETER;
            }
            payload = new byte[length];
            memory.read(address + MESSAGE_PAYLOAD, payload, 0, length);
        } catch (GuestMemoryException notRam) {
            return HypercallStatus.INVALID_PARAMETER;
        }
        SynicHost.MessagePort port = synic.messagePort(connectionId);
        return port == null ? HypercallStatus.INVALID_CONNECTION_ID : port.receive(type, payload);
    }

    private int signalEvent(boolean fast, long first) {
        long value = first;
        if (!fast) {
            int misplaced = checkBlock(first, EVENT_SIZE);
            if (misplaced != HypercallStatus.SUCCESS) {
                return misplaced;
            }
            try {
                value = memory.readLong(first);
            } catch (GuestMemoryException notRam) {
                return HypercallStatus.INVALID_PARAMETER;
            }
        }
        Runnable port = synic.eventPort((int) value);
        if (port == null) {
            return HypercallStatus.INVALID_CONNECTION_ID;
        }
        if (value >>> 32 != 0) {
            // Ports have one flag each, number 0.
            return HypercallStatus.INVALID_PARAMETER;
        }
        port.run();
        return HypercallStatus.SUCCESS;
    }

    /** Parameter blocks are 8-byte aligned and inside one page. */
    private static int checkBlock(long address, int size) {
        boolean crosses = (address & GuestMemory.PAGE_SIZE - 1) + size > GuestMemory.PAGE_SIZE;
        return (address & 7) != 0 || crosses ? HypercallStatus.INVALID_ALIGNMENT : HypercallStatus.SUCCESS;
    }
}
