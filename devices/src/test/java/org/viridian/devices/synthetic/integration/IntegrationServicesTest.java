package org.viridian.devices.synthetic.integration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HexFormat;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.viridian.devices.synthetic.Rig;
import org.viridian.vmbus.channel.Packet;
import org.viridian.vmbus.loopback.LoopbackChannel;

/** hv_utils at the other end: negotiation, and one question at a time. */
class IntegrationServicesTest {
    private final Rig rig = new Rig();

    @AfterEach
    void off() {
        rig.close();
    }

    private static ByteBuffer question(LoopbackChannel channel) {
        Packet packet = channel.receive();
        assertEquals(Packet.IN_BAND, packet.type());
        return ByteBuffer.wrap(packet.payload()).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** Answers in the same buffer, as Linux does. */
    private static void reply(LoopbackChannel channel, ByteBuffer question, int status) {
        question.putInt(20, status).put(25, (byte) 5);
        channel.send(question.array(), false, 0);
    }

    private static void negotiate(LoopbackChannel channel, int major, int minor) {
        ByteBuffer question = question(channel);
        assertEquals(0, question.getShort(12));
        assertEquals(3, question.get(25));
        int frameworks = question.getShort(28);
        int messages = question.getShort(30);
        boolean offered = false;
        for (int i = 0; i < messages; i++) {
            int at = 36 + 4 * (frameworks + i);
            offered |= question.getShort(at) == major && question.getShort(at + 2) == minor;
        }
        assertTrue(offered, "version %d.%d".formatted(major, minor));
        question.putShort(28, (short) 1).putShort(30, (short) 1).putShort(36, (short) 3).putShort(38, (short) 0);
        question.putShort(40, (short) major).putShort(42, (short) minor);
        reply(channel, question, 0);
    }

    @Test
    void heartbeatNegotiationIsByteForByteHyperVs() {
        LoopbackChannel channel = rig.open(new HeartbeatService(rig.clock), 4);
        byte[] bytes = question(channel).array();
        // The transaction id is ours to choose.
        bytes[24] = 0;
        assertEquals("010000002c0000000000000000000000000018000000000000030000" + "0200020000000000"
                + "0100000003000000" + "0100000003000000" + "00000000", HexFormat.of().formatHex(bytes));
    }

    @Test
    void heartbeatGoesOnWhileTheGuestAnswers() {
        HeartbeatService service = new HeartbeatService(rig.clock);
        assertEquals(Optional.empty(), service.responding());
        LoopbackChannel channel = rig.open(service, 4);
        negotiate(channel, 3, 0);
        ByteBuffer beat = question(channel);
        assertEquals(1, beat.getShort(12));
        assertEquals(40, beat.getShort(18));
        beat.putLong(28, beat.getLong(28) + 1);
        long answered = beat.getLong(28);
        reply(channel, beat, 0);
        assertEquals(Optional.of(true), service.responding());
        assertTrue(question(channel).getLong(28) > answered, "two seconds later");
        channel.close();
        assertEquals(Optional.empty(), service.responding());
    }

    @Test
    void shutdownAsksOnceAndInFull() {
        ShutdownService service = new ShutdownService(rig.clock);
        assertFalse(service.requestPowerOff());
        LoopbackChannel channel = rig.open(service, 4);
        assertFalse(service.requestPowerOff(), "before versions are agreed");
        negotiate(channel, 3, 2);
        Rig.eventually(service::ready);
        assertTrue(service.requestPowerOff());
        assertFalse(service.requestPowerOff(), "one at a time");
        ByteBuffer question = question(channel);
        assertEquals(3, question.getShort(12));
        assertEquals(2060, question.getShort(18));
        assertEquals(28 + 2060, question.capacity());
        assertEquals(0x80000000, question.getInt(28));
        assertEquals(0, question.getInt(36));
        assertNull(channel.receive(20));
        reply(channel, question, 0);
        Rig.eventually(service::requestReboot);
        assertEquals(2, question(channel).getInt(36));
    }

    @Test
    void timeIsSetOnceAndThenSampled() {
        TimeSyncService service = new TimeSyncService(rig.clock, () -> 123_456_789L);
        LoopbackChannel channel = rig.open(service, 4);
        negotiate(channel, 4, 0);
        ByteBuffer first = question(channel);
        assertEquals(4, first.getShort(12));
        assertEquals(123_456_789L, first.getLong(36));
        assertEquals(1, first.get(44));
        long expected = (System.currentTimeMillis() + 11_644_473_600_000L) * 10_000;
        assertTrue(Math.abs(first.getLong(28) - expected) < 50_000_000L, "within five seconds");
        reply(channel, first, 0);
        Rig.eventually(() -> {
            service.synchronize();
            return channel.receive(50) != null;
        });
    }

    @Test
    void aGuestWithoutACommonVersionIsLeftAlone() {
        ShutdownService service = new ShutdownService(rig.clock);
        LoopbackChannel channel = rig.open(service, 4);
        ByteBuffer question = question(channel);
        question.putShort(28, (short) 0).putShort(30, (short) 0);
        reply(channel, question, 0);
        assertNull(channel.receive(50));
        assertFalse(service.ready());
    }

    @Test
    void aStaleAnswerIsDropped() {
        ShutdownService service = new ShutdownService(rig.clock);
        LoopbackChannel channel = rig.open(service, 4);
        ByteBuffer question = question(channel);
        question.put(24, (byte) (question.get(24) + 1));
        question.putShort(28, (short) 1).putShort(30, (short) 1);
        reply(channel, question, 0);
        assertNull(channel.receive(50));
        assertFalse(service.ready());
    }
}
