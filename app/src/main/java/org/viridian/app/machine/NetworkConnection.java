package org.viridian.app.machine;

import java.util.ArrayList;
import java.util.List;
import org.viridian.devices.network.MacAddress;
import org.viridian.devices.network.PortOptions;
import org.viridian.devices.network.SharedSwitch;
import org.viridian.devices.network.SwitchPort;
import org.viridian.devices.network.TapUplink;
import org.viridian.devices.network.UplinkException;
import org.viridian.devices.network.UserNat;
import org.viridian.devices.network.VirtualSwitch;

/**
 * A machine's way to the network: its port, and the switch and uplink behind it as far as they are the machine's own. All
 * of its network adapters, synthetic and emulated, share the port.
 */
final class NetworkConnection implements AutoCloseable {
    private final SwitchPort port;
    private final List<AutoCloseable> parts = new ArrayList<>();

    NetworkConnection(MachineConfig config) throws MachineException {
        NetworkConfig network = config.network();
        MacAddress address = network.addressIn(config.name());
        try {
            port = switch (network.connection()) {
                case NetworkConfig.Connection.None none -> null;
                case NetworkConfig.Connection.Nat nat -> {
                    VirtualSwitch own = own(new VirtualSwitch("nat"));
                    SwitchPort uplink = own.addPort("nat", null, PortOptions.UPLINK);
                    own(new UserNat(uplink, network.forwards()));
                    yield own.addPort(config.name(), address, PortOptions.ADAPTER);
                }
                case NetworkConfig.Connection.Tap tap -> {
                    VirtualSwitch own = own(new VirtualSwitch("tap"));
                    own(new TapUplink(own.addPort(tap.device(), null, PortOptions.UPLINK), tap.device()));
                    yield own.addPort(config.name(), address, PortOptions.ADAPTER);
                }
                case NetworkConfig.Connection.Switch shared -> {
                    SharedSwitch.Use use = own(SharedSwitch.use(shared.name()));
                    if (shared.nat()) {
                        use.requireNat(network.forwards());
                    }
                    yield own(use.network().addPort(config.name(), address, PortOptions.ADAPTER));
                }
            };
        } catch (UplinkException refused) {
            close();
            throw new MachineException(MachineException.Kind.HOST, refused.getMessage(), refused);
        } catch (IllegalStateException taken) {
            close();
            throw new MachineException(MachineException.Kind.BAD_INPUT, "The network: " + taken.getMessage() + ".", taken);
        }
    }

    private <T extends AutoCloseable> T own(T part) {
        parts.add(part);
        return part;
    }

    /** The machine's port, or null when it has no network adapter. */
    SwitchPort port() {
        return port;
    }

    @Override
    public void close() {
        for (AutoCloseable part : parts.reversed()) {
            try {
                part.close();
            } catch (Exception failure) {
                System.getLogger("org.viridian.app.machine").log(System.Logger.Level.WARNING, "closing the network", failure);
            }
        }
        parts.clear();
    }
}
