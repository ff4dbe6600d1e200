package org.viridian.devices.emulated.ide;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import org.viridian.devices.emulated.BoardRig;
import org.viridian.engine.memory.MemoryRegion;

/** A board with 1 MiB of RAM, a disk as primary master and a CD drive as secondary master; the test plays the driver. */
final class IdeRig implements AutoCloseable {
    static final int PRIMARY = 0x1F0;
    static final int SECONDARY = 0x170;
    static final int BUS_MASTER = 0xC000;
    static final int SECTOR = 512;
    static final int TABLE = 0x1000;
    private static final int BUSY = 0x80;

    final BoardRig rig = new BoardRig();
    final MemoryDisk disk = new MemoryDisk(2048 * SECTOR);
    final MemoryDisk disc = new MemoryDisk(300 * 2048);
    final AtaDisk ata = rig.board.add(new AtaDisk("ide0-disk0", disk, "SERIAL", rig.clock::nanoTime));
    final AtapiCdrom cdrom = rig.board.add(new AtapiCdrom("ide1-cd0", disc, rig.clock::nanoTime));

    IdeRig() {
        rig.memory.add(new MemoryRegion(0, Arena.ofAuto().allocate(1 << 20, 4096), MemoryRegion.Kind.RAM));
        rig.board.ide().plug(0, 0, ata);
        rig.board.ide().plug(1, 0, cdrom);
        config(0x20, BUS_MASTER | 1);
        config(0x04, 5);
    }

    void config(int offset, int value) {
        rig.out32(0xCF8, 0x8000_0000 | 7 << 11 | 1 << 8 | offset);
        rig.out32(0xCFC, value);
    }

    /** Writes count, address and command of a 28-bit command. */
    void command(int base, int code, long block, int count) {
        rig.out(base + 6, 0xE0 | (int) (block >> 24));
        rig.out(base + 2, count);
        rig.out(base + 3, (int) block & 0xFF);
        rig.out(base + 4, (int) (block >> 8) & 0xFF);
        rig.out(base + 5, (int) (block >> 16) & 0xFF);
        rig.out(base + 7, code);
    }

    /** Waits while the drive is busy; the status, with the interrupt acknowledged. */
    int settle(int base) {
        long end = System.nanoTime() + 5_000_000_000L;
        while ((rig.in(base == PRIMARY ? 0x3F6 : 0x376) & BUSY) != 0) {
            assertTrue(System.nanoTime() < end, "the drive stays busy");
            Thread.onSpinWait();
        }
        return rig.in(base + 7);
    }

    byte[] readData(int base, int bytes) {
        byte[] data = new byte[bytes];
        for (int i = 0; i < bytes; i += 2) {
            int word = rig.in16(base);
            data[i] = (byte) word;
            if (i + 1 < bytes) {
                data[i + 1] = (byte) (word >> 8);
            }
        }
        return data;
    }

    void writeData(int base, byte[] data) {
        for (int i = 0; i < data.length; i += 2) {
            rig.out16(base, data[i] & 0xFF | (data[i + 1] & 0xFF) << 8);
        }
    }

    /** A descriptor table of (address, bytes) pairs, the last one marked. */
    void table(int... pairs) {
        for (int i = 0; i < pairs.length; i += 2) {
            rig.memory.writeInt(TABLE + 4L * i, pairs[i]);
            rig.memory.writeInt(TABLE + 4L * i + 4, pairs[i + 1] & 0xFFFF | (i + 2 == pairs.length ? 0x8000_0000 : 0));
        }
    }

    /** Starts the channel's bus master. */
    void master(int base, boolean toMemory) {
        int registers = BUS_MASTER + (base == PRIMARY ? 0 : 8);
        rig.out32(registers + 4, TABLE);
        rig.out(registers + 2, 6);
        rig.out(registers, toMemory ? 9 : 1);
    }

    int masterStatus(int base) {
        return rig.in(BUS_MASTER + (base == PRIMARY ? 2 : 10)) & 7;
    }

    void stop(int base) {
        rig.out(BUS_MASTER + (base == PRIMARY ? 0 : 8), 0);
    }

    /** Sends a packet; 12 bytes, the rest zero. */
    void packet(boolean dma, int limit, int... cdb) {
        rig.out(SECONDARY + 6, 0xA0);
        rig.out(SECONDARY + 1, dma ? 1 : 0);
        rig.out(SECONDARY + 4, limit & 0xFF);
        rig.out(SECONDARY + 5, limit >> 8);
        rig.out(SECONDARY + 7, 0xA0);
        byte[] bytes = new byte[12];
        for (int i = 0; i < cdb.length; i++) {
            bytes[i] = (byte) cdb[i];
        }
        writeData(SECONDARY, bytes);
    }

    /** The data of a PIO packet command, chunk by chunk as the drive offers it. */
    byte[] packetData() {
        java.io.ByteArrayOutputStream data = new java.io.ByteArrayOutputStream();
        while ((settle(SECONDARY) & 8) != 0) {
            data.writeBytes(readData(SECONDARY, rig.in(SECONDARY + 4) | rig.in(SECONDARY + 5) << 8));
        }
        return data.toByteArray();
    }

    @Override
    public void close() {
        rig.close();
    }
}
