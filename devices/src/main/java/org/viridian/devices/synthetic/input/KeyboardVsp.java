package org.viridian.devices.synthetic.input;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.UUID;
import java.util.function.LongSupplier;
import org.viridian.devices.input.KeyboardSink;
import org.viridian.devices.input.ScanCode;
import org.viridian.devices.synthetic.SyntheticDevice;
import org.viridian.vmbus.channel.Offer;
import org.viridian.vmbus.channel.Packet;

/**
 * The keyboard VSP (Linux drivers/input/serio/hyperv-keyboard.c): scan code set 1 make codes with break and prefix flags.
 * Typematic repeat is the host's: each repeated press is sent as another make.
 */
public final class KeyboardVsp extends SyntheticDevice implements KeyboardSink {
    private static final UUID CLASS = UUID.fromString("f912ad6d-2b17-48ea-bd65-f927a61c7684");
    private static final UUID INSTANCE = UUID.fromString("d34b2567-b9b6-42b9-8778-0a4ec0b955bf");

    private static final int PROTOCOL_REQUEST = 1;
    private static final int PROTOCOL_RESPONSE = 2;
    private static final int EVENT = 3;
    private static final int VERSION_1_0 = 0x0001_0000;
    private static final int BREAK = 2;
    private static final int PREFIX_E0 = 4;
    private static final int PREFIX_E1 = 8;

    private volatile boolean accepted;

    /** @param clock nanoseconds since power-on */
    public KeyboardVsp(LongSupplier clock) {
        super("hv-keyboard", "Synthetic keyboard", "keyboard", new Offer("keyboard", CLASS, INSTANCE, 0, 0, false), clock);
    }

    @Override
    protected void packet(Packet packet) {
        if (packet.completionRequested()) {
            complete(packet.transactionId(), new byte[0]);
        }
        ByteBuffer message = ByteBuffer.wrap(packet.payload()).order(ByteOrder.LITTLE_ENDIAN);
        if (packet.payload().length >= 8 && message.getInt(0) == PROTOCOL_REQUEST) {
            boolean known = message.getInt(4) == VERSION_1_0;
            send(ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putInt(PROTOCOL_RESPONSE).putInt(known ? 1 : 0).array());
            accepted = known;
            if (known) {
                active("keyboard protocol 1.0 accepted");
            }
        }
    }

    @Override
    protected void stopped() {
        accepted = false;
    }

    @Override
    public boolean ready() {
        return accepted;
    }

    @Override
    public void key(int code, boolean down) {
        if (!accepted) {
            return;
        }
        int info = (down ? 0 : BREAK) | ((code & ScanCode.E0) != 0 ? PREFIX_E0 : 0) | ((code & ScanCode.E1) != 0 ? PREFIX_E1 : 0);
        send(ByteBuffer.allocate(12).order(ByteOrder.LITTLE_ENDIAN)
                .putInt(EVENT).putShort((short) (code & 0x7F)).putShort((short) 0).putInt(info).array());
    }
}
