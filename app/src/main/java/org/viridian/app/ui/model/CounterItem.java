package org.viridian.app.ui.model;

import javafx.beans.property.ReadOnlyDoubleProperty;
import javafx.beans.property.ReadOnlyDoubleWrapper;
import javafx.beans.property.ReadOnlyLongProperty;
import javafx.beans.property.ReadOnlyLongWrapper;

/** One counter of a device with its rate over time. Thread rule: the windows' thread. */
public final class CounterItem {
    /** Samples kept: 30 s at 4 Hz. */
    public static final int HISTORY = 120;

    private final String key;
    private final double[] history = new double[HISTORY];
    private final ReadOnlyLongWrapper value = new ReadOnlyLongWrapper();
    private final ReadOnlyDoubleWrapper rate = new ReadOnlyDoubleWrapper();
    private final ReadOnlyLongWrapper samples = new ReadOnlyLongWrapper();
    private long lastNanos;

    CounterItem(String key) {
        this.key = key;
    }

    void sample(long count, long nanos) {
        double perSecond = 0;
        if (samples.get() > 0 && nanos > lastNanos) {
            // A count that went back belongs to a new life of the device.
            perSecond = Math.max(0, count - value.get()) * 1e9 / (nanos - lastNanos);
        }
        lastNanos = nanos;
        value.set(count);
        rate.set(perSecond);
        history[(int) (samples.get() % HISTORY)] = perSecond;
        samples.set(samples.get() + 1);
    }

    /** The counter's stable key. */
    public String key() {
        return key;
    }

    /** The count. */
    public ReadOnlyLongProperty valueProperty() {
        return value.getReadOnlyProperty();
    }

    /** Counts per second over the last interval. */
    public ReadOnlyDoubleProperty rateProperty() {
        return rate.getReadOnlyProperty();
    }

    /** How many samples were taken: changes with each, for whoever draws the history. */
    public ReadOnlyLongProperty samplesProperty() {
        return samples.getReadOnlyProperty();
    }

    /** Copies the rates, oldest first, into {@code into}, which has {@link #HISTORY} places; returns how many. */
    public int history(double[] into) {
        int count = (int) Math.min(samples.get(), HISTORY);
        for (int i = 0; i < count; i++) {
            into[i] = history[(int) ((samples.get() - count + i) % HISTORY)];
        }
        return count;
    }
}
