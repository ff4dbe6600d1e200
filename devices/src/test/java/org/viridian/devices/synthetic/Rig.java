package org.viridian.devices.synthetic;

import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.viridian.engine.clock.VmClock;
import org.viridian.vmbus.channel.Packet;
import org.viridian.vmbus.loopback.LoopbackChannel;
import org.viridian.vmbus.loopback.LoopbackGuest;
import org.viridian.vmbus.server.VmbusServer;

/** A running clock, a guest in memory and a server with one device on it. */
public final class Rig implements AutoCloseable {
    /** The VM's time. */
    public final VmClock clock = new VmClock("test", new ReentrantLock());
    /** The guest. */
    public final LoopbackGuest guest = new LoopbackGuest(8 << 20, 1, 1);
    private VmbusServer server;

    /** Lets time run. */
    public Rig() {
        clock.resume();
    }

    /** Puts the device on the bus and opens its channel as a driver would. */
    public LoopbackChannel open(SyntheticDevice device, int ringPages) {
        server = new VmbusServer("test", guest.synic(), guest.memory(), 1);
        server.offer(device);
        return guest.open(guest.connect().getFirst(), ringPages);
    }

    /** The VM is reset. */
    public void reset() {
        server.reset();
    }

    /** The next packet that is no completion. */
    public static byte[] inBand(LoopbackChannel channel) {
        Packet packet = channel.receive();
        while (packet.type() == Packet.COMPLETION) {
            packet = channel.receive();
        }
        return packet.payload();
    }

    /** Waits until something is true; an {@link AssertionError} after five seconds. */
    public static void eventually(BooleanSupplier condition) {
        long deadline = System.nanoTime() + 5_000_000_000L;
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > deadline) {
                throw new AssertionError("did not come to pass");
            }
            Thread.onSpinWait();
        }
    }

    @Override
    public void close() {
        if (server != null) {
            server.close();
        }
        clock.close();
    }
}
