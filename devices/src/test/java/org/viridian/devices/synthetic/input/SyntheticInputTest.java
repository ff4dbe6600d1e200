package org.viridian.devices.synthetic.input;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HexFormat;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.viridian.devices.input.ScanCode;
import org.viridian.devices.synthetic.Rig;
import org.viridian.engine.device.DeviceState;
import org.viridian.vmbus.channel.Packet;
import org.viridian.vmbus.loopback.LoopbackChannel;

/** hyperv-keyboard and hid-hyperv at the other end. */
class SyntheticInputTest {
    private final Rig rig = new Rig();

    @AfterEach
    void off() {
        rig.close();
    }

    private static byte[] hex(String text) {
        return HexFormat.of().parseHex(text.replace(" ", ""));
    }

    private static void assertHex(String expected, byte[] actual) {
        assertEquals(expected.replace(" ", ""), HexFormat.of().formatHex(actual));
    }

    private LoopbackChannel openKeyboard(SyntheticKeyboard keyboard) {
        LoopbackChannel channel = rig.open(keyboard, 9);
        channel.send(hex("01000000 00000100"), true, 0xFFFF_8880_03A4_1A00L);
        Packet completion = channel.receive();
        assertEquals(Packet.COMPLETION, completion.type());
        assertEquals(0xFFFF_8880_03A4_1A00L, completion.transactionId());
        assertEquals(0, completion.payload().length);
        assertHex("02000000 01000000", channel.receive().payload());
        Rig.eventually(keyboard::ready);
        return channel;
    }

    @Test
    void keysTravelAsMakeCodesWithFlags() {
        SyntheticKeyboard keyboard = new SyntheticKeyboard(rig.clock);
        keyboard.key(0x1E, true);
        LoopbackChannel channel = openKeyboard(keyboard);
        assertEquals(DeviceState.ACTIVE, keyboard.node().state());
        keyboard.key(0x1E, true);
        keyboard.key(0x1E, true);
        keyboard.key(0x1E, false);
        keyboard.key(ScanCode.E0 | 0x48, true);
        assertHex("03000000 1e000000 00000000 00000000", channel.receive().payload());
        assertHex("03000000 1e000000 00000000 00000000", channel.receive().payload());
        assertHex("03000000 1e000000 02000000 00000000", channel.receive().payload());
        assertHex("03000000 48000000 04000000 00000000", channel.receive().payload());
        assertNull(channel.receive(20), "the key before the handshake is not there");
    }

    @Test
    void pauseIsOneBurst() {
        SyntheticKeyboard keyboard = new SyntheticKeyboard(rig.clock);
        LoopbackChannel channel = openKeyboard(keyboard);
        keyboard.key(ScanCode.E1 | 0x1D, true);
        keyboard.key(ScanCode.E1 | 0x1D, false);
        assertHex("03000000 1d000000 08000000 00000000", channel.receive().payload());
        assertHex("03000000 45000000 00000000 00000000", channel.receive().payload());
        assertHex("03000000 1d000000 0a000000 00000000", channel.receive().payload());
        assertHex("03000000 45000000 02000000 00000000", channel.receive().payload());
        assertNull(channel.receive(20));
    }

    @Test
    void anUnknownKeyboardProtocolIsRefused() {
        SyntheticKeyboard keyboard = new SyntheticKeyboard(rig.clock);
        LoopbackChannel channel = rig.open(keyboard, 9);
        channel.send(hex("01000000 00000200"), false, 1);
        assertHex("02000000 00000000", channel.receive().payload());
        assertFalse(keyboard.ready());
    }

    @Test
    void aGuestThatReadsNoKeysLosesTheLatestOnly() {
        SyntheticKeyboard keyboard = new SyntheticKeyboard(rig.clock);
        LoopbackChannel channel = openKeyboard(keyboard);
        for (int i = 0; i < 5000; i++) {
            keyboard.key(i & 0x7F, true);
        }
        for (int i = 0; i < 800; i++) {
            assertEquals((byte) (i & 0x7F), channel.receive().payload()[4]);
        }
        assertTrue(keyboard.node().counters().stream().anyMatch(c -> c.name().equals("keys-dropped") && c.get() > 0));
    }

    @Test
    void closingTakesTheKeyboardAway() {
        SyntheticKeyboard keyboard = new SyntheticKeyboard(rig.clock);
        LoopbackChannel channel = openKeyboard(keyboard);
        boolean[] seen = {true};
        keyboard.onReadyChange(ready -> seen[0] = ready);
        channel.close();
        assertFalse(keyboard.ready());
        assertFalse(seen[0]);
        assertEquals(DeviceState.WAITING_FOR_DRIVER, keyboard.node().state());
        assertNull(keyboard.node().resources().get("relid"));
    }

    @Test
    void aShortMessageStopsTheChannel() {
        SyntheticKeyboard keyboard = new SyntheticKeyboard(rig.clock);
        LoopbackChannel channel = rig.open(keyboard, 9);
        channel.send(new byte[0], false, 0);
        Rig.eventually(() -> keyboard.node().state() == DeviceState.PROBLEM);
        channel.close();
        assertEquals(DeviceState.WAITING_FOR_DRIVER, keyboard.node().state());
    }

    private LoopbackChannel openMouse(SyntheticMouse mouse) {
        LoopbackChannel channel = rig.open(mouse, 9);
        channel.send(hex("01000000 0c000000 00000000 04000000 00000200"), true, 5);
        assertHex("01000000 0d000000 01000000 05000000 00000200 01 000000", Rig.inBand(channel));
        byte[] info = Rig.inBand(channel);
        assertHex("01000000 74000000 02000000 6c000000 20000000 5e042106 0100", java.util.Arrays.copyOf(info, 26));
        assertHex("092101010001224300", java.util.Arrays.copyOfRange(info, 48, 57));
        byte[] descriptor = java.util.Arrays.copyOfRange(info, 57, 57 + 67);
        assertArrayEquals(hex("05010902A1010901A1000509190129051500250195057501810295017503810105010930093115002"
                + "6FF7F7510950281020501093816018026FF7F751095018106C0C0"), descriptor);
        assertEquals(0x29, descriptor[14]);
        channel.send(hex("01000000 09000000 03000000 01000000 00"), true, 6);
        Rig.eventually(mouse::ready);
        return channel;
    }

    @Test
    void thePointerTravelsAsReports() {
        SyntheticMouse mouse = new SyntheticMouse(rig.clock);
        mouse.pointer(1, 1, 0, 0);
        LoopbackChannel channel = openMouse(mouse);
        mouse.pointer(0x4000, 0x4000, 1, 0);
        assertHex("01000000 0f000000 04000000 07000000 01 0040 0040 0000 00", Rig.inBand(channel));
        mouse.pointer(0x4000, 0x4000, 0, -2);
        assertHex("01000000 0f000000 04000000 07000000 00 0040 0040 feff 00", Rig.inBand(channel));
        mouse.pointer(-5, 99999, 0xFF, 0);
        assertHex("01000000 0f000000 04000000 07000000 1f 0000 ff7f 0000 00", Rig.inBand(channel));
    }

    @Test
    void motionIsThinnedAndItsEndArrives() {
        SyntheticMouse mouse = new SyntheticMouse(rig.clock);
        LoopbackChannel channel = openMouse(mouse);
        for (int x = 0; x <= 10_000; x++) {
            mouse.pointer(x, 7, 0, 0);
        }
        int reports = 0;
        int last = -1;
        Packet packet = channel.receive(500);
        while (packet != null) {
            if (packet.type() == Packet.IN_BAND) {
                reports++;
                last = packet.payload()[17] & 0xFF | (packet.payload()[18] & 0xFF) << 8;
            }
            packet = channel.receive(100);
        }
        assertEquals(10_000, last);
        assertTrue(reports < 1000, reports + " reports");
        assertNotNull(mouse.node().resources().get("relid"));
    }
}
