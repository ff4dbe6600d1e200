package org.viridian.devices.network;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A port of the host that leads to a port of the guest.
 *
 * @param udp UDP rather than TCP
 * @param hostAddress IPv4 address the host listens at
 * @param hostPort 1–65535
 * @param guestPort 1–65535
 */
public record PortForward(boolean udp, String hostAddress, int hostPort, int guestPort) {
    private static final Pattern TEXT =
            Pattern.compile("(tcp|udp):(?:(\\d{1,3}(?:\\.\\d{1,3}){3}):)?(\\d{1,5}):(\\d{1,5})");
    /** Only programs of this host reach the guest unless the user says otherwise. */
    private static final String LOOPBACK = "127.0.0.1";

    /** Checks the ranges. */
    public PortForward {
        if (hostPort < 1 || hostPort > 65535 || guestPort < 1 || guestPort > 65535) {
            throw new IllegalArgumentException("ports are from 1 to 65535");
        }
        for (String part : hostAddress.split("\\.")) {
            if (Integer.parseInt(part) > 255) {
                throw new IllegalArgumentException("'%s' is no IPv4 address".formatted(hostAddress));
            }
        }
    }

    /** Reads {@code tcp:2222:22} or {@code tcp:0.0.0.0:2222:22}; throws {@link IllegalArgumentException}. */
    public static PortForward parse(String text) {
        Matcher matcher = TEXT.matcher(text);
        if (!matcher.matches()) {
            throw new IllegalArgumentException("'%s' is no forward such as tcp:2222:22".formatted(text));
        }
        return new PortForward(matcher.group(1).equals("udp"), matcher.group(2) == null ? LOOPBACK : matcher.group(2),
                Integer.parseInt(matcher.group(3)), Integer.parseInt(matcher.group(4)));
    }

    /** The host address as an {@code in_addr}, first byte lowest. */
    int hostAddressBits() {
        int bits = 0;
        String[] parts = hostAddress.split("\\.");
        for (int i = 0; i < 4; i++) {
            bits |= Integer.parseInt(parts[i]) << 8 * i;
        }
        return bits;
    }

    @Override
    public String toString() {
        return "%s:%s%d:%d".formatted(udp ? "udp" : "tcp", hostAddress.equals(LOOPBACK) ? "" : hostAddress + ":", hostPort,
                guestPort);
    }
}
