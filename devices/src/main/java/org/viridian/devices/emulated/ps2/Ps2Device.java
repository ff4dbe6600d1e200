package org.viridian.devices.emulated.ps2;

import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.viridian.devices.emulated.EmulatedDevice;
import org.viridian.devices.inventory.Bypassable;

/**
 * What keyboard and mouse share: answers to commands go before data, the last byte can be sent again, host input stops
 * while the device is bypassed.
 *
 * <p>Thread rule: the controller calls under the device lock; input from the host takes it.
 */
abstract class Ps2Device extends EmulatedDevice implements Bypassable {
    static final int ACK = 0xFA;
    static final int RESEND = 0xFE;
    static final int SELF_TEST_PASSED = 0xAA;

    // Glue.
    final ReentrantLock deviceLock;
    private Runnable dataReady = () -> {};

    // Volatile.
    final ByteQueue answers = new ByteQueue(16);
    final ByteQueue data;
    int last;

    Ps2Device(String id, String name, String type, int dataCapacity, LongSupplier clock, ReentrantLock deviceLock) {
        super(id, name, type, clock);
        this.data = new ByteQueue(dataCapacity);
        this.deviceLock = deviceLock;
    }

    /** Who is told that {@link #hasData} may have become true. */
    final void onData(Runnable action) {
        dataReady = action;
    }

    final void announce() {
        dataReady.run();
    }

    final boolean hasData() {
        if (!answers.isEmpty()) {
            return true;
        }
        if (data.isEmpty() && !bypassed()) {
            produce();
        }
        return !data.isEmpty();
    }

    /** The next byte on the wire; only after {@link #hasData}. */
    final int next() {
        last = answers.isEmpty() ? data.remove() : answers.remove();
        if (data.isEmpty()) {
            drained();
        }
        return last;
    }

    /** The guest has taken the last byte of input. */
    void drained() {}

    /** Turns accumulated input into data. */
    void produce() {}

    final void answer(int... bytes) {
        for (int value : bytes) {
            answers.add(value);
        }
    }

    /** A byte from the guest. */
    final void receive(int value) {
        accessed();
        // A new command ends the answer to the one before.
        answers.clear();
        command(value);
        announce();
    }

    abstract void command(int value);

    /** Forgets input the guest has not taken yet. */
    abstract void dropInput();

    @Override
    public final void setBypassed(boolean bypassed, String reason) {
        deviceLock.lock();
        try {
            dropInput();
            bypass(bypassed, reason);
        } finally {
            deviceLock.unlock();
        }
    }
}
