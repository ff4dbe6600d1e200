package org.viridian.devices.inventory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.viridian.engine.device.DeviceKind;
import org.viridian.engine.device.DeviceNode;
import org.viridian.engine.device.DeviceState;

class DeviceTreeTest {
    private long now;
    private final DeviceTree tree = new DeviceTree();
    private final DeviceNode ps2 =
            new DeviceNode("ps2-keyboard", "PS/2 keyboard", DeviceKind.EMULATED, "keyboard", DeviceState.IDLE, () -> now);
    private final DeviceNode vsp =
            new DeviceNode("keyboard", "Keyboard", DeviceKind.SYNTHETIC, "keyboard", DeviceState.WAITING_FOR_DRIVER, () -> now);
    private final DeviceNode pit = new DeviceNode("pit", "8254", DeviceKind.EMULATED, "system", DeviceState.IDLE, () -> now);

    @Test
    void viewsGroupByTypeAndConnection() {
        tree.addAll(List.of(pit, ps2, vsp));
        assertEquals(Map.of("keyboard", List.of(ps2, vsp), "system", List.of(pit)), tree.byType());
        assertEquals(List.of(pit, ps2), tree.byConnection().get(DeviceTree.Connection.BOARD));
        assertEquals(List.of(vsp), tree.byConnection().get(DeviceTree.Connection.VMBUS));
        assertThrows(IllegalArgumentException.class, () -> tree.add(pit));
    }

    @Test
    void pairsAreListedOnceWhenBothAreThere() {
        ps2.twin("keyboard");
        vsp.twin("ps2-keyboard");
        tree.add(ps2);
        assertEquals(List.of(), tree.pairs());
        tree.add(vsp);
        assertEquals(List.of(new DeviceTree.Pair(ps2, vsp)), tree.pairs());
    }

    @Test
    void timelineMergesEventsInOrderOfTime() {
        List<String> seen = new ArrayList<>();
        tree.onEvent(event -> seen.add(event.deviceId()));
        tree.addAll(List.of(ps2, vsp));
        now = 10;
        vsp.state(DeviceState.ACTIVE, "channel opened");
        now = 5;
        ps2.state(DeviceState.ACTIVE, "first access");
        assertEquals(List.of("keyboard", "ps2-keyboard"), seen);
        assertEquals(List.of(5L, 10L), tree.timeline().stream().map(event -> event.nanos()).toList());
        tree.remove("keyboard");
        vsp.state(DeviceState.PROBLEM, "gone");
        assertEquals(2, seen.size());
    }

    @Test
    void snapshotIsPlainValues() {
        tree.add(vsp);
        vsp.counter("packets").add(7);
        vsp.resource("relid", () -> "3");
        now = 4_000_000;
        vsp.state(DeviceState.ACTIVE, "channel opened");
        assertEquals(
                new DeviceSnapshot("keyboard", "Keyboard", "synthetic", "keyboard", "vmbus", "active", null, Map.of("relid", "3"),
                        Map.of("packets", 7L), List.of(new DeviceSnapshot.Event(4, "active", "channel opened"))),
                tree.snapshot().getFirst());
    }
}
