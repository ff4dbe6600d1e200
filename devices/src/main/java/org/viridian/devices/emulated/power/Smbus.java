package org.viridian.devices.emulated.power;

import org.viridian.devices.emulated.BytePortDevice;
import org.viridian.engine.bus.PortBus;
import java.util.function.LongSupplier;

/** The PIIX4's SMBus host controller with nothing on the bus: every transaction ends with a device error at once. */
public final class Smbus extends BytePortDevice {
    /** Ports in the block. */
    public static final int PORTS = 16;

    private static final int HOST_STATUS = 0;
    private static final int HOST_CONTROL = 2;
    private static final int SLAVE_STATUS = 1;
    private static final int START = 0x40;
    private static final int DEVICE_ERROR = 0x04;

    /** Volatile state. */
    public record State(int status, byte[] registers) {}

    // Glue.
    private PortBus ports;
    private int base = -1;

    // Volatile.
    private int status;
    private final byte[] registers = new byte[PORTS];

    /** @param clock nanoseconds since power-on */
    public Smbus(LongSupplier clock) {
        super("smbus", "PIIX4 SMBus", "system", clock);
        node().resource("ports", () -> base < 0 ? null : "%04x-%04x".formatted(base, base + PORTS - 1));
    }

    /** Says where to register; the block itself follows its base address register, see {@link #moveTo}. */
    public void attach(PortBus bus) {
        ports = bus;
    }

    /** Places the block at a multiple of 16, or nowhere for -1. False when other ports are in the way. */
    public boolean moveTo(int nextBase) {
        if (nextBase == base) {
            return true;
        }
        if (base >= 0) {
            ports.unregister(base, PORTS);
            base = -1;
        }
        if (nextBase < 0) {
            return true;
        }
        try {
            ports.register(nextBase, PORTS, this);
            base = nextBase;
            return true;
        } catch (IllegalStateException taken) {
            return false;
        }
    }

    @Override
    protected int readByte(int port) {
        int offset = port - base;
        return switch (offset) {
            case HOST_STATUS -> status;
            case SLAVE_STATUS -> 0;
            default -> offset < PORTS ? registers[offset] & 0xFF : 0xFF;
        };
    }

    @Override
    protected void writeByte(int port, int value) {
        int offset = port - base;
        if (offset == HOST_STATUS) {
            status &= ~value;
        } else if (offset == HOST_CONTROL) {
            registers[offset] = (byte) (value & ~START);
            if ((value & START) != 0) {
                status |= DEVICE_ERROR;
            }
        } else if (offset < PORTS) {
            registers[offset] = (byte) value;
        }
    }

    @Override
    public void reset() {
        idleAfterReset();
        status = 0;
        java.util.Arrays.fill(registers, (byte) 0);
    }

    @Override
    public Record save() {
        return new State(status, registers.clone());
    }

    @Override
    public void restore(Record state) {
        State s = own(State.class, state);
        if (s.registers == null || s.registers.length != PORTS) {
            throw new IllegalArgumentException("smbus state has not %d bytes".formatted(PORTS));
        }
        status = s.status & 0xFF;
        System.arraycopy(s.registers, 0, registers, 0, PORTS);
    }
}
