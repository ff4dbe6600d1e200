package org.viridian.display.synthvideo;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.viridian.devices.synthetic.PipeMessage;
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
 * The video VSP (Linux drivers/gpu/drm/hyperv, drivers/video/fbdev/hyperv_fb.c), versions 3.2 and 3.5: the guest chooses
 * where its video memory lies, sets a mode, draws, and tells which rectangles have changed. Pixels are never copied here.
 * It is {@link #ready} while the guest shows a picture.
 *
 * <p>Thread rule: the surface from any thread; the protocol on the channel's worker.
 */
public final class SyntheticVideo extends SyntheticDevice implements Surface, AutoCloseable {
    private static final UUID CLASS = UUID.fromString("da0a7802-e377-4aac-8e77-0558eb1073f8");
    private static final UUID INSTANCE = UUID.fromString("5620e0c7-8062-4dce-aeb7-520c7ef76171");
    private static final int HEADER = 8;
    private static final int DEPTH = 32;
    private static final int MAX_SIDE = 16384;
    /** The full copy after a mode set is not announced: look again after these times. */
    private static final long[] REPAINT_NANOS = {TimeUnit.MILLISECONDS.toNanos(50), TimeUnit.MILLISECONDS.toNanos(250)};

    private final VideoConfig config;
    private final VmClock clock;
    private final VideoMemory vram;
    private final Damage damage = new Damage();
    private final VmClock.Timer repaint;
    private final Counter rectangles = node().counter("rectangles");

    // Volatile.
    private int version;
    private boolean updatesRequested;
    private volatile int repaintsLeft;
    private volatile Frame frame;
    private volatile PointerState pointer = PointerState.HIDDEN;
    private final PointerShape shape = new PointerShape();
    private volatile boolean viewed = true;

    /**
     * @param memory the guest's memory
     * @param clock the VM's time
     * @param config sizes and memory
     */
    public SyntheticVideo(GuestMemory memory, VmClock clock, VideoConfig config) {
        super("synthetic-video", "Synthetic Video", "display",
                new Offer("video", CLASS, INSTANCE, Offer.NAMED_PIPE, config.vramMegabytes(), true), clock);
        this.config = config;
        this.clock = clock;
        this.vram = new VideoMemory(memory, (long) config.vramMegabytes() << 20);
        this.repaint = clock.timer(this::repaintAgain);
        node().resource("vram", () -> vram.segment() == null ? null
                : "%08x, %d MiB".formatted(vram.address(), vram.segment().byteSize() >> 20));
        node().resource("mode", () -> {
            Frame now = frame;
            return now == null ? null : now.width() + "x" + now.height();
        });
    }

    // The surface.

    @Override
    public Frame frame() {
        return frame;
    }

    @Override
    public Rect takeDamage() {
        return damage.take();
    }

    @Override
    public void onDamage(Runnable wakeUp) {
        damage.onDamage(wakeUp);
    }

    /** Where the guest wants the pointer drawn, and how; hidden for guests that draw it themselves. */
    public PointerState pointer() {
        return pointer;
    }

    /** Says whether somebody looks: without a viewer the guest need not report changes. A new viewer sees everything. */
    public void viewed(boolean value) {
        viewed = value;
        if (ready()) {
            requestUpdates(value);
            if (value) {
                damageAll();
            }
        }
    }

    private void damageAll() {
        Frame now = frame;
        if (now != null) {
            damage.add(new Rect(0, 0, now.width(), now.height()));
        }
    }

    private void repaintAgain() {
        damageAll();
        int left = repaintsLeft - 1;
        repaintsLeft = left;
        if (left > 0 && left <= REPAINT_NANOS.length) {
            repaint.arm(clock.nanoTime() + REPAINT_NANOS[REPAINT_NANOS.length - left]);
        }
    }

    // The protocol.

    @Override
    protected void started() {
        version = 0;
        updatesRequested = false;
        shape.clear();
    }

    @Override
    protected void stopped() {
        repaintsLeft = 0;
        repaint.cancel();
        frame = null;
        pointer = PointerState.HIDDEN;
        vram.remove();
    }

    @Override
    public void close() {
        repaint.cancel();
        frame = null;
        vram.close();
    }

    @Override
    protected void handle(Packet packet) throws ProtocolViolation {
        ByteBuffer message = PipeMessage.open(packet, HEADER);
        int type = message.getInt(0);
        if (type == VideoMessage.VERSION_REQUEST) {
            negotiate(message);
            return;
        }
        if (version == 0) {
            throw new ProtocolViolation("video message %d before the version".formatted(type));
        }
        switch (type) {
            case VideoMessage.VRAM_LOCATION -> place(message);
            case VideoMessage.SITUATION_UPDATE -> situation(message);
            case VideoMessage.POINTER_POSITION -> {
                VideoMessage.require(message, 18);
                pointer = pointer.moved(message.get(8) != 0, message.getInt(10), message.getInt(14));
            }
            case VideoMessage.POINTER_SHAPE -> {
                PointerState next = shape.part(message, pointer);
                if (next != null) {
                    pointer = next;
                }
            }
            case VideoMessage.DIRT -> dirt(message);
            case VideoMessage.BIOS_INFO_REQUEST -> send(VideoMessage.reply(VideoMessage.BIOS_INFO_RESPONSE, 16).array());
            case VideoMessage.RESOLUTIONS_REQUEST -> resolutions(message);
            case VideoMessage.CAPABILITY_REQUEST -> send(VideoMessage.reply(VideoMessage.CAPABILITY_RESPONSE, 64).array());
            default -> { }
        }
    }

    private void negotiate(ByteBuffer message) throws ProtocolViolation {
        VideoMessage.require(message, 12);
        int asked = message.getInt(8);
        boolean accepted = asked == VideoMessage.VERSION_3_2 || asked == VideoMessage.VERSION_3_5;
        version = accepted ? asked : 0;
        updatesRequested = false;
        ByteBuffer response = VideoMessage.reply(VideoMessage.VERSION_RESPONSE, 6);
        response.putInt(16, asked).put(20, (byte) (accepted ? VideoMessage.ACCEPTED : 0)).put(21, (byte) 1);
        send(response.array());
    }

    private void resolutions(ByteBuffer message) throws ProtocolViolation {
        VideoMessage.require(message, 9);
        int count = Math.min(message.get(8) & 0xFF, config.sizes().size());
        ByteBuffer response = VideoMessage.reply(VideoMessage.RESOLUTIONS_RESPONSE, 131 + 4 * count);
        response.put(16, Edid.of(config.start()));
        response.put(144, (byte) count).put(145, (byte) Math.min(config.startIndex(), Math.max(count - 1, 0)));
        for (int i = 0; i < count; i++) {
            Resolution size = config.sizes().get(i);
            response.putShort(147 + 4 * i, (short) size.width()).putShort(149 + 4 * i, (short) size.height());
        }
        send(response.array());
    }

    private void place(ByteBuffer message) throws ProtocolViolation {
        VideoMessage.require(message, 25);
        long context = message.getLong(8);
        long gpa = message.getLong(17);
        if (message.get(16) == 0) {
            frame = null;
            ready(false);
            vram.remove();
        } else if (!vram.place(gpa)) {
            throw new ProtocolViolation("video memory at 0x%x".formatted(gpa));
        }
        send(VideoMessage.reply(VideoMessage.VRAM_LOCATION_ACK, 8).putLong(16, context).array());
    }

    private void situation(ByteBuffer message) throws ProtocolViolation {
        VideoMessage.require(message, 35);
        long context = message.getLong(8);
        if (message.get(16) != 0) {
            boolean active = message.get(17) != 0;
            show(active, message.getInt(18) & 0xFFFF_FFFFL, message.get(22), message.getInt(23), message.getInt(27),
                    message.getInt(31) & 0xFFFF_FFFFL);
        }
        send(VideoMessage.reply(VideoMessage.SITUATION_UPDATE_ACK, 8).putLong(16, context).array());
        if (frame != null && !updatesRequested) {
            updatesRequested = true;
            requestUpdates(viewed);
        }
    }

    /** Takes a mode, or keeps the old one when this one cannot be: depth other than 32, or outside the memory. */
    private void show(boolean active, long offset, int depth, int width, int height, long pitch) {
        MemorySegment segment = vram.segment();
        if (!active) {
            frame = null;
            ready(false);
            return;
        }
        if (segment == null || depth != DEPTH || width < 1 || height < 1 || width > MAX_SIDE || height > MAX_SIDE
                || pitch < 4L * width || pitch > 4L * MAX_SIDE || offset + pitch * height > segment.byteSize()) {
            System.getLogger("org.viridian.display").log(System.Logger.Level.DEBUG,
                    "mode {0}x{1}, depth {2}, pitch {3}, offset {4} is not shown", width, height, depth, pitch, offset);
            return;
        }
        Frame now = frame;
        MemorySegment pixels = segment.asSlice(offset, pitch * height);
        if (now == null || now.width() != width || now.height() != height || now.stride() != pitch
                || now.pixels().address() != pixels.address()) {
            frame = new Frame(width, height, (int) pitch, pixels);
        }
        damageAll();
        repaintsLeft = REPAINT_NANOS.length;
        repaint.arm(clock.nanoTime() + REPAINT_NANOS[0]);
        ready(true);
    }

    private void requestUpdates(boolean wanted) {
        byte flag = (byte) (wanted ? 1 : 0);
        send(VideoMessage.reply(VideoMessage.FEATURE_CHANGE, 4).put(16, new byte[] {flag, flag, flag, flag}).array());
    }

    private void dirt(ByteBuffer message) throws ProtocolViolation {
        VideoMessage.require(message, 10);
        int count = message.get(9) & 0xFF;
        VideoMessage.require(message, 10 + 16 * count);
        Frame now = frame;
        if (now == null) {
            return;
        }
        rectangles.add(count);
        for (int i = 0, at = 10; i < count; i++, at += 16) {
            int left = Math.clamp(message.getInt(at), 0, now.width());
            int top = Math.clamp(message.getInt(at + 4), 0, now.height());
            int right = Math.clamp(message.getInt(at + 8), 0, now.width());
            int bottom = Math.clamp(message.getInt(at + 12), 0, now.height());
            if (right > left && bottom > top) {
                damage.add(new Rect(left, top, right - left, bottom - top));
            }
        }
    }
}
