package org.viridian.devices.emulated.timer;

import java.util.List;
import org.viridian.devices.emulated.BytePortDevice;
import org.viridian.devices.emulated.Ticks;
import org.viridian.engine.bus.PortBus;
import org.viridian.engine.clock.VmClock;
import org.viridian.engine.device.Counter;
import org.viridian.engine.interrupt.InterruptLine;

/**
 * The 8254 interval timer at 40–43 and the system control port 61 that gates its channel 2 (Intel 231164; 82371AB,
 * "NMI Status and Control"). Channel 0 drives IRQ 0. A VM that programs no channel pays for none.
 *
 * <p>Thread rule: under the device lock.
 */
public final class Pit8254 extends BytePortDevice {
    /** Input frequency, Hz. */
    public static final long FREQUENCY = 1_193_182;

    /** Channel 1 refreshed DRAM every 15 µs; guests use port 61 bit 4 as a delay. */
    private static final int REFRESH_TICKS = 18;

    /** Volatile state of one counter; times in ticks, {@code held} = -1 while it counts, {@code statusLatch} = -1 for none. */
    public record Channel(int control, int reload, long start, int nextReload, long nextStart, boolean loaded, boolean gate,
            long held, int writeLow, boolean writeHigh, boolean readHigh, int latch, int latchBytes, int statusLatch,
            boolean triggered) {}

    /** Volatile state: the three channels and the writable bits of port 61. */
    public record State(List<Channel> channels, int portB) {}

    // Glue.
    private final VmClock clock;
    private final InterruptLine irq0;
    private final VmClock.Timer timer;
    private final Counter interrupts = node().counter("interrupts");

    // Volatile.
    private final PitChannel[] channels = {new PitChannel(true), new PitChannel(true), new PitChannel(false)};
    private int portB;
    /** Tick of channel 0's next rising edge. */
    private long nextRise = PitChannel.NEVER;
    /** Edges that the host was too late for and that are still to be delivered. */
    private long owed;
    /** Tick the timer is armed for. */
    private long armedFor = PitChannel.NEVER;

    /**
     * @param clock the VM's time
     * @param irq0 where channel 0's OUT leads
     */
    public Pit8254(VmClock clock, InterruptLine irq0) {
        super("pit", "8254 timer and speaker port", "system", clock::nanoTime);
        this.clock = clock;
        this.irq0 = irq0;
        this.timer = clock.timer(this::outRose);
        node().resource("ports", () -> "0040-0043, 0061");
        node().resource("irq", () -> "0");
    }

    /** Registers the ports. */
    public void attach(PortBus ports) {
        ports.register(0x40, 4, this);
        ports.register(0x61, 1, this);
    }

    private long now() {
        return Ticks.at(clock.nanoTime(), FREQUENCY);
    }

    private void outRose() {
        long now = now();
        if (now < armedFor) {
            // The guest reprogrammed the channel while this call waited for the lock.
            return;
        }
        if (now >= nextRise) {
            long period = channels[0].period();
            // A guest that counts ticks must not lose time because the host was late; what it masks, it loses itself.
            owed = period == 0 ? 1 : Math.min(owed + 1 + (now - nextRise) / period, FREQUENCY / period + 1);
            nextRise = channels[0].nextRise(now);
        }
        if (owed > 0) {
            owed--;
            interrupts.increment();
            irq0.set(false);
            irq0.set(true);
        }
        arm(now);
    }

    /** Waits for the next edge, or for half a period when one is owed, so that the guest can take it for itself. */
    private void arm(long now) {
        armedFor = owed > 0 ? Math.min(nextRise, now + Math.max(1, channels[0].period() / 2)) : nextRise;
        if (armedFor == PitChannel.NEVER) {
            timer.cancel();
        } else {
            timer.arm(Ticks.nanosOf(armedFor, FREQUENCY));
        }
    }

    private void schedule() {
        long now = now();
        owed = 0;
        nextRise = channels[0].nextRise(now);
        arm(now);
    }

    @Override
    protected int readByte(int port) {
        long now = now();
        return switch (port) {
            case 0x40, 0x41, 0x42 -> channels[port & 3].read(now);
            case 0x61 -> portB
                    | ((now / REFRESH_TICKS & 1) != 0 ? 0x10 : 0)
                    | (channels[2].out(now) ? 0x20 : 0);
            default -> 0xFF;
        };
    }

    @Override
    protected void writeByte(int port, int value) {
        long now = now();
        switch (port) {
            case 0x40, 0x41, 0x42 -> {
                channels[port & 3].write(value, now);
                if (port == 0x40) {
                    channelZeroChanged(now);
                }
            }
            case 0x43 -> command(value, now);
            case 0x61 -> {
                portB = value & 0x0F;
                channels[2].gate((value & 1) != 0, now);
            }
            default -> { }
        }
    }

    private void command(int value, long now) {
        int select = value >> 6;
        if (select == 3) {
            for (int i = 0; i < 3; i++) {
                if ((value >> 1 + i & 1) != 0) {
                    if ((value & 0x20) == 0) {
                        channels[i].latchCount(now);
                    }
                    if ((value & 0x10) == 0) {
                        channels[i].latchStatus(now);
                    }
                }
            }
        } else if ((value & 0x30) == 0) {
            channels[select].latchCount(now);
        } else {
            channels[select].control(value);
            if (select == 0) {
                channelZeroChanged(now);
            }
        }
    }

    private void channelZeroChanged(long now) {
        irq0.set(channels[0].out(now));
        schedule();
    }

    /** True while the guest lets channel 2 through to the speaker. */
    public boolean speaker() {
        return (portB & 3) == 3;
    }

    @Override
    public void reset() {
        idleAfterReset();
        timer.cancel();
        nextRise = armedFor = PitChannel.NEVER;
        owed = 0;
        channels[0].reset(true);
        channels[1].reset(true);
        channels[2].reset(false);
        portB = 0;
        irq0.set(false);
    }

    @Override
    public Record save() {
        return new State(List.of(channels[0].save(), channels[1].save(), channels[2].save()), portB);
    }

    @Override
    public void restore(Record state) {
        State s = own(State.class, state);
        if (s.channels == null || s.channels.size() != channels.length) {
            throw new IllegalArgumentException("pit state has not three channels");
        }
        for (int i = 0; i < channels.length; i++) {
            channels[i].restore(own(Channel.class, s.channels.get(i)));
        }
        portB = s.portB & 0x0F;
        irq0.set(channels[0].out(now()));
        schedule();
    }
}
