package org.viridian.devices.emulated.ide;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.viridian.devices.emulated.ide.IdeRig.PRIMARY;
import static org.viridian.devices.emulated.ide.IdeRig.SECTOR;

import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** ATA commands as ATA/ATAPI-6 and the drivers of SeaBIOS and Linux give them. */
class AtaDiskTest {
    private final IdeRig ide = new IdeRig();

    @AfterEach
    void close() {
        ide.close();
    }

    private byte[] sectors(int first, int count) {
        return Arrays.copyOfRange(ide.disk.content, first * SECTOR, (first + count) * SECTOR);
    }

    private static byte[] pattern(int bytes, int seed) {
        byte[] data = new byte[bytes];
        for (int i = 0; i < bytes; i++) {
            data[i] = (byte) (i * 31 + seed);
        }
        return data;
    }

    private byte[] ram(int address, int length) {
        byte[] bytes = new byte[length];
        ide.rig.memory.read(address, bytes, 0, length);
        return bytes;
    }

    @Test
    void identifyGivesSizeAndUltraDma() {
        ide.command(PRIMARY, 0xEC, 0, 0);
        assertEquals(0x58, ide.settle(PRIMARY));
        byte[] w = ide.readData(PRIMARY, 512);
        assertEquals(0x40, w[0]);
        assertEquals(2048, (w[121] & 0xFF) << 8 | w[120] & 0xFF);
        assertEquals(2048, (w[201] & 0xFF) << 8 | w[200] & 0xFF);
        assertEquals(0x3F, w[176]);
        // Text has the bytes of each word swapped.
        assertEquals("iVirid", new String(w, 54, 6, java.nio.charset.StandardCharsets.US_ASCII));
        assertEquals(0x50, ide.settle(PRIMARY));
    }

    @Test
    void pioReadInterruptsForEachSector() {
        ide.command(PRIMARY, 0x20, 5, 3);
        byte[] read = new byte[3 * SECTOR];
        for (int i = 0; i < 3; i++) {
            assertEquals(0x58, ide.settle(PRIMARY));
            System.arraycopy(ide.readData(PRIMARY, SECTOR), 0, read, i * SECTOR, SECTOR);
        }
        assertEquals(0x50, ide.settle(PRIMARY));
        assertArrayEquals(sectors(5, 3), read);
    }

    @Test
    void multipleReadGivesABlockAtOnce() {
        ide.command(PRIMARY, 0xC6, 0, 4);
        assertEquals(0x50, ide.settle(PRIMARY));
        ide.command(PRIMARY, 0xC4, 0, 6);
        assertEquals(0x58, ide.settle(PRIMARY));
        byte[] first = ide.readData(PRIMARY, 4 * SECTOR);
        assertEquals(0x58, ide.settle(PRIMARY));
        byte[] second = ide.readData(PRIMARY, 2 * SECTOR);
        assertEquals(0x50, ide.settle(PRIMARY));
        assertArrayEquals(sectors(0, 4), first);
        assertArrayEquals(sectors(4, 2), second);
    }

    @Test
    void pioWriteReachesTheImageAndFlushTheDisk() {
        byte[] data = pattern(2 * SECTOR, 3);
        ide.command(PRIMARY, 0x30, 100, 2);
        for (int i = 0; i < 2; i++) {
            assertEquals(0x58, ide.settle(PRIMARY));
            ide.writeData(PRIMARY, Arrays.copyOfRange(data, i * SECTOR, (i + 1) * SECTOR));
        }
        assertEquals(0x50, ide.settle(PRIMARY));
        assertArrayEquals(data, sectors(100, 2));
        assertEquals(0, ide.disk.flushes.get());
        ide.command(PRIMARY, 0xE7, 0, 0);
        assertEquals(0x50, ide.settle(PRIMARY));
        assertEquals(1, ide.disk.flushes.get());
    }

    @Test
    void withTheWriteCacheOffEveryWriteIsDurable() {
        ide.rig.out(PRIMARY + 1, 0x82);
        ide.command(PRIMARY, 0xEF, 0, 0);
        ide.settle(PRIMARY);
        int before = ide.disk.flushes.get();
        ide.command(PRIMARY, 0x30, 1, 1);
        ide.writeData(PRIMARY, pattern(SECTOR, 1));
        assertEquals(0x50, ide.settle(PRIMARY));
        assertEquals(before + 1, ide.disk.flushes.get());
    }

    @Test
    void dmaReadScattersOverTheTableAndInterruptsOnce() {
        ide.table(0x8000, 0x200, 0x9000, 0x600);
        ide.command(PRIMARY, 0xC8, 7, 4);
        ide.master(PRIMARY, true);
        assertEquals(0x50, ide.settle(PRIMARY));
        assertEquals(4, ide.masterStatus(PRIMARY), "interrupt, and the engine has stopped at the table's end");
        assertArrayEquals(sectors(7, 1), ram(0x8000, SECTOR));
        assertArrayEquals(sectors(8, 3), ram(0x9000, 3 * SECTOR));
    }

    @Test
    void dmaStartsInEitherOrder() {
        ide.table(0x8000, SECTOR);
        ide.master(PRIMARY, true);
        ide.command(PRIMARY, 0xC8, 9, 1);
        assertEquals(0x50, ide.settle(PRIMARY));
        assertArrayEquals(sectors(9, 1), ram(0x8000, SECTOR));
    }

    @Test
    void dmaWriteOf48BitAddress() {
        byte[] data = pattern(300 * SECTOR, 9);
        ide.rig.memory.write(0x1_0000, data);
        ide.table(0x1_0000, 0, 0x2_0000, 0, 0x3_0000, 300 * SECTOR - 0x2_0000);
        ide.rig.out(PRIMARY + 6, 0xE0);
        ide.rig.out(PRIMARY + 2, 300 >> 8, 300 & 0xFF);
        ide.rig.out(PRIMARY + 3, 0, 0x10);
        ide.rig.out(PRIMARY + 4, 0, 0x01);
        ide.rig.out(PRIMARY + 5, 0, 0);
        ide.rig.out(PRIMARY + 7, 0x35);
        ide.master(PRIMARY, false);
        assertEquals(0x50, ide.settle(PRIMARY));
        assertArrayEquals(data, sectors(0x110, 300));
    }

    @Test
    void readPastTheEndIsNotFoundAndLeavesRamAlone() {
        ide.command(PRIMARY, 0x20, 2047, 2);
        assertEquals(0x51, ide.settle(PRIMARY));
        assertEquals(0x10, ide.rig.in(PRIMARY + 1));
    }

    @Test
    void tableOutsideRamEndsTheCommandWithAnError() {
        ide.table(0x4000_0000, SECTOR);
        ide.command(PRIMARY, 0xC8, 0, 1);
        ide.master(PRIMARY, true);
        assertEquals(0x51, ide.settle(PRIMARY));
        assertEquals(6, ide.masterStatus(PRIMARY));
    }

    @Test
    void tooShortTableEndsTheCommandWithAnError() {
        ide.table(0x8000, 0x100);
        ide.command(PRIMARY, 0xC8, 0, 1);
        ide.master(PRIMARY, true);
        assertEquals(0x51, ide.settle(PRIMARY));
    }

    @Test
    void busMasteringOffMovesNothing() {
        ide.config(0x04, 1);
        ide.table(0x8000, SECTOR);
        ide.command(PRIMARY, 0xC8, 1, 1);
        ide.master(PRIMARY, true);
        assertEquals(0x51, ide.settle(PRIMARY));
        assertArrayEquals(new byte[SECTOR], ram(0x8000, SECTOR));
    }

    @Test
    void hostErrorIsUncorrectableAndTheDriveGoesOn() {
        ide.disk.failing = true;
        ide.command(PRIMARY, 0x20, 5, 1);
        assertEquals(0x71, ide.settle(PRIMARY));
        assertEquals(0x40, ide.rig.in(PRIMARY + 1));
        ide.disk.failing = false;
        ide.command(PRIMARY, 0x20, 5, 1);
        assertEquals(0x58, ide.settle(PRIMARY));
    }

    @Test
    void softResetDropsTheCommandAndShowsTheSignature() {
        ide.disk.gate = new CountDownLatch(1);
        ide.command(PRIMARY, 0x20, 0, 1);
        ide.rig.out(0x3F6, 4);
        ide.rig.out(0x3F6, 0);
        ide.disk.gate.countDown();
        assertEquals(0x50, ide.settle(PRIMARY));
        assertEquals(1, ide.rig.in(PRIMARY + 2));
        assertEquals(0, ide.rig.in(PRIMARY + 4));
        ide.ata.channel().drain();
        assertEquals(0x50, ide.settle(PRIMARY), "the old command's completion is not heard");
    }

    @Test
    void absentSlaveAnswersZero() {
        ide.rig.out(PRIMARY + 6, 0xB0);
        assertEquals(0, ide.rig.in(PRIMARY + 7));
        assertEquals(0xB0, ide.rig.in(PRIMARY + 6));
    }

    @Test
    void nothingIsMovedWhileTheTwinHasTheImage() {
        ide.ata.setBypassed(true, "test");
        ide.command(PRIMARY, 0x20, 0, 1);
        assertEquals(0x51, ide.settle(PRIMARY));
        ide.ata.setBypassed(false, "test");
        ide.command(PRIMARY, 0x20, 0, 1);
        assertEquals(0x58, ide.settle(PRIMARY));
    }

    @Test
    void bypassWaitsForTheWriteUnderWay() {
        ide.disk.gate = new CountDownLatch(1);
        byte[] data = pattern(SECTOR, 77);
        ide.command(PRIMARY, 0x30, 3, 1);
        ide.writeData(PRIMARY, data);
        Thread opener = Thread.ofVirtual().start(() -> {
            try {
                Thread.sleep(100);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            ide.disk.gate.countDown();
        });
        ide.ata.setBypassed(true, "test");
        assertArrayEquals(data, sectors(3, 1), "what was under way has landed before the twin begins");
        assertTrue(!opener.isAlive() || ide.disk.gate.getCount() == 0);
    }

    @Test
    void savedInTheMiddleOfATransferNothingIsLost() {
        byte[] data = pattern(3 * SECTOR, 5);
        ide.rig.memory.write(0x8000, data);
        ide.table(0x8000, 3 * SECTOR);
        ide.disk.gate = new CountDownLatch(1);
        ide.command(PRIMARY, 0xCA, 40, 3);
        ide.master(PRIMARY, false);
        Map<String, Record> saved = ide.rig.board.save();
        try (IdeRig other = new IdeRig()) {
            byte[] ram = ram(0, 1 << 20);
            other.rig.memory.write(0, ram);
            other.rig.board.restore(saved);
            assertEquals(0x50, other.settle(PRIMARY));
            assertEquals(4, other.masterStatus(PRIMARY));
            assertArrayEquals(data, Arrays.copyOfRange(other.disk.content, 40 * SECTOR, 43 * SECTOR));
        }
        ide.disk.gate.countDown();
    }

    @Test
    void interruptReachesIrq14UnlessDisabled() {
        ide.rig.initialisePics(1 << 14 | 1 << 2);
        ide.rig.out(0x3F6, 2);
        ide.command(PRIMARY, 0xE5, 0, 0);
        assertEquals(false, ide.rig.intr);
        ide.rig.out(0x3F6, 0);
        assertEquals(true, ide.rig.intr);
        assertEquals(0x2E, ide.rig.acknowledge());
        ide.rig.in(PRIMARY + 7);
        ide.rig.out(0xA0, 0x20);
        ide.rig.out(0x20, 0x20);
        assertEquals(false, ide.rig.intr, "reading the status took the request back");
    }
}
