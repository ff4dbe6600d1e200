package org.viridian.devices.emulated;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.viridian.engine.device.DeviceNode;
import org.viridian.engine.device.DeviceState;

class BoardTest {
    @Test
    void debugExitEndsTheVmWithItsStatus() {
        try (BoardRig rig = new BoardRig()) {
            rig.out(0xF4, 0x10);
            rig.out32(0xF4, 3);
            assertEquals(List.of("exit 33", "exit 7"), rig.power);
        }
    }

    @Test
    void everyNodeHasAnIdOfItsOwnAndBecomesActiveOnUse() {
        try (BoardRig rig = new BoardRig()) {
            Set<String> ids = new HashSet<>();
            for (DeviceNode node : rig.board.nodes()) {
                assertTrue(ids.add(node.id()));
                assertEquals(DeviceState.IDLE, node.state());
            }
            rig.in(0x3F8);
            DeviceNode com1 = rig.board.serialPorts().getFirst().node();
            assertEquals(DeviceState.ACTIVE, com1.state());
            assertEquals(Map.of("ports", "03f8-03ff", "irq", "4"), com1.resources());
            rig.board.reset();
            assertEquals(DeviceState.IDLE, com1.state());
        }
    }

    @Test
    void restoredBoardGoesOnWhereTheSavedOneStood() {
        try (BoardRig first = new BoardRig(); BoardRig second = new BoardRig()) {
            first.initialisePics(0x0012);
            first.writeIoApic(0x10 + 8, 0x34 | 1 << 15);
            first.out(0x3F9, 0x02);
            first.out(0x43, 0x34);
            first.out(0x40, 0, 0x10);
            first.board.keyboard().key(0x1E, true);
            first.board.keyboard().key(0x1E, false);
            Map<String, Record> saved = first.board.save();
            second.board.restore(saved);
            assertEquals(saved.keySet(), second.board.save().keySet());
            assertTrue(second.intr);
            assertTrue(second.messages.isEmpty(), "restoring sends no message");
            assertEquals(0x21, second.acknowledge());
            assertEquals(0x1E, second.in(0x60));
            assertEquals(0x9E, second.in(0x60));
            second.out(0x20, 0x20);
            assertEquals(0x02, second.in(0x3FA));
        }
    }

    @Test
    void foreignStateIsRefused() {
        try (BoardRig rig = new BoardRig()) {
            assertThrows(IllegalArgumentException.class, () -> rig.board.restore(Map.of()));
        }
    }

    @Test
    void resetSilencesEverything() {
        try (BoardRig rig = new BoardRig()) {
            rig.initialisePics(0xFFFF);
            rig.out(0x3F9, 0x02);
            rig.board.keyboard().key(0x1E, true);
            assertTrue(rig.intr);
            rig.board.reset();
            assertFalse(rig.intr);
            assertEquals(0xFF, rig.in(0x21));
            assertEquals(0, rig.in(0x64) & 1);
        }
    }

    /** A guest that does anything to any register, in any width, between resets and saved states. */
    @Test
    void garbageOnEveryPortNeverThrows() {
        for (long seed = 1; seed <= 3; seed++) {
            Random random = new Random(seed);
            try (BoardRig rig = new BoardRig(seed == 2)) {
                int[] ports = portsOfTheBoard();
                Map<String, Record> saved = rig.board.save();
                for (int i = 0; i < 300_000; i++) {
                    int port = ports[random.nextInt(ports.length)] + random.nextInt(-1, 2) & 0xFFFF;
                    int size = 1 << random.nextInt(3);
                    int value = random.nextInt(4) == 0 ? random.nextInt() : random.nextInt(256);
                    switch (random.nextInt(12)) {
                        case 0, 1, 2, 3 -> rig.ports.read(port, size);
                        case 4 -> rig.mmio.read(0xFEC0_0000L + random.nextInt(0x1000), 1 << random.nextInt(4));
                        case 5 -> rig.writeIoApic(random.nextInt(0x50), random.nextInt());
                        case 6 -> {
                            rig.mmio.write(0xFEC0_0000L + random.nextInt(0x1000), 1 << random.nextInt(4), random.nextLong());
                            rig.endOfInterrupt(random.nextInt(256));
                            rig.acknowledge();
                        }
                        case 7 -> {
                            rig.board.keyboard().key(random.nextInt(0x380), random.nextBoolean());
                            rig.board.mouse().relative(random.nextInt(-999, 999), random.nextInt(-999, 999),
                                    random.nextInt(32), random.nextInt(-9, 9));
                            rig.advance(random.nextInt(random.nextInt(1, 100) == 1 ? 2_000_000_000 : 2_000_000));
                        }
                        default -> rig.ports.write(port, size, value);
                    }
                    if (i % 5000 == 0) {
                        switch (random.nextInt(3)) {
                            case 0 -> saved = rig.board.save();
                            case 1 -> rig.board.restore(saved);
                            default -> rig.board.reset();
                        }
                    }
                    rig.messages.clear();
                    rig.power.clear();
                }
            }
        }
    }

    @Test
    void everyPortAndEveryRegisterWindowAnswersInEveryWidth() {
        Random random = new Random(4);
        try (BoardRig rig = new BoardRig()) {
            for (int port = 0; port <= 0xFFFF; port++) {
                for (int size = 1; size <= 4; size *= 2) {
                    rig.ports.read(port, size);
                    rig.ports.write(port, size, random.nextInt());
                    rig.ports.read(port, size);
                }
            }
            for (long offset = 0; offset < 0x1000; offset++) {
                for (int size = 1; size <= 8; size *= 2) {
                    rig.mmio.write(0xFEC0_0000L + offset, size, random.nextLong());
                    rig.mmio.read(0xFEC0_0000L + offset, size);
                }
            }
            assertTrue(rig.power.contains("reset"), "the sweep has passed the reset registers");
        }
    }

    private static int[] portsOfTheBoard() {
        return java.util.stream.IntStream.of(
                        0x00, 0x0F, 0x20, 0x21, 0x40, 0x41, 0x42, 0x43, 0x60, 0x61, 0x64, 0x70, 0x71, 0x72, 0x73, 0x80, 0x8F, 0x92,
                        0xA0, 0xA1, 0xB2, 0xB3, 0xC0, 0xDF, 0xF4, 0x2F8, 0x2F9, 0x2FA, 0x2FB, 0x2FC, 0x2FD, 0x3F8, 0x3F9, 0x3FA,
                        0x3FB, 0x3FC, 0x4D0, 0x4D1, 0x600, 0x602, 0x604, 0x608, 0x60C, 0x620, 0x63F, 0x700, 0x702, 0x70F, 0xCF8,
                        0xCF9, 0xCFC, 0xCFD, 0xCFE, 0xCFF)
                .toArray();
    }
}
