package org.viridian.devices.emulated.timer;

import java.time.InstantSource;
import java.time.LocalDateTime;
import org.viridian.devices.emulated.BytePortDevice;
import org.viridian.engine.bus.PortBus;
import org.viridian.engine.clock.VmClock;
import org.viridian.engine.device.Counter;
import org.viridian.engine.interrupt.InterruptLine;

/**
 * MC146818-compatible clock with 128 bytes of CMOS at 70–71, a second bank of 128 at 72–73 (82371AB, "RTC"). The time
 * is the host's in UTC plus what the guest has set, so it is right after a pause too. IRQ 8.
 *
 * <p>Thread rule: under the device lock.
 */
public final class Rtc extends BytePortDevice {
    private static final long SECOND = 1_000_000_000L;
    /** UIP rises this long before the update (MC146818, "Update cycle"). */
    private static final long UIP_NANOS = 244_000;
    private static final long CRYSTAL = 32_768;
    private static final int CENTURY = 0x32;
    private static final int[] TIME_REGISTERS = {0, 2, 4, 6, 7, 8, 9, CENTURY};

    private static final int A_NORMAL_DIVIDER = 0x20;
    private static final int A_DIVIDER = 0x70;
    private static final int B_SET = 0x80;
    private static final int B_PIE = 0x40;
    private static final int B_AIE = 0x20;
    private static final int B_UIE = 0x10;
    private static final int B_BINARY = 0x04;
    private static final int B_24_HOURS = 0x02;
    private static final int C_IRQF = 0x80;
    private static final int C_PF = 0x40;
    private static final int C_AF = 0x20;
    private static final int C_UF = 0x10;

    /** Volatile state; {@code checked} is guest wall time in ns up to which the flags are right. */
    public record State(byte[] cmos, int index, int extendedIndex, int flags, long offset, long frozen, long checked) {}

    // Glue.
    private final VmClock clock;
    private final InstantSource wall;
    private final InterruptLine irq8;
    private final VmClock.Timer timer;
    private final Counter interrupts = node().counter("interrupts");

    // Volatile. CMOS and the offset survive a reset: they hang on the battery.
    private final byte[] cmos = new byte[256];
    private int index;
    private int extendedIndex;
    private int flags;
    /** Guest wall time minus host wall time, ns. */
    private long offset;
    /** Nanoseconds into the second at which the clock was stopped, or -1 while it runs. Stopped, CMOS holds the date. */
    private long frozen = -1;
    private long checked;

    /**
     * @param clock the VM's time, for interrupts
     * @param wall the host's wall clock
     * @param irq8 the interrupt wire
     */
    public Rtc(VmClock clock, InstantSource wall, InterruptLine irq8) {
        super("rtc", "MC146818 real-time clock", "system", clock::nanoTime);
        this.clock = clock;
        this.wall = wall;
        this.irq8 = irq8;
        this.timer = clock.timer(this::due);
        node().resource("ports", () -> "0070-0073");
        node().resource("irq", () -> "8");
        cmos[0x0A] = 0x26;
        cmos[0x0B] = B_24_HOURS;
        checked = now();
    }

    /** Registers the ports. */
    public void attach(PortBus ports) {
        ports.register(0x70, 4, this);
    }

    /** Sets a CMOS byte that firmware reads, such as 0F or 5F; the clock's own registers 00–0D and 32 are refused. */
    public void cmos(int register, int value) {
        if (register < 0x0E || register > 0xFF || register == CENTURY) {
            throw new IllegalArgumentException("CMOS register 0x%x".formatted(register));
        }
        cmos[register] = (byte) value;
    }

    private int status(int register) {
        return cmos[register] & 0xFF;
    }

    private boolean stopped() {
        return (status(0x0B) & B_SET) != 0 || (status(0x0A) & A_DIVIDER) != A_NORMAL_DIVIDER;
    }

    /** Guest wall time, ns since the epoch. */
    private long now() {
        return frozen >= 0 ? heldSecond() * SECOND + frozen : RtcTime.nanos(wall.instant()) + offset;
    }

    private boolean binary() {
        return (status(0x0B) & B_BINARY) != 0;
    }

    private boolean hours24() {
        return (status(0x0B) & B_24_HOURS) != 0;
    }

    @Override
    protected int readByte(int port) {
        return switch (port) {
            case 0x71 -> readRegister(index);
            case 0x72 -> extendedIndex;
            case 0x73 -> cmos[0x80 | extendedIndex] & 0xFF;
            default -> 0xFF;
        };
    }

    @Override
    protected void writeByte(int port, int value) {
        switch (port) {
            // Bit 7 masks NMI; nothing here raises one.
            case 0x70 -> index = value & 0x7F;
            case 0x71 -> writeRegister(index, value);
            case 0x72 -> extendedIndex = value & 0x7F;
            case 0x73 -> cmos[0x80 | extendedIndex] = (byte) value;
            default -> { }
        }
    }

    private int readRegister(int register) {
        return switch (register) {
            case 0, 2, 4, 6, 7, 8, 9, CENTURY -> timeRegister(register);
            case 0x0A -> status(0x0A) | (updating() ? 0x80 : 0);
            case 0x0C -> readFlags();
            case 0x0D -> 0x80;
            default -> cmos[register] & 0xFF;
        };
    }

    private boolean updating() {
        return frozen < 0 && Math.floorMod(now(), SECOND) >= SECOND - UIP_NANOS;
    }

    private int timeRegister(int register) {
        return frozen >= 0 ? status(register) : timeRegister(register, RtcTime.fields(Math.floorDiv(now(), SECOND)));
    }

    private int timeRegister(int register, LocalDateTime time) {
        return switch (register) {
            case 0 -> RtcTime.encode(time.getSecond(), binary());
            case 2 -> RtcTime.encode(time.getMinute(), binary());
            case 4 -> RtcTime.encodeHour(time.getHour(), binary(), hours24());
            case 6 -> RtcTime.encode(time.getDayOfWeek().getValue() % 7 + 1, binary());
            case 7 -> RtcTime.encode(time.getDayOfMonth(), binary());
            case 8 -> RtcTime.encode(time.getMonthValue(), binary());
            case 9 -> RtcTime.encode(time.getYear() % 100, binary());
            default -> RtcTime.encode(time.getYear() / 100, false);
        };
    }

    /** Puts the running time into the CMOS bytes, where a guest can change it field by field. */
    private void hold(long now) {
        LocalDateTime time = RtcTime.fields(Math.floorDiv(now, SECOND));
        for (int register : TIME_REGISTERS) {
            cmos[register] = (byte) timeRegister(register, time);
        }
    }

    /** The second that the held CMOS bytes name. */
    private long heldSecond() {
        long second = RtcTime.epochSecond(
                RtcTime.decode(status(CENTURY), false) * 100 + RtcTime.decode(status(9), binary()) % 100,
                RtcTime.decode(status(8), binary()),
                RtcTime.decode(status(7), binary()),
                RtcTime.decodeHour(status(4), binary(), hours24()),
                RtcTime.decode(status(2), binary()),
                RtcTime.decode(status(0), binary()));
        // What 64 bits of nanoseconds since the epoch can hold, with room to run on.
        return Math.clamp(second, 0L, 9_000_000_000L);
    }

    private void writeRegister(int register, int value) {
        switch (register) {
            case 0, 2, 4, 7, 8, 9, CENTURY -> setTime(register, value);
            case 1, 3, 5 -> {
                collect();
                cmos[register] = (byte) value;
            }
            // The day of the week follows from the date.
            case 6, 0x0C, 0x0D -> { }
            case 0x0A, 0x0B -> setStatus(register, register == 0x0A ? value & 0x7F : value);
            default -> cmos[register] = (byte) value;
        }
        schedule();
    }

    private void setTime(int register, int value) {
        if (frozen >= 0) {
            cmos[register] = (byte) value;
            return;
        }
        collect();
        long now = now();
        hold(now);
        cmos[register] = (byte) value;
        offset += heldSecond() * SECOND + Math.floorMod(now, SECOND) - now;
        checked = now();
    }

    private void setStatus(int register, int value) {
        collect();
        boolean before = stopped();
        boolean dividerBefore = (status(0x0A) & A_DIVIDER) == A_NORMAL_DIVIDER;
        cmos[register] = (byte) value;
        boolean dividerNow = (status(0x0A) & A_DIVIDER) == A_NORMAL_DIVIDER;
        if (register == 0x0B && (value & B_SET) != 0) {
            cmos[register] &= ~B_UIE;
        }
        if (!before && stopped()) {
            long now = now();
            hold(now);
            frozen = Math.floorMod(now, SECOND);
        }
        if (!dividerBefore && dividerNow) {
            // The first update comes half a second after the divider is released.
            frozen = SECOND / 2;
        }
        if (before && !stopped()) {
            offset = now() - RtcTime.nanos(wall.instant());
            frozen = -1;
        }
        checked = now();
        update();
    }

    private int readFlags() {
        collect();
        int value = flags | (irq() ? C_IRQF : 0);
        flags = 0;
        update();
        schedule();
        return value;
    }

    private boolean irq() {
        return (flags & status(0x0B) & (B_PIE | B_AIE | B_UIE)) != 0;
    }

    private void update() {
        irq8.set(irq());
    }

    /** Period of the periodic interrupt in crystal ticks, or 0. Rates 1 and 2 repeat 8 and 9. */
    private int period() {
        int rate = status(0x0A) & 0x0F;
        return rate == 0 ? 0 : 1 << (rate <= 2 ? rate + 6 : rate - 1);
    }

    /** Sets the flags of everything that has happened since the last look. */
    private void collect() {
        long now = now();
        if (now > checked && frozen < 0) {
            long from = Math.floorDiv(checked, SECOND);
            long to = Math.floorDiv(now, SECOND);
            if (to > from) {
                flags |= C_UF;
                long alarm = nextAlarm(from);
                if (alarm >= 0 && alarm <= to) {
                    flags |= C_AF;
                }
            }
            int period = period();
            if (period != 0 && Ticks32k.at(now) / period != Ticks32k.at(checked) / period) {
                flags |= C_PF;
            }
        }
        // A host clock that was set back must not leave the flags waiting for it.
        checked = now;
    }

    /** The first second after {@code after} whose time of day matches the alarm, or -1 when none ever does. */
    private long nextAlarm(long after) {
        int second = any(1) ? -1 : RtcTime.decode(status(1), binary());
        int minute = any(3) ? -1 : RtcTime.decode(status(3), binary());
        int hour = any(5) ? -1 : RtcTime.decodeHour(status(5), binary(), hours24());
        if (second > 59 || minute > 59 || hour > 23) {
            return -1;
        }
        long candidate = after + 1;
        // Each round moves to the start of the next hour, minute or second that is not yet excluded.
        for (int round = 0; round < 24 + 60 + 60 + 3; round++) {
            int ofDay = (int) Math.floorMod(candidate, 86400L);
            if (hour >= 0 && ofDay / 3600 != hour) {
                candidate += 3600 - ofDay % 3600;
            } else if (minute >= 0 && ofDay / 60 % 60 != minute) {
                candidate += 60 - ofDay % 60;
            } else if (second >= 0 && ofDay % 60 != second) {
                candidate++;
            } else {
                return candidate;
            }
        }
        return -1;
    }

    private boolean any(int register) {
        return (status(register) & 0xC0) == 0xC0;
    }

    private void due() {
        boolean before = irq();
        collect();
        if (!before && irq()) {
            interrupts.increment();
        }
        update();
        schedule();
    }

    /** Arms the timer for the next event whose interrupt is wanted; while the wire is up there is nothing to wait for. */
    private void schedule() {
        int enabled = status(0x0B) & ~flags;
        if (frozen >= 0 || irq() || (enabled & (B_PIE | B_AIE | B_UIE)) == 0) {
            timer.cancel();
            return;
        }
        long now = now();
        long next = Long.MAX_VALUE;
        if ((enabled & B_UIE) != 0) {
            next = (Math.floorDiv(now, SECOND) + 1) * SECOND;
        }
        if ((enabled & B_AIE) != 0) {
            long alarm = nextAlarm(Math.floorDiv(now, SECOND));
            next = alarm < 0 ? next : Math.min(next, alarm * SECOND);
        }
        if ((enabled & B_PIE) != 0 && period() != 0) {
            next = Math.min(next, Ticks32k.nanosOf((Ticks32k.at(now) / period() + 1) * period()));
        }
        if (next == Long.MAX_VALUE) {
            timer.cancel();
        } else {
            timer.arm(clock.nanoTime() + (next - now));
        }
    }

    @Override
    public void reset() {
        idleAfterReset();
        // The datasheet's RESET clears the interrupt enables and flags and keeps time, alarm and CMOS.
        cmos[0x0B] &= ~(B_PIE | B_AIE | B_UIE | 0x08);
        index = extendedIndex = flags = 0;
        checked = now();
        timer.cancel();
        irq8.set(false);
    }

    @Override
    public Record save() {
        collect();
        return new State(cmos.clone(), index, extendedIndex, flags, offset, frozen, checked);
    }

    @Override
    public void restore(Record state) {
        State s = own(State.class, state);
        if (s.cmos == null || s.cmos.length != cmos.length) {
            throw new IllegalArgumentException("rtc state has not 256 bytes of CMOS");
        }
        System.arraycopy(s.cmos, 0, cmos, 0, cmos.length);
        index = s.index & 0x7F;
        extendedIndex = s.extendedIndex & 0x7F;
        flags = s.flags & (C_PF | C_AF | C_UF);
        offset = s.offset;
        frozen = stopped() ? Math.clamp(s.frozen, 0L, SECOND - 1) : -1;
        checked = s.checked;
        update();
        schedule();
    }

    /** The crystal, counted from the epoch. */
    private static final class Ticks32k {
        static long at(long nanos) {
            return org.viridian.devices.emulated.Ticks.at(nanos, CRYSTAL);
        }

        static long nanosOf(long ticks) {
            return org.viridian.devices.emulated.Ticks.nanosOf(ticks, CRYSTAL);
        }
    }
}
