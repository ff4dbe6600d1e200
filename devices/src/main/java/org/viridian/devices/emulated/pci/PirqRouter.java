package org.viridian.devices.emulated.pci;

import java.util.function.IntUnaryOperator;
import org.viridian.devices.emulated.interrupt.InterruptRouter;
import org.viridian.engine.interrupt.InterruptLine;

/**
 * The four PIRQ wires of the board and the PIIX4's way from them to ISA interrupts (82371AB, "PIRQRC"). Pin INTA# of
 * slot 1 is PIRQA; each further slot and each further pin is the next wire. Functions on one wire are ORed.
 *
 * <p>Thread rule: {@link #pin} while the board is built; {@link #rerouted} under the device lock; the pins from any
 * thread, they take the device lock.
 */
public final class PirqRouter {
    private static final int WIRES = 4;
    private static final int ISA_INTERRUPTS = 16;
    /** ISA interrupts a PIRQ can be routed to: not the timer's, the keyboard's, the cascade's, the clock's, the FPU's. */
    private static final int ROUTABLE = 0xDEF8;

    private final java.util.concurrent.locks.ReentrantLock deviceLock;
    private final InterruptLine[][] lines = new InterruptLine[WIRES][ISA_INTERRUPTS];
    private final int[] asserted = new int[WIRES];
    private final int[] routes = {-1, -1, -1, -1};
    private IntUnaryOperator routing = pirq -> -1;

    /** Wires that end in {@code router}; nothing is routed until {@link #routing}. */
    public PirqRouter(InterruptRouter router, java.util.concurrent.locks.ReentrantLock deviceLock) {
        this.deviceLock = deviceLock;
        for (int pirq = 0; pirq < WIRES; pirq++) {
            for (int irq = 0; irq < ISA_INTERRUPTS; irq++) {
                lines[pirq][irq] = (ROUTABLE >> irq & 1) != 0 ? router.line(irq) : null;
            }
        }
    }

    /** Who knows where a PIRQ (0–3) goes: an ISA interrupt, or -1. */
    public void routing(IntUnaryOperator next) {
        routing = next;
        rerouted();
    }

    /** The routing registers have changed: asserted wires move. */
    public void rerouted() {
        for (int pirq = 0; pirq < WIRES; pirq++) {
            int next = routing.applyAsInt(pirq);
            next = next >= 0 && (ROUTABLE >> next & 1) != 0 ? next : -1;
            if (next != routes[pirq]) {
                drive(pirq, false);
                routes[pirq] = next;
                drive(pirq, asserted[pirq] > 0);
            }
        }
    }

    private void drive(int pirq, boolean level) {
        if (routes[pirq] >= 0) {
            lines[pirq][routes[pirq]].set(level);
        }
    }

    /** The wire from pin {@code pin} (0 = INTA#) of {@code slot}; level-triggered, shared. */
    public InterruptLine pin(int slot, int pin) {
        return new Pin(Math.floorMod(slot + pin - 1, WIRES));
    }

    private final class Pin implements InterruptLine {
        private final int pirq;
        private boolean level;

        private Pin(int pirq) {
            this.pirq = pirq;
        }

        @Override
        public void set(boolean next) {
            deviceLock.lock();
            try {
                if (level == next) {
                    return;
                }
                level = next;
                asserted[pirq] += next ? 1 : -1;
                if (asserted[pirq] == (next ? 1 : 0)) {
                    drive(pirq, next);
                }
            } finally {
                deviceLock.unlock();
            }
        }
    }
}
