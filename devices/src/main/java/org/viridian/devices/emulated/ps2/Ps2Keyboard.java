package org.viridian.devices.emulated.ps2;

import java.util.ArrayDeque;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.IntConsumer;
import org.viridian.devices.input.KeyboardSink;
import org.viridian.engine.clock.VmClock;
import org.viridian.engine.device.Counter;

/**
 * A 101/102-key PS/2 keyboard with scan code sets 1 and 2 (IBM PS/2 Technical Reference, "Keyboards"). Typematic repeat
 * comes from the host. Thread rule: see {@link Ps2Device}.
 */
public final class Ps2Keyboard extends Ps2Device implements KeyboardSink {
    /**
     * The keyboard's own buffer. Together with the controller's output byte it holds 16: a guest that flushes more takes
     * the controller for a broken one (Linux, i8042_flush).
     */
    private static final int BUFFER = 15;
    /** Key events that wait on the host's side, for text typed faster than the guest reads. */
    private static final int BACKLOG = 512;
    /** What the wire needs for a byte: a buffer the guest has emptied stays empty that long. */
    private static final long BYTE_NANOS = 1_000_000;
    private static final int DOWN = 1 << 16;
    private static final int DEFAULT_TYPEMATIC = 0x2B;

    /** Volatile state; {@code pending} is the command whose parameter is awaited, or 0. */
    public record State(byte[] answers, byte[] data, int last, int pending, int set, int leds, int typematic, boolean scanning) {}

    // Glue.
    private final Counter keys = node().counter("keys");
    private final Counter dropped = node().counter("keys-dropped");
    private volatile IntConsumer ledListener = leds -> {};
    private final VmClock clock;
    private final VmClock.Timer refill;
    /** Typed ahead: {@link #DOWN} and the code. Not part of the keyboard's state. */
    private final ArrayDeque<Integer> backlog = new ArrayDeque<>();

    // Volatile.
    private int pending;
    private int set;
    private int leds;
    private int typematic;
    private volatile boolean scanning;

    /** See {@link I8042}, which owns it. */
    Ps2Keyboard(VmClock clock, ReentrantLock deviceLock) {
        super("ps2-keyboard", "PS/2 keyboard", "keyboard", BUFFER, clock::nanoTime, deviceLock);
        this.clock = clock;
        this.refill = clock.timer(this::refill);
        node().resource("irq", () -> "1");
        node().resource("scan-code-set", () -> Integer.toString(set));
        clear();
    }

    /** Who is told of LED changes (bit 0 Scroll, 1 Num, 2 Caps), under the device lock. */
    public void onLeds(IntConsumer listener) {
        ledListener = listener;
    }

    @Override
    public void key(int code, boolean down) {
        deviceLock.lock();
        try {
            if (!scanning || bypassed()) {
                return;
            }
            if (backlog.isEmpty() && append(code, down)) {
                announce();
            } else if (backlog.size() < BACKLOG) {
                backlog.add(code | (down ? DOWN : 0));
            } else {
                dropped.increment();
            }
        } finally {
            deviceLock.unlock();
        }
    }

    /** Puts a key into the buffer; false when it does not fit as a whole. */
    private boolean append(int code, boolean down) {
        if (data.room() < ScanCodeTables.length(code, down, set)) {
            return false;
        }
        if (set == 1) {
            ScanCodeTables.appendSet1(code, down, data);
        } else {
            ScanCodeTables.appendSet2(code, down, data);
        }
        keys.increment();
        return true;
    }

    @Override
    void drained() {
        if (!backlog.isEmpty()) {
            refill.arm(clock.nanoTime() + BYTE_NANOS);
        }
    }

    private void refill() {
        while (!backlog.isEmpty() && append(backlog.peek() & ~DOWN, (backlog.peek() & DOWN) != 0)) {
            backlog.remove();
        }
        announce();
    }

    /** Forgets what was typed ahead: the guest sets the keyboard up anew. */
    void dropBacklog() {
        backlog.clear();
        refill.cancel();
    }

    @Override
    public boolean ready() {
        return scanning && !bypassed();
    }

    @Override
    void command(int value) {
        int awaited = pending;
        pending = 0;
        // A parameter is never above 7F; a command byte in its place is taken as a command.
        if (awaited != 0 && value < 0x80) {
            parameter(awaited, value);
            return;
        }
        switch (value) {
            case 0xED, 0xF0, 0xF3 -> {
                pending = value;
                answer(ACK);
            }
            case 0xEE -> answer(0xEE);
            case 0xF2 -> answer(ACK, 0xAB, 0x83);
            case 0xF4 -> {
                dropInput();
                scanning = true;
                answer(ACK);
            }
            case 0xF5, 0xF6 -> {
                defaults();
                scanning = value == 0xF6;
                answer(ACK);
            }
            // Key type commands of set 3, which this keyboard does not have: accepted, without effect.
            case 0xF7, 0xF8, 0xF9, 0xFA -> answer(ACK);
            case 0xFE -> answer(last);
            case 0xFF -> {
                clear();
                answer(ACK, SELF_TEST_PASSED);
            }
            default -> answer(RESEND);
        }
    }

    private void parameter(int command, int value) {
        switch (command) {
            case 0xED -> {
                leds = value & 7;
                ledListener.accept(leds);
                answer(ACK);
            }
            case 0xF3 -> {
                typematic = value;
                answer(ACK);
            }
            default -> {
                if (value == 0) {
                    answer(ACK, set);
                } else if (value <= 2) {
                    set = value;
                    data.clear();
                    answer(ACK);
                } else {
                    answer(RESEND);
                }
            }
        }
    }

    private void defaults() {
        dropInput();
        set = 2;
        typematic = DEFAULT_TYPEMATIC;
    }

    private void clear() {
        defaults();
        answers.clear();
        pending = 0;
        leds = 0;
        ledListener.accept(0);
        scanning = true;
    }

    @Override
    void dropInput() {
        data.clear();
        dropBacklog();
    }

    @Override
    public void reset() {
        idleAfterReset();
        clear();
        last = 0;
    }

    @Override
    public Record save() {
        return new State(answers.save(), data.save(), last, pending, set, leds, typematic, scanning);
    }

    @Override
    public void restore(Record state) {
        State s = own(State.class, state);
        answers.restore(s.answers);
        data.restore(s.data);
        last = s.last & 0xFF;
        pending = s.pending & 0xFF;
        set = s.set == 1 ? 1 : 2;
        leds = s.leds & 7;
        ledListener.accept(leds);
        typematic = s.typematic & 0x7F;
        scanning = s.scanning;
    }
}
