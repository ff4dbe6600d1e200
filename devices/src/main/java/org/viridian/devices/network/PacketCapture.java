package org.viridian.devices.network;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.atomic.LongAdder;

/**
 * A recording of a port's frames as a pcapng file (draft-ietf-opsawg-pcapng), readable while it grows: blocks are written
 * whole and flushed whenever nothing waits.
 *
 * <p>Thread rule: any thread records and is never held up: what the disk does not take in time is dropped and counted. The
 * file is written by a thread of its own.
 */
public final class PacketCapture implements AutoCloseable {
    private static final int SECTION_HEADER = 0x0A0D0D0A;
    private static final int INTERFACE_DESCRIPTION = 1;
    private static final int ENHANCED_PACKET = 6;
    private static final int INTERFACE_STATISTICS = 5;
    private static final int BYTE_ORDER_MAGIC = 0x1A2B3C4D;
    private static final short LINK_ETHERNET = 1;
    private static final int SNAP_LENGTH = 0x40000;
    private static final int OPTION_NAME = 2;
    private static final int OPTION_TIME_RESOLUTION = 9;
    private static final int OPTION_FLAGS = 2;
    private static final int OPTION_DROPPED = 5;
    private static final byte NANOSECONDS = 9;
    private static final int INBOUND = 1;
    private static final int OUTBOUND = 2;
    private static final int WAITING = 1024;
    private static final byte[] END = {};

    private final OutputStream file;
    private final ArrayBlockingQueue<byte[]> queue = new ArrayBlockingQueue<>(WAITING);
    private final LongAdder recorded = new LongAdder();
    private final LongAdder dropped = new LongAdder();
    private final Thread writer;
    private volatile boolean closed;
    private volatile String failure;

    /**
     * Creates the file, replacing one that exists.
     *
     * @param interfaceName shown by readers as the interface's name
     */
    public PacketCapture(Path path, String interfaceName) throws IOException {
        file = new BufferedOutputStream(Files.newOutputStream(path), 1 << 16);
        file.write(header(interfaceName));
        file.flush();
        writer = Thread.ofPlatform().daemon().name("capture " + path.getFileName()).start(this::write);
    }

    private static byte[] header(String interfaceName) {
        byte[] name = interfaceName.getBytes(StandardCharsets.UTF_8);
        int padded = name.length + 3 & ~3;
        int interfaceLength = 20 + 4 + padded + 8 + 4;
        ByteBuffer out = ByteBuffer.allocate(28 + interfaceLength).order(ByteOrder.LITTLE_ENDIAN);
        out.putInt(SECTION_HEADER).putInt(28).putInt(BYTE_ORDER_MAGIC).putShort((short) 1).putShort((short) 0).putLong(-1).putInt(28);
        out.putInt(INTERFACE_DESCRIPTION).putInt(interfaceLength).putShort(LINK_ETHERNET).putShort((short) 0).putInt(SNAP_LENGTH);
        out.putShort((short) OPTION_NAME).putShort((short) name.length).put(name).position(28 + 20 + padded);
        out.putShort((short) OPTION_TIME_RESOLUTION).putShort((short) 1).put(NANOSECONDS).put((byte) 0).putShort((short) 0);
        out.putInt(0).putInt(interfaceLength);
        return out.array();
    }

    /** Frames recorded. */
    public long recorded() {
        return recorded.sum();
    }

    /** Frames lost because the file was too slow. */
    public long dropped() {
        return dropped.sum();
    }

    /** Why the file could not be written on, or null. */
    public String failure() {
        return failure;
    }

    /**
     * Copies a frame into the recording.
     *
     * @param inbound towards the port's client
     */
    void record(Frame frame, boolean inbound) {
        if (closed || queue.remainingCapacity() == 0) {
            dropped.increment();
            return;
        }
        if (queue.offer(packet(frame, inbound))) {
            recorded.increment();
        } else {
            dropped.increment();
        }
    }

    private static byte[] packet(Frame frame, boolean inbound) {
        boolean tagged = frame.tag() != Frame.NO_TAG;
        int length = frame.length() + (tagged ? 4 : 0);
        int padded = length + 3 & ~3;
        int total = 28 + padded + 8 + 4 + 4;
        ByteBuffer out = ByteBuffer.allocate(total).order(ByteOrder.LITTLE_ENDIAN);
        java.time.Instant now = java.time.Instant.now();
        long nanos = now.getEpochSecond() * 1_000_000_000L + now.getNano();
        out.putInt(ENHANCED_PACKET).putInt(total).putInt(0).putInt((int) (nanos >>> 32)).putInt((int) nanos)
                .putInt(length).putInt(length);
        if (tagged) {
            out.put(frame.data(), 0, 12).put((byte) 0x81).put((byte) 0).put((byte) (frame.tag() >> 8)).put((byte) frame.tag())
                    .put(frame.data(), 12, frame.length() - 12);
        } else {
            out.put(frame.data(), 0, frame.length());
        }
        out.position(28 + padded);
        out.putShort((short) OPTION_FLAGS).putShort((short) 4).putInt(inbound ? INBOUND : OUTBOUND).putInt(0).putInt(total);
        return out.array();
    }

    private void write() {
        try (file) {
            while (true) {
                byte[] next = queue.poll();
                if (next == null) {
                    file.flush();
                    next = queue.take();
                }
                if (next == END) {
                    break;
                }
                file.write(next);
            }
            file.write(statistics());
        } catch (IOException e) {
            failure = e.getMessage();
            closed = true;
        } catch (InterruptedException e) {
            closed = true;
        }
    }

    private byte[] statistics() {
        ByteBuffer out = ByteBuffer.allocate(40).order(ByteOrder.LITTLE_ENDIAN);
        out.putInt(INTERFACE_STATISTICS).putInt(40).putInt(0).putLong(0);
        return out.putShort((short) OPTION_DROPPED).putShort((short) 8).putLong(dropped()).putInt(0).putInt(40).array();
    }

    /** Writes what waits and closes the file. */
    @Override
    public void close() {
        closed = true;
        try {
            while (writer.isAlive() && !queue.offer(END, 100, java.util.concurrent.TimeUnit.MILLISECONDS)) {
                // The writer makes room, or has ended.
            }
            writer.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
