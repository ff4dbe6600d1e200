package org.viridian.devices.network;

import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * Which port an address was last seen at. A set-associative table of fixed size: a guest that invents addresses only
 * pushes out others of its set, and a lookup allocates nothing and takes no lock. Any thread.
 */
final class MacTable {
    private static final int SETS = 1024;
    private static final int WAYS = 8;

    /** An address seen at a port. */
    private static final class Entry {
        final long key;
        final SwitchPort port;
        /** Plain: a stale value only ages the entry a little early. */
        long seen;

        Entry(long key, SwitchPort port, long seen) {
            this.key = key;
            this.port = port;
            this.seen = seen;
        }
    }

    private final AtomicReferenceArray<Entry> table = new AtomicReferenceArray<>(SETS * WAYS);
    private final long ageNanos;

    /** @param ageNanos an address not seen for this long is forgotten */
    MacTable(long ageNanos) {
        this.ageNanos = ageNanos;
    }

    private static long key(long mac, int vlan) {
        return mac | (long) vlan << 48;
    }

    private static int set(long key) {
        return (int) (key * 0x9E3779B97F4A7C15L >>> 54) * WAYS;
    }

    /** Remembers where the address is. */
    void learn(long mac, int vlan, SwitchPort port, long now) {
        long key = key(mac, vlan);
        int set = set(key);
        int oldest = set;
        long oldestAge = -1;
        for (int i = set; i < set + WAYS; i++) {
            Entry entry = table.get(i);
            if (entry != null && entry.key == key) {
                if (entry.port == port) {
                    entry.seen = now;
                } else {
                    table.set(i, new Entry(key, port, now));
                }
                return;
            }
            long age = entry == null ? Long.MAX_VALUE : now - entry.seen;
            if (age > oldestAge) {
                oldestAge = age;
                oldest = i;
            }
        }
        table.set(oldest, new Entry(key, port, now));
    }

    /** Where the address is, or null. */
    SwitchPort find(long mac, int vlan, long now) {
        long key = key(mac, vlan);
        int set = set(key);
        for (int i = set; i < set + WAYS; i++) {
            Entry entry = table.get(i);
            if (entry != null && entry.key == key) {
                return now - entry.seen > ageNanos ? null : entry.port;
            }
        }
        return null;
    }

    /** Forgets a port that goes away. */
    void forget(SwitchPort port) {
        for (int i = 0; i < SETS * WAYS; i++) {
            Entry entry = table.get(i);
            if (entry != null && entry.port == port) {
                table.compareAndSet(i, entry, null);
            }
        }
    }
}
