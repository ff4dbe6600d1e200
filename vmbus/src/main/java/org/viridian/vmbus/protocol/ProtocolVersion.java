package org.viridian.vmbus.protocol;

/**
 * A VMBus protocol version.
 *
 * @param value major in the high, minor in the low half
 */
public record ProtocolVersion(int value) {
    /** The guest names the processor that takes the messages. */
    public static final ProtocolVersion V3_0 = new ProtocolVersion(0x0003_0000);
    /** Message connection id comes with the response; SINT is chosen by the guest. */
    public static final ProtocolVersion V5_0 = new ProtocolVersion(0x0005_0000);
    /** MODIFYCHANNEL is acknowledged. */
    public static final ProtocolVersion V5_3 = new ProtocolVersion(0x0005_0003);

    private static final int V2_4 = 0x0002_0004;
    private static final int V4_0 = 0x0004_0000;
    private static final int V4_1 = 0x0004_0001;
    private static final int V5_1 = 0x0005_0001;
    private static final int V5_2 = 0x0005_0002;

    /** True for the versions this server speaks. */
    public boolean supported() {
        return switch (value) {
            case V2_4, 0x0003_0000, V4_0, V4_1, 0x0005_0000, V5_1, V5_2, 0x0005_0003 -> true;
            default -> false;
        };
    }

    /** True when this version is {@code other} or later. */
    public boolean atLeast(ProtocolVersion other) {
        return Integer.compareUnsigned(value, other.value) >= 0;
    }

    @Override
    public String toString() {
        return (value >>> 16) + "." + (value & 0xFFFF);
    }
}
