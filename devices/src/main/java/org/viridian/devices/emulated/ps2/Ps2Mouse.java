package org.viridian.devices.emulated.ps2;

import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.viridian.devices.input.PointerSink;
import org.viridian.devices.input.RelativePointerSink;
import org.viridian.engine.device.Counter;

/**
 * A PS/2 mouse that becomes an IntelliMouse (wheel) or IntelliMouse Explorer (five buttons) when the guest knocks with
 * the sample rates 200-100-80 or 200-200-80 (IBM PS/2 Technical Reference, "Mouse"; Microsoft's extension).
 *
 * <p>The host's absolute positions become movements. What the guest is too slow for is added up, never lost.
 * Thread rule: see {@link Ps2Device}.
 */
public final class Ps2Mouse extends Ps2Device implements PointerSink, RelativePointerSink {
    private static final int BUFFER = 16;
    private static final int LONGEST_PACKET = 4;
    private static final int ID_PLAIN = 0;
    private static final int ID_WHEEL = 3;
    private static final int ID_EXPLORER = 4;
    /** Nine bits and a sign. */
    private static final int MAX_MOVE = 255;
    /** Movements are in pixels of this screen until {@link #screenSize} says otherwise. */
    private static final int NOMINAL_WIDTH = 1024;
    private static final int NOMINAL_HEIGHT = 768;

    /** Volatile state. {@code knock} holds the last three sample rates, one per byte. */
    public record State(byte[] answers, byte[] data, int last, int pending, int id, int rate, int resolution, boolean doubled,
            boolean remote, boolean wrap, boolean reporting, int knock, int dx, int dy, int dz, int buttons, int reported) {}

    // Glue.
    private final Counter packets = node().counter("packets");
    private volatile int width = NOMINAL_WIDTH;
    private volatile int height = NOMINAL_HEIGHT;

    // Volatile: the guest's side.
    private int pending;
    private int id;
    private int rate;
    private int resolution;
    private boolean doubled;
    private boolean remote;
    private boolean wrap;
    private volatile boolean reporting;
    private int knock;
    // Volatile: movement not yet reported, buttons now and as last reported.
    private int dx;
    private int dy;
    private int dz;
    private int buttons;
    private int reported;
    // Volatile: the host's side; -1 = no position yet.
    private long hostX = -1;
    private long hostY = -1;

    /** See {@link I8042}, which owns it. */
    Ps2Mouse(LongSupplier clock, ReentrantLock deviceLock) {
        super("ps2-mouse", "PS/2 mouse", "mouse", BUFFER, clock, deviceLock);
        node().resource("irq", () -> "12");
        node().resource("protocol", () -> switch (id) {
            case ID_WHEEL -> "IntelliMouse";
            case ID_EXPLORER -> "IntelliMouse Explorer";
            default -> "PS/2";
        });
        clear();
    }

    /** The screen that absolute positions refer to, in pixels. Any thread. */
    public void screenSize(int nextWidth, int nextHeight) {
        width = Math.clamp(nextWidth, 1, 1 << 15);
        height = Math.clamp(nextHeight, 1, 1 << 15);
    }

    @Override
    public void pointer(int x, int y, int newButtons, int wheel) {
        deviceLock.lock();
        try {
            // Rounding happens on positions, so that it never adds up.
            long nextX = Math.clamp(x, 0, MAX) * (long) width / MAX;
            long nextY = Math.clamp(y, 0, MAX) * (long) height / MAX;
            int moveX = hostX < 0 ? 0 : (int) (nextX - hostX);
            int moveY = hostY < 0 ? 0 : (int) (nextY - hostY);
            hostX = nextX;
            hostY = nextY;
            move(moveX, moveY, newButtons, wheel);
        } finally {
            deviceLock.unlock();
        }
    }

    @Override
    public void relative(int moveX, int moveY, int newButtons, int wheel) {
        deviceLock.lock();
        try {
            hostX = hostY = -1;
            move(moveX, moveY, newButtons, wheel);
        } finally {
            deviceLock.unlock();
        }
    }

    private void move(int moveX, int moveY, int newButtons, int wheel) {
        if (!reporting || bypassed()) {
            return;
        }
        dx = Math.clamp((long) dx + moveX, -0x7FFF, 0x7FFF);
        dy = Math.clamp((long) dy - moveY, -0x7FFF, 0x7FFF);
        dz = Math.clamp((long) dz - wheel, -0x7F, 0x7F);
        buttons = newButtons & 0x1F;
        if (!remote) {
            // A click between two packets must not vanish: the change is queued before the next can cover it.
            produce();
            announce();
        }
    }

    @Override
    public boolean ready() {
        return reporting && !bypassed();
    }

    @Override
    void produce() {
        boolean more = dx != 0 || dy != 0 || dz != 0 && id != ID_PLAIN || visible(buttons) != visible(reported);
        if (more && reporting && !remote && data.room() >= LONGEST_PACKET) {
            packet(data);
        }
    }

    private int visible(int all) {
        return id == ID_EXPLORER ? all : all & 7;
    }

    /** One packet; what does not fit stays for the next. */
    private void packet(ByteQueue out) {
        int x = Math.clamp(dx, -MAX_MOVE, MAX_MOVE);
        int y = Math.clamp(dy, -MAX_MOVE, MAX_MOVE);
        dx -= x;
        dy -= y;
        out.add(buttons & 7 | 0x08 | (x < 0 ? 0x10 : 0) | (y < 0 ? 0x20 : 0));
        out.add(x & 0xFF);
        out.add(y & 0xFF);
        if (id == ID_WHEEL) {
            out.add(dz & 0xFF);
            dz = 0;
        } else if (id == ID_EXPLORER) {
            int z = Math.clamp(dz, -8, 7);
            dz -= z;
            out.add(z & 0x0F | (buttons & 0x18) << 1);
        } else {
            dz = 0;
        }
        reported = buttons;
        packets.increment();
    }

    @Override
    void command(int value) {
        int awaited = pending;
        pending = 0;
        if (wrap && value != 0xEC && value != 0xFF) {
            answer(value);
            return;
        }
        if (awaited != 0) {
            parameter(awaited, value);
            return;
        }
        switch (value) {
            case 0xE6, 0xE7 -> {
                doubled = value == 0xE7;
                answer(ACK);
            }
            case 0xE8, 0xF3 -> {
                pending = value;
                answer(ACK);
            }
            case 0xE9 -> answer(ACK, status(), resolution, rate);
            case 0xEA -> {
                remote = false;
                answer(ACK);
            }
            case 0xEB -> {
                answer(ACK);
                packet(answers);
            }
            case 0xEC, 0xEE -> {
                wrap = value == 0xEE;
                answer(ACK);
            }
            case 0xF0 -> {
                remote = true;
                answer(ACK);
            }
            case 0xF2 -> answer(ACK, id);
            case 0xF4 -> {
                reporting = true;
                answer(ACK);
            }
            case 0xF5 -> {
                reporting = false;
                dropInput();
                answer(ACK);
            }
            case 0xF6 -> {
                defaults();
                answer(ACK);
            }
            case 0xFE -> answer(last);
            case 0xFF -> {
                clear();
                answer(ACK, SELF_TEST_PASSED, 0x00);
            }
            default -> answer(RESEND);
        }
    }

    private void parameter(int command, int value) {
        if (command == 0xE8) {
            resolution = value & 3;
        } else {
            rate = value;
            knock = (knock << 8 | value) & 0xFF_FFFF;
            if (knock == 0xC8_6450 && id == ID_PLAIN) {
                id = ID_WHEEL;
            } else if (knock == 0xC8_C850 && id != ID_EXPLORER) {
                id = ID_EXPLORER;
            }
        }
        answer(ACK);
    }

    private int status() {
        return (remote ? 0x40 : 0) | (reporting ? 0x20 : 0) | (doubled ? 0x10 : 0)
                | (buttons & 1) << 2 | (buttons & 4) >> 1 | (buttons & 2) >> 1;
    }

    private void defaults() {
        rate = 100;
        resolution = 2;
        doubled = remote = wrap = reporting = false;
        dropInput();
    }

    private void clear() {
        defaults();
        answers.clear();
        id = ID_PLAIN;
        pending = knock = buttons = reported = 0;
    }

    @Override
    void dropInput() {
        data.clear();
        dx = dy = dz = 0;
        hostX = hostY = -1;
    }

    @Override
    public void reset() {
        idleAfterReset();
        clear();
        last = 0;
    }

    @Override
    public Record save() {
        return new State(answers.save(), data.save(), last, pending, id, rate, resolution, doubled, remote, wrap, reporting,
                knock, dx, dy, dz, buttons, reported);
    }

    @Override
    public void restore(Record state) {
        State s = own(State.class, state);
        answers.restore(s.answers);
        data.restore(s.data);
        last = s.last & 0xFF;
        pending = s.pending & 0xFF;
        id = s.id == ID_WHEEL || s.id == ID_EXPLORER ? s.id : ID_PLAIN;
        rate = s.rate & 0xFF;
        resolution = s.resolution & 3;
        doubled = s.doubled;
        remote = s.remote;
        wrap = s.wrap;
        reporting = s.reporting;
        knock = s.knock & 0xFF_FFFF;
        dx = Math.clamp(s.dx, -0x7FFF, 0x7FFF);
        dy = Math.clamp(s.dy, -0x7FFF, 0x7FFF);
        dz = Math.clamp(s.dz, -0x7F, 0x7F);
        buttons = s.buttons & 0x1F;
        reported = s.reported & 0x1F;
        hostX = hostY = -1;
    }
}
