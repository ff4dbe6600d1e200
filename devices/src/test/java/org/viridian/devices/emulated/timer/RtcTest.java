package org.viridian.devices.emulated.timer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.viridian.devices.emulated.BoardRig;

class RtcTest {
    private static final long SECOND = 1_000_000_000L;
    private final BoardRig rig = new BoardRig();

    @AfterEach
    void close() {
        rig.close();
    }

    private int get(int register) {
        rig.out(0x70, register);
        return rig.in(0x71);
    }

    private void set(int register, int value) {
        rig.out(0x70, register);
        rig.out(0x71, value);
    }

    private String time() {
        return "%02x%02x-%02x-%02x %02x:%02x:%02x".formatted(get(0x32), get(9), get(8), get(7), get(4), get(2), get(0));
    }

    @Test
    void showsTheHostsTimeInUtcAsBcd() {
        assertEquals("2026-02-28 23:59:58", time());
        assertEquals(7, get(6), "a Saturday");
        rig.advance(2 * SECOND);
        assertEquals("2026-03-01 00:00:00", time());
        assertEquals(0x80, get(0x0D));
        assertEquals(0x26, get(0x0A));
        assertEquals(0x02, get(0x0B));
    }

    @Test
    void binaryAndTwelveHourFormsFollowStatusB() {
        set(0x0B, 0x04);
        assertEquals(58, get(0));
        assertEquals(0x80 | 11, get(4));
    }

    @Test
    void linuxSetsTheTimeThroughSetAndDividerReset() {
        set(0x0B, 0x82);
        set(0x0A, 0x70);
        set(7, 0x31);
        set(8, 0x01);
        set(9, 0x30);
        set(4, 0x12);
        set(2, 0x34);
        set(0, 0x56);
        rig.advance(10 * SECOND);
        assertEquals("2030-01-31 12:34:56", time(), "it stands while SET is on, and fields keep what was written");
        set(0x0B, 0x02);
        set(0x0A, 0x26);
        rig.advance(SECOND / 2 - 1000);
        assertEquals("2030-01-31 12:34:56", time());
        rig.advance(2000);
        assertEquals("2030-01-31 12:34:57", time());
    }

    @Test
    void updateInProgressRisesShortlyBeforeTheSecond() {
        assertEquals(0, get(0x0A) & 0x80);
        rig.advance(SECOND - 100_000);
        assertEquals(0x80, get(0x0A) & 0x80);
        rig.advance(100_000);
        assertEquals(0, get(0x0A) & 0x80);
    }

    @Test
    void flagsAreCollectedWithoutInterruptsAndClearedByReading() {
        set(1, 0x00);
        set(3, 0x00);
        set(5, 0x00);
        get(0x0C);
        rig.advance(2 * SECOND);
        assertEquals(0x70, get(0x0C), "periodic, alarm, update; no IRQF");
        assertEquals(0x00, get(0x0C));
    }

    @Test
    void alarmOutsideItsTimeStaysQuiet() {
        set(1, 0x00);
        set(3, 0x00);
        set(5, 0x12);
        get(0x0C);
        rig.advance(2 * SECOND);
        assertEquals(0, get(0x0C) & 0x20);
        rig.advance(12 * 3600 * SECOND);
        assertEquals(0x20, get(0x0C) & 0x20);
    }

    @Test
    void periodicInterruptRunsAtItsRateAndWaitsForTheFlagsToBeRead() throws InterruptedException {
        rig.initialisePics(0x0104);
        set(0x0A, 0x26);
        set(0x0B, 0x42);
        assertTrue(rig.runUntil(() -> rig.intr));
        assertEquals(0x28, rig.acknowledge());
        rig.out(0xA0, 0x20);
        rig.out(0x20, 0x20);
        long start = rig.clock.nanoTime();
        rig.runUntil(() -> rig.clock.nanoTime() - start > 5_000_000);
        assertEquals(false, rig.intr, "no second edge before C has been read");
    }

    @Test
    void resetKeepsTimeAndCmosAndClearsEnables() {
        set(0x40, 0xA5);
        set(0x0B, 0x72);
        rig.board.reset();
        assertEquals(0xA5, get(0x40));
        assertEquals(0x02, get(0x0B));
        assertEquals(1, get(0x5F), "processors - 1");
    }

    @Test
    void nonsenseDatesStayInRange() {
        set(0x0B, 0x82);
        for (int register : new int[] {0, 2, 4, 7, 8, 9, 0x32}) {
            set(register, 0xFF);
        }
        set(0x0B, 0x02);
        rig.advance(SECOND);
        assertTrue(get(8) <= 0x12);
        assertTrue(get(0) <= 0x59);
    }
}
