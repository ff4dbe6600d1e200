package org.viridian.devices.network;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * An Ethernet frame on its way, in a buffer that is used again. No frame check sequence; an 802.1Q tag is never among the
 * bytes but in {@link #tag}. Checksums are always complete: a sender that leaves them to the hardware has them finished
 * before it sends.
 *
 * <p>Thread rule: filled by one thread, then given away; afterwards only read. Whoever holds it calls {@link #release}
 * once. Several ports may hold one frame.
 */
public final class Frame {
    /** {@link #tag} of a frame without an 802.1Q tag. */
    public static final int NO_TAG = -1;

    private final FramePool home;
    private final byte[] data;
    private final AtomicInteger holders = new AtomicInteger();
    private int length;
    private int tag;
    private int segmentSize;
    private int transportOffset;
    private boolean checksumGood;

    Frame(FramePool home, int capacity) {
        this.home = home;
        this.data = new byte[capacity];
    }

    /** Fresh from the pool. */
    Frame reset(int bytes) {
        length = bytes;
        tag = NO_TAG;
        segmentSize = 0;
        transportOffset = 0;
        checksumGood = false;
        holders.set(1);
        return this;
    }

    /** The bytes; from {@link #length} on they mean nothing. */
    public byte[] data() {
        return data;
    }

    int capacity() {
        return data.length;
    }

    /** Bytes of the frame, header included. */
    public int length() {
        return length;
    }

    /** The 802.1Q tag's 16 bits (priority, drop eligibility, VLAN), or {@link #NO_TAG}. */
    public int tag() {
        return tag;
    }

    /** Sets the 802.1Q tag. */
    public void tag(int value) {
        tag = value;
    }

    /** The VLAN, 0 without one. */
    int vlan() {
        return tag == NO_TAG ? 0 : tag & 0xFFF;
    }

    /** TCP payload bytes per segment when this is a large send that some receivers want cut, else 0. */
    public int segmentSize() {
        return segmentSize;
    }

    /** Where the TCP header starts; set for large sends only. */
    public int transportOffset() {
        return transportOffset;
    }

    /** Marks a large send: one TCP segment that stands for many. */
    public void large(int payloadPerSegment, int tcpOffset) {
        segmentSize = payloadPerSegment;
        transportOffset = tcpOffset;
    }

    /** True when this host has made or checked the IP and transport checksums. */
    public boolean checksumGood() {
        return checksumGood;
    }

    /** Says that the checksums are known to be right. */
    public void checksumGood(boolean good) {
        checksumGood = good;
    }

    long destination() {
        return MacAddress.read(data, 0);
    }

    long source() {
        return MacAddress.read(data, 6);
    }

    /** True when nobody else holds it, so that the holder may still change it. */
    boolean sole() {
        return holders.get() == 1;
    }

    /** One more holder. */
    void retain() {
        holders.incrementAndGet();
    }

    /** The holder is done. */
    public void release() {
        int left = holders.decrementAndGet();
        if (left == 0) {
            home.back(this);
        } else if (left < 0) {
            throw new IllegalStateException("frame released twice");
        }
    }
}
