package org.viridian.devices.emulated.power;

import java.util.function.LongSupplier;
import org.viridian.devices.emulated.EmulatedDevice;
import org.viridian.engine.bus.PortBus;
import org.viridian.engine.bus.PortHandler;
import org.viridian.engine.partition.PowerControl;

/**
 * Two of the ways to reset a PC: the PIIX4's reset control register CF9 (82371AB, "RC") and the fast reset of port 92.
 * CF9 lies inside the PCI configuration address port, so the PCI bus passes byte accesses on to {@link #readRc} and
 * {@link #writeRc}.
 */
public final class ResetControl extends EmulatedDevice implements PortHandler {
    private static final int RC_RESET = 0x04;
    private static final int RC_STORED = 0x0A;
    private static final int FAST_RESET = 0x01;
    private static final int A20 = 0x02;

    /** Volatile state. */
    public record State(int rc, int port92) {}

    // Glue.
    private final PowerControl power;

    // Volatile. A20 is always open: bit 1 only remembers what was written.
    private int rc;
    private int port92 = A20;

    /** @param power who resets the VM */
    public ResetControl(PowerControl power, LongSupplier clock) {
        super("reset-control", "Reset control (CF9, port 92)", "system", clock);
        this.power = power;
        node().resource("ports", () -> "0092, 0cf9");
    }

    /** Registers port 92. */
    public void attach(PortBus ports) {
        ports.register(0x92, 1, this);
    }

    /** Reads CF9. */
    public int readRc() {
        accessed();
        return rc;
    }

    /** Writes CF9: a rising bit 2 resets. */
    public void writeRc(int value) {
        accessed();
        boolean rising = (value & RC_RESET) != 0 && (rc & RC_RESET) == 0;
        rc = value & RC_STORED;
        if (rising) {
            power.requestReset("the guest wrote the reset control register (CF9)");
        }
    }

    @Override
    public int read(int port, int size) {
        accessed();
        return port92 | 0xFFFF_FF00;
    }

    @Override
    public void write(int port, int size, int value) {
        accessed();
        boolean rising = (value & FAST_RESET) != 0 && (port92 & FAST_RESET) == 0;
        port92 = value & A20;
        if (rising) {
            power.requestReset("the guest used the fast reset of port 92");
        }
    }

    @Override
    public void reset() {
        idleAfterReset();
        rc = 0;
        port92 = A20;
    }

    @Override
    public Record save() {
        return new State(rc, port92);
    }

    @Override
    public void restore(Record state) {
        State s = own(State.class, state);
        rc = s.rc & RC_STORED;
        port92 = s.port92 & A20;
    }
}
