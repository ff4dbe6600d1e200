package org.viridian.devices.emulated.interrupt;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.viridian.devices.emulated.BoardRig;
import org.viridian.engine.interrupt.InterruptLine;

class PicPairTest {
    private final BoardRig rig = new BoardRig();

    @BeforeEach
    void initialise() {
        rig.initialisePics(0xFFFF);
    }

    @AfterEach
    void close() {
        rig.close();
    }

    private InterruptLine line(int irq) {
        return rig.board.interrupts().line(irq);
    }

    @Test
    void maskReadsBackAsLinuxProbesIt() {
        rig.out(0x21, 0xFB);
        assertEquals(0xFB, rig.in(0x21));
    }

    @Test
    void edgeIsRequestedAcknowledgedAndEnded() {
        line(4).pulse();
        assertTrue(rig.intr);
        rig.out(0x20, 0x0A);
        assertEquals(0x10, rig.in(0x20));
        assertEquals(0x24, rig.acknowledge());
        assertFalse(rig.intr);
        rig.out(0x20, 0x0B);
        assertEquals(0x10, rig.in(0x20));
        rig.out(0x20, 0x64);
        assertEquals(0, rig.in(0x20));
    }

    @Test
    void inServiceBlocksItselfAndLowerButNotHigher() {
        line(4).pulse();
        assertEquals(0x24, rig.acknowledge());
        line(4).pulse();
        line(5).pulse();
        assertFalse(rig.intr);
        line(3).pulse();
        assertTrue(rig.intr);
        assertEquals(0x23, rig.acknowledge());
        rig.out(0x20, 0x20);
        assertFalse(rig.intr);
        rig.out(0x20, 0x20);
        assertEquals(0x24, rig.acknowledge());
        rig.out(0x20, 0x20);
        assertEquals(0x25, rig.acknowledge());
    }

    @Test
    void maskedRequestWaitsForItsUnmasking() {
        rig.out(0x21, 0xFF);
        line(1).pulse();
        assertFalse(rig.intr);
        rig.out(0x21, 0xFD);
        assertEquals(0x21, rig.acknowledge());
    }

    @Test
    void slaveArrivesThroughCascadeAndNeedsTwoEois() {
        line(12).pulse();
        assertEquals(0x2C, rig.acknowledge());
        line(14).pulse();
        assertFalse(rig.intr);
        rig.out(0xA0, 0x20);
        assertFalse(rig.intr, "the master still serves the cascade");
        rig.out(0x20, 0x62);
        assertEquals(0x2E, rig.acknowledge());
    }

    @Test
    void slaveRequestsThatArriveTogetherAreBothServed() {
        line(8).pulse();
        line(14).pulse();
        assertEquals(0x28, rig.acknowledge());
        rig.out(0xA0, 0x20);
        rig.out(0x20, 0x20);
        assertTrue(rig.intr);
        assertEquals(0x2E, rig.acknowledge());
    }

    @Test
    void withdrawnRequestsGiveTheSpuriousVectorWithoutInService() {
        assertEquals(0x27, rig.acknowledge());
        rig.out(0x20, 0x0B);
        assertEquals(0, rig.in(0x20));
    }

    @Test
    void levelInputsFollowTheWire() {
        assertEquals(0x0E, rig.in(0x4D1), "as firmware leaves it");
        rig.out(0x4D1, 0x0C);
        assertEquals(0x0C, rig.in(0x4D1));
        InterruptLine first = line(10);
        InterruptLine second = line(10);
        first.set(true);
        second.set(true);
        assertEquals(0x2A, rig.acknowledge());
        rig.out(0xA0, 0x20);
        rig.out(0x20, 0x20);
        first.set(false);
        assertTrue(rig.intr, "one of two sources is still up");
        second.set(false);
        assertFalse(rig.intr);
    }

    @Test
    void timerCascadeAndCoprocessorCannotBeMadeLevel() {
        rig.out(0x4D0, 0xFF);
        rig.out(0x4D1, 0xFF);
        assertEquals(0xF8, rig.in(0x4D0));
        assertEquals(0xDE, rig.in(0x4D1));
    }

    @Test
    void pollAcknowledges() {
        line(6).pulse();
        rig.out(0x20, 0x0C);
        assertEquals(0x86, rig.in(0x20));
        assertFalse(rig.intr);
        rig.out(0x20, 0x0B);
        assertEquals(0x40, rig.in(0x20));
    }

    @Test
    void pollWithoutRequestSaysSo() {
        rig.out(0x20, 0x0C);
        assertEquals(0, rig.in(0x20) & 0x80);
    }

    @Test
    void rotationMakesTheServedInputLowest() {
        line(3).pulse();
        assertEquals(0x23, rig.acknowledge());
        rig.out(0x20, 0xA0);
        line(3).pulse();
        line(5).pulse();
        assertEquals(0x25, rig.acknowledge());
    }

    @Test
    void specialMaskModeLetsLowerRequestsThrough() {
        line(3).pulse();
        rig.acknowledge();
        line(5).pulse();
        assertFalse(rig.intr);
        rig.out(0x20, 0x68);
        assertTrue(rig.intr);
        assertEquals(0x25, rig.acknowledge());
    }

    @Test
    void automaticEoiLeavesNothingInService() {
        rig.out(0x20, 0x11);
        rig.out(0x21, 0x20, 0x04, 0x03, 0x00);
        line(3).pulse();
        assertEquals(0x23, rig.acknowledge());
        line(3).pulse();
        assertEquals(0x23, rig.acknowledge());
    }
}
