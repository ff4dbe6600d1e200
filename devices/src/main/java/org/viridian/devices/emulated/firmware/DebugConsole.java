package org.viridian.devices.emulated.firmware;

import java.util.function.LongSupplier;
import org.viridian.devices.emulated.BytePortDevice;
import org.viridian.devices.emulated.serial.OutputRing;
import org.viridian.engine.bus.PortBus;

/** The firmware's debug port 402 (SeaBIOS, src/hw/serialio.c): reads E9 to say it is there, takes characters. */
public final class DebugConsole extends BytePortDevice {
    private static final int PORT = 0x402;
    private static final int PRESENT = 0xE9;
    private static final int KEPT = 64 << 10;

    /** Nothing to keep: what was printed belongs to the host. */
    public record State() {}

    private final OutputRing output = new OutputRing(KEPT);

    /** The port; its last 64 KiB are kept for people. */
    public DebugConsole(LongSupplier clock) {
        super("firmware-log", "Firmware debug port", "system", clock);
        node().resource("ports", () -> "0402");
    }

    /** Registers the port. */
    public void attach(PortBus ports) {
        ports.register(PORT, 1, this);
    }

    /** What the firmware has printed. Any thread. */
    public String text() {
        return new String(output.since(0), java.nio.charset.StandardCharsets.ISO_8859_1);
    }

    @Override
    protected int readByte(int port) {
        return port == PORT ? PRESENT : 0xFF;
    }

    @Override
    protected void writeByte(int port, int value) {
        if (port == PORT) {
            output.accept(value);
        }
    }

    @Override
    public void reset() {
        idleAfterReset();
    }

    @Override
    public Record save() {
        return new State();
    }

    @Override
    public void restore(Record state) {
        own(State.class, state);
    }
}
