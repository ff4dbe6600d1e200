package org.viridian.devices.synthetic.network;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.viridian.devices.network.Frame;
import org.viridian.devices.network.MacAddress;
import org.viridian.devices.network.PortOptions;
import org.viridian.devices.network.SwitchPort;
import org.viridian.devices.network.VirtualSwitch;
import org.viridian.devices.synthetic.Rig;
import org.viridian.engine.device.DeviceState;
import org.viridian.vmbus.channel.Packet;

/**
 * Good messages with random changes, reproducible by seed: whatever a guest sends, each request gets exactly one completion,
 * the program's own errors never show, and a channel stops only for a reason that names what the guest did.
 */
class NetworkMutationTest {
    private static final MacAddress GUEST = MacAddress.parse("00:15:5d:01:02:03");
    private static final MacAddress PEER = MacAddress.parse("02:00:00:00:00:01");
    private static final int REQUESTS = 3000;
    private static final int[] INTERESTING = {0, 1, -1, 7, 8, 12, 14, 36, 44, 60, 0x7FFF_FFFF, 0x8000_0000, 1514, 6144, 65536, 0xFFFF};

    private final Rig rig = new Rig();

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void everyRequestGetsItsCompletion(long seed) {
        Random random = new Random(seed);
        VirtualSwitch network = new VirtualSwitch("test");
        SwitchPort peer = network.addPort("peer", null, PortOptions.UPLINK);
        peer.attach(() -> { });
        NetworkVsp vsp = new NetworkVsp(new AdapterConfig("net0", new UUID(1, 2), 9000, 1),
                network.addPort("guest", GUEST, new PortOptions(false, 0, 0, 1, 0)), rig.clock);
        try {
            GuestAdapter guest = new GuestAdapter(rig, rig.open(vsp, 33), 128);
            guest.start(0x0006_0001, 1514);
            guest.filter(0x2F);
            int answered = 0;
            for (int i = 0; i < REQUESTS && vsp.node().state() != DeviceState.PROBLEM; i++) {
                send(guest, random, 1_000_000 + i);
                if (!await(guest, 1_000_000 + i)) {
                    break;
                }
                answered++;
                for (Frame frame = peer.poll(); frame != null; frame = peer.poll()) {
                    frame.release();
                }
            }
            assertTrue(answered > 50, "only %d requests were answered: %s".formatted(answered, vsp.node().events()));
            vsp.node().events().forEach(event -> assertFalse(event.reason().startsWith("internal error"), event.reason()));
            assertTrue(answered == REQUESTS || vsp.node().state() == DeviceState.PROBLEM,
                    "request %d got no completion".formatted(answered));
        } finally {
            rig.close();
            vsp.close();
        }
    }

    private static void send(GuestAdapter guest, Random random, long id) {
        int kind = random.nextInt(10);
        if (kind < 6) {
            byte[] frame = new byte[14 + random.nextInt(200)];
            random.nextBytes(frame);
            System.arraycopy(PEER.bytes(), 0, frame, 0, 6);
            System.arraycopy(GUEST.bytes(), 0, frame, 6, 6);
            byte[] packet = mutate(random, GuestAdapter.packet(frame, random.nextInt(9), random.nextInt(), 6, random.nextInt()));
            guest.put(guest.sendPages, 0, packet);
            guest.channel.send(mutate(random, GuestAdapter.message(107).putInt(8, 0).putInt(12, packet.length).array(), 8), true, id);
        } else if (kind < 9) {
            byte[] value = new byte[random.nextInt(100)];
            random.nextBytes(value);
            byte[] request = mutate(random, guest.rndis(random.nextBoolean() ? 4 : 5, 28 + value.length)
                    .putInt(12, oid(random)).putInt(16, value.length).putInt(20, 20).put(28, value).array());
            guest.put(guest.scratch, 0, request);
            guest.channel.sendBuffer(GuestAdapter.message(107).putInt(4, 1).putInt(8, -1).array(), id, guest.scratch, 0, request.length);
        } else {
            byte[] message = GuestAdapter.message(new int[] {1, 101, 104, 107, 125, 129, 133, 136}[random.nextInt(8)]).array();
            guest.channel.send(mutate(random, message, 4), true, id);
        }
    }

    private static int oid(Random random) {
        int[] known = {0x0001_0106, 0x0001_010E, 0x0001_0203, 0x0001_0204, 0x0001_021B, 0x0101_0103, 0xFC01_020C, 0xFC01_020D, 0x0001_0101};
        return known[random.nextInt(known.length)];
    }

    private static byte[] mutate(Random random, byte[] bytes) {
        return mutate(random, bytes, 0);
    }

    /** Changes up to three words or bytes from an offset on. */
    private static byte[] mutate(Random random, byte[] bytes, int from) {
        byte[] result = bytes.clone();
        for (int i = random.nextInt(4); i > 0 && result.length - from >= 4; i--) {
            int at = from + random.nextInt(result.length - from - 3);
            if (random.nextBoolean()) {
                GuestAdapter.view(result).putInt(at & ~3, INTERESTING[random.nextInt(INTERESTING.length)]);
            } else {
                result[at] = (byte) random.nextInt();
            }
        }
        return result;
    }

    /** Takes what the host sends, giving sections back, until the completion is there; false when the channel has stopped. */
    private static boolean await(GuestAdapter guest, long id) {
        while (true) {
            Packet packet = guest.channel.receive(1500);
            if (packet == null) {
                return false;
            }
            if (packet.type() == Packet.COMPLETION) {
                if (packet.transactionId() != id) {
                    throw new AssertionError("completion of %d instead of %d".formatted(packet.transactionId(), id));
                }
                return true;
            }
            if (packet.type() == Packet.TRANSFER_PAGES) {
                guest.channel.complete(packet.transactionId(), GuestAdapter.message(108).putInt(4, 1).array());
            }
        }
    }

    @Test
    void scalingParametersOfAnyContentAreReadWithinBounds() {
        Random random = new Random(9);
        byte[] frame = new byte[80];
        for (int i = 0; i < 20_000; i++) {
            byte[] bytes = new byte[28 + random.nextInt(200)];
            random.nextBytes(bytes);
            GuestAdapter.view(bytes).putShort(4, (short) 0).putShort(12, (short) (4 << random.nextInt(8))).putInt(16, 28).putShort(20, (short) 40)
                    .putInt(24, random.nextInt(bytes.length));
            ReceiveScaling.Parsed parsed = ReceiveScaling.parse(bytes, 0, bytes.length, 4);
            if (parsed.scaling() != null) {
                random.nextBytes(frame);
                frame[12] = 8;
                frame[13] = 0;
                int queue = parsed.scaling().queue(parsed.scaling().hash(frame, frame.length));
                assertTrue(queue >= 0 && queue < 4);
            }
        }
    }
}
