package org.viridian.devices.network;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.regex.Pattern;

/**
 * An Ethernet address.
 *
 * @param value the 48 bits, first byte on the wire in bits 40–47
 */
public record MacAddress(long value) {
    private static final Pattern TEXT = Pattern.compile("[0-9a-fA-F]{2}([:-][0-9a-fA-F]{2}){5}");
    private static final long MULTICAST = 1L << 40;
    /** Microsoft's prefix, which Hyper-V gives its virtual machines; guests and tools recognise it. */
    private static final long PREFIX = 0x00155DL << 24;

    /** Checks the range. */
    public MacAddress {
        if (value < 0 || value >> 48 != 0) {
            throw new IllegalArgumentException("not 48 bits: %x".formatted(value));
        }
    }

    /** Reads six pairs of hexadecimal digits with colons or hyphens; throws {@link IllegalArgumentException}. */
    public static MacAddress parse(String text) {
        if (!TEXT.matcher(text).matches()) {
            throw new IllegalArgumentException("'%s' is no MAC address such as 00:15:5d:01:02:03".formatted(text));
        }
        return new MacAddress(Long.parseLong(text.replaceAll("[:-]", ""), 16));
    }

    /** An address that depends on the seed alone: the same VM keeps it for ever. */
    public static MacAddress derived(String seed) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(seed.getBytes(StandardCharsets.UTF_8));
            return new MacAddress(PREFIX | (hash[0] & 0xFFL) << 16 | (hash[1] & 0xFFL) << 8 | hash[2] & 0xFFL);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Reads an address out of a frame. */
    static long read(byte[] bytes, int at) {
        return (bytes[at] & 0xFFL) << 40 | (bytes[at + 1] & 0xFFL) << 32 | (bytes[at + 2] & 0xFFL) << 24
                | (bytes[at + 3] & 0xFFL) << 16 | (bytes[at + 4] & 0xFFL) << 8 | bytes[at + 5] & 0xFFL;
    }

    /** True for group addresses, broadcast among them. */
    static boolean multicast(long address) {
        return (address & MULTICAST) != 0;
    }

    /** True when the address can be a station's: no group address, not zero. */
    public boolean station() {
        return value != 0 && !multicast(value);
    }

    /** The six bytes. */
    public byte[] bytes() {
        byte[] bytes = new byte[6];
        for (int i = 0; i < 6; i++) {
            bytes[i] = (byte) (value >> 40 - 8 * i);
        }
        return bytes;
    }

    @Override
    public String toString() {
        return "%02x:%02x:%02x:%02x:%02x:%02x".formatted(value >> 40 & 0xFF, value >> 32 & 0xFF, value >> 24 & 0xFF,
                value >> 16 & 0xFF, value >> 8 & 0xFF, value & 0xFF);
    }
}
