package org.viridian.devices.emulated.firmware;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.foreign.ValueLayout;
import java.util.concurrent.locks.ReentrantLock;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.viridian.engine.bus.MmioBus;
import org.viridian.engine.memory.GuestMemory;
import org.viridian.engine.memory.GuestMemoryException;
import org.viridian.engine.memory.MemoryRegion;

/** PAM as SeaBIOS uses it: read from ROM, unlock, shadow, lock. */
class ShadowMemoryTest {
    private static final int BIOS_SEGMENT = ShadowMemory.SEGMENTS - 1;
    private final GuestMemory memory = new GuestMemory();
    private final MmioBus mmio = new MmioBus(new ReentrantLock());
    private final ShadowMemory shadow = new ShadowMemory(memory, mmio, image(), () -> 0);

    private static byte[] image() {
        byte[] image = new byte[256 << 10];
        for (int i = 0; i < image.length; i++) {
            image[i] = (byte) (i >> 12);
        }
        return image;
    }

    @AfterEach
    void close() {
        shadow.close();
    }

    /** What a processor reads at an address. */
    private int read(long address) {
        MemoryRegion region = memory.find(address);
        return region == null ? (int) mmio.read(address, 1) : region.segment().get(ValueLayout.JAVA_BYTE, address - region.base()) & 0xFF;
    }

    /** A processor's store: into RAM, else to the bus. */
    private void write(long address, int value) {
        if (memory.isRam(address, 1)) {
            memory.writeByte(address, value);
        } else {
            mmio.write(address, 1, value);
        }
    }

    @Test
    void atPowerOnTheRomIsSeenTwice() {
        assertEquals(0x3F, read(0xFFFF_FFF0L));
        assertEquals(0x3F, read(0xF_FFF0L));
        assertEquals(0x20, read(0xE_0000L));
        assertEquals(0xFF, read(0xC_0000L), "no ROM there");
        assertThrows(GuestMemoryException.class, () -> memory.writeByte(0xF_0000L, 1));
    }

    @Test
    void unlockedItIsRamWithTheRomsContent() {
        shadow.map(BIOS_SEGMENT, ShadowMemory.READ_RAM | ShadowMemory.WRITE_RAM);
        assertEquals(0x30, read(0xF_0000L));
        write(0xF_0000L, 0xAB);
        assertEquals(0xAB, read(0xF_0000L));
        assertEquals(0x20, read(0xE_0000L), "another segment still shows the ROM");
    }

    @Test
    void lockedItKeepsItsContentAndDropsWrites() {
        shadow.map(0, ShadowMemory.READ_RAM | ShadowMemory.WRITE_RAM);
        write(0xC_0000L, 0x55);
        shadow.map(0, ShadowMemory.READ_RAM);
        write(0xC_0000L, 0xAA);
        assertEquals(0x55, read(0xC_0000L));
    }

    @Test
    void writesGoToRamWhileReadsComeFromTheRom() {
        shadow.map(BIOS_SEGMENT, ShadowMemory.WRITE_RAM);
        write(0xF_1000L, 0x77);
        assertEquals(0x31, read(0xF_1000L));
        shadow.map(BIOS_SEGMENT, ShadowMemory.READ_RAM);
        assertEquals(0x77, read(0xF_1000L));
    }

    @Test
    void resetBringsTheRomBack() {
        shadow.map(BIOS_SEGMENT, ShadowMemory.READ_RAM | ShadowMemory.WRITE_RAM);
        write(0xF_FFF0L, 0);
        shadow.reset();
        assertEquals(0x3F, read(0xF_FFF0L));
        shadow.map(BIOS_SEGMENT, ShadowMemory.READ_RAM);
        assertEquals(0x3F, read(0xF_FFF0L));
    }
}
