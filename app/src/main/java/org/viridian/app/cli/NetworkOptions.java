package org.viridian.app.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.viridian.app.machine.NetworkConfig;
import org.viridian.app.text.Failure;
import org.viridian.app.text.Text;
import org.viridian.devices.network.MacAddress;
import org.viridian.devices.network.PortForward;
import picocli.CommandLine.Option;

/** The options that say what a VM's network adapter is connected to. */
final class NetworkOptions {
    @Option(names = "--network", paramLabel = "nat|none|switch:NAME[,nat]|tap:IF", descriptionKey = "network")
    String network;

    @Option(names = "--mac", paramLabel = "ADDRESS", descriptionKey = "mac")
    String mac;

    @Option(names = "--forward", paramLabel = "tcp|udp:[HOST:]PORT:PORT", descriptionKey = "forward")
    List<String> forwards = new ArrayList<>();

    /** True when one of them was given. */
    boolean given() {
        return network != null || mac != null || !forwards.isEmpty();
    }

    /** What they say; what they do not say is as in {@code before}. */
    NetworkConfig over(NetworkConfig before) throws Failure {
        try {
            NetworkConfig.Connection connection = network == null ? before.connection() : NetworkConfig.Connection.parse(network);
            Optional<MacAddress> address = mac == null ? before.address() : Optional.of(station(MacAddress.parse(mac)));
            List<PortForward> wanted = new ArrayList<>();
            for (String forward : forwards) {
                wanted.add(PortForward.parse(forward));
            }
            boolean keep = forwards.isEmpty() && connection.translates();
            return new NetworkConfig(connection, address, keep ? before.forwards() : wanted);
        } catch (IllegalArgumentException wrong) {
            throw new Failure(Failure.Kind.USAGE, Text.of("cli.network", wrong.getMessage()), wrong);
        }
    }

    private static MacAddress station(MacAddress address) {
        if (!address.station()) {
            throw new IllegalArgumentException("%s is a group address".formatted(address));
        }
        return address;
    }
}
