package org.viridian.devices.network;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The switches that VMs of this process share by name: made with their first user, gone with their last. A switch is
 * private to its VMs unless a user asks for NAT; then one router serves all of them.
 *
 * <p>Thread rule: any thread.
 */
public final class SharedSwitch {
    private static final Map<String, SharedSwitch> ALL = new HashMap<>();

    private final VirtualSwitch network;
    private int users;
    private UserNat nat;
    private SwitchPort natPort;

    private SharedSwitch(String name) {
        network = new VirtualSwitch(name);
    }

    /** One user's hold on a switch. */
    public static final class Use implements AutoCloseable {
        private final SharedSwitch shared;
        private boolean closed;

        private Use(SharedSwitch shared) {
            this.shared = shared;
        }

        /** The switch. */
        public VirtualSwitch network() {
            return shared.network;
        }

        /**
         * Makes the switch lead out through user-mode NAT; the first caller's forwards count.
         *
         * @throws UplinkException when the host cannot, or forwards come from a second user
         */
        public void requireNat(List<PortForward> forwards) throws UplinkException {
            synchronized (ALL) {
                if (shared.nat == null) {
                    SwitchPort port = shared.network.addPort("nat", null, PortOptions.UPLINK);
                    try {
                        shared.nat = new UserNat(port, forwards);
                        shared.natPort = port;
                    } catch (UplinkException refused) {
                        port.close();
                        throw refused;
                    }
                } else if (!forwards.isEmpty()) {
                    throw new UplinkException("The NAT of switch %s runs already; only its first VM can forward ports."
                            .formatted(shared.network.name()));
                }
            }
        }

        @Override
        public void close() {
            synchronized (ALL) {
                if (!closed) {
                    closed = true;
                    shared.leave();
                }
            }
        }
    }

    /** Joins the switch of this name. */
    public static Use use(String name) {
        synchronized (ALL) {
            SharedSwitch shared = ALL.computeIfAbsent(name, SharedSwitch::new);
            shared.users++;
            return new Use(shared);
        }
    }

    /** The switches at this moment. */
    public static List<VirtualSwitch> all() {
        synchronized (ALL) {
            return ALL.values().stream().map(shared -> shared.network).toList();
        }
    }

    private void leave() {
        if (--users > 0) {
            return;
        }
        ALL.remove(network.name());
        if (nat != null) {
            nat.close();
            natPort.close();
        }
        network.close();
    }
}
