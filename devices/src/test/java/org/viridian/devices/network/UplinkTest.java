package org.viridian.devices.network;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.net.ServerSocket;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The uplinks against the real library and the real kernel, without a guest: a station of a few bytes asks who is there. */
class UplinkTest {
    private static final MacAddress STATION = MacAddress.parse("00:15:5d:00:00:0a");
    private static final MacAddress ALL = MacAddress.parse("ff:ff:ff:ff:ff:ff");

    private final VirtualSwitch network = new VirtualSwitch("test");
    private final SwitchPort station = network.addPort("station", STATION, PortOptions.ADAPTER);
    private final SwitchPort uplink = network.addPort("uplink", null, PortOptions.UPLINK);

    UplinkTest() {
        station.attach(() -> { });
    }

    private byte[] await(int type) throws InterruptedException {
        for (int i = 0; i < 1000; i++) {
            for (Frame frame = station.poll(); frame != null; frame = station.poll()) {
                byte[] bytes = Arrays.copyOf(frame.data(), frame.length());
                frame.release();
                if (Checksums.u16(bytes, 12) == type) {
                    return bytes;
                }
            }
            Thread.sleep(5);
        }
        throw new AssertionError("no frame of type %x".formatted(type));
    }

    private void send(byte[] bytes) {
        Frame frame = station.frame(bytes.length);
        System.arraycopy(bytes, 0, frame.data(), 0, bytes.length);
        station.send(frame);
    }

    private byte[] who(int asks, int wanted) {
        ByteBuffer arp = ByteBuffer.allocate(60);
        arp.put(ALL.bytes()).put(STATION.bytes()).putShort((short) 0x0806);
        arp.putShort((short) 1).putShort((short) 0x0800).put((byte) 6).put((byte) 4).putShort((short) 1);
        return arp.put(STATION.bytes()).putInt(asks).put(new byte[6]).putInt(wanted).array();
    }

    private byte[] ping(MacAddress to, int from, int target, int bytes) {
        ByteBuffer echo = ByteBuffer.allocate(42 + bytes);
        echo.put(to.bytes()).put(STATION.bytes()).putShort((short) 0x0800);
        echo.putShort((short) 0x4500).putShort((short) (28 + bytes)).putInt(0).put((byte) 64).put((byte) 1).putShort((short) 0)
                .putInt(from).putInt(target);
        echo.putShort((short) 0x0800).putShort((short) 0).putInt(7);
        byte[] frame = echo.array();
        Checksums.ipHeader(frame, 20);
        Checksums.put16(frame, 36, ~Checksums.sum(frame, 34, frame.length, 0) & 0xFFFF);
        return frame;
    }

    @Test
    void natAnswersForItsRouter() throws Exception {
        assumeTrue(UserNat.problem() == null, UserNat.problem());
        try (UserNat nat = new UserNat(uplink, List.of())) {
            send(who(0x0A00020F, 0x0A000202));
            byte[] reply = await(0x0806);
            assertEquals(2, Checksums.u16(reply, 20));
            MacAddress router = new MacAddress(MacAddress.read(reply, 22));
            send(ping(router, 0x0A00020F, 0x0A000202, 32));
            byte[] answer = await(0x0800);
            assertEquals(0, answer[34], "echo reply");
            assertEquals(0xFFFF, Checksums.sum(answer, 14, 34, 0));
        }
    }

    @Test
    void aPortInUseIsRefusedWithItsNumber() throws Exception {
        assumeTrue(UserNat.problem() == null, UserNat.problem());
        try (ServerSocket taken = new ServerSocket(0, 1, java.net.InetAddress.getLoopbackAddress())) {
            PortForward forward = PortForward.parse("tcp:%d:22".formatted(taken.getLocalPort()));
            UplinkException refused = assertThrows(UplinkException.class, () -> new UserNat(uplink, List.of(forward)).close());
            assertTrue(refused.getMessage().contains(Integer.toString(taken.getLocalPort())), refused.getMessage());
        }
    }

    @Test
    void aTapInterfaceReachesTheHostsKernel() throws Exception {
        String name = "vtest" + ProcessHandle.current().pid() % 100_000;
        TapUplink tap;
        try {
            tap = new TapUplink(uplink, name);
        } catch (UplinkException refused) {
            assumeTrue(false, refused.getMessage());
            return;
        }
        try (tap) {
            assumeTrue(ip("addr", "add", "192.168.233.1/24", "dev", name) && ip("link", "set", name, "up"),
                    "the ip command may not configure " + name);
            send(who(0xC0A8E902, 0xC0A8E901));
            byte[] reply = await(0x0806);
            while (Checksums.u16(reply, 20) != 2) {
                reply = await(0x0806);
            }
            MacAddress host = new MacAddress(MacAddress.read(reply, 22));
            send(ping(host, 0xC0A8E902, 0xC0A8E901, 1000));
            byte[] answer = await(0x0800);
            while (answer[23] != 1) {
                answer = await(0x0800);
            }
            assertEquals(0, answer[34], "echo reply");
            assertArrayEquals(STATION.bytes(), Arrays.copyOf(answer, 6));
            UplinkException busy = assertThrows(UplinkException.class,
                    () -> new TapUplink(network.addPort("second", null, PortOptions.UPLINK), name).close());
            assertTrue(busy.getMessage().contains("in use"), busy.getMessage());
        }
    }

    private static boolean ip(String... words) throws Exception {
        List<String> command = new java.util.ArrayList<>(List.of("ip"));
        command.addAll(List.of(words));
        try {
            return new ProcessBuilder(command).redirectErrorStream(true).start().waitFor() == 0;
        } catch (java.io.IOException missing) {
            return false;
        }
    }
}
