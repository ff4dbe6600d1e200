package org.viridian.devices.network;

import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;

/**
 * A learning Ethernet switch in memory (IEEE 802.1D, 7.8 and 7.9: learning and ageing). Sending runs on the sender's
 * thread up to the destination's queue; each port's client takes from its queue on its own thread, so a slow port holds up
 * nobody.
 *
 * <p>Thread rule: any thread. The list of ports is copied on change.
 */
public final class VirtualSwitch implements AutoCloseable {
    /** Default ageing time, s (802.1D, table 7-5). */
    public static final int AGEING_SECONDS = 300;
    private static final int MOST_PORTS = 256;
    private static final SwitchPort[] NONE = {};

    private final String name;
    private final MacTable table;
    private final LongAdder flooded = new LongAdder();
    private volatile SwitchPort[] ports = NONE;

    /** A switch with the default ageing time. */
    public VirtualSwitch(String name) {
        this(name, TimeUnit.SECONDS.toNanos(AGEING_SECONDS));
    }

    /** @param ageingNanos an address not heard from for this long is forgotten */
    VirtualSwitch(String name, long ageingNanos) {
        this.name = name;
        this.table = new MacTable(ageingNanos);
    }

    /** The name users know it by. */
    public String name() {
        return name;
    }

    /** The ports at this moment. */
    public List<SwitchPort> ports() {
        return List.of(ports);
    }

    /** Unicast frames that went everywhere because their address was not known. */
    public long flooded() {
        return flooded.sum();
    }

    /**
     * Adds a port.
     *
     * @param portName for people
     * @param address the client's own address, or null for an uplink
     * @throws IllegalStateException when the switch is full or a guarded port would repeat an address
     */
    public synchronized SwitchPort addPort(String portName, MacAddress address, PortOptions options) {
        int number = 0;
        for (SwitchPort port : ports) {
            if (options.guarded() && address != null && port.options().guarded() && port.address() == address.value()) {
                throw new IllegalStateException("address %s is at port %s of switch %s already"
                        .formatted(address, port.name(), name));
            }
            number = Math.max(number, port.number() + 1);
        }
        if (number >= MOST_PORTS) {
            number = freeNumber();
        }
        SwitchPort port = new SwitchPort(this, number, portName, address, options);
        SwitchPort[] next = Arrays.copyOf(ports, ports.length + 1);
        next[ports.length] = port;
        ports = next;
        return port;
    }

    private int freeNumber() {
        for (int number = 0; number < MOST_PORTS; number++) {
            int candidate = number;
            if (Arrays.stream(ports).noneMatch(port -> port.number() == candidate)) {
                return number;
            }
        }
        throw new IllegalStateException("switch %s has no free port".formatted(name));
    }

    synchronized void remove(SwitchPort port) {
        ports = Arrays.stream(ports).filter(other -> other != port).toArray(SwitchPort[]::new);
        table.forget(port);
    }

    /** Sends a frame on; the caller keeps its hold on it. */
    void forward(SwitchPort from, Frame frame, long now) {
        long source = frame.source();
        int vlan = frame.vlan();
        if (!MacAddress.multicast(source)) {
            table.learn(source, vlan, from, now);
        }
        long destination = frame.destination();
        if (!MacAddress.multicast(destination)) {
            SwitchPort to = table.find(destination, vlan, now);
            if (to == null) {
                to = own(destination);
            }
            if (to != null) {
                if (to != from && to.carries(frame)) {
                    to.deliver(frame, from);
                }
                return;
            }
            flooded.increment();
        }
        for (SwitchPort to : ports) {
            if (to != from && to.wants(destination) && to.carries(frame)) {
                to.deliver(frame, from);
            }
        }
    }

    /** The guarded port whose address this is: known before it has sent anything. */
    private SwitchPort own(long destination) {
        for (SwitchPort port : ports) {
            if (port.address() == destination && port.options().guarded()) {
                return port;
            }
        }
        return null;
    }

    /** Closes every port. */
    @Override
    public void close() {
        ports().forEach(SwitchPort::close);
    }
}
