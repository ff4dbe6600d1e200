package org.viridian.devices.emulated.timer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.viridian.devices.emulated.BoardRig;
import org.viridian.devices.emulated.Ticks;

class Pit8254Test {
    private final BoardRig rig = new BoardRig();

    @AfterEach
    void close() {
        rig.close();
    }

    private long tick() {
        return Ticks.at(rig.clock.nanoTime(), Pit8254.FREQUENCY);
    }

    private void advanceTicks(long ticks) {
        rig.advance(Ticks.nanosOf(tick() + ticks, Pit8254.FREQUENCY) - rig.clock.nanoTime());
    }

    private int read16(int channel) {
        int low = rig.in(0x40 + channel);
        return low | rig.in(0x40 + channel) << 8;
    }

    @Test
    void calibrationLoopSeesOutRiseAfterTheCount() {
        rig.out(0x61, 0x01);
        rig.out(0x43, 0xB0);
        rig.out(0x42, 0x34, 0x12);
        assertEquals(0, rig.in(0x61) & 0x20);
        advanceTicks(0x1234);
        assertEquals(0, rig.in(0x61) & 0x20);
        advanceTicks(1);
        assertEquals(0x20, rig.in(0x61) & 0x20);
    }

    @Test
    void channelTwoStandsWhileItsGateIsLow() {
        rig.out(0x61, 0x01);
        rig.out(0x43, 0xB0);
        rig.out(0x42, 0x00, 0x10);
        advanceTicks(1 + 0x100);
        rig.out(0x61, 0x00);
        advanceTicks(5000);
        assertEquals(0x0F00, read16(2));
        rig.out(0x61, 0x01);
        advanceTicks(0x10);
        assertEquals(0x0EF0, read16(2));
    }

    @Test
    void linuxQuickCalibrationSeesTheHighByteFall() {
        rig.out(0x61, 0x01);
        rig.out(0x43, 0xB0);
        rig.out(0x42, 0xFF, 0xFF);
        advanceTicks(1);
        rig.in(0x42);
        assertEquals(0xFF, rig.in(0x42));
        advanceTicks(0x100);
        rig.in(0x42);
        assertEquals(0xFE, rig.in(0x42));
    }

    @Test
    void rateGeneratorCountsDownAndReloads() {
        rig.out(0x43, 0x34);
        rig.out(0x40, 0xE8, 0x03);
        advanceTicks(1);
        assertEquals(1000, read16(0));
        advanceTicks(999);
        assertEquals(1, read16(0));
        advanceTicks(1);
        assertEquals(1000, read16(0));
    }

    @Test
    void squareWaveIsHighForTheLongerHalf() {
        rig.out(0x61, 0x01);
        rig.out(0x43, 0xB6);
        rig.out(0x42, 0x05, 0x00);
        advanceTicks(1);
        StringBuilder wave = new StringBuilder();
        for (int i = 0; i < 10; i++) {
            wave.append((rig.in(0x61) & 0x20) != 0 ? '1' : '0');
            advanceTicks(1);
        }
        assertEquals("1110011100", wave.toString());
    }

    @Test
    void newCountOfAPeriodicModeWaitsForThePeriodsEnd() {
        rig.out(0x43, 0x34);
        rig.out(0x40, 100, 0);
        advanceTicks(1 + 50);
        rig.out(0x40, 10, 0);
        assertEquals(50, read16(0));
        advanceTicks(50);
        assertEquals(10, read16(0));
    }

    @Test
    void latchHoldsTheCountUntilItIsRead() {
        rig.out(0x43, 0x34);
        rig.out(0x40, 0x00, 0x80);
        advanceTicks(1 + 0x100);
        rig.out(0x43, 0x00);
        advanceTicks(0x1000);
        rig.out(0x43, 0x00);
        assertEquals(0x7F00, read16(0));
        assertEquals(0x6F00, read16(0));
    }

    @Test
    void readBackGivesStatusThenCount() {
        rig.out(0x43, 0x34);
        rig.out(0x43, 0xE2);
        assertEquals(0xF4, rig.in(0x40), "OUT high, null count, control 34");
        rig.out(0x40, 0x00, 0x10);
        advanceTicks(2);
        rig.out(0x43, 0xC2);
        assertEquals(0xB4, rig.in(0x40));
        assertEquals(0x0FFF, read16(0));
    }

    @Test
    void bcdCountsInDecimalDigits() {
        rig.out(0x43, 0x31);
        rig.out(0x40, 0x00, 0x10);
        advanceTicks(2);
        assertEquals(0x0999, read16(0));
    }

    @Test
    void refreshBitToggles() {
        int before = rig.in(0x61) & 0x10;
        advanceTicks(18);
        assertEquals(before ^ 0x10, rig.in(0x61) & 0x10);
    }

    @Test
    void periodicModeInterruptsAtItsRate() throws InterruptedException {
        rig.initialisePics(0x0001);
        rig.out(0x43, 0x34);
        rig.out(0x40, 0xA9, 0x04);
        long start = rig.clock.nanoTime();
        int[] ticks = {0};
        assertTrue(rig.runUntil(() -> {
            if (rig.intr) {
                rig.acknowledge();
                rig.out(0x20, 0x20);
                ticks[0]++;
            }
            return ticks[0] >= 20;
        }));
        assertTrue(rig.clock.nanoTime() - start >= 19_000_000, "20 ticks of 1 ms came too early");
    }

    @Test
    void ticksTheHostWasTooLateForAreMadeUp() throws InterruptedException {
        rig.out(0x43, 0x34);
        rig.out(0x40, 0xA9, 0x04);
        long start = tick();
        rig.clock.resume();
        rig.lock.lock();
        try {
            Thread.sleep(50);
        } finally {
            rig.lock.unlock();
        }
        long[] behind = {Long.MAX_VALUE};
        assertTrue(rig.runUntil(() -> {
            long delivered = rig.board.nodes().stream().filter(node -> node.id().equals("pit")).findFirst().orElseThrow()
                    .counters().get(1).get();
            behind[0] = (tick() - start) / 0x4A9 - delivered;
            return tick() - start > 100 * 0x4A9 && behind[0] <= 1;
        }), () -> behind[0] + " ticks behind");
    }

    @Test
    void oneShotInterruptsOnce() throws InterruptedException {
        rig.initialisePics(0x0001);
        rig.out(0x43, 0x30);
        rig.out(0x40, 0xA9, 0x04);
        assertFalse(rig.intr);
        assertTrue(rig.runUntil(() -> rig.intr));
        rig.acknowledge();
        rig.out(0x20, 0x20);
        long until = rig.clock.nanoTime() + 20_000_000;
        rig.runUntil(() -> rig.clock.nanoTime() > until);
        assertFalse(rig.intr);
    }
}
