package org.viridian.devices.network;

import static org.viridian.devices.network.Checksums.ETHERNET;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;

/**
 * An uplink to a TAP interface of the host (Linux Documentation/networking/tuntap.rst), with the virtio-net header in front
 * of each frame, so that checksums and large sends stay with the kernel on both ways.
 *
 * <p>Thread rule: one thread of its own polls the interface and the port.
 */
public final class TapUplink implements PortClient, AutoCloseable {
    private static final String CLONE = "/dev/net/tun";
    private static final int NAME_LENGTH = 15;
    private static final int REQUEST = 40;
    private static final int FLAGS_AT = 16;
    /** IFF_TAP | IFF_NO_PI | IFF_VNET_HDR. */
    private static final short FLAGS = 0x0002 | 0x1000 | 0x4000;
    private static final long TUNSETIFF = 0x4004_54CAL;
    private static final long TUNSETOFFLOAD = 0x4004_54D0L;
    /** TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6. */
    private static final long OFFLOADS = 0x1 | 0x2 | 0x4;

    private static final int HEADER = 10;
    private static final int NEEDS_CHECKSUM = 1;
    private static final int DATA_VALID = 2;
    private static final int GSO_TCP4 = 1;
    private static final int GSO_TCP6 = 4;
    private static final int GSO_KIND = 0x7F;
    private static final int TAG_TYPE = 0x8100;
    private static final int TURN = 128;

    private static final ValueLayout.OfShort U16 = ValueLayout.JAVA_SHORT_UNALIGNED;

    private final SwitchPort port;
    private final Waker waker;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment descriptors = arena.allocate(16, 8);
    private final MemorySegment buffer = arena.allocate(HEADER + FramePool.LARGEST + 64);
    private final int tap;
    private final Thread thread;
    private volatile boolean closed;
    private volatile String failure;

    /**
     * Opens the interface; made by the kernel when it does not exist and the user may.
     *
     * @throws UplinkException when the user may not, with the reason and the way out
     */
    public TapUplink(SwitchPort port, String device) throws UplinkException {
        this.port = port;
        this.waker = new Waker();
        int opened = Posix.openDevice(CLONE);
        if (opened < 0) {
            int reason = Posix.errno();
            release(-1);
            throw new UplinkException(reason == Posix.ENOENT || reason == Posix.ENODEV
                    ? "This host has no TAP driver: %s does not exist. Load it with: sudo modprobe tun".formatted(CLONE)
                    : "%s cannot be opened (errno %d). Give your user access to it, or use --network nat.".formatted(CLONE, reason));
        }
        MemorySegment request = arena.allocate(REQUEST, 8);
        byte[] name = device.getBytes(StandardCharsets.US_ASCII);
        MemorySegment.copy(name, 0, request, ValueLayout.JAVA_BYTE, 0, Math.min(name.length, NAME_LENGTH));
        request.set(ValueLayout.JAVA_SHORT, FLAGS_AT, FLAGS);
        if (Posix.ioctl(opened, TUNSETIFF, request.address()) < 0) {
            int reason = Posix.errno();
            release(opened);
            throw new UplinkException(switch (reason) {
                case Posix.EPERM, Posix.EACCES -> ("Interface %s is not yours. Have it made for you once: "
                        + "sudo ip tuntap add %s mode tap user $USER, or use --network nat.").formatted(device, device);
                case Posix.EBUSY -> "Interface %s is in use by another program.".formatted(device);
                default -> "Interface %s is no TAP interface that can be used (errno %d).".formatted(device, reason);
            });
        }
        Posix.ioctl(opened, TUNSETOFFLOAD, OFFLOADS);
        tap = opened;
        port.attach(this);
        thread = Thread.ofPlatform().daemon().name("tap " + device).start(this::run);
    }

    private void release(int descriptor) {
        if (descriptor >= 0) {
            Posix.close(descriptor);
        }
        waker.close();
        arena.close();
    }

    /** Why the interface has stopped working, or null. */
    public String failure() {
        return failure;
    }

    private void run() {
        try {
            descriptors.set(ValueLayout.JAVA_INT, 0, tap);
            descriptors.set(ValueLayout.JAVA_SHORT, 4, Posix.POLLIN);
            descriptors.set(ValueLayout.JAVA_INT, 8, waker.descriptor());
            descriptors.set(ValueLayout.JAVA_SHORT, 12, Posix.POLLIN);
            while (!closed && failure == null) {
                waker.lower();
                boolean more = sendFrames();
                more |= receiveFrames();
                if (!more) {
                    Posix.poll(descriptors.address(), 2, -1);
                }
            }
        } catch (RuntimeException | Error broken) {
            System.getLogger("org.viridian.devices.network").log(System.Logger.Level.ERROR, "TAP " + port.name(), broken);
        } finally {
            port.detach(this);
            release(tap);
        }
    }

    /** Gives the kernel what the switch has; true when more may wait. */
    private boolean sendFrames() {
        for (int i = 0; i < TURN; i++) {
            Frame frame = port.poll();
            if (frame == null) {
                return false;
            }
            try {
                int length = encode(frame);
                // A full interface queue drops, as a wire does.
                Posix.write(tap, buffer.address(), length);
            } finally {
                frame.release();
            }
        }
        return true;
    }

    private int encode(Frame frame) {
        byte[] data = frame.data();
        int length = frame.length();
        int tag = port.tagFor(frame);
        int shift = tag == Frame.NO_TAG ? 0 : 4;
        buffer.asSlice(0, HEADER).fill((byte) 0);
        if (frame.segmentSize() != 0) {
            int tcp = frame.transportOffset();
            boolean v6 = Checksums.u16(data, 12) == Checksums.IPV6;
            buffer.set(ValueLayout.JAVA_BYTE, 0, (byte) NEEDS_CHECKSUM);
            buffer.set(ValueLayout.JAVA_BYTE, 1, (byte) (v6 ? GSO_TCP6 : GSO_TCP4));
            buffer.set(U16, 2, (short) (shift + tcp + (data[tcp + 12] >> 4 & 0xF) * 4));
            buffer.set(U16, 4, (short) frame.segmentSize());
            buffer.set(U16, 6, (short) (shift + tcp));
            buffer.set(U16, 8, (short) 16);
        } else if (frame.checksumGood()) {
            buffer.set(ValueLayout.JAVA_BYTE, 0, (byte) DATA_VALID);
        }
        if (shift == 0) {
            MemorySegment.copy(data, 0, buffer, ValueLayout.JAVA_BYTE, HEADER, length);
        } else {
            MemorySegment.copy(data, 0, buffer, ValueLayout.JAVA_BYTE, HEADER, 12);
            putBig(HEADER + 12, TAG_TYPE);
            putBig(HEADER + 14, tag);
            MemorySegment.copy(data, 12, buffer, ValueLayout.JAVA_BYTE, HEADER + 16, length - 12);
        }
        if (frame.segmentSize() != 0) {
            // The kernel wants the sum over the pseudo header there, to finish per segment.
            int tcp = frame.transportOffset();
            putBig(HEADER + shift + tcp + 16, Checksums.pseudo(data, Checksums.u16(data, 12) == Checksums.IPV6, Checksums.TCP,
                    length - tcp));
        }
        return HEADER + shift + length;
    }

    private void putBig(long at, int value) {
        buffer.set(ValueLayout.JAVA_BYTE, at, (byte) (value >> 8));
        buffer.set(ValueLayout.JAVA_BYTE, at + 1, (byte) value);
    }

    /** Takes what the kernel has; true when more may wait. */
    private boolean receiveFrames() {
        for (int i = 0; i < TURN; i++) {
            long count = Posix.read(tap, buffer.address(), buffer.byteSize());
            if (count < 0) {
                int reason = Posix.errno();
                if (reason != Posix.EAGAIN) {
                    failure = "errno " + reason;
                }
                return false;
            }
            if (count >= HEADER + ETHERNET) {
                decode((int) count - HEADER);
            }
        }
        return true;
    }

    private void decode(int bytes) {
        int flags = buffer.get(ValueLayout.JAVA_BYTE, 0);
        int kind = buffer.get(ValueLayout.JAVA_BYTE, 1) & GSO_KIND;
        int size = buffer.get(U16, 4) & 0xFFFF;
        int start = buffer.get(U16, 6) & 0xFFFF;
        int field = buffer.get(U16, 8) & 0xFFFF;
        boolean tagged = bytes > 18 && (buffer.get(ValueLayout.JAVA_BYTE, HEADER + 12) & 0xFF) == 0x81
                && buffer.get(ValueLayout.JAVA_BYTE, HEADER + 13) == 0;
        int shift = tagged ? 4 : 0;
        int length = bytes - shift;
        if (length > FramePool.LARGEST) {
            return;
        }
        Frame frame = port.frame(length);
        byte[] data = frame.data();
        MemorySegment.copy(buffer, ValueLayout.JAVA_BYTE, HEADER, data, 0, 12);
        MemorySegment.copy(buffer, ValueLayout.JAVA_BYTE, HEADER + 12 + shift, data, 12, length - 12);
        if (tagged) {
            frame.tag((buffer.get(ValueLayout.JAVA_BYTE, HEADER + 14) & 0xFF) << 8
                    | buffer.get(ValueLayout.JAVA_BYTE, HEADER + 15) & 0xFF);
        }
        boolean good = true;
        if (kind == GSO_TCP4 || kind == GSO_TCP6) {
            good = LargeSend.prepare(frame, size, start - shift);
        } else if ((flags & NEEDS_CHECKSUM) != 0) {
            good = Checksums.finish(frame, start - shift, field == 6);
            frame.checksumGood(good && Checksums.ipHeaderGood(frame));
        } else if ((flags & DATA_VALID) != 0) {
            frame.checksumGood(Checksums.ipHeaderGood(frame));
        }
        if (good) {
            port.send(frame);
        } else {
            frame.release();
        }
    }

    @Override
    public void framesWaiting() {
        waker.wake();
    }

    @Override
    public boolean takesLargeSends() {
        return true;
    }

    /** Lets go of the interface; the port stays. */
    @Override
    public void close() {
        closed = true;
        waker.wake();
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
