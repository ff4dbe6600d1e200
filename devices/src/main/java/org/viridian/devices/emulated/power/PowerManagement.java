package org.viridian.devices.emulated.power;

import org.viridian.devices.emulated.EmulatedDevice;
import org.viridian.devices.emulated.Ticks;
import org.viridian.engine.bus.PortBus;
import org.viridian.engine.bus.PortHandler;
import org.viridian.engine.clock.VmClock;
import org.viridian.engine.device.Counter;
import org.viridian.engine.interrupt.InterruptLine;
import org.viridian.engine.partition.PowerControl;

/**
 * The ACPI register block of the PIIX4 (82371AB, "Power Management I/O Registers"; ACPI 6.5, 4.8): PM1a events and
 * control, the 24-bit PM timer, general purpose events, and the APM ports B2/B3 through which a guest without a fixed
 * ACPI mode asks for it. SCI is IRQ 9, level.
 *
 * <p>Thread rule: under the device lock; {@link #pressPowerButton} takes no lock, its caller does.
 */
public final class PowerManagement extends EmulatedDevice implements PortHandler {
    /** PM timer frequency, Hz (ACPI 4.8.2.1). */
    public static final long FREQUENCY = 3_579_545;
    /** Ports in the block. */
    public static final int PORTS = 64;

    private static final int STATUS = 0x00;
    private static final int ENABLE = 0x02;
    private static final int CONTROL = 0x04;
    private static final int TIMER = 0x08;
    private static final int GPE_STATUS = 0x0C;
    private static final int GPE_ENABLE = 0x0E;

    private static final int TMR_STS = 1;
    private static final int POWER_BUTTON = 1 << 8;
    private static final int EVENTS = 0x0521;
    private static final int SCI_EN = 1;
    private static final int SLEEP_TYPE = 0x1C00;
    private static final int SLP_EN = 1 << 13;
    private static final int S5_TYPE = 0;
    private static final int TIMER_MASK = 0xFF_FFFF;
    /** The timer's top bit changes, and TMR_STS is set, every so many ticks. */
    private static final int HALF_TURN = 1 << 23;

    private static final int ACPI_ENABLE = 0xE1;
    private static final int ACPI_DISABLE = 0x1E;
    private static final int ACPI_ENABLE_PIIX4 = 0xF1;
    private static final int ACPI_DISABLE_PIIX4 = 0xF0;

    /** Volatile state; {@code halfTurns} counts timer overflows up to the last look. */
    public record State(int status, int enable, int control, int gpeStatus, int gpeEnable, byte[] storage, int apmControl,
            int apmStatus, long halfTurns) {}

    // Static.
    private final boolean alwaysAcpi;

    // Glue.
    private final VmClock clock;
    private final InterruptLine sci;
    private final PowerControl power;
    private final VmClock.Timer overflow;
    private final PortHandler apm = new ApmPorts();
    private final Counter interrupts = node().counter("interrupts");
    private PortBus ports;
    private int base = -1;

    // Volatile.
    private int status;
    private int enable;
    private int control;
    private int gpeStatus;
    private int gpeEnable;
    private final byte[] storage = new byte[PORTS];
    private int apmControl;
    private int apmStatus;
    private long halfTurns;

    /**
     * @param clock the VM's time
     * @param sci the system control interrupt
     * @param power who switches the VM off
     * @param alwaysAcpi SCI_EN is set from reset on, for a machine without firmware whose FADT has no SMI command
     */
    public PowerManagement(VmClock clock, InterruptLine sci, PowerControl power, boolean alwaysAcpi) {
        super("acpi-pm", "PIIX4 ACPI power management", "system", clock::nanoTime);
        this.clock = clock;
        this.sci = sci;
        this.power = power;
        this.alwaysAcpi = alwaysAcpi;
        this.overflow = clock.timer(this::update);
        node().resource("ports", () -> base < 0 ? "00b2-00b3" : "%04x-%04x, 00b2-00b3".formatted(base, base + PORTS - 1));
        node().resource("irq", () -> "9");
        clear();
    }

    /** Registers the APM ports; the block itself follows its base address register, see {@link #moveTo}. */
    public void attach(PortBus bus) {
        ports = bus;
        bus.register(0xB2, 2, apm);
    }

    /** Places the block at {@code nextBase} (a multiple of 64), or nowhere for -1. False when other ports are in the way. */
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
            // A guest may point the block at another device: it then decodes nothing.
            return false;
        }
    }

    private long ticks() {
        return Ticks.at(clock.nanoTime(), FREQUENCY);
    }

    @Override
    public int read(int port, int size) {
        accessed();
        int offset = port - base;
        if (size == 4 && offset == TIMER) {
            return (int) ticks() & TIMER_MASK;
        }
        collectOverflow();
        int value = 0;
        for (int i = 0; i < size; i++) {
            value |= readByte(offset + i) << 8 * i;
        }
        return value;
    }

    private int readByte(int offset) {
        if (offset >= PORTS) {
            return 0xFF;
        }
        int shift = 8 * (offset & 1);
        return switch (offset & ~1) {
            case STATUS -> status >> shift & 0xFF;
            case ENABLE -> enable >> shift & 0xFF;
            case CONTROL -> control >> shift & 0xFF;
            case TIMER, TIMER + 2 -> (int) (ticks() & TIMER_MASK) >> 8 * (offset & 3) & 0xFF;
            case GPE_STATUS -> gpeStatus >> shift & 0xFF;
            case GPE_ENABLE -> gpeEnable >> shift & 0xFF;
            default -> storage[offset] & 0xFF;
        };
    }

    @Override
    public void write(int port, int size, int value) {
        accessed();
        collectOverflow();
        for (int i = 0; i < size; i++) {
            writeByte(port - base + i, value >>> 8 * i & 0xFF);
        }
        update();
    }

    private void writeByte(int offset, int value) {
        if (offset >= PORTS) {
            return;
        }
        int shift = 8 * (offset & 1);
        int keep = ~(0xFF << shift);
        switch (offset & ~1) {
            case STATUS -> status &= ~(value << shift);
            case ENABLE -> enable = (enable & keep | value << shift) & EVENTS;
            case CONTROL -> control(control & keep | value << shift);
            case TIMER, TIMER + 2 -> { }
            case GPE_STATUS -> gpeStatus &= ~(value << shift);
            case GPE_ENABLE -> gpeEnable = gpeEnable & keep | value << shift;
            default -> storage[offset] = (byte) value;
        }
    }

    private void control(int value) {
        boolean sleep = (value & SLP_EN) != 0;
        // SLP_EN is write-only. With no SMI command the guest cannot leave ACPI mode.
        control = value & ~SLP_EN | (alwaysAcpi ? SCI_EN : 0);
        if (sleep && (value & SLEEP_TYPE) >> 10 == S5_TYPE) {
            power.requestPowerOff("the guest powered off through ACPI (S5)");
        }
    }

    /** Notes timer overflows since the last look. */
    private void collectOverflow() {
        long now = ticks() / HALF_TURN;
        if (now != halfTurns) {
            halfTurns = now;
            status |= TMR_STS;
        }
    }

    private void update() {
        collectOverflow();
        boolean level = (control & SCI_EN) != 0 && ((status & enable & EVENTS) != 0 || (gpeStatus & gpeEnable) != 0);
        if (level) {
            interrupts.increment();
        }
        sci.set(level);
        if ((enable & TMR_STS) != 0 && (status & TMR_STS) == 0) {
            overflow.arm(Ticks.nanosOf((halfTurns + 1) * HALF_TURN, FREQUENCY));
        } else {
            overflow.cancel();
        }
    }

    /** The user presses the power button: a guest that listens shuts itself down. */
    public void pressPowerButton() {
        status |= POWER_BUTTON;
        update();
    }

    private void clear() {
        status = enable = gpeStatus = gpeEnable = apmControl = apmStatus = 0;
        control = alwaysAcpi ? SCI_EN : 0;
        java.util.Arrays.fill(storage, (byte) 0);
        halfTurns = ticks() / HALF_TURN;
    }

    @Override
    public void reset() {
        idleAfterReset();
        clear();
        update();
    }

    @Override
    public Record save() {
        collectOverflow();
        return new State(status, enable, control, gpeStatus, gpeEnable, storage.clone(), apmControl, apmStatus, halfTurns);
    }

    @Override
    public void restore(Record state) {
        State s = own(State.class, state);
        if (s.storage == null || s.storage.length != PORTS) {
            throw new IllegalArgumentException("acpi-pm state has not %d bytes".formatted(PORTS));
        }
        status = s.status & 0xFFFF;
        enable = s.enable & EVENTS;
        control = s.control & 0xFFFF & ~SLP_EN;
        gpeStatus = s.gpeStatus & 0xFFFF;
        gpeEnable = s.gpeEnable & 0xFFFF;
        System.arraycopy(s.storage, 0, storage, 0, PORTS);
        apmControl = s.apmControl & 0xFF;
        apmStatus = s.apmStatus & 0xFF;
        halfTurns = s.halfTurns;
        update();
    }

    /** B2 would raise an SMI; the two pairs of values that firmware gives meaning to are carried out at once. */
    private final class ApmPorts implements PortHandler {
        @Override
        public int read(int port, int size) {
            accessed();
            return port == 0xB2 ? apmControl | apmStatus << 8 : apmStatus;
        }

        @Override
        public void write(int port, int size, int value) {
            accessed();
            if (port == 0xB3) {
                apmStatus = value & 0xFF;
                return;
            }
            apmControl = value & 0xFF;
            if (size > 1) {
                apmStatus = value >> 8 & 0xFF;
            }
            switch (apmControl) {
                case ACPI_ENABLE, ACPI_ENABLE_PIIX4 -> control |= SCI_EN;
                case ACPI_DISABLE, ACPI_DISABLE_PIIX4 -> control(control & ~SCI_EN);
                default -> { }
            }
            update();
        }
    }
}
