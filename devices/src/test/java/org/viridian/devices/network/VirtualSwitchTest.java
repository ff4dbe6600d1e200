package org.viridian.devices.network;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VirtualSwitchTest {
    private static final MacAddress A = MacAddress.parse("00:15:5d:00:00:0a");
    private static final MacAddress B = MacAddress.parse("00:15:5d:00:00:0b");
    private static final MacAddress C = MacAddress.parse("00:15:5d:00:00:0c");
    private static final MacAddress ALL = MacAddress.parse("ff:ff:ff:ff:ff:ff");

    @TempDir
    Path folder;

    private final VirtualSwitch network = new VirtualSwitch("test");

    private SwitchPort port(VirtualSwitch on, String name, MacAddress address, PortOptions options) {
        SwitchPort port = on.addPort(name, address, options);
        port.attach(() -> { });
        return port;
    }

    private SwitchPort adapter(String name, MacAddress address) {
        return port(network, name, address, PortOptions.ADAPTER);
    }

    private SwitchPort uplink(String name) {
        return port(network, name, null, PortOptions.UPLINK);
    }

    private static Frame frame(SwitchPort at, MacAddress to, MacAddress from, int length) {
        Frame frame = at.frame(length);
        System.arraycopy(to.bytes(), 0, frame.data(), 0, 6);
        System.arraycopy(from.bytes(), 0, frame.data(), 6, 6);
        Checksums.put16(frame.data(), 12, 0x88B5);
        return frame;
    }

    private static int drain(SwitchPort port) {
        int count = 0;
        for (Frame frame = port.poll(); frame != null; frame = port.poll()) {
            count++;
            frame.release();
        }
        return count;
    }

    @Test
    void broadcastReachesEveryoneButTheSender() {
        SwitchPort a = adapter("a", A);
        SwitchPort b = adapter("b", B);
        SwitchPort up = uplink("up");
        a.send(frame(a, ALL, A, 60));
        assertEquals(0, drain(a));
        assertEquals(1, drain(b));
        assertEquals(1, drain(up));
        assertEquals(1, a.counters().framesSent());
        assertEquals(60, b.counters().bytesReceived());
    }

    @Test
    void anUnknownAddressGoesToUplinksOnlyAndIsLearntFromItsAnswer() {
        SwitchPort a = adapter("a", A);
        SwitchPort b = adapter("b", B);
        SwitchPort up = uplink("up");
        SwitchPort other = uplink("other");
        a.send(frame(a, C, A, 60));
        assertEquals(0, drain(b), "a guarded port gets nothing for others");
        assertEquals(1, drain(up));
        assertEquals(1, drain(other));
        up.send(frame(up, A, C, 60));
        assertEquals(1, drain(a));
        a.send(frame(a, C, A, 60));
        assertEquals(1, drain(up));
        assertEquals(0, drain(other), "the address is known by now");
        assertEquals(1, network.flooded());
    }

    @Test
    void addressesAgeAndMove() throws InterruptedException {
        VirtualSwitch hasty = new VirtualSwitch("hasty", TimeUnit.MILLISECONDS.toNanos(30));
        SwitchPort a = port(hasty, "a", A, PortOptions.ADAPTER);
        SwitchPort one = port(hasty, "one", null, PortOptions.UPLINK);
        SwitchPort two = port(hasty, "two", null, PortOptions.UPLINK);
        one.send(frame(one, A, C, 60));
        two.send(frame(two, A, C, 60));
        a.send(frame(a, C, A, 60));
        assertEquals(0, drain(one));
        assertEquals(1, drain(two), "the last port it was seen at");
        Thread.sleep(60);
        a.send(frame(a, C, A, 60));
        assertEquals(1, drain(one), "forgotten, so it goes everywhere");
        assertEquals(1, drain(two));
    }

    @Test
    void aFalseSourceAddressIsDroppedAndCounted() {
        SwitchPort a = adapter("a", A);
        SwitchPort b = adapter("b", B);
        a.send(frame(a, B, C, 60));
        assertEquals(0, drain(b));
        assertEquals(1, a.counters().spoofed());
        assertFalse(a.changeAddress(C));
        assertThrows(IllegalStateException.class, () -> network.addPort("again", A, PortOptions.ADAPTER));
    }

    @Test
    void aPulledCableCarriesNothing() {
        SwitchPort a = adapter("a", A);
        SwitchPort b = adapter("b", B);
        b.linkUp(false);
        a.send(frame(a, B, A, 60));
        b.send(frame(b, A, B, 60));
        b.linkUp(true);
        assertEquals(0, drain(a));
        assertEquals(0, drain(b));
        assertEquals(1, b.counters().receiveDrops());
        assertEquals(1, b.counters().sendDrops());
    }

    @Test
    void accessPortsOfOneVlanHearOnlyEachOther() {
        PortOptions access = new PortOptions(true, 0, 0, 1, 7);
        SwitchPort a = port(network, "a", A, access);
        SwitchPort b = port(network, "b", B, access);
        SwitchPort c = adapter("c", C);
        SwitchPort trunk = uplink("trunk");
        a.send(frame(a, ALL, A, 60));
        Frame seen = b.poll();
        assertNotNull(seen);
        assertEquals(Frame.NO_TAG, b.tagFor(seen));
        seen.release();
        assertEquals(1, drain(c), "a trunk port carries every VLAN, tagged");
        Frame tagged = trunk.poll();
        assertEquals(7, trunk.tagFor(tagged));
        tagged.release();
        c.send(frame(c, ALL, C, 60));
        assertEquals(0, drain(a));
        Frame inner = frame(a, ALL, A, 60);
        inner.tag(9);
        a.send(inner);
        assertEquals(0, drain(b), "a tag on an access port is a way out of its VLAN");
    }

    @Test
    void aFloodingSenderCrowdsOutOnlyItself() {
        SwitchPort a = adapter("a", A);
        SwitchPort b = adapter("b", B);
        SwitchPort up = uplink("up");
        up.send(frame(up, ALL, C, 60));
        drain(a);
        drain(b);
        for (int i = 0; i < 2000; i++) {
            a.send(frame(a, C, A, 1000));
        }
        for (int i = 0; i < 100; i++) {
            b.send(frame(b, C, B, 1000));
        }
        assertTrue(up.counters().receiveDrops() > 1000);
        int fromB = 0;
        for (int i = 0; i < 200; i++) {
            Frame frame = up.poll();
            fromB += frame.source() == B.value() ? 1 : 0;
            frame.release();
        }
        assertTrue(fromB >= 98, "b got %d of its 100 frames through among the first 200".formatted(fromB));
    }

    @Test
    void weightsDecideTheShare() {
        FairQueue queue = new FairQueue();
        FramePool pool = new FramePool();
        for (int i = 0; i < 500; i++) {
            for (int source = 0; source < 3; source++) {
                assertTrue(queue.offer(source, 1 << source, pool.take(100 + 700 * source)) >= 0);
            }
        }
        long[] bytes = new long[3];
        for (int i = 0; i < 400; i++) {
            Frame frame = queue.poll();
            bytes[(frame.length() - 100) / 700] += frame.length();
        }
        assertEquals(2.0, (double) bytes[1] / bytes[0], 0.2);
        assertEquals(4.0, (double) bytes[2] / bytes[0], 0.4);
    }

    @Test
    void aSenderOverItsLimitIsAskedToWait() {
        SwitchPort a = port(network, "a", A, new PortOptions(true, 8_000_000, 0, 1, 0));
        SwitchPort b = adapter("b", B);
        long pause = 0;
        for (int i = 0; i < 60; i++) {
            pause = a.send(frame(a, B, A, 1000));
        }
        assertTrue(pause > 20_000_000 && pause < 60_000_000, "60 kB at 1 MB/s with a burst of 20 ms: " + pause);
        assertEquals(60, drain(b));
        for (int i = 0; i < 400; i++) {
            a.send(frame(a, B, A, 1000));
        }
        assertTrue(a.counters().sendDrops() > 100, "who does not wait loses frames");
    }

    @Test
    void aReceiverOverItsLimitLosesFrames() {
        SwitchPort a = adapter("a", A);
        SwitchPort b = port(network, "b", B, new PortOptions(true, 0, 8_000_000, 1, 0));
        for (int i = 0; i < 200; i++) {
            a.send(frame(a, B, A, 1000));
        }
        int arrived = drain(b);
        assertTrue(arrived >= 20 && arrived < 60, arrived + " arrived");
        assertEquals(200 - arrived, b.counters().receiveDrops());
    }

    @Test
    void theLastClientGetsTheFramesAndTheOneBeforeReturns() {
        SwitchPort a = adapter("a", A);
        SwitchPort b = network.addPort("b", B, PortOptions.ADAPTER);
        List<String> told = new ArrayList<>();
        PortClient emulated = () -> told.add("emulated");
        PortClient synthetic = () -> told.add("synthetic");
        b.attach(emulated);
        b.attach(synthetic);
        a.send(frame(a, B, A, 60));
        b.detach(synthetic);
        assertNull(b.poll(), "frames for the client before do not reach the next");
        a.send(frame(a, B, A, 60));
        assertEquals(List.of("synthetic", "emulated"), told);
    }

    @Test
    void aLargeSendIsCutIntoRightSegments() {
        SwitchPort a = adapter("a", A);
        SwitchPort b = adapter("b", B);
        byte[] payload = new byte[5000];
        new java.util.Random(1).nextBytes(payload);
        Frame large = tcp(a, payload);
        assertTrue(LargeSend.prepare(large, 1460, 34));
        a.send(large);
        int at = 0;
        for (int i = 0; i < 4; i++) {
            Frame segment = b.poll();
            byte[] data = segment.data();
            int count = segment.length() - 54;
            assertEquals(i < 3 ? 1460 : 5000 - 3 * 1460, count);
            assertEquals(1000 + at, Checksums.u16(data, 38) << 16 | Checksums.u16(data, 40));
            assertEquals(40 + count, Checksums.u16(data, 16));
            assertEquals(77 + i, Checksums.u16(data, 18));
            assertEquals(i < 3 ? 0x10 : 0x19, data[47] & 0xFF, "FIN and PSH on the last one only");
            assertTrue(Checksums.ipHeaderGood(segment));
            int pseudo = Checksums.pseudo(data, false, 6, 20 + count);
            assertEquals(0xFFFF, Checksums.sum(data, 34, segment.length(), pseudo));
            assertArrayEquals(java.util.Arrays.copyOfRange(payload, at, at + count), java.util.Arrays.copyOfRange(data, 54, 54 + count));
            at += count;
            segment.release();
        }
        assertNull(b.poll());
    }

    private static Frame tcp(SwitchPort port, byte[] payload) {
        Frame frame = frame(port, B, A, 54 + payload.length);
        byte[] data = frame.data();
        Checksums.put16(data, 12, 0x0800);
        data[14] = 0x45;
        Checksums.put16(data, 16, 0);
        Checksums.put16(data, 18, 77);
        Checksums.put16(data, 20, 0);
        data[22] = 64;
        data[23] = 6;
        Checksums.put16(data, 24, 0);
        System.arraycopy(new byte[] {10, 0, 0, 1, 10, 0, 0, 2}, 0, data, 26, 8);
        Checksums.put16(data, 38, 0);
        Checksums.put16(data, 40, 1000);
        data[46] = 0x50;
        data[47] = 0x19;
        System.arraycopy(payload, 0, data, 54, payload.length);
        return frame;
    }

    @Test
    void theSumIsThatOfTheRfc() {
        byte[] example = {0x00, 0x01, (byte) 0xF2, 0x03, (byte) 0xF4, (byte) 0xF5, (byte) 0xF6, (byte) 0xF7};
        assertEquals(0xDDF2, Checksums.sum(example, 0, 8, 0));
        byte[] odd = new byte[1001];
        new java.util.Random(2).nextBytes(odd);
        long plain = 0;
        for (int i = 3; i < 1001; i += 2) {
            plain += (odd[i] & 0xFF) << 8 | (i + 1 < 1001 ? odd[i + 1] & 0xFF : 0);
        }
        while (plain > 0xFFFF) {
            plain = (plain & 0xFFFF) + (plain >> 16);
        }
        assertEquals(plain, Checksums.sum(odd, 3, 1001, 0));
    }

    @Test
    void natMakesGuestsAnnounceLargeSegments() {
        SwitchPort a = adapter("a", A);
        for (int nops = 0; nops < 4; nops++) {
            Frame syn = tcp(a, new byte[8]);
            byte[] data = syn.data();
            data[46] = 0x70;
            data[47] = 0x02;
            Checksums.put16(data, 16, 48);
            java.util.Arrays.fill(data, 54, 62, (byte) 1);
            System.arraycopy(new byte[] {2, 4, 5, (byte) 0xB4}, 0, data, 54 + nops, 4);
            Checksums.ipHeader(data, 20);
            Checksums.put16(data, 50, 0);
            Checksums.put16(data, 50, ~Checksums.sum(data, 34, 62, Checksums.pseudo(data, false, 6, 28)) & 0xFFFF);
            NatFrames.widen(syn);
            assertEquals(32768, Checksums.u16(data, 56 + nops));
            assertEquals(0xFFFF, Checksums.sum(data, 34, 62, Checksums.pseudo(data, false, 6, 28)), "checksum with the option at " + nops);
            syn.release();
        }
    }

    @Test
    void aCaptureHoldsTheFramesOfBothWays() throws Exception {
        SwitchPort a = adapter("a", A);
        SwitchPort b = adapter("b", B);
        Path file = folder.resolve("a.pcapng");
        try (PacketCapture capture = new PacketCapture(file, "a")) {
            a.capture(capture);
            Frame tagged = frame(a, B, A, 61);
            tagged.tag(0x2005);
            a.send(tagged);
            b.send(frame(b, A, B, 60));
            drain(a);
            a.capture(null);
        }
        ByteBuffer in = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
        List<Integer> lengths = new ArrayList<>();
        List<Integer> directions = new ArrayList<>();
        int at = 0;
        while (at < in.limit()) {
            int length = in.getInt(at + 4);
            assertEquals(length, in.getInt(at + length - 4));
            assertEquals(0, length % 4);
            if (in.getInt(at) == 6) {
                lengths.add(in.getInt(at + 20));
                directions.add(in.getInt(at + length - 12));
                if (lengths.size() == 1) {
                    assertEquals(0x0520_0081, in.getInt(at + 28 + 12), "the tag stands where a wire has it");
                }
            }
            at += length;
        }
        assertEquals(List.of(65, 60), lengths);
        assertEquals(List.of(2, 1), directions);
    }

    @Test
    void addressesAndForwardsAreRead() {
        assertEquals("00:15:5d:0a:0b:0c", MacAddress.parse("00-15-5D-0A-0B-0C").toString());
        assertThrows(IllegalArgumentException.class, () -> MacAddress.parse("00:15:5d:0a:0b"));
        assertEquals(MacAddress.derived("vm"), MacAddress.derived("vm"));
        assertTrue(MacAddress.derived("vm").toString().startsWith("00:15:5d:"));
        assertEquals("tcp:2222:22", PortForward.parse("tcp:2222:22").toString());
        assertEquals("udp:0.0.0.0:53:53", PortForward.parse("udp:0.0.0.0:53:53").toString());
        for (String wrong : List.of("tcp:22", "sctp:1:2", "tcp:0:1", "tcp:1:65536", "tcp:300.0.0.1:1:1")) {
            assertThrows(IllegalArgumentException.class, () -> PortForward.parse(wrong), wrong);
        }
    }
}
