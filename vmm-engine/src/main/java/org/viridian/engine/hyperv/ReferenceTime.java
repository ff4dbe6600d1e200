package org.viridian.engine.hyperv;

import java.lang.invoke.VarHandle;
import java.math.BigInteger;
import java.util.function.LongSupplier;
import org.viridian.engine.memory.GuestMemory;
import org.viridian.engine.memory.GuestMemoryException;

/**
 * The partition's reference time in 100 ns (TLFS, "Timers"): a counter register and a page that lets the guest compute
 * the same from its TSC, {@code high64(TSC * scale) + offset}. Both use one formula, or time would jump back when a
 * guest changes from one to the other.
 *
 * <p>Thread rule: callers hold the partition-wide lock, except for {@link #at}.
 */
final class ReferenceTime {
    private static final long TICKS_PER_SECOND = 10_000_000;
    private static final int SEQUENCE = 0;
    private static final int SCALE = 8;
    private static final int OFFSET = 16;
    /** "Not valid, read the register" to every guest. */
    private static final int INVALID = 0;

    private final GuestMemory memory;
    private final LongSupplier virtualNanos;
    /** 2^64 fractions of a 100 ns tick in one TSC tick; 0 when the TSC is too slow for 64 bits. */
    private final long scale;
    private final long frequency;

    // Volatile state. Null until somebody asks first: the TSC is only known once processors exist.
    private volatile Long offset;
    private long register;
    private int sequence;

    /**
     * @param frequency of the guest's TSC, Hz
     * @param virtualNanos the VM's clock, from which the count starts
     */
    ReferenceTime(GuestMemory memory, long frequency, LongSupplier virtualNanos) {
        if (frequency <= 0) {
            throw new IllegalArgumentException("TSC at " + frequency + " Hz");
        }
        this.memory = memory;
        this.virtualNanos = virtualNanos;
        this.frequency = frequency;
        this.scale = scaleOf(frequency);
    }

    static long scaleOf(long frequency) {
        BigInteger scale = BigInteger.valueOf(TICKS_PER_SECOND).shiftLeft(64).divide(BigInteger.valueOf(frequency));
        return scale.bitLength() > 64 ? 0 : scale.longValue();
    }

    private long scaled(long timestamp) {
        if (scale != 0) {
            return Math.unsignedMultiplyHigh(timestamp, scale);
        }
        return timestamp / frequency * TICKS_PER_SECOND + timestamp % frequency * TICKS_PER_SECOND / frequency;
    }

    /** The reference time at TSC {@code timestamp}. */
    long at(long timestamp) {
        Long now = offset;
        return scaled(timestamp) + (now != null ? now : anchor(timestamp));
    }

    private synchronized long anchor(long timestamp) {
        if (offset == null) {
            offset = virtualNanos.getAsLong() / 100 - scaled(timestamp);
        }
        return offset;
    }

    long register() {
        return register;
    }

    int sequence() {
        return sequence;
    }

    /** Writes MSR 0x40000021 on a processor whose TSC reads {@code timestamp}. */
    void register(long value, long timestamp) {
        register = value;
        at(timestamp);
        publish();
    }

    /** Makes the reference time at TSC {@code timestamp} equal {@code time}, and tells the guest. */
    void continueFrom(long time, long timestamp) {
        offset = time - scaled(timestamp);
        publish();
    }

    /** Takes over a restored VM's registers; {@link #continueFrom} follows. */
    void restore(long restoredRegister, int restoredSequence) {
        register = restoredRegister;
        sequence = restoredSequence;
    }

    /** The machine was reset; its TSC may have been, too. */
    void reset() {
        register = 0;
        sequence = 0;
        offset = null;
    }

    private void publish() {
        if ((register & SyntheticMsr.ENABLE) == 0) {
            return;
        }
        long page = register & SyntheticMsr.PAGE;
        try {
            memory.writeIntRelease(page + SEQUENCE, INVALID);
            VarHandle.fullFence();
            memory.writeInt(page + SEQUENCE + 4, 0);
            memory.writeLong(page + SCALE, scale);
            memory.writeLong(page + OFFSET, offset);
            VarHandle.fullFence();
            if (scale != 0) {
                // All ones is invalid to old readers.
                sequence = sequence == -2 || sequence == -1 ? 1 : sequence + 1;
                memory.writeIntRelease(page + SEQUENCE, sequence);
            }
        } catch (GuestMemoryException notRam) {
            // The guest put the page outside RAM: the register keeps the value, and there is nothing to read.
        }
    }
}
