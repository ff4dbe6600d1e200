package org.viridian.display.synthvideo;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.UUID;
import org.viridian.devices.synthetic.Pipe;
import org.viridian.devices.synthetic.SyntheticDevice;
import org.viridian.display.surface.Frame;
import org.viridian.display.surface.Surface;
import org.viridian.engine.clock.VmClock;
import org.viridian.engine.device.Counter;
import org.viridian.engine.memory.GuestMemory;
import org.viridian.vmbus.channel.Offer;
import org.viridian.vmbus.channel.Packet;
import org.viridian.vmbus.channel.ProtocolViolation;

/**
 * The video VSP (Linux drivers/gpu/drm/hyperv, drivers/video/fbdev/hyperv_fb.c): negotiates, places video memory where the
 * guest asks, follows its mode, and turns its dirty rectangles into damage of a {@link Surface}.
 */
public final class VideoVsp extends SyntheticDevice {
    private static final UUID CLASS = UUID.fromString("da0a7802-e377-4aac-8e77-0558eb1073f8");
    private static final UUID INSTANCE = UUID.fromString("5620e0c7-8062-4dce-aeb7-520c7ef76171");

    private static final int VERSION_REQUEST = 1;
    private static final int VERSION_RESPONSE = 2;
    private static final int VRAM_LOCATION = 3;
    private static final int VRAM_LOCATION_ACK = 4;
    private static final int SITUATION_UPDATE = 5;
    private static final int SITUATION_UPDATE_ACK = 6;
    private static final int FEATURE_CHANGE = 9;
    private static final int DIRT = 10;
    private static final int BIOS_INFO = 11;
    private static final int BIOS_INFO_RESPONSE = 12;
    private static final int RESOLUTIONS = 13;
    private static final int RESOLUTIONS_RESPONSE = 14;
    private static final int CAPABILITY = 15;
    private static final int CAPABILITY_RESPONSE = 16;

    private static final int VERSION_3_0 = 0x0000_0003;
    private static final int VERSION_3_2 = 0x0002_0003;
    private static final int VERSION_3_5 = 0x0005_0003;
    private static final int ACCEPTED = 2;
    private static final int HEADER = 8;
    private static final int BODY = Pipe.HEADER + HEADER;
    private static final int EDID = 128;
    private static final int DEPTH = 32;
    private static final int MAX_SIDE = 4096;
    /** The guest draws its first picture without reporting it; these looks later catch it. */
    private static final long[] REPAINTS = {50_000_000L, 250_000_000L, 1_000_000_000L};

    private final GuestMemory memory;
    private final VmClock clock;
    private final ScreenSurface surface = new ScreenSurface();
    private final VmClock.Timer repaint;
    private final Counter rectangles;
    private volatile VideoMemory video;
    private volatile boolean negotiated;
    private int repaintsDone;

    /**
     * @param memory the guest's memory
     * @param clock the VM's time
     */
    public VideoVsp(GuestMemory memory, VmClock clock) {
        super("hv-video", "Synthetic video", "display",
                new Offer("video", CLASS, INSTANCE, Offer.NAMED_PIPE, Resolutions.VRAM_MEGABYTES, true), clock::nanoTime);
        this.memory = memory;
        this.clock = clock;
        this.repaint = clock.timer(this::repaintLater);
        this.rectangles = node().counter("rectangles");
        node().resource("vram", () -> {
            VideoMemory placed = video;
            return placed == null ? null : placed.describe();
        });
        node().resource("mode", () -> {
            Frame frame = surface.frame();
            return frame == null ? null : "%dx%d".formatted(frame.width(), frame.height());
        });
    }

    /** The picture; without a frame until the guest has set a mode. */
    public Surface surface() {
        return surface;
    }

    @Override
    protected void packet(Packet packet) throws ProtocolViolation {
        if (packet.completionRequested()) {
            complete(packet.transactionId(), new byte[0]);
        }
        if (packet.type() == Packet.COMPLETION) {
            return;
        }
        ByteBuffer message = Pipe.unwrap(packet.payload(), HEADER);
        int type = message.getInt(0);
        ByteBuffer body = message.slice(HEADER, message.capacity() - HEADER).order(java.nio.ByteOrder.LITTLE_ENDIAN);
        switch (type) {
            case VERSION_REQUEST -> version(need(body, 4).getInt(0));
            case VRAM_LOCATION -> place(need(body, 17));
            case SITUATION_UPDATE -> situation(need(body, 27));
            case DIRT -> dirt(need(body, 2));
            case RESOLUTIONS -> resolutions(need(body, 1).get(0) & 0xFF);
            case BIOS_INFO -> send(answer(BIOS_INFO_RESPONSE, 16).array());
            case CAPABILITY -> send(answer(CAPABILITY_RESPONSE, 64).array());
            default -> { }
        }
    }

    private static ByteBuffer need(ByteBuffer body, int bytes) throws ProtocolViolation {
        if (body.capacity() < bytes) {
            throw new ProtocolViolation("video message of %d bytes where %d are needed".formatted(body.capacity(), bytes));
        }
        return body;
    }

    private static ByteBuffer answer(int type, int size) {
        ByteBuffer message = Pipe.message(HEADER + size);
        message.putInt(Pipe.HEADER, type).putInt(Pipe.HEADER + 4, HEADER + size);
        return message;
    }

    private void version(int asked) {
        negotiated = asked == VERSION_3_0 || asked == VERSION_3_2 || asked == VERSION_3_5;
        ByteBuffer answer = answer(VERSION_RESPONSE, 6);
        answer.putInt(BODY, asked).put(BODY + 4, (byte) (negotiated ? ACCEPTED : 0)).put(BODY + 5, (byte) 1);
        send(answer.array());
    }

    private void resolutions(int room) {
        int count = Math.min(Resolutions.ALL.size(), room);
        ByteBuffer answer = answer(RESOLUTIONS_RESPONSE, EDID + 3 + 4 * count);
        answer.put(BODY + EDID, (byte) count);
        answer.put(BODY + EDID + 1, (byte) Math.min(Resolutions.DEFAULT, Math.max(0, count - 1)));
        for (int i = 0; i < count; i++) {
            answer.putShort(BODY + EDID + 3 + 4 * i, (short) Resolutions.ALL.get(i).width());
            answer.putShort(BODY + EDID + 5 + 4 * i, (short) Resolutions.ALL.get(i).height());
        }
        send(answer.array());
    }

    private void place(ByteBuffer body) throws ProtocolViolation {
        if (!negotiated) {
            throw new ProtocolViolation("video memory before a version was agreed");
        }
        long context = body.getLong(0);
        release();
        if (body.get(8) != 0) {
            video = VideoMemory.place(memory, body.getLong(9), (long) Resolutions.VRAM_MEGABYTES << 20);
        }
        ByteBuffer answer = answer(VRAM_LOCATION_ACK, 8);
        answer.putLong(BODY, context);
        send(answer.array());
    }

    private void situation(ByteBuffer body) {
        VideoMemory placed = video;
        long context = body.getLong(0);
        boolean on = body.get(8) != 0 && body.get(9) != 0;
        long offset = body.getInt(10) & 0xFFFF_FFFFL;
        int depth = body.get(14) & 0xFF;
        int width = body.getInt(15);
        int height = body.getInt(19);
        int pitch = body.getInt(23);
        boolean good = placed != null && depth == DEPTH && width > 0 && width <= MAX_SIDE && height > 0 && height <= MAX_SIDE
                && pitch >= width * 4 && pitch <= MAX_SIDE * 16;
        if (on && good) {
            MemorySegment pixels = placed.slice(offset, (long) pitch * height);
            if (pixels != null) {
                surface.show(new Frame(width, height, pitch, pixels));
                active("mode %dx%d".formatted(width, height));
            }
        } else if (!on) {
            surface.show(null);
        }
        ByteBuffer ack = answer(SITUATION_UPDATE_ACK, 8);
        ack.putLong(BODY, context);
        send(ack.array());
        ByteBuffer features = answer(FEATURE_CHANGE, 4);
        features.put(BODY, (byte) 1).put(BODY + 1, (byte) 1).put(BODY + 2, (byte) 1).put(BODY + 3, (byte) 1);
        send(features.array());
        repaintsDone = 0;
        repaint.arm(clock.nanoTime() + REPAINTS[0]);
    }

    private void repaintLater() {
        surface.damageAll();
        repaintsDone++;
        if (repaintsDone < REPAINTS.length) {
            repaint.arm(clock.nanoTime() + REPAINTS[repaintsDone]);
        }
    }

    private void dirt(ByteBuffer body) throws ProtocolViolation {
        int count = body.get(1) & 0xFF;
        need(body, 2 + 16 * count);
        Frame frame = surface.frame();
        if (frame == null) {
            return;
        }
        for (int i = 0; i < count; i++) {
            int left = Math.clamp(body.getInt(2 + 16 * i), 0, frame.width());
            int top = Math.clamp(body.getInt(6 + 16 * i), 0, frame.height());
            int right = Math.clamp(body.getInt(10 + 16 * i), 0, frame.width());
            int bottom = Math.clamp(body.getInt(14 + 16 * i), 0, frame.height());
            if (right > left && bottom > top) {
                rectangles.increment();
                surface.damage(new Surface.Rect(left, top, right - left, bottom - top));
            }
        }
    }

    private void release() {
        surface.show(null);
        VideoMemory placed = video;
        video = null;
        if (placed != null) {
            placed.close();
        }
    }

    @Override
    protected void stopped() {
        negotiated = false;
        repaint.cancel();
        release();
    }
}
