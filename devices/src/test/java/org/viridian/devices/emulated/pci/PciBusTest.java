package org.viridian.devices.emulated.pci;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.viridian.devices.emulated.BoardRig;

class PciBusTest {
    private final BoardRig rig = new BoardRig();

    @AfterEach
    void close() {
        rig.close();
    }

    private int config(int slot, int function, int offset) {
        rig.out32(0xCF8, 0x8000_0000 | slot << 11 | function << 8 | offset & 0xFC);
        return rig.in32(0xCFC);
    }

    @Test
    void linuxFindsConfigurationMechanismOne() {
        rig.out(0xCFB, 0x01);
        rig.out32(0xCF8, 0x8000_0000);
        assertEquals(0x8000_0000, rig.in32(0xCF8));
    }

    @Test
    void chipSetIsThereAndNothingElse() {
        int found = 0;
        for (int slot = 0; slot < 32; slot++) {
            for (int function = 0; function < 8; function++) {
                found += config(slot, function, 0) == -1 ? 0 : 1;
            }
        }
        assertEquals(4, found);
        assertEquals(0x7192_8086, config(0, 0, 0));
        assertEquals(0x0600_0003, config(0, 0, 8));
        assertEquals(0x7110_8086, config(7, 0, 0));
        assertEquals(0x0080_0000, config(7, 0, 0x0C) & 0x00FF_0000, "multi-function");
        assertEquals(0x7113_8086, config(7, 3, 0));
        assertEquals(0x0680_0003, config(7, 3, 8));
        assertEquals(0x601, config(7, 3, 0x40));
    }

    @Test
    void withoutFirmwarePirqsAreRoutedAsTheTablesDeclare() {
        assertEquals(0x0B0B_0A0A, config(7, 0, 0x60));
    }

    @Test
    void narrowAccessesReachTheirBytes() {
        config(7, 0, 0x60);
        rig.out(0xCFD, 0x05);
        assertEquals(0x0B0B_050A, rig.in32(0xCFC));
        assertEquals(0x05, rig.in(0xCFD));
        assertEquals(0x0B0B, rig.in16(0xCFE));
        assertEquals(0xFF0B, rig.in16(0xCFF), "past the double word the bus floats");
    }

    @Test
    void identityCannotBeWritten() {
        config(0, 0, 0);
        rig.out32(0xCFC, 0);
        assertEquals(0x7192_8086, rig.in32(0xCFC));
    }

    @Test
    void resetRestoresRegisters() {
        config(7, 0, 0x60);
        rig.out32(0xCFC, 0x8080_8080);
        rig.board.reset();
        assertEquals(0x0B0B_0A0A, config(7, 0, 0x60));
    }
}
