package org.viridian.devices.synthetic.input;

import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.viridian.devices.input.PointerSink;
import org.viridian.devices.synthetic.PipeMessage;
import org.viridian.devices.synthetic.SyntheticDevice;
import org.viridian.engine.clock.VmClock;
import org.viridian.engine.device.Counter;
import org.viridian.vmbus.channel.Offer;
import org.viridian.vmbus.channel.Packet;
import org.viridian.vmbus.channel.ProtocolViolation;

/**
 * The mouse VSP (Linux drivers/hid/hid-hyperv.c): a HID device with five buttons, an absolute position and a wheel. Motion
 * is thinned to 250 reports a second, the last position always arriving; buttons and wheel go out at once.
 *
 * <p>Thread rule: {@link #pointer} from any thread.
 */
public final class SyntheticMouse extends SyntheticDevice implements PointerSink {
    private static final UUID CLASS = UUID.fromString("cfa8b69e-5b4a-4cc0-b98b-8ba1a1f3f95a");
    private static final UUID INSTANCE = UUID.fromString("58f75a6d-d949-4320-99e1-a2a2576d581c");
    private static final int PROTOCOL_REQUEST = 0;
    private static final int PROTOCOL_RESPONSE = 1;
    private static final int INITIAL_DEVICE_INFO = 2;
    private static final int DEVICE_INFO_ACK = 3;
    private static final int INPUT_REPORT = 4;
    private static final int MESSAGE_HEADER = 8;
    private static final int VERSION = 0x0002_0000;
    private static final int ATTRIBUTES = 32;
    private static final int VENDOR = 0x045E;
    private static final int PRODUCT = 0x0621;
    private static final int HID_DESCRIPTOR = 9;
    private static final int REPORT = 7;
    private static final int BUTTONS = 0x1F;
    private static final long MOTION_NANOS = TimeUnit.MILLISECONDS.toNanos(4);
    /** Byte 14 must not be 25h: Linux takes that for an old host's mistake and changes it. */
    private static final byte[] REPORT_DESCRIPTOR = HexFormat.of().parseHex(
            "05010902a1010901a10005091901290515002501950575018102"
                    + "950175038101050109300931150026ff7f751095028102"
                    + "0501093816018026ff7f751095018106c0c0");

    private enum Phase { CLOSED, WAITS_FOR_REQUEST, WAITS_FOR_ACK, RUNNING }

    private final VmClock clock;
    private final VmClock.Timer motion;
    private final Counter reports = node().counter("reports");

    // Volatile, guarded by lock.
    private final ReentrantLock lock = new ReentrantLock();
    private Phase phase = Phase.CLOSED;
    private int x;
    private int y;
    private int buttons;
    private long lastReport;
    private boolean motionPending;

    /** @param clock the VM's time */
    public SyntheticMouse(VmClock clock) {
        super("synthetic-mouse", "Synthetic Mouse", "mouse", new Offer("mouse", CLASS, INSTANCE, Offer.NAMED_PIPE, 0, true), clock);
        this.clock = clock;
        this.motion = clock.timer(this::flushMotion);
    }

    @Override
    protected void started() {
        enter(Phase.WAITS_FOR_REQUEST);
    }

    @Override
    protected void stopped() {
        enter(Phase.CLOSED);
    }

    private void enter(Phase next) {
        lock.lock();
        try {
            phase = next;
            motionPending = false;
            buttons = 0;
        } finally {
            lock.unlock();
        }
        ready(next == Phase.RUNNING);
    }

    @Override
    protected void handle(Packet packet) throws ProtocolViolation {
        ByteBuffer message = PipeMessage.open(packet, MESSAGE_HEADER);
        int size = message.getInt(4);
        if (size < 0 || size > message.capacity() - MESSAGE_HEADER) {
            throw new ProtocolViolation("mouse message of %d bytes".formatted(size));
        }
        switch (message.getInt(0)) {
            case PROTOCOL_REQUEST -> {
                if (size < 4) {
                    throw new ProtocolViolation("mouse protocol request of %d bytes".formatted(size));
                }
                negotiate(message.getInt(MESSAGE_HEADER));
            }
            case DEVICE_INFO_ACK -> {
                if (phase == Phase.WAITS_FOR_ACK) {
                    enter(Phase.RUNNING);
                }
            }
            default -> { }
        }
    }

    private void negotiate(int version) {
        boolean approved = version == VERSION;
        ByteBuffer response = message(PROTOCOL_RESPONSE, 5);
        response.putInt(16, version).put(20, (byte) (approved ? 1 : 0));
        send(response.array());
        if (!approved) {
            enter(Phase.WAITS_FOR_REQUEST);
            return;
        }
        enter(Phase.WAITS_FOR_ACK);
        ByteBuffer info = message(INITIAL_DEVICE_INFO, ATTRIBUTES + HID_DESCRIPTOR + REPORT_DESCRIPTOR.length);
        info.putInt(16, ATTRIBUTES).putShort(20, (short) VENDOR).putShort(22, (short) PRODUCT).putShort(24, (short) 1);
        info.put(48, new byte[] {HID_DESCRIPTOR, 0x21, 1, 1, 0, 1, 0x22});
        info.putShort(55, (short) REPORT_DESCRIPTOR.length);
        info.put(57, REPORT_DESCRIPTOR);
        send(info.array());
    }

    /** A framed message; its body begins at offset 16. */
    private static ByteBuffer message(int type, int body) {
        ByteBuffer message = PipeMessage.allocate(MESSAGE_HEADER + body);
        return message.putInt(8, type).putInt(12, body);
    }

    @Override
    public void pointer(int nextX, int nextY, int nextButtons, int wheel) {
        lock.lock();
        try {
            if (phase != Phase.RUNNING) {
                return;
            }
            int pressed = nextButtons & BUTTONS;
            boolean motionOnly = pressed == buttons && wheel == 0;
            x = Math.clamp(nextX, 0, MAX);
            y = Math.clamp(nextY, 0, MAX);
            buttons = pressed;
            long now = clock.nanoTime();
            if (motionOnly && now - lastReport < MOTION_NANOS) {
                if (!motionPending) {
                    motionPending = true;
                    motion.arm(lastReport + MOTION_NANOS);
                }
                return;
            }
            report(now, wheel);
        } finally {
            lock.unlock();
        }
    }

    private void flushMotion() {
        lock.lock();
        try {
            if (motionPending && phase == Phase.RUNNING) {
                report(clock.nanoTime(), 0);
            }
        } finally {
            lock.unlock();
        }
    }

    private void report(long now, int wheel) {
        lastReport = now;
        motionPending = false;
        ByteBuffer report = message(INPUT_REPORT, REPORT);
        report.put(16, (byte) buttons).putShort(17, (short) x).putShort(19, (short) y);
        report.putShort(21, (short) Math.clamp(wheel, -MAX, MAX));
        if (send(report.array())) {
            reports.increment();
        }
    }
}
