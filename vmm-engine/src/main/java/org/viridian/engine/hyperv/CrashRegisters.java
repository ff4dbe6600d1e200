package org.viridian.engine.hyperv;

import java.nio.charset.StandardCharsets;
import org.viridian.engine.memory.GuestMemory;
import org.viridian.engine.memory.GuestMemoryException;
import org.viridian.engine.partition.GuestCrash;
import org.viridian.engine.partition.PowerControl;

/**
 * The registers through which a guest reports its own death (TLFS, "Guest Crash Enlightenment"): five parameters and a
 * control register whose writing is the report. With the message bit, parameter 3 is the address and 4 the length of
 * the guest's log text.
 *
 * <p>Thread rule: callers hold the partition-wide lock.
 */
final class CrashRegisters {
    private static final long NOTIFY = 1L << 63;
    private static final long MESSAGE = 1L << 62;
    private static final long SUPPORTED = NOTIFY | MESSAGE;
    private static final int MAX_MESSAGE = 4096;

    private final GuestMemory memory;
    private final PowerControl power;
    private final long[] parameters = new long[5];

    CrashRegisters(GuestMemory memory, PowerControl power) {
        this.memory = memory;
        this.power = power;
    }

    long parameter(int number) {
        return parameters[number];
    }

    void parameter(int number, long value) {
        parameters[number] = value;
    }

    /** What CRASH_CTL reads. */
    long control() {
        return SUPPORTED;
    }

    /** Writes CRASH_CTL. */
    void control(long value) {
        if ((value & NOTIFY) != 0) {
            power.reportCrash(new GuestCrash(parameters[0], parameters[1], parameters[2], parameters[3], parameters[4],
                    (value & MESSAGE) != 0 ? message(parameters[3], parameters[4]) : ""));
        }
    }

    private String message(long address, long length) {
        if (length <= 0) {
            return "";
        }
        byte[] text = new byte[(int) Math.min(length, MAX_MESSAGE)];
        try {
            memory.read(address, text, 0, text.length);
        } catch (GuestMemoryException notRam) {
            return "";
        }
        return new String(text, StandardCharsets.UTF_8);
    }

    long[] save() {
        return parameters.clone();
    }

    void restore(long[] saved) {
        System.arraycopy(saved, 0, parameters, 0, parameters.length);
    }

    void reset() {
        java.util.Arrays.fill(parameters, 0);
    }
}
