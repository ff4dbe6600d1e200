package org.viridian.devices.emulated.timer;

/**
 * One counter of an 8254 (Intel 231164), computed from the tick it was loaded at instead of being counted down: what
 * is read is exact for the moment of the read. Times are in ticks of 1.193182 MHz since power-on.
 */
final class PitChannel {
    static final long NEVER = Long.MAX_VALUE;

    // Volatile state.
    /** Bits 5:0 of the control word: access in 5:4, mode in 3:1, BCD in 0. */
    private int control;
    /** The count in effect, 1–65536. */
    private int reload;
    /** Tick at which the count in effect was loaded. */
    private long start;
    /** A count that a periodic mode takes over at {@code nextStart}; 0 = none. */
    private int nextReload;
    private long nextStart;
    private boolean loaded;
    private boolean gate;
    /** Elapsed ticks when the gate stopped the counter, or -1 while it runs. */
    private long held;
    private int writeLow;
    private boolean writeHigh;
    private boolean readHigh;
    private int latch;
    private int latchBytes;
    private int statusLatch;
    /** Modes 1 and 5: a trigger has been seen since the control word. */
    private boolean triggered;

    PitChannel(boolean gate) {
        reset(gate);
    }

    void reset(boolean gateLevel) {
        control = 0;
        reload = 0x10000;
        start = nextStart = 0;
        nextReload = 0;
        loaded = false;
        gate = gateLevel;
        held = -1;
        writeLow = latch = latchBytes = 0;
        writeHigh = readHigh = triggered = false;
        statusLatch = -1;
    }

    private int mode() {
        int mode = control >> 1 & 7;
        return mode > 5 ? mode & 3 : mode;
    }

    private boolean bcd() {
        return (control & 1) != 0;
    }

    private int access() {
        return control >> 4 & 3;
    }

    private boolean periodic() {
        return mode() == 2 || mode() == 3;
    }

    private boolean retriggered() {
        return mode() == 1 || mode() == 5;
    }

    /** A control word that is neither a latch nor a read-back command. */
    void control(int value) {
        control = value & 0x3F;
        loaded = false;
        triggered = false;
        nextReload = 0;
        writeHigh = readHigh = false;
        latchBytes = 0;
        statusLatch = -1;
        held = -1;
    }

    /** Takes over a waiting count whose time has come. */
    private void advance(long now) {
        if (nextReload != 0 && periodic() && now >= nextStart && held < 0) {
            reload = nextReload;
            start = nextStart;
            nextReload = 0;
        }
    }

    void write(int value, long now) {
        advance(now);
        switch (access()) {
            case 1 -> load(value, now);
            case 2 -> load(value << 8, now);
            default -> {
                if (!writeHigh) {
                    writeLow = value;
                    writeHigh = true;
                    if (mode() == 0) {
                        // In mode 0 the first byte stops the count and lowers OUT.
                        loaded = false;
                    }
                } else {
                    writeHigh = false;
                    load(value << 8 | writeLow, now);
                }
            }
        }
    }

    private void load(int raw, long now) {
        int count = bcd() ? fromBcd(raw) : raw;
        if (count == 0) {
            count = bcd() ? 10000 : 0x10000;
        }
        if (periodic() && count == 1) {
            // The datasheet forbids 1 here; the next legal count keeps the period finite.
            count = 2;
        }
        if (loaded && periodic() && held < 0) {
            long elapsed = now - start;
            nextStart = elapsed < 0 ? start : start + (elapsed / reload + 1) * reload;
            nextReload = count;
            return;
        }
        if (retriggered()) {
            // A running pulse goes on; the next trigger uses the new count.
            if (triggered && loaded) {
                nextReload = count;
            } else {
                reload = count;
            }
            loaded = true;
            return;
        }
        reload = count;
        loaded = true;
        start = now + 1;
        held = gate ? -1 : 0;
    }

    void gate(boolean level, long now) {
        if (level == gate) {
            return;
        }
        advance(now);
        gate = level;
        if (retriggered()) {
            if (level) {
                triggered = true;
                start = now + 1;
                if (nextReload != 0) {
                    reload = nextReload;
                    nextReload = 0;
                }
            }
        } else if (loaded) {
            if (!level) {
                held = Math.max(0, now - start);
            } else {
                start = periodic() ? now + 1 : now - held;
                held = -1;
            }
        }
    }

    private long elapsed(long now) {
        return held >= 0 ? held : now - start;
    }

    /** The level of OUT. */
    boolean out(long now) {
        advance(now);
        long e = elapsed(now);
        return switch (mode()) {
            case 0 -> loaded && e >= reload;
            case 1 -> !loaded || !triggered || e < 0 || e >= reload;
            case 2 -> !loaded || held >= 0 || e < 0 || e % reload != reload - 1;
            case 3 -> !loaded || held >= 0 || e < 0 || e % reload < (reload + 1) / 2;
            case 4 -> !loaded || e != reload;
            default -> !loaded || !triggered || e != reload;
        };
    }

    /** The next tick after {@code now} at which OUT rises, or {@link #NEVER}. */
    long nextRise(long now) {
        advance(now);
        if (!loaded || held >= 0 || retriggered() && !triggered) {
            return NEVER;
        }
        long e = now - start;
        return switch (mode()) {
            case 0, 1 -> e < reload ? start + reload : NEVER;
            case 2, 3 -> e < 0 ? start + reload : start + (e / reload + 1) * reload;
            default -> e < reload + 1 ? start + reload + 1 : NEVER;
        };
    }

    /** Ticks from one rising edge to the next, or 0 when there is no next. */
    long period() {
        return periodic() && loaded ? reload : 0;
    }

    /** The counting element at {@code now}, as the guest would read it. */
    private int count(long now) {
        advance(now);
        long e = Math.max(0, elapsed(now));
        long value;
        if (!loaded || retriggered() && !triggered) {
            value = reload;
        } else if (mode() == 2) {
            value = reload - e % reload;
        } else if (mode() == 3) {
            long phase = e % reload;
            long half = (reload + 1) / 2;
            value = (reload & ~1) - 2 * (phase < half ? phase : phase - half);
        } else {
            value = reload - e;
        }
        if (bcd()) {
            return toBcd((int) Math.floorMod(value, 10000L));
        }
        return (int) value & 0xFFFF;
    }

    /** Counter latch command; a second one before the first is read is ignored. */
    void latchCount(long now) {
        if (latchBytes == 0) {
            latch = count(now);
            latchBytes = access() == 3 || access() == 0 ? 2 : 1;
        }
    }

    /** Read-back command, status part. */
    void latchStatus(long now) {
        if (statusLatch < 0) {
            boolean nullCount = !loaded || nextReload != 0 || held < 0 && !retriggered() && now < start;
            statusLatch = (out(now) ? 0x80 : 0) | (nullCount ? 0x40 : 0) | control;
        }
    }

    int read(long now) {
        if (statusLatch >= 0) {
            int status = statusLatch;
            statusLatch = -1;
            return status;
        }
        int value = latchBytes > 0 ? latch : count(now);
        if (latchBytes > 0) {
            latchBytes--;
        }
        return switch (access()) {
            case 1 -> value & 0xFF;
            case 2 -> value >> 8;
            default -> {
                boolean high = readHigh;
                readHigh = !readHigh;
                yield high ? value >> 8 : value & 0xFF;
            }
        };
    }

    boolean gate() {
        return gate;
    }

    private static int fromBcd(int raw) {
        return (raw >> 12 & 15) * 1000 + (raw >> 8 & 15) * 100 + (raw >> 4 & 15) * 10 + (raw & 15);
    }

    private static int toBcd(int value) {
        return value / 1000 << 12 | value / 100 % 10 << 8 | value / 10 % 10 << 4 | value % 10;
    }

    Pit8254.Channel save() {
        return new Pit8254.Channel(control, reload, start, nextReload, nextStart, loaded, gate, held, writeLow, writeHigh, readHigh, latch,
                latchBytes, statusLatch, triggered);
    }

    void restore(Pit8254.Channel s) {
        if (s.reload() < 1 || s.reload() > 0x19999 || s.nextReload() < 0 || s.nextReload() > 0x19999) {
            throw new IllegalArgumentException("pit count %d, %d".formatted(s.reload(), s.nextReload()));
        }
        control = s.control() & 0x3F;
        reload = s.reload();
        start = s.start();
        nextReload = s.nextReload();
        nextStart = s.nextStart();
        loaded = s.loaded();
        gate = s.gate();
        held = s.held();
        writeLow = s.writeLow() & 0xFF;
        writeHigh = s.writeHigh();
        readHigh = s.readHigh();
        latch = s.latch() & 0xFFFF;
        latchBytes = Math.clamp(s.latchBytes(), 0, 2);
        statusLatch = s.statusLatch();
        triggered = s.triggered();
    }
}
