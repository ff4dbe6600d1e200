package org.viridian.devices.network;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The switches that VMs share by name: made with their first user, gone with their last. VMs of other processes of the
 * same user are on the same switch (see {@link #meetAt}). A switch is private to its VMs unless a user asks for NAT; then
 * one router, in the process that asked first, serves all of them.
 *
 * <p>Thread rule: any thread.
 */
public final class SharedSwitch {
    private static final Map<String, SharedSwitch> ALL = new HashMap<>();

    private final VirtualSwitch network;
    private int users;
    private UserNat nat;
    private SwitchPort natPort;
    private FileChannel natLock;
    private SwitchMeeting meeting;

    private static Path folder;

    private SharedSwitch(String name) {
        network = new VirtualSwitch(name);
        if (folder != null) {
            try {
                meeting = new SwitchMeeting(network, folder);
            } catch (IOException e) {
                System.getLogger("org.viridian.devices.network").log(System.Logger.Level.WARNING,
                        "switch {0} is not shared with other processes: {1}", name, e);
            }
        }
    }

    /** Names the folder where processes of this user meet; counts for switches made afterwards. */
    public static void meetAt(Path where) {
        synchronized (ALL) {
            folder = where;
        }
    }

    /** True when no other process runs the router of this switch; then none will until this one lets go. */
    private boolean takeNat() {
        if (meeting == null) {
            return true;
        }
        try {
            natLock = FileChannel.open(folder.resolve(network.name() + ".nat"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            if (natLock.tryLock() != null) {
                return true;
            }
            natLock.close();
        } catch (IOException | OverlappingFileLockException e) {
            System.getLogger("org.viridian.devices.network").log(System.Logger.Level.DEBUG, "NAT of " + network.name(), e);
        }
        natLock = null;
        return false;
    }

    private void leaveNat() {
        if (natLock != null) {
            try {
                natLock.close();
            } catch (IOException e) {
                System.getLogger("org.viridian.devices.network").log(System.Logger.Level.DEBUG, "NAT of " + network.name(), e);
            }
            natLock = null;
        }
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
                if (shared.nat == null && shared.takeNat()) {
                    SwitchPort port = shared.network.addPort("nat", null, PortOptions.UPLINK);
                    try {
                        shared.nat = new UserNat(port, forwards);
                        shared.natPort = port;
                    } catch (UplinkException refused) {
                        port.close();
                        shared.leaveNat();
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
        leaveNat();
        if (meeting != null) {
            meeting.close();
        }
        network.close();
    }
}
