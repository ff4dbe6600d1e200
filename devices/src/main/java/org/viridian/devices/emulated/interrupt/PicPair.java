package org.viridian.devices.emulated.interrupt;

import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.viridian.devices.emulated.BytePortDevice;
import org.viridian.engine.bus.PortBus;
import org.viridian.engine.device.Counter;
import org.viridian.engine.interrupt.InterruptFabric;

/**
 * The two 8259A of a PC, the slave on input 2 of the master, and the PIIX4's edge/level registers 4D0 and 4D1.
 *
 * <p>Thread rule: under the device lock; {@link #acknowledge} takes it itself, on processor 0's thread.
 */
public final class PicPair extends BytePortDevice implements InterruptFabric.ExternalInterruptSource {
    private static final int CASCADE = 2;
    /** IRQs 0, 1, 2, 8 and 13 are always edge-triggered (82371AB, "ELCR1/ELCR2"). */
    private static final int LEVEL_CAPABLE = 0xDEF8;

    /** Volatile state of one 8259A. {@code step} 0 = ready, 1-3 = waiting for ICW2-ICW4; {@code lowest} is the input of lowest priority. */
    public record Chip(int lines, int irr, int isr, int imr, int elcr, int base, int lowest, int step, int icw1, boolean autoEoi,
            boolean rotateOnAutoEoi, boolean specialMask, boolean specialNested, boolean readIsr, boolean poll) {}

    /** Volatile state. */
    public record State(Chip master, Chip slave) {}

    // Static.
    private final ReentrantLock deviceLock;
    private final int levelAtReset;

    // Glue.
    private final InterruptFabric fabric;
    private final Counter interrupts = node().counter("interrupts");

    // Volatile.
    private final Pic8259 master = new Pic8259();
    private final Pic8259 slave = new Pic8259();
    private boolean output;

    /**
     * @param fabric where INTR leads; this object becomes its external interrupt source
     * @param deviceLock the VM's device lock
     * @param clock nanoseconds since power-on
     * @param levelAtReset IRQs that are level-triggered from reset on, one bit each, for a machine without firmware
     */
    public PicPair(InterruptFabric fabric, ReentrantLock deviceLock, LongSupplier clock, int levelAtReset) {
        super("pic", "8259A interrupt controllers", "system", clock);
        this.fabric = fabric;
        this.deviceLock = deviceLock;
        this.levelAtReset = levelAtReset & LEVEL_CAPABLE;
        clear();
        node().resource("ports", () -> "0020-0021, 00a0-00a1, 04d0-04d1");
        fabric.externalInterruptSource(this);
    }

    /** Registers the ports. */
    public void attach(PortBus ports) {
        ports.register(0x20, 2, this);
        ports.register(0xA0, 2, this);
        ports.register(0x4D0, 2, this);
    }

    /** Drives ISA interrupt input 0–15; 2 is the cascade and cannot be driven. */
    void line(int irq, boolean asserted) {
        if (irq == CASCADE) {
            return;
        }
        (irq < 8 ? master : slave).line(irq & 7, asserted);
        update();
    }

    @Override
    public int acknowledge() {
        deviceLock.lock();
        try {
            interrupts.increment();
            int input = master.pending(CASCADE);
            int vector;
            if (input < 0) {
                // The request went away before INTA: input 7's vector, without its in-service bit.
                vector = master.vector(7);
            } else {
                master.acknowledge(input);
                vector = input == CASCADE ? acknowledgeSlave() : master.vector(input);
            }
            update();
            return vector;
        } finally {
            deviceLock.unlock();
        }
    }

    private int acknowledgeSlave() {
        // INTA ends the slave's request; what is still pending there makes a new edge.
        int input = slave.pending(-1);
        master.cascade(CASCADE, false);
        if (input < 0) {
            return slave.vector(7);
        }
        slave.acknowledge(input);
        return slave.vector(input);
    }

    /** Carries the slave's output to the master and the master's to the processor. */
    private void update() {
        master.cascade(CASCADE, slave.pending(-1) >= 0);
        boolean next = master.pending(CASCADE) >= 0;
        if (next != output) {
            output = next;
            fabric.externalInterrupt(next);
        }
    }

    @Override
    protected int readByte(int port) {
        if ((port & ~1) == 0xA0 && slave.polled()) {
            master.cascade(CASCADE, false);
        }
        int value = switch (port) {
            case 0x20, 0x21 -> master.read(port & 1, CASCADE);
            case 0xA0, 0xA1 -> slave.read(port & 1, -1);
            case 0x4D0 -> master.elcr();
            case 0x4D1 -> slave.elcr();
            default -> 0xFF;
        };
        // A poll acknowledges.
        update();
        return value;
    }

    @Override
    protected void writeByte(int port, int value) {
        switch (port) {
            case 0x20, 0x21 -> master.write(port & 1, value);
            case 0xA0, 0xA1 -> slave.write(port & 1, value);
            case 0x4D0 -> master.elcr(value & LEVEL_CAPABLE);
            case 0x4D1 -> slave.elcr(value & LEVEL_CAPABLE >> 8);
            default -> { }
        }
        update();
    }

    /** True when the edge/level register makes this IRQ level-triggered. */
    public boolean level(int irq) {
        return ((irq < 8 ? master.elcr() : slave.elcr()) >> (irq & 7) & 1) != 0;
    }

    private void clear() {
        master.reset();
        slave.reset();
        master.elcr(levelAtReset & 0xFF);
        slave.elcr(levelAtReset >> 8);
        output = false;
    }

    @Override
    public void reset() {
        idleAfterReset();
        clear();
        fabric.externalInterrupt(false);
    }

    @Override
    public Record save() {
        return new State(master.save(), slave.save());
    }

    @Override
    public void restore(Record state) {
        State s = own(State.class, state);
        master.restore(own(Chip.class, s.master));
        slave.restore(own(Chip.class, s.slave));
        output = master.pending(CASCADE) >= 0;
        fabric.externalInterrupt(output);
    }
}
