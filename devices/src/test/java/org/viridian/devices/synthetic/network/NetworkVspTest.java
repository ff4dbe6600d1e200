package org.viridian.devices.synthetic.network;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.viridian.devices.network.Frame;
import org.viridian.devices.network.MacAddress;
import org.viridian.devices.network.PortOptions;
import org.viridian.devices.network.SwitchPort;
import org.viridian.devices.network.VirtualSwitch;
import org.viridian.devices.synthetic.Rig;
import org.viridian.engine.device.DeviceState;
import org.viridian.vmbus.channel.Packet;
import org.viridian.vmbus.loopback.LoopbackChannel;
import org.viridian.vmbus.loopback.LoopbackGuest;
import org.viridian.vmbus.protocol.Message;
import org.viridian.vmbus.protocol.MessageType;

class NetworkVspTest {
    private static final MacAddress GUEST = MacAddress.parse("00:15:5d:01:02:03");
    private static final MacAddress PEER = MacAddress.parse("02:00:00:00:00:01");
    private static final int VERSION = 0x0006_0001;

    private final Rig rig = new Rig();
    private final VirtualSwitch network = new VirtualSwitch("test");
    private final SwitchPort peer = network.addPort("peer", null, PortOptions.UPLINK);
    private final SwitchPort port = network.addPort("guest", GUEST, PortOptions.ADAPTER);
    private final NetworkVsp vsp = new NetworkVsp(new AdapterConfig("net0", new UUID(1, 2), 9000, 4), port, rig.clock);

    NetworkVspTest() {
        peer.attach(() -> { });
    }

    @AfterEach
    void close() {
        rig.close();
        vsp.close();
    }

    private GuestAdapter started(int version, int frameBytes) {
        GuestAdapter guest = new GuestAdapter(rig, rig.open(vsp, 33), 256);
        guest.start(version, frameBytes);
        return guest;
    }

    private GuestAdapter started() {
        GuestAdapter guest = started(VERSION, 1514);
        assertEquals(0, guest.filter(0x0D));
        return guest;
    }

    private static byte[] frame(int length, MacAddress to, MacAddress from) {
        byte[] frame = new byte[length];
        new Random(length).nextBytes(frame);
        System.arraycopy(to.bytes(), 0, frame, 0, 6);
        System.arraycopy(from.bytes(), 0, frame, 6, 6);
        frame[12] = (byte) 0x88;
        frame[13] = (byte) 0xB5;
        return frame;
    }

    private byte[] fromPeer() {
        Frame frame = awaitFrame();
        byte[] bytes = Arrays.copyOf(frame.data(), frame.length());
        frame.release();
        return bytes;
    }

    private Frame awaitFrame() {
        Rig.eventually(() -> peer.waiting() > 0);
        return peer.poll();
    }

    private void toGuest(byte[] bytes, int tag, boolean good) {
        Frame frame = peer.frame(bytes.length);
        System.arraycopy(bytes, 0, frame.data(), 0, bytes.length);
        frame.tag(tag);
        frame.checksumGood(good);
        peer.send(frame);
    }

    @Test
    void versionsAreChosenFromARange() {
        GuestAdapter guest = new GuestAdapter(rig, rig.open(vsp, 33), 256);
        assertNotEquals(1, guest.init(0x0007_0000));
        assertNotEquals(1, guest.init(0));
        for (int version : new int[] {0x0006_0001, 0x0006_0000, 0x0005_0000, 0x0004_0000, 0x0003_0002, 2}) {
            assertEquals(1, guest.init(version), Integer.toHexString(version));
        }
        ByteBuffer range = guest.request(GuestAdapter.message(1).putInt(4, 2).putInt(8, 0x0006_0000));
        assertEquals(1, range.getInt(12));
        assertEquals("6", vsp.node().resources().get("nvsp"));
    }

    @Test
    void theConversationGivesLinuxWhatItAsksFor() {
        GuestAdapter guest = started(VERSION, 1514);
        assertEquals(256 + 1514 + 36, guest.sectionSize);
        assertEquals(256 * 4096 / guest.sectionSize, guest.sections);
        assertEquals(1500, guest.query(0x0001_0106).getInt(24));
        byte[] address = new byte[6];
        guest.query(0x0101_0101).get(24, address);
        assertArrayEquals(GUEST.bytes(), address);
        assertEquals(0, guest.query(0x0001_0114).getInt(24), "connected");
        assertEquals(100_000_000, guest.query(0x0001_0107).getInt(24));
        ByteBuffer unknown = guest.query(0x7777_7777);
        assertEquals(0xC00000BB, unknown.getInt(12));
        assertEquals(0, unknown.getInt(16));
        assertEquals(16, unknown.getInt(20), "Linux looks at the offset even then");
        assertTrue(vsp.ready());
        ByteBuffer scaling = guest.query(0x0001_0203);
        assertEquals(4, scaling.getInt(24 + 12));
        ByteBuffer offload = guest.query(0xFC01_020D);
        assertEquals(0xA7, offload.get(24) & 0xFF);
        assertEquals(156, offload.getShort(26));
        assertEquals(0x14, offload.getInt(24 + 8) & 0x14, "TCP over IPv4");
        assertEquals(0xF53C, offload.getInt(24 + 84));
        assertEquals(1, offload.get(24 + 144));
    }

    @Test
    void joiningIsOfferedFromSixOneOn() {
        GuestAdapter guest = started(0x0005_0000, 1514);
        assertEquals(0, guest.query(0xFC01_020D).get(24 + 144));
    }

    @Test
    void framesGoOutFromSectionsAndPages() {
        GuestAdapter guest = started();
        byte[] small = frame(61, PEER, GUEST);
        assertEquals(1, guest.sendInSection(3, GuestAdapter.packet(small)));
        assertArrayEquals(small, fromPeer());
        byte[] full = frame(1514, PEER, GUEST);
        // The RNDIS header lies across a page boundary.
        assertEquals(1, guest.sendInPages(4096 - 20, GuestAdapter.packet(full)));
        assertArrayEquals(full, fromPeer());
        byte[] tagged = frame(100, PEER, GUEST);
        assertEquals(1, guest.sendInSection(0, GuestAdapter.packet(tagged, 6, 0x123 << 4 | 5)));
        Frame seen = awaitFrame();
        assertEquals(5 << 13 | 0x123, seen.tag());
        seen.release();
    }

    @Test
    void severalPacketsShareOneMessage() {
        GuestAdapter guest = started();
        ByteBuffer batch = ByteBuffer.allocate(6000);
        for (int i = 0; i < 8; i++) {
            byte[] packet = GuestAdapter.packet(frame(60 + 8 * i, PEER, GUEST));
            GuestAdapter.view(packet);
            byte[] padded = Arrays.copyOf(packet, packet.length + 7 & ~7);
            GuestAdapter.view(padded).putInt(4, padded.length);
            batch.put(padded);
        }
        assertEquals(1, guest.sendInSection(1, Arrays.copyOf(batch.array(), batch.position())));
        for (int i = 0; i < 8; i++) {
            assertEquals(60 + 8 * i, fromPeer().length);
        }
        batch.put(GuestAdapter.packet(frame(60, PEER, GUEST)));
        assertEquals(5, guest.sendInSection(1, Arrays.copyOf(batch.array(), batch.position())), "a ninth is too many");
    }

    @Test
    void framesArriveWithTheirInformation() {
        GuestAdapter guest = started();
        byte[] bytes = frame(200, GUEST, PEER);
        bytes[12] = 8;
        bytes[13] = 0;
        bytes[23] = 6;
        toGuest(bytes, 3 << 13 | 77, true);
        GuestAdapter.Received received = guest.receive();
        assertArrayEquals(bytes, GuestAdapter.frame(received.messages()[0]));
        assertEquals(0x28, GuestAdapter.information(received.messages()[0], 0), "TCP and IP good");
        assertEquals(77 << 4 | 3, GuestAdapter.information(received.messages()[0], 6));
        guest.complete(received);
        toGuest(frame(60, GUEST, PEER), Frame.NO_TAG, false);
        received = guest.receive();
        assertNull(GuestAdapter.information(received.messages()[0], 0));
        guest.complete(received);
    }

    @Test
    void theFilterDecidesWhatArrives() {
        GuestAdapter guest = started();
        MacAddress group = MacAddress.parse("01:00:5e:00:00:05");
        toGuest(frame(60, group, PEER), Frame.NO_TAG, false);
        guest.complete(guest.receive());
        assertEquals(0, guest.filter(0x01 | 0x02));
        toGuest(frame(60, group, PEER), Frame.NO_TAG, false);
        assertEquals(0, guest.set(0x0101_0103, group.bytes()));
        toGuest(frame(61, group, PEER), Frame.NO_TAG, false);
        GuestAdapter.Received received = guest.receive();
        assertEquals(61, GuestAdapter.frame(received.messages()[0]).length);
        guest.complete(received);
        assertEquals(0, guest.filter(0));
        toGuest(frame(60, GUEST, PEER), Frame.NO_TAG, false);
        assertNull(guest.receive(50), "nothing may come after the filter is closed");
    }

    @Test
    void sectionsComeBackAndNoneIsUsedTwice() {
        GuestAdapter guest = started();
        for (int round = 0; round < 3; round++) {
            int arrived = 0;
            java.util.List<GuestAdapter.Received> held = new java.util.ArrayList<>();
            for (int i = 0; i < 5; i++) {
                for (int j = 0; j < 100; j++) {
                    toGuest(frame(64, GUEST, PEER), Frame.NO_TAG, false);
                }
                for (GuestAdapter.Received next = guest.receive(200); next != null; next = guest.receive(50)) {
                    arrived += next.messages().length;
                    held.add(next);
                }
            }
            assertTrue(arrived <= 500 && arrived >= 450, arrived + " frames of 500");
            held.forEach(guest::complete);
            for (GuestAdapter.Received next = guest.receive(100); next != null; next = guest.receive(50)) {
                guest.complete(next);
            }
        }
        assertEquals(0, guest.query(0x0001_0114).getInt(24));
    }

    @Test
    void checksumsAreFinished() {
        GuestAdapter guest = started();
        byte[] bytes = udp(40);
        assertEquals(1, guest.sendInSection(0, GuestAdapter.packet(bytes, 0, 1 | 8 | 34 << 16)));
        byte[] sent = fromPeer();
        long sum = 17 + 48;
        for (int i = 26; i < 34; i += 2) {
            sum += (sent[i] & 0xFF) << 8 | sent[i + 1] & 0xFF;
        }
        for (int i = 34; i < sent.length; i += 2) {
            sum += (sent[i] & 0xFF) << 8 | sent[i + 1] & 0xFF;
        }
        while (sum > 0xFFFF) {
            sum = (sum & 0xFFFF) + (sum >> 16);
        }
        assertEquals(0xFFFF, sum);
        assertEquals(5, guest.sendInSection(0, GuestAdapter.packet(bytes, 0, 1 | 8 | 90 << 16)), "offset outside the frame");
    }

    private static byte[] udp(int payload) {
        byte[] bytes = frame(42 + payload, PEER, GUEST);
        ByteBuffer out = ByteBuffer.wrap(bytes);
        out.putShort(12, (short) 0x0800).putShort(14, (short) 0x4500).putShort(16, (short) (28 + payload)).putInt(18, 0)
                .put(22, (byte) 64).put(23, (byte) 17).putShort(24, (short) 0).putInt(26, 0x0A000001).putInt(30, 0x0A000002)
                .putShort(34, (short) 1).putShort(36, (short) 2).putShort(38, (short) (8 + payload));
        int pseudo = 0x0A00 + 0x0001 + 0x0A00 + 0x0002 + 17 + 8 + payload;
        out.putShort(40, (short) pseudo);
        return bytes;
    }

    @Test
    void jumboFramesNeedTheirMtu() {
        GuestAdapter guest = started(VERSION, 9014);
        assertEquals(0, guest.filter(0x0D));
        assertEquals(9000, guest.query(0x0001_0106).getInt(24));
        assertEquals(1, guest.sendInPages(0, GuestAdapter.packet(frame(9014, PEER, GUEST))));
        assertEquals(9014, fromPeer().length);
        toGuest(frame(9014, GUEST, PEER), Frame.NO_TAG, false);
        GuestAdapter.Received received = guest.receive();
        assertEquals(9014, GuestAdapter.frame(received.messages()[0]).length);
        guest.complete(received);
        assertEquals(5, guest.sendInPages(0, GuestAdapter.packet(frame(9100, PEER, GUEST))));
    }

    @Test
    void anMtuBeyondTheLimitIsCutBack() {
        GuestAdapter guest = started(VERSION, 60_000);
        assertEquals(9000, guest.query(0x0001_0106).getInt(24));
    }

    @Test
    void linkChangesAreTold() {
        GuestAdapter guest = started();
        vsp.link(false);
        GuestAdapter.Received news = guest.receive();
        assertEquals(1, news.channelType());
        assertEquals(0x4001_000C, GuestAdapter.view(news.messages()[0]).getInt(8));
        guest.complete(news);
        assertEquals(1, guest.query(0x0001_0114).getInt(24));
        assertEquals(1, guest.sendInSection(0, GuestAdapter.packet(frame(60, PEER, GUEST))), "a send without link is lost, not refused");
        assertEquals(0, peer.waiting());
        vsp.link(true);
        assertEquals(0x4001_000B, GuestAdapter.view(guest.receive().messages()[0]).getInt(8));
    }

    @Test
    void anotherAddressNeedsAnUnguardedPort() {
        GuestAdapter guest = started();
        assertNotEquals(0, guest.set(0x0001_021B, networkAddress("021122334455")));
        assertEquals(GUEST, port.macAddress());
        assertEquals(0, guest.set(0x0001_021B, networkAddress("00155d010203")), "its own is no change");
        assertNotEquals(0, guest.set(0x0001_021B, networkAddress("0211223344")));
    }

    private static byte[] networkAddress(String digits) {
        byte[] name = "NetworkAddress".getBytes(StandardCharsets.UTF_16LE);
        byte[] value = digits.getBytes(StandardCharsets.UTF_16LE);
        return ByteBuffer.allocate(20 + name.length + value.length).order(ByteOrder.LITTLE_ENDIAN).putInt(20).putInt(name.length)
                .putInt(2).putInt(20 + name.length).putInt(value.length).put(name).put(value).array();
    }

    @Test
    void subChannelsCarryDataAndGoWithThePrimary() {
        GuestAdapter guest = started();
        ByteBuffer answer = guest.request(GuestAdapter.message(133).putInt(4, 1).putInt(8, 7));
        assertEquals(1, answer.getInt(4));
        assertEquals(3, answer.getInt(8), "four queues at most");
        LoopbackChannel[] subs = new LoopbackChannel[3];
        for (int i = 0; i < 3; i++) {
            LoopbackGuest.Offered offer = LoopbackGuest.offered(rig.guest.await(MessageType.OFFER_CHANNEL));
            assertEquals(i + 1, offer.subChannel());
            assertEquals(guest.channel.offer().instance(), offer.instance());
            subs[i] = rig.guest.open(offer, 5);
        }
        assertEquals(2, guest.request(GuestAdapter.message(133).putInt(4, 1).putInt(8, 1)).getInt(4), "once per opening");

        guest.put(guest.sendPages, 0, GuestAdapter.packet(frame(77, PEER, GUEST)));
        subs[1].send(GuestAdapter.message(107).putInt(8, 0).putInt(12, 44 + 77).array(), true, 9);
        assertEquals(1, GuestAdapter.view(subs[1].receive().payload()).getInt(4));
        assertEquals(77, fromPeer().length);

        assertEquals(0, guest.set(0x0001_0204, scalingParameters(new int[] {3, 3})));
        assertEquals(134, GuestAdapter.view(guest.inBand).getInt(0));
        assertEquals(16, GuestAdapter.view(guest.inBand).getInt(4));
        assertEquals(3, GuestAdapter.view(guest.inBand).getInt(12 + 4 * 7), "sends are spread over all four queues");
        byte[] ip = udp(20);
        System.arraycopy(GUEST.bytes(), 0, ip, 0, 6);
        System.arraycopy(PEER.bytes(), 0, ip, 6, 6);
        toGuest(ip, Frame.NO_TAG, false);
        Packet onQueueThree = subs[2].receive();
        assertEquals(Packet.TRANSFER_PAGES, onQueueThree.type());
        subs[2].complete(onQueueThree.transactionId(), GuestAdapter.message(108).putInt(4, 1).array());

        guest.channel.close();
        for (LoopbackChannel sub : subs) {
            Message rescind = rig.guest.await(MessageType.RESCIND_CHANNEL_OFFER);
            rig.guest.post(Message.of(MessageType.RELID_RELEASED, 12).u32(8, rescind.u32(8)));
            assertNotNull(sub);
        }
    }

    private static byte[] scalingParameters(int[] queues) {
        ByteBuffer out = ByteBuffer.allocate(28 + 4 * queues.length + 40).order(ByteOrder.LITTLE_ENDIAN);
        out.putShort(12, (short) (4 * queues.length)).putInt(16, 28).putShort(20, (short) 40).putInt(24, 28 + 4 * queues.length);
        out.position(28);
        for (int queue : queues) {
            out.putInt(queue);
        }
        byte[] key = new byte[40];
        new Random(3).nextBytes(key);
        return out.put(key).array();
    }

    @Test
    void theHashIsMicrosoftsExample() {
        byte[] key = java.util.HexFormat.of().parseHex("6d5a56da255b0ec24167253d43a38fb0d0ca2bcbae7b30b477cb2da38030f20c6a42b73bbeac01fa");
        ByteBuffer out = ByteBuffer.allocate(28 + 4 + 40).order(ByteOrder.LITTLE_ENDIAN);
        out.putShort(12, (short) 4).putInt(16, 28).putShort(20, (short) 40).putInt(24, 32).position(32);
        out.put(key);
        ReceiveScaling scaling = ReceiveScaling.parse(out.array(), 0, out.capacity(), 4).scaling();
        byte[] frame = new byte[60];
        ByteBuffer.wrap(frame).putShort(12, (short) 0x0800).put(14, (byte) 0x45).put(23, (byte) 6)
                .put(26, new byte[] {66, 9, (byte) 149, (byte) 187, (byte) 161, (byte) 142, 100, 80}).putShort(34, (short) 2794).putShort(36, (short) 1766);
        assertEquals(0x51ccc178, scaling.hash(frame, frame.length));
        frame[23] = 17;
        assertEquals(0x323e8fc2, scaling.hash(frame, frame.length), "addresses only");
    }

    @Test
    void largeReceivesAreJoinedForAGuestThatWantsIt() {
        GuestAdapter guest = started();
        byte[] parameters = new byte[28];
        parameters[22] = 2;
        parameters[23] = 2;
        assertEquals(0, guest.set(0xFC01_020C, parameters));
        Frame large = peer.frame(54 + 4000);
        byte[] data = large.data();
        System.arraycopy(frame(4054, GUEST, PEER), 0, data, 0, 4054);
        ByteBuffer.wrap(data).putShort(12, (short) 0x0800).put(14, (byte) 0x45).put(23, (byte) 6).put(46, (byte) 0x50);
        assertTrue(org.viridian.devices.network.LargeSend.prepare(large, 1460, 34));
        byte[] expected = Arrays.copyOf(data, 4054);
        peer.send(large);
        GuestAdapter.Received received = guest.receive();
        assertEquals(3, received.messages().length, "all pieces in one packet");
        ByteBuffer joined = ByteBuffer.allocate(4054);
        for (int i = 0; i < 3; i++) {
            int id = GuestAdapter.information(received.messages()[i], 0x8000_0001);
            assertEquals(1 | (1 | (i == 0 ? 2 : 0) | (i == 2 ? 4 : 0)) << 8, id & 0xFFFF);
            joined.put(GuestAdapter.frame(received.messages()[i]));
        }
        assertArrayEquals(expected, joined.array());
        guest.complete(received);
    }

    @Test
    void theDriverMayLeaveAndReturn() {
        GuestAdapter guest = started();
        toGuest(frame(60, GUEST, PEER), Frame.NO_TAG, false);
        GuestAdapter.Received held = guest.receive();
        guest.channel.send(GuestAdapter.message(103).putShort(4, (short) 0xCAFE).array(), false, 0);
        guest.channel.send(GuestAdapter.message(106).array(), false, 0);
        guest.complete(held);
        rig.guest.teardownGpadl(guest.channel.offer().relid(), guest.receiveGpadl);
        rig.guest.teardownGpadl(guest.channel.offer().relid(), guest.sendGpadl);
        guest.channel.close();
        assertFalse(vsp.ready());
        assertEquals(DeviceState.WAITING_FOR_DRIVER, vsp.node().state());
        GuestAdapter again = new GuestAdapter(rig, rig.guest.open(guest.channel.offer(), 33), 128);
        again.start(VERSION, 1514);
        assertEquals(0, again.filter(0x0D));
        toGuest(frame(60, GUEST, PEER), Frame.NO_TAG, false);
        again.complete(again.receive());
    }

    @Test
    void buffersAreRefusedWhenTheyAreNone() {
        GuestAdapter guest = new GuestAdapter(rig, rig.open(vsp, 33), 256);
        assertEquals(2, guest.request(GuestAdapter.message(101).putInt(4, 1)).getInt(4), "before the version");
        assertEquals(1, guest.init(VERSION));
        assertEquals(2, guest.request(GuestAdapter.message(101).putInt(4, 0x666)).getInt(4));
        guest.channel.send(GuestAdapter.message(125).putInt(4, 9014).array(), false, 0);
        int small = rig.guest.createGpadl(guest.channel.offer().relid(), rig.guest.pages(1));
        assertEquals(2, guest.request(GuestAdapter.message(101).putInt(4, small)).getInt(4), "one page holds no two frames");
        int ring = rig.guest.createGpadl(guest.channel.offer().relid(), guest.receivePages);
        assertEquals(1, guest.request(GuestAdapter.message(101).putInt(4, ring)).getInt(4));
        assertEquals(2, guest.request(GuestAdapter.message(101).putInt(4, ring)).getInt(4), "twice");
        assertEquals(2, guest.request(GuestAdapter.message(104).putInt(4, ring)).getInt(4), "already lent");
    }

    @Test
    void takingTheBufferBackStopsTheChannelFirst() {
        GuestAdapter guest = started();
        rig.guest.teardownGpadl(guest.channel.offer().relid(), guest.receiveGpadl);
        assertFalse(vsp.ready());
        toGuest(frame(60, GUEST, PEER), Frame.NO_TAG, false);
        assertNull(guest.receive(50));
    }

    @Test
    void badPacketsAreRefusedOneByOne() {
        GuestAdapter guest = started();
        byte[] good = GuestAdapter.packet(frame(60, PEER, GUEST), 0, 0);
        for (int field : new int[] {4, 8, 12, 28, 32, 44, 52}) {
            for (int value : new int[] {-1, Integer.MAX_VALUE, Integer.MIN_VALUE, 1 << 20}) {
                byte[] bad = good.clone();
                GuestAdapter.view(bad).putInt(field, value);
                assertEquals(5, guest.sendInSection(0, bad), "field %d = %x".formatted(field, value));
            }
        }
        assertEquals(2, guest.request(GuestAdapter.message(107).putInt(8, 1000).putInt(12, 60)).getInt(4), "no such section");
        assertEquals(2, guest.request(GuestAdapter.message(107).putInt(8, 0).putInt(12, 7000)).getInt(4), "longer than a section");
        assertEquals(2, guest.request(GuestAdapter.message(107).putInt(8, 0).putInt(12, -1)).getInt(4));
        assertEquals(5, guest.sendInSection(0, GuestAdapter.packet(frame(1600, PEER, GUEST))), "longer than the MTU");
        assertEquals(5, guest.sendInSection(0, GuestAdapter.packet(frame(600, PEER, GUEST), 2, 1460 | 34 << 20)), "no TCP to cut");
        assertEquals(1, guest.sendInSection(0, good));
        assertEquals(60, fromPeer().length);
        assertEquals(DeviceState.ACTIVE, vsp.node().state());
    }

    @Test
    void aCompletionOfNothingStopsTheChannel() {
        GuestAdapter guest = started();
        guest.channel.complete(4711, GuestAdapter.message(108).putInt(4, 1).array());
        Rig.eventually(() -> vsp.node().state() == DeviceState.PROBLEM);
        assertTrue(vsp.node().events().getLast().reason().contains("completion"));
    }
}
