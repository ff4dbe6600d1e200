package org.viridian.devices.synthetic.input;

import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.UUID;
import java.util.function.LongSupplier;
import org.viridian.devices.input.PointerSink;
import org.viridian.devices.synthetic.Pipe;
import org.viridian.devices.synthetic.SyntheticDevice;
import org.viridian.vmbus.channel.Offer;
import org.viridian.vmbus.channel.Packet;
import org.viridian.vmbus.channel.ProtocolViolation;

/**
 * The synthetic mouse (Linux drivers/hid/hid-hyperv.c): a HID device with an absolute pointer, five buttons and a wheel.
 */
public final class MouseVsp extends SyntheticDevice implements PointerSink {
    private static final UUID CLASS = UUID.fromString("cfa8b69e-5b4a-4cc0-b98b-8ba1a1f3f95a");
    private static final UUID INSTANCE = UUID.fromString("58f75a6d-d949-4320-99e1-a2a2576d581c");

    private static final int PROTOCOL_REQUEST = 0;
    private static final int PROTOCOL_RESPONSE = 1;
    private static final int INITIAL_DEVICE_INFO = 2;
    private static final int DEVICE_INFO_ACK = 3;
    private static final int INPUT_REPORT = 4;
    private static final int VERSION_2_0 = 0x0002_0000;
    private static final int MESSAGE_HEADER = 8;
    private static final int ATTRIBUTES = 32;
    /** Linux binds its driver by this vendor and product. */
    private static final short VENDOR = 0x045E;
    private static final short PRODUCT = 0x0621;

    /**
     * HID 1.11 report descriptor: pointer with five buttons, X and Y absolute 0–32767 in 16 bits, wheel relative in 16
     * bits. The button count's item precedes byte 14, which Linux overwrites when it holds 25h.
     */
    private static final byte[] REPORT_DESCRIPTOR = HexFormat.of().parseHex(""
            + "05010902a1010901a100050919012905150025019505750181029501750381010501093009311500"
            + "26ff7f751095028102" + "05010938160180" + "26ff7f751095018106" + "c0c0");

    private volatile boolean ready;

    /** @param clock nanoseconds since power-on */
    public MouseVsp(LongSupplier clock) {
        super("hv-mouse", "Synthetic mouse", "mouse", new Offer("mouse", CLASS, INSTANCE, Offer.NAMED_PIPE, 0, true), clock);
    }

    @Override
    protected void packet(Packet packet) throws ProtocolViolation {
        if (packet.completionRequested()) {
            complete(packet.transactionId(), new byte[0]);
        }
        if (packet.type() == Packet.COMPLETION) {
            return;
        }
        ByteBuffer message = Pipe.unwrap(packet.payload(), MESSAGE_HEADER);
        switch (message.getInt(0)) {
            case PROTOCOL_REQUEST -> {
                if (message.capacity() < 12) {
                    throw new ProtocolViolation("mouse protocol request of %d bytes".formatted(message.capacity()));
                }
                negotiate(message.getInt(8));
            }
            case DEVICE_INFO_ACK -> {
                ready = true;
                active("device description acknowledged");
            }
            default -> { }
        }
    }

    private void negotiate(int version) {
        boolean known = version == VERSION_2_0;
        ByteBuffer response = Pipe.message(MESSAGE_HEADER + 5);
        response.putInt(8, PROTOCOL_RESPONSE).putInt(12, 5).putInt(16, version).put(20, (byte) (known ? 1 : 0));
        send(response.array());
        if (!known) {
            return;
        }
        int length = ATTRIBUTES + 9 + REPORT_DESCRIPTOR.length;
        ByteBuffer info = Pipe.message(MESSAGE_HEADER + length);
        info.putInt(8, INITIAL_DEVICE_INFO).putInt(12, length);
        info.putInt(16, ATTRIBUTES).putShort(20, VENDOR).putShort(22, PRODUCT).putShort(24, (short) 1);
        int descriptor = 16 + ATTRIBUTES;
        info.put(descriptor, new byte[] {9, 0x21, 1, 1, 0, 1, 0x22});
        info.putShort(descriptor + 7, (short) REPORT_DESCRIPTOR.length);
        info.put(descriptor + 9, REPORT_DESCRIPTOR);
        send(info.array());
    }

    @Override
    protected void stopped() {
        ready = false;
    }

    @Override
    public boolean ready() {
        return ready;
    }

    @Override
    public void pointer(int x, int y, int buttons, int wheel) {
        if (!ready) {
            return;
        }
        ByteBuffer report = Pipe.message(MESSAGE_HEADER + 7);
        report.putInt(8, INPUT_REPORT).putInt(12, 7);
        report.put(16, (byte) (buttons & 0x1F));
        report.putShort(17, (short) Math.clamp(x, 0, MAX));
        report.putShort(19, (short) Math.clamp(y, 0, MAX));
        report.putShort(21, (short) Math.clamp(wheel, -MAX, MAX));
        send(report.array());
    }
}
