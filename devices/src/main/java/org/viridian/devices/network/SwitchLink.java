package org.viridian.devices.network;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SocketChannel;
import java.util.concurrent.locks.LockSupport;

/**
 * A cable between switches of two processes: frames with what the host knows of them, over a Unix socket. Both ends belong
 * to one user; what arrives is checked all the same.
 *
 * <p>Thread rule: two virtual threads, one for each way.
 */
final class SwitchLink implements PortClient, AutoCloseable {
    private static final int HEADER = 16;
    private static final int GOOD = 1;
    private static final int BUFFER = 256 << 10;

    private final SwitchPort port;
    private final SocketChannel socket;
    private final Runnable onEnd;
    private final Thread sender;
    private volatile boolean closed;

    /** @param onEnd run once when the connection is lost or closed */
    SwitchLink(SwitchPort port, SocketChannel socket, Runnable onEnd) {
        this.port = port;
        this.socket = socket;
        this.onEnd = onEnd;
        this.sender = Thread.ofVirtual().name("link out " + port.name()).unstarted(this::send);
    }

    void start() {
        port.attach(this);
        sender.start();
        Thread.ofVirtual().name("link in " + port.name()).start(this::receive);
    }

    @Override
    public void framesWaiting() {
        LockSupport.unpark(sender);
    }

    @Override
    public boolean takesLargeSends() {
        return true;
    }

    private void send() {
        ByteBuffer out = ByteBuffer.allocateDirect(BUFFER).order(ByteOrder.LITTLE_ENDIAN);
        try {
            while (!closed) {
                Frame frame = port.poll();
                if (frame == null || out.remaining() < HEADER + frame.length()) {
                    out.flip();
                    while (out.hasRemaining()) {
                        socket.write(out);
                    }
                    out.clear();
                }
                if (frame == null) {
                    LockSupport.park(this);
                    continue;
                }
                out.putInt(frame.length()).putInt(frame.tag()).putInt(frame.segmentSize())
                        .putShort((short) frame.transportOffset()).putShort((short) (frame.checksumGood() ? GOOD : 0));
                out.put(frame.data(), 0, frame.length());
                frame.release();
            }
        } catch (IOException lost) {
            close();
        }
    }

    private void receive() {
        ByteBuffer in = ByteBuffer.allocateDirect(BUFFER).order(ByteOrder.LITTLE_ENDIAN);
        try {
            while (!closed) {
                fill(in, HEADER);
                int length = in.getInt();
                int tag = in.getInt();
                int segment = in.getInt();
                int transport = in.getShort() & 0xFFFF;
                int flags = in.getShort();
                if (length < Checksums.ETHERNET || length > FramePool.LARGEST || tag < Frame.NO_TAG || tag > 0xFFFF) {
                    throw new IOException("frame of %d bytes".formatted(length));
                }
                fill(in, length);
                Frame frame = port.frame(length);
                in.get(frame.data(), 0, length);
                frame.tag(tag);
                frame.checksumGood((flags & GOOD) != 0);
                if (segment == 0 || LargeSend.prepare(frame, segment, transport)) {
                    port.send(frame);
                } else {
                    frame.release();
                }
            }
        } catch (IOException lost) {
            close();
        }
    }

    /** Makes at least {@code bytes} bytes readable; the buffer is empty but for what is left of the last read. */
    private void fill(ByteBuffer in, int bytes) throws IOException {
        if (in.position() == 0 && in.limit() == in.capacity()) {
            in.limit(0);
        }
        if (in.remaining() >= bytes) {
            return;
        }
        in.compact();
        while (in.position() < bytes) {
            if (socket.read(in) < 0) {
                throw new EOFException();
            }
        }
        in.flip();
    }

    @Override
    public void close() {
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
        }
        port.close();
        try {
            socket.close();
        } catch (IOException e) {
            System.getLogger("org.viridian.devices.network").log(System.Logger.Level.DEBUG, "closing a link", e);
        }
        LockSupport.unpark(sender);
        onEnd.run();
    }
}
