package org.viridian.vmbus.server;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.viridian.vmbus.channel.Packet;
import org.viridian.vmbus.loopback.LoopbackChannel;
import org.viridian.vmbus.loopback.LoopbackGuest;
import org.viridian.vmbus.loopback.LoopbackGuest.Offered;
import org.viridian.vmbus.protocol.Message;
import org.viridian.vmbus.protocol.MessageType;

/** Stories between a guest and the server: each is what a driver does, or what a hostile guest may try. */
class VmbusServerTest {
    private static final int RING_PAGES = 3;
    private static final String ONE = "4a5b0001-c3d4-4a5b-8c6d-112233445566";
    private static final String TWO = "4a5b0002-c3d4-4a5b-8c6d-112233445566";

    private final LoopbackGuest guest = new LoopbackGuest(8 << 20, 2, 42);
    private final EchoDevice device = new EchoDevice(ONE);
    private VmbusServer server;

    @BeforeEach
    void power() {
        server = new VmbusServer("test", guest.synic(), guest.memory(), 2);
        server.offer(device);
    }

    @AfterEach
    void off() {
        server.close();
    }

    private LoopbackChannel open() {
        return guest.open(guest.connect().getFirst(), RING_PAGES);
    }

    private static void eventually(BooleanSupplier condition) {
        long deadline = System.nanoTime() + 5_000_000_000L;
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() < deadline, "did not come to pass");
            Thread.onSpinWait();
        }
    }

    private static byte[] bytes(int length, int seed) {
        byte[] bytes = new byte[length];
        new Random(seed).nextBytes(bytes);
        bytes[0] = 1;
        return bytes;
    }

    @ParameterizedTest
    @ValueSource(ints = {0x0002_0004, 0x0003_0000, 0x0004_0000, 0x0004_0001, 0x0005_0000, 0x0005_0001, 0x0005_0002, 0x0005_0003})
    void acceptsEveryVersionLinuxAsksFor(int version) {
        Message response = guest.initiateContact(version, 0);
        assertEquals(16, response.size());
        assertEquals(1, response.bytes().get(8));
        assertEquals(version >= 0x0005_0000 ? 4 : version, response.u32(12));
        assertEquals(1, guest.requestOffers().size());
    }

    @ParameterizedTest
    @ValueSource(ints = {0x0000_000D, 0x0001_0001, 0x0005_0004, 0x0006_0000, 0x7FFF_FFFF})
    void refusesOtherVersionsWithAReply(int version) {
        assertEquals(0, guest.initiateContact(version, 0).bytes().get(8));
    }

    @Test
    void offersWhatTheDeviceSays() {
        server.offer(new EchoDevice(TWO));
        List<Offered> offers = guest.connect();
        assertEquals(2, offers.size());
        Offered offer = offers.getFirst();
        assertEquals(device.offer().interfaceType(), offer.interfaceType());
        assertEquals(device.offer().instance(), offer.instance());
        assertEquals(1, offer.flags());
        assertEquals(7, offer.mmioMegabytes());
        assertEquals(4, offer.userDefined());
        assertEquals(1, offer.dedicatedInterrupt());
        assertEquals(0, offer.monitorAllocated());
        assertEquals(0xFF, offer.monitorId());
        assertTrue(offer.relid() >= 1 && offer.relid() < 2048);
        assertNotEquals(offer.relid(), offers.getLast().relid());
        assertNotEquals(offer.connectionId(), offers.getLast().connectionId());
        guest.post(Message.of(MessageType.REQUEST_OFFERS, 8));
        assertNull(guest.poll(MessageType.OFFER_CHANNEL, 100), "a second request is ignored");
    }

    @Test
    void aDeviceThatComesLaterIsOffered() {
        guest.connect();
        server.offer(new EchoDevice(TWO));
        assertEquals(TWO, LoopbackGuest.offered(guest.await(MessageType.OFFER_CHANNEL)).instance().toString());
    }

    @Test
    void packetsOfEverySizeGoRoundTheRingInOrder() {
        LoopbackChannel channel = open();
        Random random = new Random(7);
        for (int i = 0; i < 2000; i++) {
            byte[] payload = bytes(8 * (1 + random.nextInt(120)), i);
            assertTrue(channel.send(payload, true, 0xABCD_0000_0000L + i));
            Packet answer = channel.receive();
            assertEquals(Packet.COMPLETION, answer.type());
            assertEquals(0xABCD_0000_0000L + i, answer.transactionId());
            assertArrayEquals(payload, answer.payload());
        }
        assertTrue(channel.interrupted());
    }

    @Test
    void aGuestThatReadsLateLosesNothing() {
        LoopbackChannel channel = open();
        int sent = 0;
        long deadline = System.nanoTime() + 500_000_000L;
        // The host's ring fills first, then its queue, then it leaves our packets where they are.
        while (System.nanoTime() < deadline) {
            if (channel.send(bytes(200, sent), true, sent)) {
                sent++;
                deadline = System.nanoTime() + 300_000_000L;
            } else {
                Thread.yield();
            }
            assertTrue(sent < 10_000, "the host takes requests without end");
        }
        assertTrue(channel.incoming(12) > 0, "pending_send_sz is set");
        for (int i = 0; i < sent; i++) {
            Packet answer = channel.receive();
            assertEquals(i, answer.transactionId());
            assertArrayEquals(bytes(200, i), answer.payload());
        }
        assertNull(channel.receive(50));
    }

    @Test
    void buffersAreSeenAndWrittenAcrossPages() {
        LoopbackChannel channel = open();
        long[] pages = guest.pages(3);
        byte[] text = bytes(7000, 3);
        for (int i = 0; i < text.length; i++) {
            int at = 100 + i;
            guest.memory().writeByte(pages[at / 4096] * 4096 + at % 4096, text[i]);
        }
        assertTrue(channel.sendBuffer(new byte[] {1, 2, 3, 4, 5, 6, 7, 8}, 9, pages, 100, text.length));
        assertEquals(9, channel.receive().transactionId());
        for (int i = 0; i < text.length; i++) {
            int at = 100 + i;
            assertEquals((byte) ~text[i], (byte) guest.memory().readByte(pages[at / 4096] * 4096 + at % 4096));
        }
        assertEquals(0, guest.memory().readByte(pages[0] * 4096 + 99));
        assertEquals(0, guest.memory().readByte(pages[1] * 4096 + 4096 > 0 ? pages[2] * 4096 : 0));
    }

    @Test
    void aBadBufferFailsTheRequestOnly() {
        LoopbackChannel channel = open();
        for (long page : new long[] {1L << 40, -1, Long.MAX_VALUE, (8 << 20) / 4096}) {
            assertTrue(channel.sendBuffer(new byte[8], 5, new long[] {page}, 0, 4096));
            assertTrue(new String(channel.receive().payload(), java.nio.charset.StandardCharsets.UTF_8).contains("is not RAM"));
        }
        assertTrue(channel.sendBuffer(new byte[8], 6, guest.pages(1), 4096, 1));
        assertEquals(6, channel.receive().transactionId());
        assertTrue(channel.sendBuffer(new byte[8], 7, guest.pages(1), 0, 4097));
        assertEquals(7, channel.receive().transactionId());
        assertNull(device.violation);
    }

    @Test
    void closeAndReopenOnTheSamePagesStartsAfresh() {
        Offered offer = guest.connect().getFirst();
        for (int i = 1; i <= 5; i++) {
            LoopbackChannel channel = guest.open(offer, RING_PAGES);
            channel.send(bytes(64, i), true, i);
            assertEquals(i, channel.receive().transactionId());
            channel.corruptIncoming(12, 4000);
            channel.close();
            assertEquals(i, device.closed);
            assertNotEquals(0, guest.signal(offer.connectionId()), "the signal route is gone");
        }
    }

    @Test
    void aLongPageListComesInManyMessages() {
        Offered offer = guest.connect().getFirst();
        int id = guest.createGpadl(offer.relid(), guest.pages(1000));
        guest.teardownGpadl(offer.relid(), id);
        guest.teardownGpadl(offer.relid(), id);
    }

    @Test
    void rescindEndsTheChannelAndAnOfferWaitsForTheRelease() {
        LoopbackChannel channel = open();
        int relid = channel.offer().relid();
        server.rescind(device);
        assertEquals(relid, guest.await(MessageType.RESCIND_CHANNEL_OFFER).u32(8));
        assertEquals(1, device.closed);
        server.offer(device);
        assertNull(guest.poll(MessageType.OFFER_CHANNEL, 100), "not before the guest has released the id");
        guest.post(Message.of(MessageType.CLOSE_CHANNEL, 12).u32(8, relid));
        guest.createGpadl(relid, guest.pages(2));
        guest.post(Message.of(MessageType.RELID_RELEASED, 12).u32(8, relid));
        Offered again = LoopbackGuest.offered(guest.await(MessageType.OFFER_CHANNEL));
        assertEquals(device.offer().instance(), again.instance());
        guest.open(again, RING_PAGES).send(bytes(8, 1), true, 1);
        eventually(() -> device.opened == 2);
    }

    @Test
    void interruptsFollowModifyChannel() {
        LoopbackChannel channel = open();
        eventually(() -> device.channel != null);
        int relid = channel.offer().relid();
        guest.post(Message.of(MessageType.MODIFY_CHANNEL, 16).u32(8, relid).u32(12, 1));
        Message response = guest.await(MessageType.MODIFY_CHANNEL_RESPONSE);
        assertEquals(16, response.size());
        assertEquals(0, response.u32(12));
        assertEquals(1, device.channel.facts().targetVp());
        for (int bad : new int[] {2, -1}) {
            guest.post(Message.of(MessageType.MODIFY_CHANNEL, 16).u32(8, relid).u32(12, bad));
            assertNotEquals(0, guest.await(MessageType.MODIFY_CHANNEL_RESPONSE).u32(12));
        }
        guest.post(Message.of(MessageType.MODIFY_CHANNEL, 16).u32(8, 99).u32(12, 0));
        assertNotEquals(0, guest.await(MessageType.MODIFY_CHANNEL_RESPONSE).u32(12));
        guest.post(Message.of(MessageType.MODIFY_CHANNEL, 12).u32(8, relid));
        assertNotEquals(0, guest.await(MessageType.MODIFY_CHANNEL_RESPONSE).u32(12));
    }

    @Test
    void unloadLetsGoOfEverythingAndTheNextKernelConnects() {
        for (int boot = 1; boot <= 20; boot++) {
            open();
            guest.unload();
            assertEquals(boot, device.closed);
            assertNull(guest.poll(MessageType.OFFER_CHANNEL, 0));
        }
        guest.unload();
    }

    @Test
    void aCrashKernelConnectsFromAnotherProcessorWithoutUnload() {
        open();
        assertEquals(1, guest.initiateContact(0x0005_0003, 1).bytes().get(8));
        assertEquals(1, device.closed);
        Offered offer = guest.requestOffers().getFirst();
        guest.open(offer, RING_PAGES);
        assertEquals("version 5.3", server.connection());
    }

    @Test
    void aResetDropsTheConnection() {
        open();
        server.reset();
        assertEquals(1, device.closed);
        assertEquals("not connected", server.connection());
        guest.post(Message.of(MessageType.REQUEST_OFFERS, 8));
        assertNull(guest.poll(MessageType.OFFER_CHANNEL, 50));
        assertEquals(1, guest.connect().size());
    }

    @Test
    void badOpensAreRefusedWithAnAnswer() {
        server.offer(new EchoDevice(TWO));
        List<Offered> offers = guest.connect();
        int relid = offers.getFirst().relid();
        int good = guest.createGpadl(relid, guest.pages(8));
        int foreign = guest.createGpadl(offers.getLast().relid(), guest.pages(8));
        assertNotEquals(0, guest.open(77, good, 0, 4), "no such channel");
        assertNotEquals(0, guest.open(relid, 0x123, 0, 4), "no such page list");
        assertNotEquals(0, guest.open(relid, foreign, 0, 4), "another channel's page list");
        assertNotEquals(0, guest.open(relid, good, 2, 4), "no such processor");
        for (int downstream : new int[] {0, 1, 7, 8, 9, -1, Integer.MIN_VALUE}) {
            assertNotEquals(0, guest.open(relid, good, 0, downstream), "rings split at page " + downstream);
        }
        guest.post(Arrays.copyOf(Message.of(MessageType.OPEN_CHANNEL, 148).u32(8, relid).u32(16, good).array(), 40));
        assertNotEquals(0, guest.await(MessageType.OPEN_CHANNEL_RESULT).u32(16), "a short message");
        assertEquals(0, guest.open(relid, good, 0, 4));
        assertNotEquals(0, guest.open(relid, good, 0, 4), "open already");
    }

    @Test
    void badPageListsAreRefusedWithAnAnswer() {
        int relid = guest.connect().getFirst().relid();
        long page = guest.pages(1)[0];
        assertRefused(header(relid, 1, 16, 1, 4096, 0, page).u32(8, 55));
        assertRefused(header(relid, 2, 12, 1, 4096, 0, page));
        assertRefused(header(relid, 3, 0, 1, 4096, 0, page));
        assertRefused(header(relid, 4, 16, 0, 4096, 0, page));
        assertRefused(header(relid, 5, 16, 1, 0, 0, page));
        assertRefused(header(relid, 6, 16, 1, 4096, 4096, page));
        assertRefused(header(relid, 7, 16, 1, 4097, 0, page));
        assertRefused(header(relid, 8, 16, 1, -1, 4095, page));
        assertRefused(header(relid, 9, 16, 2, 4096, 0, page));
        assertRefused(header(relid, 10, 16, 1, 4096, 0, 1L << 30));
        assertRefused(header(relid, 11, 16, 1, 4096, 0, Long.MIN_VALUE));
        guest.post(header(relid, 12, 16, 1, 4096, 0, page));
        assertEquals(0, guest.await(MessageType.GPADL_CREATED).u32(16));
        assertRefused(header(relid, 12, 16, 1, 4096, 0, page));
        guest.post(Message.of(MessageType.GPADL_BODY, 24).u32(12, 4711));
        assertNull(guest.poll(MessageType.GPADL_CREATED, 50), "nobody to answer to");
    }

    @Test
    void oneChannelHasSixtyFourPageListsAndOthersStillHaveTheirs() {
        server.offer(new EchoDevice(TWO));
        List<Offered> offers = guest.connect();
        int relid = offers.getFirst().relid();
        long page = guest.pages(1)[0];
        for (int id = 1; id <= 64; id++) {
            guest.post(header(relid, id, 16, 1, 4096, 0, page));
            assertEquals(0, guest.await(MessageType.GPADL_CREATED).u32(16), "page list " + id);
        }
        assertRefused(header(relid, 65, 16, 1, 4096, 0, page));
        guest.post(header(offers.getLast().relid(), 66, 16, 1, 4096, 0, page));
        assertEquals(0, guest.await(MessageType.GPADL_CREATED).u32(16));
        guest.teardownGpadl(relid, 1);
        guest.post(header(relid, 65, 16, 1, 4096, 0, page));
        assertEquals(0, guest.await(MessageType.GPADL_CREATED).u32(16), "a torn down one makes room");
    }

    private static Message header(int relid, int id, int listBytes, int ranges, int bytes, int offset, long page) {
        Message message = Message.of(MessageType.GPADL_HEADER, 36).u32(8, relid).u32(12, id).u32(20, bytes).u32(24, offset);
        message.bytes().putShort(16, (short) listBytes).putShort(18, (short) ranges).putLong(28, page);
        return message;
    }

    private void assertRefused(Message header) {
        guest.post(header);
        Message created = guest.await(MessageType.GPADL_CREATED);
        assertEquals(header.u32(12), created.u32(12));
        assertNotEquals(0, created.u32(16));
    }

    @Test
    void aBrokenRingStopsItsChannelOnly() {
        int[][] breaks = {{0, 4}, {0, 8 << 20}, {0, -8}, {0, 8}};
        Offered offer = guest.connect().getFirst();
        for (int[] broken : breaks) {
            device.violation = null;
            LoopbackChannel channel = guest.open(offer, RING_PAGES);
            channel.corruptOutgoing(broken[0], broken[1]);
            guest.signal(offer.connectionId());
            eventually(() -> device.violation != null);
            channel.close();
        }
        LoopbackChannel channel = guest.open(offer, RING_PAGES);
        channel.send(bytes(8, 0), true, 1);
        assertEquals(1, channel.receive().transactionId());
    }

    @Test
    void badDescriptorsStopTheChannel() {
        Offered offer = guest.connect().getFirst();
        for (int[] fields : new int[][] {{6, 1, 3, 0}, {6, 4, 3, 0}, {6, 2, 4000, 0}, {6, 2, 3, 2}, {7, 2, 3, 0}, {0, 2, 3, 0}}) {
            device.violation = null;
            LoopbackChannel channel = guest.open(offer, RING_PAGES);
            byte[] packet = new byte[24];
            for (int i = 0; i < 4; i++) {
                packet[2 * i] = (byte) fields[i];
                packet[2 * i + 1] = (byte) (fields[i] >> 8);
            }
            channel.writeRaw(packet);
            eventually(() -> device.violation != null);
            channel.close();
        }
    }

    @Test
    void aDeviceErrorStopsTheChannelAndControlGoesOn() {
        LoopbackChannel channel = open();
        channel.send(new byte[] {(byte) 0xEE, 0, 0, 0, 0, 0, 0, 0}, false, 0);
        eventually(() -> device.closed == 1);
        assertEquals("asked for it", device.violation);
        channel.close();
        guest.unload();
    }

    @Test
    void garbageNeverBringsTheServerDown() {
        Random random = new Random(20_260_101);
        guest.connect();
        long end = System.nanoTime() + 2_000_000_000L;
        long count = 0;
        while (System.nanoTime() < end) {
            byte[] message = new byte[random.nextInt(241)];
            random.nextBytes(message);
            if (message.length >= 16 && random.nextInt(8) != 0) {
                Message typed = Message.parse(message);
                // Numbers small enough to hit something now and then; 14 and 16 only seldom, or nothing lives long.
                int type = random.nextInt(26);
                typed.u32(0, (type == 14 || type == 16) && random.nextInt(50) != 0 ? MessageType.GPADL_HEADER : type);
                typed.u32(8, random.nextInt(4));
                typed.u32(12, type == 14 ? random.nextInt(3) : random.nextInt(8));
            }
            guest.post(message);
            if (count++ % 64 == 0) {
                guest.post(Message.of(MessageType.INITIATE_CONTACT, 40).u32(8, 0x0005_0003).u32(16, 2));
                guest.post(Message.of(MessageType.REQUEST_OFFERS, 8));
                guest.synic().discardMessages();
            }
        }
        assertTrue(count > 1000);
        // What is still queued may hold a contact whose answer would be taken for ours.
        guest.poll(Integer.MAX_VALUE, 500);
        LoopbackChannel channel = guest.open(guest.connect().getFirst(), RING_PAGES);
        channel.send(bytes(8, 1), true, 3);
        assertEquals(3, channel.receive().transactionId());
    }

    @Test
    void garbageInARingNeverBringsTheServerDown() {
        Random random = new Random(5);
        Offered offer = guest.connect().getFirst();
        long end = System.nanoTime() + 1_000_000_000L;
        while (System.nanoTime() < end) {
            LoopbackChannel channel = guest.open(offer, RING_PAGES);
            for (int i = 0; i < 20; i++) {
                byte[] packet = new byte[8 * (1 + random.nextInt(60))];
                random.nextBytes(packet);
                packet[0] = (byte) (random.nextBoolean() ? 6 : 9);
                packet[1] = 0;
                packet[2] = (byte) random.nextInt(12);
                packet[3] = 0;
                packet[4] = (byte) (packet.length / 8);
                packet[5] = 0;
                packet[6] = (byte) random.nextInt(2);
                packet[7] = 0;
                channel.writeRaw(packet);
            }
            channel.corruptIncoming(random.nextInt(4) * 4, random.nextInt());
            guest.signal(offer.connectionId());
            channel.close();
        }
        LoopbackChannel channel = guest.open(offer, RING_PAGES);
        channel.send(bytes(8, 1), true, 3);
        assertNotNull(channel.receive());
        assertFalse(channel.room() <= 0);
    }
}
