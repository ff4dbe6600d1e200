package org.viridian.devices.emulated.timer;

import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;

/** The MC146818's ten time and alarm registers as numbers: conversions between a point in time and register bytes. */
final class RtcTime {
    private RtcTime() {}

    /** A register's value in the encoding of status B: binary or BCD. */
    static int encode(int value, boolean binary) {
        return binary ? value : value / 10 << 4 | value % 10;
    }

    /** The number in a register; nonsense BCD yields a number, never an exception. */
    static int decode(int register, boolean binary) {
        return binary ? register : (register >> 4 & 15) * 10 + (register & 15);
    }

    /** An hour in 24- or 12-hour form; bit 7 is PM. */
    static int encodeHour(int hour, boolean binary, boolean hours24) {
        if (hours24) {
            return encode(hour, binary);
        }
        int twelve = hour % 12 == 0 ? 12 : hour % 12;
        return encode(twelve, binary) | (hour >= 12 ? 0x80 : 0);
    }

    /** The hour 0–23 (or nonsense) in a register. */
    static int decodeHour(int register, boolean binary, boolean hours24) {
        if (hours24) {
            return decode(register, binary);
        }
        return decode(register & 0x7F, binary) % 12 + ((register & 0x80) != 0 ? 12 : 0);
    }

    /** Seconds since the epoch in UTC, as fields. */
    static LocalDateTime fields(long epochSecond) {
        return LocalDateTime.ofEpochSecond(epochSecond, 0, ZoneOffset.UTC);
    }

    /** Seconds since the epoch of fields a guest wrote; each is brought into its range first. */
    static long epochSecond(int year, int month, int day, int hour, int minute, int second) {
        LocalDateTime first = LocalDateTime.of(Math.clamp(year, 1, 9999), Math.clamp(month, 1, 12), 1, 0, 0);
        return first.toEpochSecond(ZoneOffset.UTC)
                + 86400L * (Math.clamp(day, 1, 31) - 1)
                + 3600L * Math.clamp(hour, 0, 23) + 60L * Math.clamp(minute, 0, 59) + Math.clamp(second, 0, 59);
    }

    /** Nanoseconds since the epoch of an instant. */
    static long nanos(Instant instant) {
        return instant.getEpochSecond() * 1_000_000_000L + instant.getNano();
    }
}
