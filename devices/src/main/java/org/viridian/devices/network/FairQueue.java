package org.viridian.devices.network;

import java.util.concurrent.locks.ReentrantLock;

/**
 * What waits for one port: a bounded queue per sender, served by deficit round robin (Shreedhar and Varghese, 1996), so
 * that a sender that floods the port only crowds itself out. Any thread.
 */
final class FairQueue {
    /** Credit per round and unit of weight, bytes: one full frame of common size. */
    private static final int QUANTUM = 1514;
    private static final int FRAMES_PER_FLOW = 512;
    private static final int BYTES_PER_FLOW = 2 << 20;

    /** One sender's queue at this port. */
    private static final class Flow {
        final int weight;
        final Frame[] frames = new Frame[FRAMES_PER_FLOW];
        int head;
        int count;
        int bytes;
        int deficit;
        Flow next;

        Flow(int weight) {
            this.weight = weight;
        }
    }

    private final ReentrantLock lock = new ReentrantLock();
    private Flow[] flows = new Flow[4];
    /** Tail of the ring of flows that hold frames; its next is the one to serve. */
    private Flow tail;
    private int waiting;

    /**
     * Adds a frame.
     *
     * @param source number of the sending port
     * @param weight its share against others
     * @return -1 when there is no room, 0 when others wait already, 1 when the queue was empty
     */
    int offer(int source, int weight, Frame frame) {
        lock.lock();
        try {
            Flow flow = flow(source, weight);
            if (flow.count == FRAMES_PER_FLOW || flow.count > 0 && flow.bytes + frame.length() > BYTES_PER_FLOW) {
                return -1;
            }
            flow.frames[(flow.head + flow.count) & FRAMES_PER_FLOW - 1] = frame;
            flow.bytes += frame.length();
            if (flow.count++ == 0) {
                flow.deficit = 0;
                if (tail == null) {
                    flow.next = flow;
                } else {
                    flow.next = tail.next;
                    tail.next = flow;
                }
                tail = flow;
            }
            return waiting++ == 0 ? 1 : 0;
        } finally {
            lock.unlock();
        }
    }

    private Flow flow(int source, int weight) {
        if (source >= flows.length) {
            flows = java.util.Arrays.copyOf(flows, Math.max(source + 1, flows.length * 2));
        }
        Flow flow = flows[source];
        if (flow == null || flow.count == 0 && flow.weight != weight) {
            flow = new Flow(weight);
            flows[source] = flow;
        }
        return flow;
    }

    /** The next frame, or null. */
    Frame poll() {
        lock.lock();
        try {
            if (tail == null) {
                return null;
            }
            while (true) {
                Flow flow = tail.next;
                Frame frame = flow.frames[flow.head];
                if (flow.deficit < frame.length()) {
                    // A round's credit; with one flow alone there is nobody to wait for.
                    flow.deficit += tail == flow ? frame.length() : QUANTUM * flow.weight;
                    if (flow.deficit < frame.length()) {
                        tail = flow;
                        continue;
                    }
                }
                flow.deficit -= frame.length();
                flow.frames[flow.head] = null;
                flow.head = flow.head + 1 & FRAMES_PER_FLOW - 1;
                flow.bytes -= frame.length();
                waiting--;
                if (--flow.count == 0) {
                    if (tail == flow) {
                        tail = null;
                    } else {
                        tail.next = flow.next;
                    }
                    flow.next = null;
                } else if (flow.deficit < flow.frames[flow.head].length()) {
                    tail = flow;
                }
                return frame;
            }
        } finally {
            lock.unlock();
        }
    }

    /** Frames that wait. */
    int size() {
        lock.lock();
        try {
            return waiting;
        } finally {
            lock.unlock();
        }
    }
}
