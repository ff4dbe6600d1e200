package org.viridian.display.synthvideo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.viridian.display.surface.Frame;
import org.viridian.display.surface.Surface.Rect;
import org.viridian.engine.clock.VmClock;
import org.viridian.engine.device.DeviceState;
import org.viridian.engine.memory.MemoryRegion;
import org.viridian.vmbus.channel.Packet;
import org.viridian.vmbus.loopback.LoopbackChannel;
import org.viridian.vmbus.loopback.LoopbackGuest;
import org.viridian.vmbus.server.VmbusServer;

/** hyperv_drm and hyperv_fb at the other end of the video VSP. */
@Timeout(30)
class SyntheticVideoTest {
    private static final long VRAM = 0xF800_0000L;
    private static final int VERSION_3_5 = 0x0005_0003;

    private final VmClock clock = new VmClock("test", new ReentrantLock());
    private final LoopbackGuest guest = new LoopbackGuest(8 << 20, 1, 1);
    private final SyntheticVideo video = new SyntheticVideo(guest.memory(), clock, VideoConfig.standard());
    private final VmbusServer server = new VmbusServer("test", guest.synic(), guest.memory(), 1);
    private LoopbackChannel channel;

    @BeforeEach
    void plug() {
        clock.resume();
        server.offer(video);
        channel = guest.open(guest.connect().getFirst(), 64);
    }

    @AfterEach
    void unplug() {
        server.close();
        video.close();
        clock.close();
    }

    private static ByteBuffer message(int type, int fields) {
        ByteBuffer message = ByteBuffer.allocate(16 + fields).order(ByteOrder.LITTLE_ENDIAN);
        return message.putInt(0, 1).putInt(4, 8 + fields).putInt(8, type).putInt(12, 8 + fields);
    }

    private void say(ByteBuffer message) {
        assertTrue(channel.send(message.array(), false, 0));
    }

    private ByteBuffer hear(int type) {
        Packet packet = channel.receive();
        assertEquals(Packet.IN_BAND, packet.type());
        ByteBuffer message = ByteBuffer.wrap(packet.payload()).order(ByteOrder.LITTLE_ENDIAN);
        assertEquals(1, message.getInt(0));
        assertEquals(type, message.getInt(8));
        return message;
    }

    private void negotiate() {
        say(message(1, 4).putInt(16, VERSION_3_5));
        ByteBuffer answer = hear(2);
        assertEquals(14, answer.getInt(4));
        assertEquals(VERSION_3_5, answer.getInt(16));
        assertTrue(answer.get(20) != 0);
    }

    private static ByteBuffer location(long gpa) {
        return message(3, 17).putLong(16, gpa).put(24, (byte) 1).putLong(25, gpa);
    }

    private void place(long gpa) {
        say(location(gpa));
        assertEquals(gpa, hear(4).getLong(16));
    }

    private static ByteBuffer mode(int offset, int width, int height, int pitch, int depth) {
        return message(5, 27).put(24, (byte) 1).put(25, (byte) 1).putInt(26, offset).put(30, (byte) depth).putInt(31, width)
                .putInt(35, height).putInt(39, pitch);
    }

    private void show(int offset, int width, int height, int pitch) {
        say(mode(offset, width, height, pitch, 32));
        hear(6);
    }

    private static void eventually(BooleanSupplier condition) {
        while (!condition.getAsBoolean()) {
            Thread.onSpinWait();
        }
    }

    @Test
    void refusesOtherVersionsThenAcceptsALowerOne() {
        say(message(1, 4).putInt(16, 0x0009_0003));
        assertEquals(0, hear(2).get(20));
        say(message(1, 4).putInt(16, 0x0002_0003));
        assertTrue(hear(2).get(20) != 0);
    }

    @Test
    void listsSizesThatAllFit() {
        negotiate();
        assertEquals(16, channel.offer().mmioMegabytes());
        say(message(13, 1).put(16, (byte) 64));
        ByteBuffer answer = hear(14);
        int count = answer.get(144);
        assertEquals(VideoConfig.standard().sizes().size(), count);
        assertEquals(8 + 131 + 4 * count, answer.getInt(4));
        int start = answer.get(145);
        assertEquals(1024, answer.getShort(147 + 4 * start));
        assertEquals(768, answer.getShort(149 + 4 * start));
        int sum = 0;
        for (int i = 0; i < 128; i++) {
            sum += answer.get(16 + i);
        }
        assertEquals(0, sum & 0xFF, "EDID checksum");
    }

    @Test
    void videoMemoryInTheWindowBecomesTheFrame() {
        negotiate();
        place(VRAM);
        MemoryRegion region = guest.memory().find(VRAM);
        assertEquals(MemoryRegion.Kind.VIDEO, region.kind());
        assertEquals(16 << 20, region.size());
        region.segment().set(ValueLayout.JAVA_INT, 4096 + 4 * 1024, 0x00AABBCC);
        assertNull(video.frame());
        show(4096, 1000, 700, 4 * 1024);
        Frame frame = video.frame();
        assertEquals(1000, frame.width());
        assertEquals(4096, frame.stride());
        assertEquals(0x00AABBCC, frame.pixels().get(ValueLayout.JAVA_INT, 4 * 1024));
        assertEquals(new Rect(0, 0, 1000, 700), video.takeDamage());
        ByteBuffer feature = hear(9);
        assertEquals(1, feature.get(16), "dirt wanted");
        assertTrue(video.ready());
    }

    @Test
    void aModeSetIsRepaintedLaterAndFeaturesAreAskedForOnce() {
        negotiate();
        place(VRAM);
        show(0, 800, 600, 3200);
        hear(9);
        video.takeDamage();
        AtomicInteger wakeUps = new AtomicInteger();
        assertNull(video.takeDamage());
        video.onDamage(wakeUps::incrementAndGet);
        eventually(() -> wakeUps.get() >= 1);
        assertEquals(new Rect(0, 0, 800, 600), video.takeDamage());
        // hyperv_fb answers a feature change with another situation: a host that asked again would never come to rest.
        show(0, 800, 600, 3200);
        assertNull(channel.receive(100));
    }

    @Test
    void dirtBecomesClippedDamage() {
        negotiate();
        place(VRAM);
        show(0, 800, 600, 3200);
        hear(9);
        eventually(() -> {
            // Past the repaints that follow a mode set.
            video.takeDamage();
            return clock.nanoTime() > 600_000_000L;
        });
        ByteBuffer dirt = message(10, 2 + 48).put(17, (byte) 3);
        int[] rects = {10, 20, 30, 40, 700, 500, 5000, 6000, 50, 50, 40, 60};
        for (int i = 0; i < rects.length; i++) {
            dirt.putInt(18 + 4 * i, rects[i]);
        }
        say(dirt);
        Rect[] seen = new Rect[1];
        eventually(() -> (seen[0] = video.takeDamage()) != null);
        Rect expected = new Rect(10, 20, 790, 580);
        Rect next = video.takeDamage();
        assertEquals(expected, next == null ? seen[0] : seen[0].union(next));
    }

    @Test
    void guestRamWorksToo() {
        negotiate();
        long[] pages = guest.pages(1);
        long gpa = 4 << 20;
        place(gpa);
        assertEquals(1, guest.memory().regions().size());
        show(0, 640, 480, 2560);
        assertEquals(guest.memory().slice(gpa, 16).address(), video.frame().pixels().address());
        guest.free(pages);
    }

    @Test
    void impossibleModesKeepTheOldPicture() {
        negotiate();
        place(VRAM);
        show(0, 800, 600, 3200);
        hear(9);
        Frame before = video.frame();
        for (ByteBuffer bad : List.of(mode(0, 800, 600, 3199, 32), mode(0, 0, 600, 3200, 32), mode(0, 800, -1, 3200, 32),
                mode(16 << 20, 800, 600, 3200, 32), mode(-1, 800, 600, 3200, 32), mode(0, 800, 600, 3200, 16),
                mode(0, 16384, 16384, 65536, 32), mode(0, 800, 600, Integer.MAX_VALUE, 32))) {
            say(bad);
            hear(6);
            assertSame(before, video.frame());
        }
    }

    @Test
    void memoryGoesWithTheChannelAndKeepsItsContent() {
        negotiate();
        place(VRAM);
        guest.memory().find(VRAM).segment().set(ValueLayout.JAVA_INT, 0, 77);
        place(VRAM + (32 << 20));
        assertNull(guest.memory().find(VRAM));
        assertEquals(77, guest.memory().find(VRAM + (32 << 20)).segment().get(ValueLayout.JAVA_INT, 0));
        show(0, 640, 480, 2560);
        channel.close();
        assertNull(video.frame());
        assertFalse(video.ready());
        assertEquals(1, guest.memory().regions().size());
        assertEquals(DeviceState.WAITING_FOR_DRIVER, video.node().state());
    }

    @Test
    void badPlacesStopTheChannel() {
        LoopbackGuest.Offered offer = channel.offer();
        for (long gpa : new long[] {VRAM + 1, 0xFEE0_0000L, 0xFEC0_0000L - 4096, -4096, Long.MIN_VALUE, 0xA0000_0000L}) {
            negotiate();
            say(location(gpa));
            eventually(() -> video.node().state() == DeviceState.PROBLEM);
            channel.close();
            channel = guest.open(offer, 64);
        }
        say(message(5, 27));
        eventually(() -> video.node().state() == DeviceState.PROBLEM);
    }

    @Test
    void theHidingShapeIsNoPointerAndARealOneIs() {
        negotiate();
        say(message(7, 10).put(16, (byte) 1).putInt(18, 5).putInt(22, 6));
        say(message(8, 18 + 4).put(16, (byte) 0xFF).put(17, (byte) 1).putInt(18, 1).putInt(22, 1));
        say(message(7, 10).put(16, (byte) 1).putInt(18, 7).putInt(22, 8));
        eventually(() -> video.pointer().x() == 7);
        assertFalse(video.pointer().visible());
        say(message(8, 18 + 64).put(16, (byte) 0xFF).put(17, (byte) 1).putInt(18, 4).putInt(22, 4).putInt(26, 1).putInt(30, 2));
        say(message(7, 10).put(16, (byte) 1).putInt(18, 9).putInt(22, 9));
        eventually(() -> video.pointer().x() == 9);
        assertTrue(video.pointer().visible());
        assertEquals(64, video.pointer().pixels().length);
        assertEquals(2, video.pointer().hotY());
        assertNotNull(video.node().resources().get("relid"));
    }

    @Test
    void viewersComeAndGo() {
        negotiate();
        place(VRAM);
        show(0, 640, 480, 2560);
        hear(9);
        video.viewed(false);
        assertEquals(0, hear(9).get(16));
        video.viewed(true);
        assertEquals(1, hear(9).get(16));
        eventually(() -> video.takeDamage() != null);
    }
}
