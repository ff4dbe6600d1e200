package org.viridian.app.library;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.viridian.app.machine.Ending;
import org.viridian.app.machine.Machine;
import org.viridian.app.machine.MachineConfig;
import org.viridian.app.machine.MachineListener;
import org.viridian.app.machine.MachineState;
import org.viridian.devices.input.KeyboardSink;
import org.viridian.devices.input.PointerSink;
import org.viridian.display.surface.Frame;
import org.viridian.display.surface.Surface;
import org.viridian.engine.device.DeviceKind;
import org.viridian.engine.device.DeviceNode;
import org.viridian.engine.device.DeviceState;

/** A machine without a guest: keeps the life-cycle rules of {@link Machine} and records what is done to it. */
public final class FakeMachine implements Machine {
    private final MachineConfig config;
    private final List<MachineListener> listeners = new CopyOnWriteArrayList<>();
    private final List<String> pressed = new ArrayList<>();
    private final CountDownLatch over = new CountDownLatch(1);
    private final DeviceNode keyboard =
            new DeviceNode("ps2-keyboard", "PS/2 keyboard", DeviceKind.EMULATED, "keyboard", DeviceState.IDLE, () -> 7);
    private volatile MachineState state = MachineState.OFF;
    private volatile Ending ending;
    private volatile int resets;
    private final StringBuffer serial = new StringBuffer("boot\n");

    /** Set by a test: whether a guest would hear a shutdown request. */
    public volatile boolean hearsShutDown = true;

    /** @param config what it is */
    public FakeMachine(MachineConfig config) {
        this.config = config;
        keyboard.twin("keyboard-vsp");
        keyboard.counter("exits").add(42);
        keyboard.resource("irq", () -> "1");
        keyboard.state(DeviceState.ACTIVE, "first command");
    }

    /** Ends as if the guest had done it. */
    public void end(Ending how) {
        synchronized (this) {
            if (ending != null) {
                return;
            }
            ending = how;
            state = MachineState.ENDED;
        }
        listeners.forEach(listener -> listener.stateChanged(MachineState.ENDED));
        over.countDown();
    }

    /** Scan codes in order, released ones with a minus. */
    public List<String> pressed() {
        synchronized (pressed) {
            return List.copyOf(pressed);
        }
    }

    /** How often reset was pressed. */
    public int resets() {
        return resets;
    }

    @Override
    public MachineConfig config() {
        return config;
    }

    @Override
    public String engine() {
        return "software";
    }

    @Override
    public MachineState state() {
        return state;
    }

    @Override
    public Optional<Ending> ending() {
        return Optional.ofNullable(ending);
    }

    @Override
    public void addListener(MachineListener listener) {
        listeners.add(listener);
    }

    @Override
    public void start() {
        state = MachineState.RUNNING;
    }

    @Override
    public void pause() {
        state = MachineState.PAUSED;
    }

    @Override
    public void resume() {
        state = MachineState.RUNNING;
    }

    @Override
    public void reset() {
        resets++;
    }

    @Override
    public boolean shutDown() {
        if (hearsShutDown) {
            Thread.ofVirtual().start(() -> end(new Ending.PoweredOff("test")));
        }
        return hearsShutDown;
    }

    @Override
    public void close() {
        end(new Ending.TurnedOff());
    }

    @Override
    public Ending awaitEnd() throws InterruptedException {
        over.await();
        return ending;
    }

    @Override
    public long uptimeNanos() {
        return 5_000_000_000L;
    }

    @Override
    public double processorLoad() {
        return 0.5;
    }

    @Override
    public List<DeviceNode> devices() {
        return List.of(keyboard);
    }

    @Override
    public Surface screen() {
        MemorySegment pixels = Arena.ofAuto().allocate(4 * 4 * 2);
        pixels.set(ValueLayout.JAVA_INT, 4 * 4 + 4, 0x00123456);
        Frame frame = new Frame(3, 2, 16, pixels);
        return new Surface() {
            @Override
            public Frame frame() {
                return frame;
            }

            @Override
            public Rect takeDamage() {
                return null;
            }

            @Override
            public void onDamage(Runnable wakeUp) {}
        };
    }

    @Override
    public KeyboardSink keyboard() {
        return new KeyboardSink() {
            @Override
            public void key(int code, boolean down) {
                synchronized (pressed) {
                    pressed.add((down ? "" : "-") + Integer.toHexString(code));
                }
            }

            @Override
            public boolean ready() {
                return true;
            }
        };
    }

    @Override
    public PointerSink pointer() {
        throw new UnsupportedOperationException("no test points");
    }

    @Override
    public String firmwareLog() {
        return "";
    }

    @Override
    public String serialText() {
        return serial.toString();
    }

    @Override
    public void serialInput(byte[] bytes) {
        serial.append(new String(bytes, StandardCharsets.ISO_8859_1));
    }

    @Override
    public Optional<Boolean> heartbeat() {
        return Optional.of(true);
    }
}
