package org.viridian.devices.emulated;

import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import org.viridian.engine.bus.MmioBus;
import org.viridian.engine.bus.PortBus;
import org.viridian.engine.clock.VmClock;
import org.viridian.engine.firmware.BoardMap;
import org.viridian.engine.memory.GuestMemory;
import org.viridian.engine.interrupt.InterruptFabric;
import org.viridian.engine.partition.GuestCrash;
import org.viridian.engine.partition.PowerControl;

/** A board without a processor: the test plays the guest, the clock stands where the test puts it. */
public final class BoardRig implements AutoCloseable {
    /** A message that reached the local APICs. */
    public record Message(long address, int data) {
        public int vector() {
            return data & 0xFF;
        }
    }

    public final ReentrantLock lock = new ReentrantLock();
    public final PortBus ports = new PortBus(lock);
    public final MmioBus mmio = new MmioBus(lock);
    public final GuestMemory memory = new GuestMemory();
    public final VmClock clock = new VmClock("test", lock);
    public final List<Message> messages = new ArrayList<>();
    public final Map<Integer, Boolean> maskedPins = new HashMap<>();
    public final List<String> power = new ArrayList<>();
    public final Board board;
    public static final Instant START = Instant.parse("2026-02-28T23:59:58Z");
    public boolean intr;
    public boolean refuse;
    private InterruptFabric.ExternalInterruptSource source;
    private InterruptFabric.EndOfInterruptListener eoi;
    private long nanos;

    public BoardRig() {
        this(false);
    }

    public BoardRig(boolean firmware) {
        InterruptFabric fabric = new InterruptFabric() {
            @Override
            public boolean deliver(long address, int data) {
                if (refuse) {
                    return false;
                }
                messages.add(new Message(address, data));
                return true;
            }

            @Override
            public void externalInterrupt(boolean asserted) {
                intr = asserted;
            }

            @Override
            public void externalInterruptSource(ExternalInterruptSource s) {
                source = s;
            }

            @Override
            public void endOfInterruptListener(EndOfInterruptListener l) {
                eoi = l;
            }

            @Override
            public void routeIoApicPin(int pin, boolean masked, long address, int data) {
                maskedPins.put(pin, masked);
            }
        };
        PowerControl control = new PowerControl() {
            @Override
            public void requestReset(String reason) {
                power.add("reset");
            }

            @Override
            public void requestPowerOff(String reason) {
                power.add("off");
            }

            @Override
            public void requestExit(int status) {
                power.add("exit " + status);
            }

            @Override
            public void reportCrash(GuestCrash crash) {
                power.add("crash");
            }
        };
        BoardConfig config = new BoardConfig(firmware, BoardMap.PM_BASE, 0xF4, () -> START.plusNanos(clock.nanoTime()), 2,
                java.util.Optional.empty());
        board = new Board(config, ports, mmio, memory, clock, fabric, control, lock);
    }

    public int in(int port) {
        return ports.read(port, 1);
    }

    public int in16(int port) {
        return ports.read(port, 2);
    }

    public int in32(int port) {
        return ports.read(port, 4);
    }

    public void out(int port, int... values) {
        for (int value : values) {
            ports.write(port, 1, value);
        }
    }

    public void out16(int port, int value) {
        ports.write(port, 2, value);
    }

    public void out32(int port, int value) {
        ports.write(port, 4, value);
    }

    /** The INTA cycle. */
    public int acknowledge() {
        return source.acknowledge();
    }

    public void endOfInterrupt(int vector) {
        eoi.endOfInterrupt(vector);
    }

    /** Moves the standing clock on; timers do not run while it stands. */
    public void advance(long by) {
        nanos += by;
        clock.restore(nanos);
    }

    /** Lets the clock run until the condition holds or five seconds have passed. */
    public boolean runUntil(java.util.function.BooleanSupplier condition) throws InterruptedException {
        clock.resume();
        long end = System.nanoTime() + 5_000_000_000L;
        boolean met = false;
        while (!met && System.nanoTime() < end) {
            Thread.sleep(1);
            lock.lock();
            try {
                met = condition.getAsBoolean();
            } finally {
                lock.unlock();
            }
        }
        clock.pause();
        nanos = clock.nanoTime();
        return met;
    }

    /** The usual initialisation of both PICs: vectors 20 and 28, everything masked but {@code unmasked}. */
    public void initialisePics(int unmasked) {
        out(0x20, 0x11);
        out(0x21, 0x20, 0x04, 0x01);
        out(0xA0, 0x11);
        out(0xA1, 0x28, 0x02, 0x01);
        out(0x21, ~unmasked & 0xFF);
        out(0xA1, ~unmasked >> 8 & 0xFF);
    }

    public int readIoApic(int register) {
        mmio.write(0xFEC0_0000L, 4, register);
        return (int) mmio.read(0xFEC0_0010L, 4);
    }

    public void writeIoApic(int register, int value) {
        mmio.write(0xFEC0_0000L, 4, register);
        mmio.write(0xFEC0_0010L, 4, value);
    }

    @Override
    public void close() {
        board.close();
        clock.close();
    }
}
