package org.viridian.app.definition;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.viridian.app.machine.NetworkConfig;
import org.viridian.devices.network.MacAddress;
import org.viridian.devices.network.PortForward;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The field {@code network} of {@code vm.json}: {@code connection}, and where they are set {@code mac} and {@code forwards},
 * all as on the command line. A file without the field means user-mode NAT.
 */
final class NetworkJson {
    static final String FIELD = "network";

    private NetworkJson() {}

    static void write(ObjectNode root, NetworkConfig network) {
        ObjectNode node = root.putObject(FIELD);
        node.put("connection", network.connection().toString());
        network.address().ifPresent(address -> node.put("mac", address.toString()));
        if (!network.forwards().isEmpty()) {
            ArrayNode forwards = node.putArray("forwards");
            network.forwards().forEach(forward -> forwards.add(forward.toString()));
        }
    }

    static NetworkConfig read(ObjectNode root) throws DefinitionJson.Unreadable {
        JsonNode value = root.get(FIELD);
        if (value == null) {
            return NetworkConfig.NAT;
        }
        if (!(value instanceof ObjectNode node)) {
            throw new DefinitionJson.Unreadable("field 'network' is not an object", null);
        }
        try {
            List<PortForward> forwards = new ArrayList<>();
            for (JsonNode forward : node.path("forwards")) {
                forwards.add(PortForward.parse(forward.asString("")));
            }
            Optional<MacAddress> address = node.has("mac") ? Optional.of(MacAddress.parse(node.path("mac").asString("")))
                    : Optional.empty();
            return new NetworkConfig(NetworkConfig.Connection.parse(node.path("connection").asString("")), address, forwards);
        } catch (IllegalArgumentException wrong) {
            throw new DefinitionJson.Unreadable("field 'network': " + wrong.getMessage(), wrong);
        }
    }
}
