package org.viridian.devices.synthetic.input;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.UUID;
import org.viridian.devices.input.KeyboardSink;
import org.viridian.devices.input.ScanCode;
import org.viridian.devices.synthetic.SyntheticDevice;
import org.viridian.engine.clock.VmClock;
import org.viridian.engine.device.Counter;
import org.viridian.vmbus.channel.Offer;
import org.viridian.vmbus.channel.Packet;
import org.viridian.vmbus.channel.ProtocolViolation;

/**
 * The keyboard VSP (Linux drivers/input/serio/hyperv-keyboard.c): set 1 make codes with break, E0 and E1 as flags. Repeat
 * is the host's: a repeated press is sent as a repeated make.
 *
 * <p>Thread rule: {@link #key} from any thread.
 */
public final class SyntheticKeyboard extends SyntheticDevice implements KeyboardSink {
    private static final UUID CLASS = UUID.fromString("f912ad6d-2b17-48ea-bd65-f927a61c7684");
    private static final UUID INSTANCE = UUID.fromString("d34b2567-b9b6-42b9-8778-0a4ec0b955bf");
    private static final int PROTOCOL_REQUEST = 1;
    private static final int PROTOCOL_RESPONSE = 2;
    private static final int EVENT = 3;
    private static final int VERSION = 0x0001_0000;
    private static final int ACCEPTED = 1;
    private static final int BREAK = 2;
    private static final int PREFIX_E0 = 4;
    private static final int PREFIX_E1 = 8;
    private static final int MAKE_CODE = 0x7F;
    /** Make code of NumLock, the second half of Pause. */
    private static final int PAUSE_SECOND = 0x45;

    private final Counter keys = node().counter("keys");
    private final Counter dropped = node().counter("keys-dropped");

    /** @param clock the VM's time */
    public SyntheticKeyboard(VmClock clock) {
        super("synthetic-keyboard", "Synthetic Keyboard", "keyboard", new Offer("keyboard", CLASS, INSTANCE, 0, 0, false), clock);
    }

    @Override
    protected void handle(Packet packet) throws ProtocolViolation {
        ByteBuffer message = ByteBuffer.wrap(packet.payload()).order(ByteOrder.LITTLE_ENDIAN);
        if (message.capacity() < 8) {
            throw new ProtocolViolation("keyboard message of %d bytes".formatted(message.capacity()));
        }
        if (message.getInt(0) == PROTOCOL_REQUEST) {
            boolean accepted = message.getInt(4) == VERSION;
            ByteBuffer response = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
            response.putInt(0, PROTOCOL_RESPONSE).putInt(4, accepted ? ACCEPTED : 0);
            send(response.array());
            ready(accepted);
        }
    }

    @Override
    public void key(int code, boolean down) {
        if (!ready()) {
            return;
        }
        keys.increment();
        if ((code & ScanCode.E1) == 0) {
            event(code & MAKE_CODE, ((code & ScanCode.E0) != 0 ? PREFIX_E0 : 0) | (down ? 0 : BREAK));
        } else if (down) {
            // Pause: the keyboard sends make and break at the press, nothing at the release.
            event(code & MAKE_CODE, PREFIX_E1);
            event(PAUSE_SECOND, 0);
            event(code & MAKE_CODE, PREFIX_E1 | BREAK);
            event(PAUSE_SECOND, BREAK);
        }
    }

    private void event(int makeCode, int info) {
        ByteBuffer event = ByteBuffer.allocate(12).order(ByteOrder.LITTLE_ENDIAN);
        event.putInt(0, EVENT).putShort(4, (short) makeCode).putInt(8, info);
        if (!send(event.array())) {
            dropped.increment();
        }
    }
}
