package org.viridian.devices.input;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.viridian.devices.inventory.Bypassable;
import org.viridian.engine.device.DeviceKind;
import org.viridian.engine.device.DeviceNode;
import org.viridian.engine.device.DeviceState;

class InputRouterTest {
    private final List<String> log = java.util.Collections.synchronizedList(new ArrayList<>());

    private final class Keys implements KeyboardSink, Bypassable {
        final DeviceNode node;
        volatile boolean ready;

        Keys(String id, DeviceKind kind) {
            node = new DeviceNode(id, id, kind, "keyboard", DeviceState.IDLE, () -> 0);
        }

        @Override
        public void key(int code, boolean down) {
            log.add("%s %s%x".formatted(node.id(), down ? "+" : "-", code));
        }

        @Override
        public boolean ready() {
            return ready;
        }

        @Override
        public DeviceNode node() {
            return node;
        }

        @Override
        public void setBypassed(boolean bypassed, String reason) {
            log.add(bypassed ? "bypass" : "back");
            node.state(bypassed ? DeviceState.BYPASSED : DeviceState.ACTIVE, reason);
        }
    }

    private record Pointer(String name, List<String> log, boolean[] up) implements PointerSink, RelativePointerSink {
        @Override
        public void pointer(int x, int y, int buttons, int wheel) {
            log.add("%s %d,%d %d".formatted(name, x, y, buttons));
        }

        @Override
        public void relative(int dx, int dy, int buttons, int wheel) {
            log.add("%s by %d,%d".formatted(name, dx, dy));
        }

        @Override
        public boolean ready() {
            return up[0];
        }
    }

    private final Keys ps2 = new Keys("ps2", DeviceKind.EMULATED);
    private final Keys vsp = new Keys("vsp", DeviceKind.SYNTHETIC);
    private final Pointer mouse = new Pointer("mouse", log, new boolean[] {true});
    private final Pointer hid = new Pointer("hid", log, new boolean[1]);
    private final InputRouter router = new InputRouter(ps2, mouse);

    @BeforeEach
    void pair() {
        router.pairKeyboard(vsp, vsp.node, ps2);
        DeviceNode hidNode = new DeviceNode("hid", "hid", DeviceKind.SYNTHETIC, "mouse", DeviceState.IDLE, () -> 0);
        router.pairPointer(hid, hidNode, new Keys("mouse", DeviceKind.EMULATED));
    }

    private void awaitState(DeviceState state) throws InterruptedException {
        long end = System.nanoTime() + 5_000_000_000L;
        while (ps2.node.state() != state && System.nanoTime() < end) {
            Thread.sleep(1);
        }
        assertEquals(state, ps2.node.state());
    }

    @Test
    void twinsKnowEachOther() {
        assertEquals("vsp", ps2.node.twin());
        assertEquals("ps2", vsp.node.twin());
    }

    @Test
    void keysFollowTheDriverAndNothingSticks() throws InterruptedException {
        router.key(0x1D, true);
        router.key(0x1E, true);
        vsp.ready = true;
        vsp.node.state(DeviceState.ACTIVE, "channel opened");
        awaitState(DeviceState.BYPASSED);
        router.key(0x1E, false);
        router.key(0x1E, true);
        vsp.ready = false;
        vsp.node.state(DeviceState.WAITING_FOR_DRIVER, "channel closed");
        awaitState(DeviceState.ACTIVE);
        router.key(0x1E, false);
        router.key(0x20, true);
        assertEquals(
                List.of("ps2 +1d", "ps2 +1e", "ps2 -1d", "ps2 -1e", "bypass", "vsp +1e", "vsp -1e", "back", "ps2 +20"), log);
    }

    @Test
    void aSinkThatBecomesReadyWithoutAnEventIsUsedAtOnce() {
        router.key(0x1D, true);
        vsp.ready = true;
        router.key(0x1E, true);
        assertEquals(List.of("ps2 +1d", "ps2 -1d", "vsp +1e"), log);
    }

    @Test
    void pointerReleasesItsButtonsBeforeItChangesSides() {
        router.pointer(10, 20, 1, 0);
        hid.up[0] = true;
        assertTrue(router.absolutePointer());
        router.pointer(11, 21, 1, 0);
        router.relative(5, 5, 0, 0);
        hid.up[0] = false;
        router.relative(5, 5, 0, 0);
        assertEquals(List.of("mouse 10,20 1", "mouse 10,20 0", "hid 11,21 1", "mouse by 5,5"), log);
    }

    @Test
    void focusLossReleasesEverything() {
        router.key(ScanCode.E0 | 0x1D, true);
        router.pointer(1, 1, 2, 0);
        router.releaseAll();
        assertEquals(List.of("ps2 +11d", "mouse 1,1 2", "ps2 -11d", "mouse 1,1 0"), log);
    }

    @Test
    void impossibleCodesAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> router.key(0x80, true));
        assertThrows(IllegalArgumentException.class, () -> router.key(-1, true));
    }
}
