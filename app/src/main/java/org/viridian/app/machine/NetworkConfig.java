package org.viridian.app.machine;

import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.viridian.devices.network.MacAddress;
import org.viridian.devices.network.PortForward;

/**
 * The network adapter of a machine and what it is connected to.
 *
 * @param connection where the cable goes
 * @param address the adapter's address; without one it is derived from the VM's name
 * @param forwards ports of the host that lead to the guest; with user-mode NAT only
 */
public record NetworkConfig(Connection connection, Optional<MacAddress> address, List<PortForward> forwards) {
    private static final Pattern SWITCH_NAME = Pattern.compile("[\\p{L}\\p{N}][\\p{L}\\p{N}._-]{0,30}");
    private static final Pattern INTERFACE = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,14}");
    private static final String WITH_NAT = ",nat";

    /** No adapter at all. */
    public static final NetworkConfig NONE = new NetworkConfig(new Connection.None(), Optional.empty(), List.of());
    /** User-mode NAT, the default. */
    public static final NetworkConfig NAT = new NetworkConfig(new Connection.Nat(), Optional.empty(), List.of());

    /** Copies the list. */
    public NetworkConfig {
        forwards = List.copyOf(forwards);
        if (!forwards.isEmpty() && !connection.translates()) {
            throw new IllegalArgumentException("forwards need user-mode NAT");
        }
    }

    /** Where the cable goes. */
    public sealed interface Connection {
        /** There is no adapter. */
        record None() implements Connection {
            @Override
            public String toString() {
                return "none";
            }
        }

        /** A network of the VM's own behind user-mode NAT. */
        record Nat() implements Connection {
            @Override
            public boolean translates() {
                return true;
            }

            @Override
            public String toString() {
                return "nat";
            }
        }

        /**
         * A virtual switch shared with other VMs.
         *
         * @param name which switch
         * @param nat whether the switch also leads out, through one user-mode NAT for all
         */
        record Switch(String name, boolean nat) implements Connection {
            @Override
            public boolean translates() {
                return nat;
            }

            @Override
            public String toString() {
                return "switch:" + name + (nat ? WITH_NAT : "");
            }
        }

        /**
         * A TAP interface of the host, to be routed or bridged there.
         *
         * @param device the interface
         */
        record Tap(String device) implements Connection {
            @Override
            public String toString() {
                return "tap:" + device;
            }
        }

        /** Whether user-mode NAT stands between the VM and the host. */
        default boolean translates() {
            return false;
        }

        /**
         * Reads {@code none}, {@code nat}, {@code switch:NAME}, {@code switch:NAME,nat} or {@code tap:INTERFACE}; throws
         * {@link IllegalArgumentException}.
         */
        static Connection parse(String text) {
            if (text.equals("none")) {
                return new None();
            }
            if (text.equals("nat")) {
                return new Nat();
            }
            if (text.startsWith("switch:")) {
                boolean nat = text.endsWith(WITH_NAT);
                String name = text.substring(7, text.length() - (nat ? WITH_NAT.length() : 0));
                if (SWITCH_NAME.matcher(name).matches()) {
                    return new Switch(name, nat);
                }
            }
            if (text.startsWith("tap:") && INTERFACE.matcher(text.substring(4)).matches()) {
                return new Tap(text.substring(4));
            }
            throw new IllegalArgumentException("'%s' is not nat, none, switch:NAME, switch:NAME,nat or tap:INTERFACE".formatted(text));
        }
    }

    /** The adapter's address in a VM of this name. */
    public MacAddress addressIn(String vmName) {
        return address.orElseGet(() -> MacAddress.derived(vmName));
    }
}
