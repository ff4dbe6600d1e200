package org.viridian.devices.network;

/**
 * How a port is run.
 *
 * @param guarded only the port's own address may send, and only frames for it, for groups and for everybody arrive
 * @param sendBitsPerSecond limit on what the client sends, 0 for none; the sender is asked to wait
 * @param receiveBitsPerSecond limit on what the client gets, 0 for none; what exceeds it is dropped
 * @param weight share of a busy destination against other senders, 1–64
 * @param accessVlan 0 for a port that carries tags as they are; else the VLAN its untagged frames belong to
 */
public record PortOptions(boolean guarded, long sendBitsPerSecond, long receiveBitsPerSecond, int weight, int accessVlan) {
    /** For a network adapter: guarded, no limits. */
    public static final PortOptions ADAPTER = new PortOptions(true, 0, 0, 1, 0);
    /** For an uplink: any address, no limits. */
    public static final PortOptions UPLINK = new PortOptions(false, 0, 0, 1, 0);

    /** Checks the ranges. */
    public PortOptions {
        if (sendBitsPerSecond < 0 || receiveBitsPerSecond < 0 || weight < 1 || weight > 64 || accessVlan < 0
                || accessVlan > 4094) {
            throw new IllegalArgumentException("port options out of range");
        }
    }
}
