package org.viridian.display.vga;

import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.viridian.devices.emulated.BytePortDevice;
import org.viridian.devices.inventory.Bypassable;
import org.viridian.display.surface.Frame;
import org.viridian.display.surface.Surface;
import org.viridian.engine.bus.MmioBus;
import org.viridian.engine.bus.MmioHandler;
import org.viridian.engine.bus.PortBus;
import org.viridian.engine.clock.VmClock;
import org.viridian.engine.device.Counter;
import org.viridian.engine.partition.Partition;

/**
 * A plain VGA: 256 KiB in four planes at A0000–BFFFF, registers at 3B4–3DA, its picture as a {@link Surface}. Nothing is
 * drawn before somebody asks, and nothing blinks while nobody looks or the video VSP has taken over.
 *
 * <p>Thread rule: registers and memory under the device lock; the surface from any thread, under a lock of its own.
 */
public final class VgaDevice extends BytePortDevice implements MmioHandler, Surface, Bypassable {
    private static final long WINDOW = 0xA0000;
    private static final int WINDOW_SIZE = 0x20000;
    /** Half a period of the 2 Hz cursor and character blink. */
    private static final long BLINK_NANOS = 266_000_000;
    private static final int BLANK = 0x20;
    private static final int LIGHT_GREY = 0x07;

    /** Volatile state; register groups by their names in the reference. */
    public record State(int misc, int feature, byte[] sequencer, byte[] graphics, byte[] attribute, byte[] crtc, byte[] dac,
            int dacMask, int dacRead, int dacWrite, int dacPhase, int dacMode, int sequencerIndex, int graphicsIndex,
            int crtcIndex, int attributeIndex, boolean attributeData, int latch, byte[] memory) {}

    // Static.
    private final boolean presetText;

    // Glue.
    private final VmClock clock;
    private final ReentrantLock deviceLock;
    private final VmClock.Timer blink;
    private final Counter memoryWrites = node().counter("memory-writes");
    private volatile Runnable wakeUp = () -> {};

    // Volatile.
    private final VgaRegisters registers;
    private final VgaMemory memory;

    // The picture.
    private final ReentrantLock drawing = new ReentrantLock();
    private final VgaRenderer renderer;
    /** The guest has changed something since the last look. */
    private volatile boolean touched = true;
    /** The consumer has seen everything and wants to be woken. */
    private volatile boolean waiting = true;

    /** A VGA on a partition; see the other constructor. */
    public VgaDevice(Partition partition, boolean presetText) {
        this(partition.ports(), partition.mmio(), partition.clock(), partition.deviceLock(), presetText);
    }

    /**
     * Registers ports and memory.
     *
     * @param presetText start in 80x25 text with the built-in font, as a video BIOS would leave it: for machines without
     *     firmware
     */
    public VgaDevice(PortBus ports, MmioBus mmio, VmClock clock, ReentrantLock deviceLock, boolean presetText) {
        super("vga", "VGA", "display", clock::nanoTime);
        this.clock = clock;
        this.deviceLock = deviceLock;
        this.presetText = presetText;
        this.registers = new VgaRegisters(clock);
        this.memory = new VgaMemory(registers);
        this.renderer = new VgaRenderer(registers, memory.bytes);
        this.blink = clock.timer(this::blinked);
        node().resource("ports", () -> "03b4-03b5, 03ba, 03c0-03cf, 03d4-03d5, 03da");
        node().resource("mmio", () -> "000a0000-000bffff");
        node().resource("mode", this::mode);
        ports.register(0x3B4, 2, this);
        ports.register(0x3BA, 1, this);
        ports.register(0x3C0, 16, this);
        ports.register(0x3D4, 2, this);
        ports.register(0x3DA, 1, this);
        mmio.register(WINDOW, WINDOW_SIZE, this);
        clear();
    }

    private String mode() {
        Frame frame = frame();
        return frame == null ? null : "%dx%d %s".formatted(frame.width(), frame.height(), renderer.isText() ? "text" : "graphics");
    }

    @Override
    protected int readByte(int port) {
        return registers.read(port);
    }

    @Override
    protected void writeByte(int port, int value) {
        if (registers.write(port, value)) {
            touch();
        }
    }

    @Override
    public long read(long address, int size) {
        accessed();
        long value = 0;
        for (int i = 0; i < size; i++) {
            value |= (long) readMemory(address + i) << 8 * i;
        }
        return value;
    }

    private int readMemory(long address) {
        return address < WINDOW + WINDOW_SIZE ? memory.read((int) address) : 0xFF;
    }

    @Override
    public void write(long address, int size, long value) {
        accessed();
        memoryWrites.increment();
        boolean changed = false;
        for (int i = 0; i < size && address + i < WINDOW + WINDOW_SIZE; i++) {
            changed |= memory.write((int) address + i, (int) (value >>> 8 * i) & 0xFF);
        }
        if (changed) {
            touch();
        }
    }

    private void touch() {
        touched = true;
        if (waiting && !bypassed()) {
            waiting = false;
            wakeUp.run();
        }
    }

    private boolean blinkOn() {
        return clock.nanoTime() / BLINK_NANOS % 2 == 0;
    }

    private void blinked() {
        touch();
    }

    @Override
    public Frame frame() {
        drawing.lock();
        try {
            return renderer.frame();
        } finally {
            drawing.unlock();
        }
    }

    @Override
    public Rect takeDamage() {
        drawing.lock();
        try {
            // Before the look, so that what the guest does during it is either seen or wakes the consumer.
            waiting = true;
            if (!touched) {
                return null;
            }
            touched = false;
            Rect changed = renderer.render(blinkOn());
            if (renderer.isText() && registers.displaying() && !bypassed()) {
                blink.arm((clock.nanoTime() / BLINK_NANOS + 1) * BLINK_NANOS);
            }
            if (changed != null) {
                waiting = false;
            }
            return changed;
        } finally {
            drawing.unlock();
        }
    }

    @Override
    public void onDamage(Runnable action) {
        wakeUp = action;
    }

    /** The rows of the text screen in Unicode; empty in graphics or when the screen is off. Any thread. */
    public List<String> text() {
        return renderer.text();
    }

    @Override
    public void setBypassed(boolean bypassed, String reason) {
        deviceLock.lock();
        try {
            bypass(bypassed, reason);
            if (bypassed) {
                blink.cancel();
            } else {
                touch();
            }
        } finally {
            deviceLock.unlock();
        }
    }

    private void clear() {
        java.util.Arrays.fill(memory.bytes, (byte) 0);
        memory.latch(0);
        if (presetText) {
            registers.textMode();
            for (int cell = 0; cell < 0x4000; cell++) {
                memory.bytes[4 * cell] = BLANK;
                memory.bytes[4 * cell + 1] = LIGHT_GREY;
            }
            ConsoleFont.loadInto(memory.bytes);
        } else {
            registers.clear();
        }
        touch();
    }

    @Override
    public void reset() {
        idleAfterReset();
        blink.cancel();
        clear();
    }

    @Override
    public Record save() {
        VgaRegisters.State r = registers.save();
        return new State(r.misc(), r.feature(), r.sequencer(), r.graphics(), r.attribute(), r.crtc(), r.dac(), r.dacMask(), r.dacRead(),
                r.dacWrite(), r.dacPhase(), r.dacMode(), r.sequencerIndex(), r.graphicsIndex(), r.crtcIndex(), r.attributeIndex(),
                r.attributeData(), memory.latch(), memory.bytes.clone());
    }

    @Override
    public void restore(Record state) {
        State s = own(State.class, state);
        if (s.memory == null || s.memory.length != memory.bytes.length) {
            throw new IllegalArgumentException("vga state has not %d bytes of memory".formatted(memory.bytes.length));
        }
        registers.restore(new VgaRegisters.State(s.misc, s.feature, s.sequencer, s.graphics, s.attribute, s.crtc, s.dac, s.dacMask,
                s.dacRead, s.dacWrite, s.dacPhase, s.dacMode, s.sequencerIndex, s.graphicsIndex, s.crtcIndex, s.attributeIndex,
                s.attributeData));
        System.arraycopy(s.memory, 0, memory.bytes, 0, s.memory.length);
        memory.latch(s.latch);
        touch();
    }
}
