package org.viridian.devices.emulated.isa;

import java.util.function.LongSupplier;
import org.viridian.devices.emulated.EmulatedDevice;
import org.viridian.engine.bus.PortBus;
import org.viridian.engine.bus.PortHandler;
import org.viridian.engine.partition.PowerControl;

/** A port through which a test kernel ends the VM: writing {@code v} exits with status {@code (v << 1) | 1}. */
public final class DebugExit extends EmulatedDevice implements PortHandler {
    /** No volatile state. */
    public record State() {}

    private static final int PORTS = 4;

    private final int base;
    private final PowerControl power;

    /**
     * @param base first of its four ports
     * @param power who ends the VM
     */
    public DebugExit(int base, PowerControl power, LongSupplier clock) {
        super("debug-exit", "Debug exit port", "port", clock);
        this.base = base;
        this.power = power;
        node().resource("ports", () -> "%04x-%04x".formatted(base, base + PORTS - 1));
    }

    /** Registers the ports. */
    public void attach(PortBus ports) {
        ports.register(base, PORTS, this);
    }

    @Override
    public int read(int port, int size) {
        accessed();
        return -1;
    }

    @Override
    public void write(int port, int size, int value) {
        accessed();
        power.requestExit(value << 1 | 1);
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
