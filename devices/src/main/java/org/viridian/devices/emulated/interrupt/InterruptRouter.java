package org.viridian.devices.emulated.interrupt;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.viridian.engine.firmware.BoardMap;
import org.viridian.engine.interrupt.InterruptLine;

/**
 * The board's wiring: an ISA interrupt reaches its PIC input and the I/O APIC pin of the same number, IRQ 0 the pin 2
 * (declared to the guest as an override in the MADT). Several sources of one interrupt are ORed.
 *
 * <p>Thread rule: {@link #line} while the board is built; the lines it returns from any thread.
 */
public final class InterruptRouter {
    private final PicPair pic;
    private final IoApic ioApic;
    private final ReentrantLock deviceLock;
    private final List<Wire> wires = new ArrayList<>();
    /** Number of wires that assert each I/O APIC pin. */
    private final int[] asserted = new int[IoApic.PINS];
    private boolean quiet;

    /** Joins the two controllers; both are driven under {@code deviceLock}. */
    public InterruptRouter(PicPair pic, IoApic ioApic, ReentrantLock deviceLock) {
        this.pic = pic;
        this.ioApic = ioApic;
        this.deviceLock = deviceLock;
    }

    /** A new source of ISA interrupt {@code irq}, 0–15 without 2. */
    public InterruptLine line(int irq) {
        if (irq < 0 || irq > 15 || irq == 2) {
            throw new IllegalArgumentException("ISA interrupt " + irq);
        }
        Wire wire = new Wire(irq);
        wires.add(wire);
        return wire;
    }

    /** A new source of I/O APIC pin 16–23, which has no PIC input. */
    public InterruptLine pin(int pin) {
        if (pin < 16 || pin >= IoApic.PINS) {
            throw new IllegalArgumentException("I/O APIC pin " + pin);
        }
        Wire wire = new Wire(pin);
        wires.add(wire);
        return wire;
    }

    /** Releases every wire without telling the controllers, which are reset with it. */
    public void reset() {
        wires.forEach(wire -> wire.level = false);
        java.util.Arrays.fill(asserted, 0);
    }

    /** While quiet, wires remember their level but move nothing: for devices being restored before their controllers. */
    public void quiet(boolean on) {
        quiet = on;
    }

    private void drive(int irq, boolean level) {
        if (quiet) {
            return;
        }
        if (irq < 16) {
            pic.line(irq, level);
        }
        ioApic.line(irq == 0 ? BoardMap.TIMER_INPUT : irq, level);
    }

    private final class Wire implements InterruptLine {
        private final int irq;
        private boolean level;

        private Wire(int irq) {
            this.irq = irq;
        }

        @Override
        public void set(boolean next) {
            deviceLock.lock();
            try {
                if (level == next) {
                    return;
                }
                level = next;
                asserted[irq] += next ? 1 : -1;
                if (asserted[irq] == (next ? 1 : 0)) {
                    drive(irq, next);
                }
            } finally {
                deviceLock.unlock();
            }
        }
    }
}
