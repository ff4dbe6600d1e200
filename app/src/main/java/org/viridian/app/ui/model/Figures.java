package org.viridian.app.ui.model;

import java.util.Locale;

/** Numbers as people read them; the same in every language. */
public final class Figures {
    private Figures() {}

    /** A duration: {@code 4:07}, {@code 1:02:33}, {@code 3d 04:00}. */
    public static String duration(long nanos) {
        long seconds = nanos / 1_000_000_000;
        long days = seconds / 86_400;
        long hours = seconds / 3600 % 24;
        long minutes = seconds / 60 % 60;
        if (days > 0) {
            return String.format(Locale.ROOT, "%dd %02d:%02d", days, hours, minutes);
        }
        return hours > 0 ? String.format(Locale.ROOT, "%d:%02d:%02d", hours, minutes, seconds % 60)
                : String.format(Locale.ROOT, "%d:%02d", minutes, seconds % 60);
    }

    /** A share of one processor: {@code 42 %}. */
    public static String percent(double share) {
        return Math.round(share * 100) + " %";
    }

    /** An amount in MiB: {@code 512 MiB}, {@code 2 GiB}. */
    public static String mebibytes(long mebibytes) {
        return mebibytes >= 1024 && mebibytes % 1024 == 0 ? mebibytes / 1024 + " GiB" : mebibytes + " MiB";
    }

    /** A rate: {@code 0/s}, {@code 12/s}, {@code 3.4k/s}. */
    public static String rate(double perSecond) {
        return scaled(perSecond) + "/s";
    }

    /** A count with a unit letter from a thousand on. */
    public static String scaled(double value) {
        String[] units = {"", "k", "M", "G", "T"};
        int unit = 0;
        double scaled = value;
        while (scaled >= 1000 && unit < units.length - 1) {
            scaled /= 1000;
            unit++;
        }
        return unit == 0 || scaled >= 100 ? String.format(Locale.ROOT, "%.0f%s", scaled, units[unit])
                : String.format(Locale.ROOT, "%.1f%s", scaled, units[unit]);
    }

    /** Milliseconds since power-on with groups of three: {@code 4 812 ms}. */
    public static String millis(long nanos) {
        return String.format(Locale.ROOT, "%,d ms", nanos / 1_000_000).replace(',', '\u2009');
    }
}
