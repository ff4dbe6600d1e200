package org.viridian.engine.hyperv;

import java.util.Arrays;

/**
 * Ports by connection id. Looking up allocates nothing and takes no lock, for it happens in the middle of a guest's
 * instruction; opening and closing copy the table.
 */
final class PortTable<T> {
    private record Entries(int[] ids, Object[] ports) {}

    private volatile Entries entries = new Entries(new int[0], new Object[0]);

    /** The port, or null. */
    @SuppressWarnings("unchecked")
    T find(int id) {
        Entries now = entries;
        int at = Arrays.binarySearch(now.ids, id);
        return at < 0 ? null : (T) now.ports[at];
    }

    /** Adds a port; throws {@link IllegalStateException} when the id is taken. */
    synchronized void add(int id, T port) {
        Entries now = entries;
        int at = Arrays.binarySearch(now.ids, id);
        if (at >= 0) {
            throw new IllegalStateException("connection id 0x%x is taken".formatted(id));
        }
        int place = -at - 1;
        int[] ids = new int[now.ids.length + 1];
        Object[] ports = new Object[ids.length];
        System.arraycopy(now.ids, 0, ids, 0, place);
        System.arraycopy(now.ports, 0, ports, 0, place);
        ids[place] = id;
        ports[place] = port;
        System.arraycopy(now.ids, place, ids, place + 1, now.ids.length - place);
        System.arraycopy(now.ports, place, ports, place + 1, now.ids.length - place);
        entries = new Entries(ids, ports);
    }

    /** Removes a port if it is still the one registered. */
    synchronized void remove(int id, T port) {
        Entries now = entries;
        int at = Arrays.binarySearch(now.ids, id);
        if (at < 0 || now.ports[at] != port) {
            return;
        }
        int[] ids = new int[now.ids.length - 1];
        Object[] ports = new Object[ids.length];
        System.arraycopy(now.ids, 0, ids, 0, at);
        System.arraycopy(now.ports, 0, ports, 0, at);
        System.arraycopy(now.ids, at + 1, ids, at, ids.length - at);
        System.arraycopy(now.ports, at + 1, ports, at, ids.length - at);
        entries = new Entries(ids, ports);
    }
}
