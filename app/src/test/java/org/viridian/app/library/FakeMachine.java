package org.viridian.app.library;

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
import org.viridian.engine.device.Counter;
import org.viridian.engine.device.DeviceKind;
import org.viridian.engine.device.DeviceNode;
import org.viridian.engine.device.DeviceState;
import org.viridian.engine.partition.GuestCrash;

/**
 * A machine without a guest: keeps the life-cycle rules of {@link Machine}, records what is done to it, has a screen to
 * paint on and devices whose states tests change.
 */
public final class FakeMachine implements Machine {
    /** Keys it was given: scan code, with bit 31 for a release. */
    public final List<Integer> keys = new CopyOnWriteArrayList<>();
    /** Pointer positions it was given: x, y, buttons, wheel. */
    public final List<int[]> pointers = new CopyOnWriteArrayList<>();
    public final PaintedSurface surface = new PaintedSurface(640, 400);
    public final DeviceNode ps2 = node("ps2-keyboard", "PS/2 keyboard (8042)", DeviceKind.EMULATED, "keyboard", DeviceState.IDLE);
    public final DeviceNode keyboardVsp = node("keyboard", "Hyper-V keyboard", DeviceKind.SYNTHETIC, "keyboard",
            DeviceState.WAITING_FOR_DRIVER);
    public final Counter exits = ps2.counter("exits");
    public final Counter packets = keyboardVsp.counter("packets");

    private final MachineConfig config;
    private final List<MachineListener> listeners = new CopyOnWriteArrayList<>();
    private final List<DeviceNode> devices = new ArrayList<>();
    private final CountDownLatch end = new CountDownLatch(1);
    private final StringBuffer serial = new StringBuffer();
    private volatile MachineState state = MachineState.OFF;
    private volatile Ending ending;
    private volatile long started;
    private volatile int resets;

    /** Set by a test: whether a guest would hear a shutdown request. */
    public volatile boolean hearsShutDown = true;

    public FakeMachine(MachineConfig config) {
        this.config = config;
        ps2.twin("keyboard");
        keyboardVsp.twin("ps2-keyboard");
        ps2.resource("ports", () -> "0x60, 0x64");
        ps2.resource("irq", () -> "1");
        keyboardVsp.resource("relid", () -> "3");
        keyboardVsp.resource("ring", () -> "16 KiB / 16 KiB");
        DeviceNode vga = node("vga", "VGA text", DeviceKind.EMULATED, "display", DeviceState.ACTIVE);
        DeviceNode video = node("video", "Hyper-V video", DeviceKind.SYNTHETIC, "display", DeviceState.WAITING_FOR_DRIVER);
        vga.twin("video");
        video.twin("vga");
        devices.addAll(List.of(vga, video, ps2, keyboardVsp,
                node("scsi", "Hyper-V SCSI controller", DeviceKind.SYNTHETIC, "storage", DeviceState.WAITING_FOR_DRIVER),
                node("pit", "8254 timer", DeviceKind.EMULATED, "system", DeviceState.ACTIVE),
                node("com1", "16550A serial port COM1", DeviceKind.EMULATED, "port", DeviceState.IDLE),
                node("heartbeat", "Heartbeat service", DeviceKind.SYNTHETIC, "integration", DeviceState.WAITING_FOR_DRIVER)));
    }

    private DeviceNode node(String id, String name, DeviceKind kind, String type, DeviceState first) {
        return new DeviceNode(id, name, kind, type, first, this::uptimeNanos);
    }

    /** The hand-over as a booting guest causes it. */
    public void loadDrivers() {
        for (DeviceNode device : devices) {
            if (device.kind() == DeviceKind.SYNTHETIC) {
                device.state(DeviceState.ACTIVE, "channel opened");
                devices.stream().filter(twin -> twin.id().equals(device.twin()))
                        .forEach(twin -> twin.state(DeviceState.BYPASSED, device.name() + " took over"));
            }
        }
    }

    /** How often reset was pressed. */
    public int resets() {
        return resets;
    }

    /** Scan codes in order, in hexadecimal, released ones with a minus. */
    public List<String> pressed() {
        return keys.stream().map(key -> (key < 0 ? "-" : "") + Integer.toHexString(key & Integer.MAX_VALUE)).toList();
    }

    public void crash(GuestCrash crash) {
        listeners.forEach(listener -> listener.guestCrashed(crash));
    }

    public void sendSerial(String text) {
        serial.append(text);
    }

    public void end(Ending how) {
        synchronized (this) {
            if (ending != null) {
                return;
            }
            ending = how;
        }
        change(MachineState.ENDED);
        end.countDown();
    }

    private void change(MachineState next) {
        state = next;
        listeners.forEach(listener -> listener.stateChanged(next));
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
        started = System.nanoTime();
        change(MachineState.RUNNING);
    }

    @Override
    public void pause() {
        change(MachineState.PAUSED);
    }

    @Override
    public void resume() {
        change(MachineState.RUNNING);
    }

    @Override
    public void reset() {
        resets++;
        listeners.forEach(listener -> listener.guestReset("test"));
    }

    @Override
    public boolean shutDown() {
        if (hearsShutDown) {
            Thread.ofVirtual().start(() -> end(new Ending.PoweredOff("ACPI S5")));
        }
        return hearsShutDown;
    }

    @Override
    public void close() {
        end(new Ending.TurnedOff());
    }

    @Override
    public Ending awaitEnd() throws InterruptedException {
        end.await();
        return ending;
    }

    @Override
    public long uptimeNanos() {
        return started == 0 ? 0 : System.nanoTime() - started;
    }

    @Override
    public double processorLoad() {
        return 0.42;
    }

    @Override
    public List<DeviceNode> devices() {
        return devices;
    }

    @Override
    public Surface screen() {
        return surface;
    }

    @Override
    public KeyboardSink keyboard() {
        return new KeyboardSink() {
            @Override
            public void key(int code, boolean down) {
                keys.add(down ? code : code | 1 << 31);
            }

            @Override
            public boolean ready() {
                return true;
            }
        };
    }

    @Override
    public PointerSink pointer() {
        return new PointerSink() {
            @Override
            public void pointer(int x, int y, int buttons, int wheel) {
                pointers.add(new int[] {x, y, buttons, wheel});
            }

            @Override
            public boolean ready() {
                return true;
            }
        };
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

    /** A screen that tests paint rectangles on. */
    public static final class PaintedSurface implements Surface {
        private volatile Frame frame;
        private Rect damage;
        private Runnable wakeUp = () -> {};

        public PaintedSurface(int width, int height) {
            mode(width, height);
        }

        /** A new mode: black. */
        public synchronized void mode(int width, int height) {
            // Rows are longer than the picture is wide, as a guest's may be.
            int stride = (width + 3 & ~3) * 4;
            frame = new Frame(width, height, stride, MemorySegment.ofArray(new int[stride / 4 * height]));
            damage = new Rect(0, 0, width, height);
            wakeUp.run();
        }

        /** Paints without telling: what no damage names must not be looked at. */
        public synchronized void paintSilently(Rect rect, int rgb) {
            for (int y = rect.y(); y < rect.y() + rect.height(); y++) {
                for (int x = rect.x(); x < rect.x() + rect.width(); x++) {
                    frame.pixels().set(ValueLayout.JAVA_INT_UNALIGNED, (long) y * frame.stride() + 4L * x, rgb & 0xFFFFFF);
                }
            }
        }

        public synchronized void paint(Rect rect, int rgb) {
            paintSilently(rect, rgb);
            boolean first = damage == null;
            damage = first ? rect : damage.union(rect);
            if (first) {
                wakeUp.run();
            }
        }

        @Override
        public Frame frame() {
            return frame;
        }

        @Override
        public synchronized Rect takeDamage() {
            Rect taken = damage;
            damage = null;
            return taken;
        }

        @Override
        public synchronized void onDamage(Runnable action) {
            wakeUp = action;
        }
    }
}
