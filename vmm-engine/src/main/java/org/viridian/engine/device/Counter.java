package org.viridian.engine.device;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.function.LongSupplier;

/**
 * A monotonic count that costs its writer one add without a fence. With several writers a count may be lost; it is for
 * the eye, not for accounting. Readable from any thread.
 */
public final class Counter {
    private static final VarHandle VALUE;

    static {
        try {
            VALUE = MethodHandles.lookup().findVarHandle(Counter.class, "value", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final String name;
    /** Where the count is kept when not here. */
    private final LongSupplier source;

    @SuppressWarnings("unused")
    private long value;

    /** @param name a stable, lower-case key such as {@code exits} or {@code bytes-read}; the UI translates it */
    public Counter(String name) {
        this(name, null);
    }

    /** A count that is kept elsewhere; {@link #add} has no effect on what is read. */
    Counter(String name, LongSupplier source) {
        this.name = name;
        this.source = source;
    }

    /** The stable key. */
    public String name() {
        return name;
    }

    /** Adds one. */
    public void increment() {
        add(1);
    }

    /** Adds {@code amount}. */
    public void add(long amount) {
        VALUE.setOpaque(this, (long) VALUE.getOpaque(this) + amount);
    }

    /** The count so far. */
    public long get() {
        return source == null ? (long) VALUE.getOpaque(this) : source.getAsLong();
    }
}
