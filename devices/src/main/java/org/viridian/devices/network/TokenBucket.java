package org.viridian.devices.network;

import java.util.concurrent.atomic.AtomicLong;

/**
 * A rate limit: credit grows with time up to a burst and is spent in bytes; it may go into debt by one frame, so that a
 * frame larger than the burst still passes. Any thread.
 */
final class TokenBucket {
    private static final long SECOND = 1_000_000_000L;
    /** Bursts as long as this at the full rate, ns. */
    private static final long BURST = 20_000_000;

    private final long bytesPerSecond;
    /** The moment at which all that has been sent so far would have been sent at the exact rate. */
    private final AtomicLong paidUntil;

    /** @param bitsPerSecond the limit, positive */
    TokenBucket(long bitsPerSecond, long now) {
        this.bytesPerSecond = Math.max(1, bitsPerSecond / 8);
        this.paidUntil = new AtomicLong(now - BURST);
    }

    /** Spends; returns how long the sender should wait before it sends again, ns, 0 when it need not. */
    long spend(int bytes, long now) {
        long cost = bytes * SECOND / bytesPerSecond;
        while (true) {
            long before = paidUntil.get();
            long after = Math.max(before, now - BURST) + cost;
            if (paidUntil.compareAndSet(before, after)) {
                return Math.max(0, after - now);
            }
        }
    }

    /** Spends only when no debt is left; false otherwise. */
    boolean trySpend(int bytes, long now) {
        long cost = bytes * SECOND / bytesPerSecond;
        while (true) {
            long before = paidUntil.get();
            if (before > now) {
                return false;
            }
            if (paidUntil.compareAndSet(before, Math.max(before, now - BURST) + cost)) {
                return true;
            }
        }
    }
}
