package org.viridian.devices.emulated.interrupt;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.viridian.devices.emulated.BoardRig;
import org.viridian.engine.interrupt.InterruptLine;

class IoApicTest {
    private static final int LEVEL = 1 << 15;
    private static final int MASKED = 1 << 16;
    private static final int REMOTE_IRR = 1 << 14;
    private static final int LOGICAL = 1 << 11;

    private final BoardRig rig = new BoardRig();

    @AfterEach
    void close() {
        rig.close();
    }

    private void redirect(int pin, int low, int destination) {
        rig.writeIoApic(0x11 + 2 * pin, destination << 24);
        rig.writeIoApic(0x10 + 2 * pin, low);
    }

    private static List<BoardRig.Message> one(long address, int data) {
        return List.of(new BoardRig.Message(address, data));
    }

    @Test
    void identifiesItselfWith24Pins() {
        assertEquals(0x0017_0011, rig.readIoApic(1));
        rig.writeIoApic(0, 0x0500_0000);
        assertEquals(0x0500_0000, rig.readIoApic(0));
        assertEquals(MASKED, rig.readIoApic(0x10));
        assertEquals(MASKED, rig.readIoApic(0x10 + 2 * 23));
    }

    @Test
    void edgeSendsOneMessageToTheDestination() {
        redirect(4, 0x34 | LOGICAL | 1 << 8, 0x81);
        InterruptLine line = rig.board.interrupts().line(4);
        line.set(true);
        line.set(true);
        assertEquals(one(0xFEE8_1004L, 0x4134), rig.messages);
        line.set(false);
        line.set(true);
        assertEquals(2, rig.messages.size());
    }

    @Test
    void timerArrivesAtPinTwo() {
        redirect(2, 0x30, 0);
        rig.board.interrupts().line(0).pulse();
        assertEquals(one(0xFEE0_0000L, 0x4030), rig.messages);
    }

    @Test
    void levelWaitsForEoiAndRepeatsWhileAsserted() {
        redirect(9, 0x39 | LEVEL, 0);
        InterruptLine line = rig.board.interrupts().line(9);
        line.set(true);
        assertEquals(1, rig.messages.size());
        assertTrue((rig.readIoApic(0x10 + 18) & REMOTE_IRR) != 0);
        rig.endOfInterrupt(0x38);
        assertEquals(1, rig.messages.size(), "another vector's EOI");
        rig.endOfInterrupt(0x39);
        assertEquals(2, rig.messages.size(), "still asserted");
        line.set(false);
        rig.endOfInterrupt(0x39);
        assertEquals(2, rig.messages.size());
        assertEquals(0, rig.readIoApic(0x10 + 18) & REMOTE_IRR);
    }

    @Test
    void maskedEdgeIsRememberedUntilUnmasked() {
        redirect(1, 0x31 | MASKED, 0);
        rig.board.interrupts().line(1).pulse();
        assertTrue(rig.messages.isEmpty());
        redirect(1, 0x31, 0);
        assertEquals(1, rig.messages.size());
    }

    @Test
    void goingToEdgeAndBackClearsAStuckRemoteIrr() {
        redirect(9, 0x39 | LEVEL, 0);
        rig.board.interrupts().line(9).set(true);
        redirect(9, 0x39 | LEVEL | MASKED, 0);
        assertTrue((rig.readIoApic(0x10 + 18) & REMOTE_IRR) != 0);
        redirect(9, 0x39 | MASKED, 0);
        redirect(9, 0x39 | LEVEL | MASKED, 0);
        assertEquals(0, rig.readIoApic(0x10 + 18) & REMOTE_IRR);
    }

    @Test
    void refusedMessageIsOfferedAgain() {
        redirect(9, 0x39 | LEVEL, 0);
        rig.refuse = true;
        InterruptLine line = rig.board.interrupts().line(9);
        line.set(true);
        assertEquals(0, rig.readIoApic(0x10 + 18) & REMOTE_IRR);
        rig.refuse = false;
        redirect(9, 0x39 | LEVEL, 1);
        assertEquals(one(0xFEE0_1000L, 0xC039), rig.messages);
    }

    @Test
    void routesAreAnnounced() {
        redirect(9, 0x39 | LEVEL, 0);
        assertFalse(rig.maskedPins.get(9));
        rig.board.reset();
        assertTrue(rig.maskedPins.get(9));
    }
}
