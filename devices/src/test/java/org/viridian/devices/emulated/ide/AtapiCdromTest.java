package org.viridian.devices.emulated.ide;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.viridian.devices.emulated.ide.IdeRig.SECONDARY;

import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Packet commands as ATA/ATAPI-6, MMC-6 and the drivers of SeaBIOS and Linux give them. */
class AtapiCdromTest {
    private static final int BLOCK = 2048;
    private final IdeRig ide = new IdeRig();

    @AfterEach
    void close() {
        ide.close();
    }

    private byte[] blocks(int first, int count) {
        return Arrays.copyOfRange(ide.disc.content, first * BLOCK, (first + count) * BLOCK);
    }

    private int error() {
        return ide.rig.in(SECONDARY + 1) >> 4;
    }

    @Test
    void identifyDeviceIsRefusedWithThePacketSignature() {
        ide.rig.out(SECONDARY + 6, 0xA0);
        ide.rig.out(SECONDARY + 7, 0xEC);
        assertEquals(1, ide.settle(SECONDARY) & 1);
        assertEquals(0x14, ide.rig.in(SECONDARY + 4));
        assertEquals(0xEB, ide.rig.in(SECONDARY + 5));
        ide.rig.out(SECONDARY + 7, 0xA1);
        assertEquals(8, ide.settle(SECONDARY) & 8);
        byte[] identity = ide.readData(SECONDARY, 512);
        assertEquals(0x85, identity[1] & 0xFF);
    }

    @Test
    void readInChunksOfTheByteCountLimit() {
        ide.packet(false, 3000, 0x28, 0, 0, 0, 0, 10, 0, 0, 40);
        assertArrayEquals(blocks(10, 40), ide.packetData());
        assertEquals(3, ide.rig.in(SECONDARY + 2) & 3);
    }

    @Test
    void readByBusMaster() {
        ide.table(0x8000, 0x5000, 0x2_0000, 0xB000);
        ide.packet(true, 0, 0xA8, 0, 0, 0, 0, 1, 0, 0, 0, 32);
        ide.master(SECONDARY, true);
        assertEquals(0x50, ide.settle(SECONDARY));
        assertEquals(4, ide.masterStatus(SECONDARY));
        byte[] first = new byte[0x5000];
        ide.rig.memory.read(0x8000, first, 0, first.length);
        assertArrayEquals(blocks(1, 10), first);
        byte[] rest = new byte[0xB000];
        ide.rig.memory.read(0x2_0000, rest, 0, rest.length);
        assertArrayEquals(blocks(11, 22), rest);
    }

    @Test
    void blockBehindTheEndIsRefused() {
        ide.packet(false, 0xFFFE, 0x28, 0, 0, 0, 1, 44, 0, 0, 1);
        assertEquals(0x51, ide.settle(SECONDARY));
        assertEquals(5, error());
        ide.packet(false, 0xFFFE, 0x03, 0, 0, 0, 18);
        byte[] sense = ide.packetData();
        assertEquals(5, sense[2]);
        assertEquals(0x21, sense[12]);
    }

    @Test
    void unknownCommandIsIllegal() {
        ide.packet(false, 0xFFFE, 0xF7);
        assertEquals(0x51, ide.settle(SECONDARY));
        ide.packet(false, 0xFFFE, 0x03, 0, 0, 0, 18);
        assertEquals(0x20, ide.packetData()[12]);
    }

    @Test
    void emptyDriveSaysSoAndANewDiscIsAnnounced() {
        ide.cdrom.change(null);
        ide.packet(false, 0xFFFE, 0x00);
        assertEquals(0x51, ide.settle(SECONDARY));
        assertEquals(2, error());
        MemoryDisk next = new MemoryDisk(20 * BLOCK);
        ide.cdrom.change(next);
        ide.packet(false, 0xFFFE, 0x4A, 1, 0, 0, 0x10, 0, 0, 0, 8);
        assertEquals(2, ide.packetData()[4], "new media");
        ide.packet(false, 0xFFFE, 0x00);
        assertEquals(0x51, ide.settle(SECONDARY));
        assertEquals(6, error());
        ide.packet(false, 0xFFFE, 0x25);
        assertArrayEquals(new byte[] {0, 0, 0, 19, 0, 0, 8, 0}, ide.packetData());
    }

    @Test
    void lockedTrayStaysShut() {
        ide.packet(false, 0xFFFE, 0x1E, 0, 0, 0, 1);
        assertEquals(0x50, ide.settle(SECONDARY));
        ide.packet(false, 0xFFFE, 0x1B, 0, 0, 0, 2);
        assertEquals(0x51, ide.settle(SECONDARY));
        ide.packet(false, 0xFFFE, 0x1E);
        ide.settle(SECONDARY);
        ide.packet(false, 0xFFFE, 0x1B, 0, 0, 0, 2);
        assertEquals(0x50, ide.settle(SECONDARY));
        ide.packet(false, 0xFFFE, 0x00);
        assertEquals(0x51, ide.settle(SECONDARY));
        ide.packet(false, 0xFFFE, 0x03, 0, 0, 0, 18);
        byte[] sense = ide.packetData();
        assertEquals(0x3A, sense[12]);
        assertEquals(2, sense[13], "tray open");
    }

    @Test
    void tableOfContentsNamesOneDataTrackAndTheEnd() {
        ide.packet(false, 0xFFFE, 0x43, 0, 0, 0, 0, 0, 0, 0, 20);
        byte[] toc = ide.packetData();
        assertEquals(20, toc.length);
        assertEquals(0x14, toc[5]);
        assertEquals(0xAA, toc[14] & 0xFF);
        assertEquals(300, (toc[18] & 0xFF) << 8 | toc[19] & 0xFF);
    }

    @Test
    void configurationOfOneFeature() {
        ide.packet(false, 0xFFFE, 0x46, 2, 0, 0x10, 0, 0, 0, 0, 64);
        byte[] answer = ide.packetData();
        assertEquals(20, answer.length);
        assertEquals(8, answer[7], "a CD is in the drive");
        assertEquals(0x10, answer[9]);
    }
}
