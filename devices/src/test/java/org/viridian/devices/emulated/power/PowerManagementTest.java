package org.viridian.devices.emulated.power;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.viridian.devices.emulated.BoardRig;

class PowerManagementTest {
    private static final int BASE = 0x600;
    private final BoardRig rig = new BoardRig();

    @AfterEach
    void close() {
        rig.close();
    }

    @Test
    void timerRunsAtItsFrequencyIn24Bits() {
        assertEquals(0, rig.in32(BASE + 8));
        rig.advance(1_000_000_000L);
        assertEquals(3_579_545, rig.in32(BASE + 8));
        rig.advance(3_600_000_000_000L * 24);
        assertEquals((int) (86_401L * 3_579_545 & 0xFF_FFFF), rig.in32(BASE + 8));
    }

    @Test
    void powerButtonRaisesTheSciAndIsClearedByWritingOne() {
        rig.initialisePics(0x0204);
        rig.out(0x4D1, 0x02);
        assertEquals(1, rig.in16(BASE + 4) & 1, "ACPI mode from the start");
        rig.out16(BASE + 2, 0x0120);
        rig.board.pressPowerButton();
        assertEquals(0x0100, rig.in16(BASE) & 0x0100);
        assertTrue(rig.intr);
        rig.out16(BASE, 0x0100);
        assertEquals(0, rig.in16(BASE) & 0x0100);
        assertEquals(false, rig.intr);
    }

    @Test
    void sleepEnableWithTypeZeroPowersOff() {
        rig.out16(BASE + 4, 0x0001 | 5 << 10 | 1 << 13);
        assertEquals(List.of(), rig.power);
        rig.out16(BASE + 4, 0x0001 | 1 << 13);
        assertEquals(List.of("off"), rig.power);
        assertEquals(0, rig.in16(BASE + 4) & 1 << 13);
    }

    @Test
    void timerOverflowSetsItsStatusAndInterrupts() {
        rig.advance(3_000_000_000L);
        assertEquals(1, rig.in16(BASE) & 1);
        rig.out16(BASE, 1);
        assertEquals(0, rig.in16(BASE) & 1);
    }

    @Test
    void withFirmwareTheBlockIsNowhereUntilPlacedAndAcpiIsOff() {
        try (BoardRig firmware = new BoardRig(true)) {
            assertEquals(0xFFFF, firmware.in16(BASE));
            firmware.out32(0xCF8, 0x8000_3B40);
            firmware.out32(0xCFC, 0xB001);
            firmware.out32(0xCF8, 0x8000_3B80);
            firmware.out(0xCFC, 1);
            assertEquals(0, firmware.in16(0xB004));
            firmware.out(0xB2, 0xF1);
            assertEquals(1, firmware.in16(0xB004));
            firmware.out(0xB2, 0xF0);
            assertEquals(0, firmware.in16(0xB004));
        }
    }

    @Test
    void aBlockPlacedOverAnotherDeviceDecodesNothing() {
        rig.out32(0xCF8, 0x8000_3B40);
        rig.out32(0xCFC, 0x0041);
        assertEquals(0xFFFF, rig.in16(BASE));
        rig.out32(0xCFC, 0x0601);
        assertEquals(1, rig.in16(BASE + 4) & 1);
    }
}
