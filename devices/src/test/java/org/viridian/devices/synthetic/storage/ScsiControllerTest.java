package org.viridian.devices.synthetic.storage;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.viridian.devices.storage.DiskImage;
import org.viridian.devices.synthetic.Rig;
import org.viridian.engine.device.DeviceState;
import org.viridian.vmbus.channel.Packet;
import org.viridian.vmbus.loopback.LoopbackChannel;

/** storvsc's conversation with the controller: set-up, scan, reading and writing, and what a hostile driver may try. */
class ScsiControllerTest {
    private static final int BLOCKS = 2048;
    private static final int IN = 1;
    private static final int OUT = 0;
    private static final int NONE = 2;

    /** A disk in an array that counts its flushes and can be told to fail. */
    private static final class MemoryImage implements DiskImage {
        final byte[] bytes;
        final boolean readOnly;
        volatile int flushes;
        volatile boolean failing;
        volatile IOException writeFailure;
        volatile java.util.concurrent.CountDownLatch writeGate;
        volatile long discarded;

        MemoryImage(int size, boolean readOnly) {
            this.bytes = new byte[size];
            this.readOnly = readOnly;
        }

        @Override
        public long size() {
            return bytes.length;
        }

        @Override
        public boolean readOnly() {
            return readOnly;
        }

        @Override
        public String location() {
            return "memory";
        }

        @Override
        public void read(long offset, MemorySegment target) throws IOException {
            if (failing) {
                throw new IOException("broken");
            }
            target.copyFrom(MemorySegment.ofArray(bytes).asSlice(offset, target.byteSize()));
        }

        @Override
        public void write(long offset, MemorySegment source) throws IOException {
            if (failing) {
                throw new IOException("broken");
            }
            if (writeFailure != null) {
                throw writeFailure;
            }
            if (writeGate != null) {
                try {
                    writeGate.await();
                } catch (InterruptedException e) {
                    throw new IOException(e);
                }
            }
            MemorySegment.ofArray(bytes).asSlice(offset, source.byteSize()).copyFrom(source);
        }

        @Override
        public void flush() {
            flushes++;
        }

        @Override
        public void discard(long offset, long length) {
            discarded += length;
            Arrays.fill(bytes, (int) offset, (int) (offset + length), (byte) 0);
        }

        @Override
        public void close() {}
    }

    private record Answer(int ntStatus, int srbStatus, int scsiStatus, int transferred, byte[] sense) {}

    private final Rig rig = new Rig();
    private final MemoryImage disk = new MemoryImage(BLOCKS * 512, false);
    private final MemoryImage iso = new MemoryImage(64 * 2048, true);
    private final ScsiController controller =
            new ScsiController("scsi0", UUID.fromString("5b1c0001-0000-4000-8000-00155d000001"), rig.clock);
    private LoopbackChannel channel;
    private long id = 1;

    @BeforeEach
    void plug() {
        controller.attachDisk(0, disk, UUID.fromString("00112233-4455-6677-8899-aabbccddeeff"));
        controller.attachDvd(1, iso);
        channel = rig.open(controller, 32);
    }

    @AfterEach
    void unplug() {
        rig.close();
    }

    private ByteBuffer call(byte[] payload) {
        long mine = 0xFFFF_FFFF_0000_0000L | id++;
        assertTrue(channel.send(payload, true, mine));
        Packet answer = channel.receive();
        assertEquals(Packet.COMPLETION, answer.type());
        assertEquals(mine, answer.transactionId());
        return ByteBuffer.wrap(answer.payload()).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static ByteBuffer vstor(int operation) {
        return ByteBuffer.allocate(64).order(ByteOrder.LITTLE_ENDIAN).putInt(0, operation).putInt(4, 1);
    }

    private int operate(ByteBuffer packet) {
        ByteBuffer answer = call(packet.array());
        assertEquals(64, answer.capacity());
        assertEquals(1, answer.getInt(0));
        return answer.getInt(8);
    }

    private void initialize() {
        assertEquals(0, operate(vstor(7)));
        assertEquals(0xC0000059, operate(vstor(9).putShort(12, (short) 0x0700)));
        assertEquals(0, operate(vstor(9).putShort(12, (short) 0x0602)));
        ByteBuffer properties = call(vstor(10).array());
        assertEquals(0, properties.getInt(8));
        assertEquals(0, properties.getShort(16), "no sub-channels");
        assertEquals(0, properties.getInt(20), "not multi-channel");
        assertEquals(0x100000, properties.getInt(24));
        assertEquals(0, operate(vstor(8)));
        assertTrue(controller.ready());
    }

    private static byte[] request(int lun, int direction, int length, String cdb) {
        byte[] command = HexFormat.of().parseHex(cdb.replace(" ", ""));
        ByteBuffer packet = vstor(3);
        packet.putShort(12, (short) 0x34).put(19, (byte) lun).put(20, (byte) command.length).put(21, (byte) 20);
        packet.put(22, (byte) direction).putInt(24, length).put(28, command);
        return packet.array();
    }

    private Answer answer(Packet packet) {
        assertEquals(Packet.COMPLETION, packet.type());
        assertEquals(64, packet.payload().length, "Linux drops shorter completions");
        ByteBuffer fields = ByteBuffer.wrap(packet.payload()).order(ByteOrder.LITTLE_ENDIAN);
        assertEquals(1, fields.getInt(0));
        return new Answer(fields.getInt(8), fields.get(14) & 0xFF, fields.get(15) & 0xFF, fields.getInt(24),
                Arrays.copyOfRange(packet.payload(), 28, 28 + (fields.get(21) & 0xFF)));
    }

    private Answer command(int lun, String cdb) {
        assertTrue(channel.send(request(lun, NONE, 0, cdb), true, id++));
        return answer(channel.receive());
    }

    /** Runs a command with a buffer that starts inside its first page; the data goes out of and comes back into {@code data}. */
    private Answer transfer(int lun, int direction, String cdb, byte[] data) {
        int offset = 512;
        long[] pages = rig.guest.pages((offset + data.length + 4095) / 4096);
        for (int i = 0; i < data.length; i++) {
            rig.guest.memory().writeByte(pages[(offset + i) / 4096] * 4096 + (offset + i) % 4096, data[i]);
        }
        assertTrue(channel.sendBuffer(request(lun, direction, data.length, cdb), id++, pages, offset, data.length));
        Answer answer = answer(channel.receive());
        for (int i = 0; i < data.length; i++) {
            data[i] = (byte) rig.guest.memory().readByte(pages[(offset + i) / 4096] * 4096 + (offset + i) % 4096);
        }
        rig.guest.free(pages);
        return answer;
    }

    private void assertSense(Answer answer, int key, int asc, int ascq) {
        assertEquals(0x84, answer.srbStatus);
        assertEquals(2, answer.scsiStatus);
        assertEquals(18, answer.sense.length);
        assertEquals(0x70, answer.sense[0]);
        assertEquals(key, answer.sense[2]);
        assertEquals(asc, answer.sense[12] & 0xFF);
        assertEquals(ascq, answer.sense[13] & 0xFF);
    }

    @Test
    void setsUpAsLinuxDoes() {
        initialize();
        assertEquals(DeviceState.ACTIVE, controller.node().state());
        channel.close();
        assertFalse(controller.ready());
        assertEquals(DeviceState.WAITING_FOR_DRIVER, controller.node().state());
    }

    @Test
    void stepsOutOfOrderFailWithAnAnswer() {
        assertNotEquals(0, operate(vstor(3)));
        assertNotEquals(0, operate(vstor(8)));
        assertNotEquals(0, operate(vstor(9).putShort(12, (short) 0x0600)));
        assertNotEquals(0, operate(vstor(13)));
        assertNotEquals(0, operate(vstor(99)));
        initialize();
    }

    @Test
    void inquiryOfDiskDriveAndNothing() {
        initialize();
        byte[] data = new byte[96];
        assertEquals(36, transfer(0, IN, "12 00 00 00 24 00", data).transferred);
        assertEquals(0, data[0]);
        assertEquals(5, data[2]);
        assertEquals("Msft    Virtual Disk    1.0 ", new String(data, 8, 28, StandardCharsets.US_ASCII));
        assertEquals(96, transfer(1, IN, "12 00 00 00 60 00", data).transferred);
        assertEquals(5, data[0]);
        assertEquals((byte) 0x80, data[1]);
        Answer nothing = transfer(5, IN, "12 00 00 00 24 00", data);
        assertEquals(1, nothing.srbStatus, "an error would make Linux invent a disk");
        assertEquals(36, nothing.transferred);
        assertEquals(0x7F, data[0]);
        assertEquals(0x20, command(5, "00 00 00 00 00 00").srbStatus);
    }

    @Test
    void reportsItsUnits() {
        initialize();
        byte[] data = new byte[4096];
        assertEquals(24, transfer(0, IN, "a0 00 00 00 00 00 00 00 10 00 00 00", data).transferred);
        assertArrayEquals(new byte[] {0, 0, 0, 16}, Arrays.copyOf(data, 4));
        assertEquals(0, data[9]);
        assertEquals(1, data[17]);
    }

    @Test
    void vitalProductDataIsCutToTheAllocationAndTellsItsLength() {
        initialize();
        for (int page : new int[] {0x00, 0x80, 0x83, 0xB0, 0xB1, 0xB2}) {
            byte[] data = new byte[255];
            String cdb = "12 01 %02x 00 %s 00";
            assertEquals(4, transfer(0, IN, cdb.formatted(page, "04"), data).transferred);
            int length = ((data[2] & 0xFF) << 8 | data[3] & 0xFF) + 4;
            assertEquals((byte) page, data[1]);
            assertEquals(length, transfer(0, IN, cdb.formatted(page, "ff"), data).transferred);
        }
        assertSense(transfer(0, IN, "12 01 89 00 ff 00", new byte[255]), 5, 0x24, 0);
        byte[] id = new byte[255];
        transfer(0, IN, "12 01 83 00 ff 00", id);
        assertArrayEquals(HexFormat.of().parseHex("00112233445566778899aabbccddeeff"), Arrays.copyOfRange(id, 16, 32));
    }

    @Test
    void capacityAndModes() {
        initialize();
        byte[] data = new byte[32];
        assertEquals(32, transfer(0, IN, "9e 10 00 00 00 00 00 00 00 00 00 00 00 20 00 00", data).transferred);
        assertEquals(BLOCKS - 1, ByteBuffer.wrap(data).getLong(0));
        assertEquals(512, ByteBuffer.wrap(data).getInt(8));
        assertEquals(8, transfer(1, IN, "25 00 00 00 00 00 00 00 00 00", data).transferred);
        assertEquals(63, ByteBuffer.wrap(data).getInt(0));
        assertEquals(2048, ByteBuffer.wrap(data).getInt(4));
        byte[] mode = new byte[64];
        assertEquals(24, transfer(0, IN, "1a 00 08 00 40 00", mode).transferred);
        assertEquals(0x10, mode[2], "FUA");
        assertEquals(4, mode[6] & 4, "write cache");
        assertEquals(4, transfer(0, IN, "1a 00 1c 00 40 00", mode).transferred, "an unknown page is a bare header");
        assertSense(command(0, "a3 0c 00 00 00 00 00 00 00 00 00 00"), 5, 0x20, 0);
    }

    @Test
    void writesReadsAndFlushes() {
        initialize();
        byte[] data = new byte[64 * 512];
        new Random(1).nextBytes(data);
        byte[] copy = data.clone();
        Answer written = transfer(0, OUT, "2a 00 00 00 00 10 00 00 40 00", copy);
        assertEquals(data.length, written.transferred);
        assertArrayEquals(data, Arrays.copyOfRange(disk.bytes, 16 * 512, 80 * 512));
        assertEquals(0, disk.flushes);
        assertEquals(1, command(0, "35 00 00 00 00 00 00 00 00 00").srbStatus);
        assertEquals(1, disk.flushes);
        byte[] read = new byte[data.length];
        assertEquals(data.length, transfer(0, IN, "88 00 00 00 00 00 00 00 00 10 00 00 00 40 00 00", read).transferred);
        assertArrayEquals(data, read);
        byte[] one = new byte[512];
        assertEquals(512, transfer(0, IN, "08 00 00 11 01 00", one).transferred);
        assertArrayEquals(Arrays.copyOfRange(data, 512, 1024), one);
        transfer(0, OUT, "2a 08 00 00 00 00 00 00 01 00", one);
        assertEquals(2, disk.flushes, "FUA is durable at once");
    }

    @Test
    void refusesWhatLiesOutside() {
        initialize();
        byte[] data = new byte[1024];
        assertSense(transfer(0, IN, "28 00 00 00 07 ff 00 00 02 00", data), 5, 0x21, 0);
        assertSense(transfer(0, IN, "88 00 ff ff ff ff ff ff ff ff 00 00 00 02 00 00", data), 5, 0x21, 0);
        assertSense(transfer(0, IN, "88 00 7f ff ff ff ff ff ff ff ff ff ff ff 00 00", data), 5, 0x21, 0);
        assertEquals(0x06, transfer(0, IN, "28 00 00 00 00 00 00 00 03 00", data).srbStatus, "more than the buffer");
        assertEquals(0x06, transfer(0, OUT, "28 00 00 00 00 00 00 00 02 00", data).srbStatus, "the wrong way");
        assertEquals(0x06, command(0, "28 00 00 00 00 00 00 00 01 00").srbStatus, "no buffer");
        assertEquals(1, command(0, "28 00 00 00 00 00 00 00 00 00").srbStatus, "no blocks");
        assertSense(transfer(1, OUT, "2a 00 00 00 00 00 00 00 01 00", new byte[2048]), 5, 0x20, 0);
    }

    @Test
    void aBufferOutsideRamFailsTheRequestOnly() {
        initialize();
        assertTrue(channel.sendBuffer(request(0, IN, 512, "28 00 00 00 00 00 00 00 01 00"), 77, new long[] {1L << 30}, 0, 512));
        Packet packet = channel.receive();
        assertEquals(77, packet.transactionId());
        assertEquals(0x06, answer(packet).srbStatus);
        assertEquals(1, command(0, "00 00 00 00 00 00").srbStatus);
    }

    @Test
    void hostErrorsAreReportedNotLost() {
        initialize();
        disk.failing = true;
        assertSense(transfer(0, IN, "28 00 00 00 00 00 00 00 01 00", new byte[512]), 3, 0x11, 0);
        assertSense(transfer(0, OUT, "2a 00 00 00 00 00 00 00 01 00", new byte[512]), 3, 0x0C, 0);
    }

    @Test
    void theDriveTellsOfItsDisc() {
        initialize();
        iso.bytes[2048] = 42;
        byte[] data = new byte[2048];
        assertEquals(2048, transfer(1, IN, "28 00 00 00 00 01 00 00 01 00", data).transferred);
        assertEquals(42, data[0]);
        byte[] toc = new byte[64];
        assertEquals(20, transfer(1, IN, "43 00 00 00 00 00 00 00 40 00", toc).transferred);
        assertEquals(64, ByteBuffer.wrap(toc).getInt(16), "lead-out");
        assertTrue(transfer(1, IN, "46 00 00 00 00 00 00 00 40 00", toc).transferred > 8);
        assertEquals(0x10, toc[7]);
        controller.changeDisc(1, null);
        assertSense(command(1, "00 00 00 00 00 00"), 2, 0x3A, 1);
        controller.changeDisc(1, iso);
        assertSense(command(1, "00 00 00 00 00 00"), 6, 0x28, 0);
        assertEquals(1, command(1, "00 00 00 00 00 00").srbStatus);
        assertEquals(1, command(1, "1b 00 00 00 02 00").srbStatus);
        assertSense(command(1, "00 00 00 00 00 00"), 2, 0x3A, 2);
        assertThrows(IllegalArgumentException.class, () -> controller.changeDisc(0, iso));
    }

    @Test
    void aNewDiskIsAnnounced() {
        initialize();
        controller.attachDisk(7, new MemoryImage(512, false), UUID.randomUUID());
        Packet packet = channel.receive();
        assertEquals(Packet.IN_BAND, packet.type());
        assertEquals(0, packet.transactionId());
        assertEquals(11, ByteBuffer.wrap(packet.payload()).order(ByteOrder.LITTLE_ENDIAN).getInt(0));
        assertEquals(1, command(7, "00 00 00 00 00 00").srbStatus);
        controller.detach(7);
        channel.receive();
        assertEquals(0x20, command(7, "00 00 00 00 00 00").srbStatus);
    }

    @Test
    void randomCommandsAlwaysGetOneAnswer() {
        initialize();
        Random random = new Random(99);
        byte[] cdb = new byte[16];
        for (int i = 0; i < 20_000; i++) {
            random.nextBytes(cdb);
            ByteBuffer packet = ByteBuffer.wrap(request(random.nextInt(3), random.nextInt(3), random.nextInt(9000), HexFormat.of().formatHex(cdb)))
                    .order(ByteOrder.LITTLE_ENDIAN);
            packet.put(20, (byte) random.nextInt(random.nextInt(10) == 0 ? 256 : 17));
            assertTrue(channel.sendBuffer(packet.array(), i, new long[] {1, 2, 3}, random.nextInt(4096), 4096 + random.nextInt(4096)));
            Packet answer = channel.receive();
            assertEquals(i, answer.transactionId());
            assertEquals(64, answer.payload().length);
        }
    }

    @Test
    void aFlushWaitsForTheWritesBeforeIt() throws InterruptedException {
        initialize();
        disk.writeGate = new java.util.concurrent.CountDownLatch(1);
        long[] pages = rig.guest.pages(1);
        assertTrue(channel.sendBuffer(request(0, OUT, 512, "2a 00 00 00 00 00 00 00 01 00"), 901, pages, 0, 512));
        assertTrue(channel.send(request(0, NONE, 0, "35 00 00 00 00 00 00 00 00 00"), true, 902));
        // A request of another kind overtakes both.
        assertTrue(channel.send(request(0, NONE, 0, "00 00 00 00 00 00"), true, 903));
        assertEquals(903, channel.receive().transactionId());
        Thread.sleep(50);
        assertEquals(0, disk.flushes);
        disk.writeGate.countDown();
        assertEquals(901, channel.receive().transactionId());
        assertEquals(902, channel.receive().transactionId());
        assertEquals(1, disk.flushes);
    }

    @Test
    void aHangingDiskDoesNotHoldUpAnother() {
        initialize();
        disk.writeGate = new java.util.concurrent.CountDownLatch(1);
        long[] pages = rig.guest.pages(1);
        for (int i = 0; i < 20; i++) {
            assertTrue(channel.sendBuffer(request(0, OUT, 512, "2a 00 00 00 00 00 00 00 01 00"), 1000 + i, pages, 0, 512));
        }
        assertTrue(channel.sendBuffer(request(1, IN, 2048, "28 00 00 00 00 00 00 00 01 00"), 2000, pages, 0, 2048));
        assertEquals(2000, channel.receive().transactionId());
        disk.writeGate.countDown();
        for (int i = 0; i < 20; i++) {
            assertEquals(1, answer(channel.receive()).srbStatus);
        }
    }

    @Test
    void unmapsWhatTheListNames() {
        initialize();
        Arrays.fill(disk.bytes, (byte) 7);
        byte[] list = HexFormat.of().parseHex("0026" + "0020" + "00000000"
                + "0000000000000010" + "00000008" + "00000000" + "0000000000000020" + "00000001" + "00000000");
        Answer answer = transfer(0, OUT, "42 00 00 00 00 00 00 00 28 00", list);
        assertEquals(1, answer.srbStatus);
        assertEquals(9 * 512, disk.discarded);
        assertEquals(7, disk.bytes[15 * 512]);
        assertEquals(0, disk.bytes[16 * 512]);
        byte[] outside = HexFormat.of().parseHex("0016" + "0010" + "00000000" + "00000000000007ff" + "00000002" + "00000000");
        assertSense(transfer(0, OUT, "42 00 00 00 00 00 00 00 18 00", outside), 5, 0x21, 0);
        byte[] far = HexFormat.of().parseHex("0016" + "0010" + "00000000" + "ffffffffffffffff" + "00000002" + "00000000");
        assertSense(transfer(0, OUT, "42 00 00 00 00 00 00 00 18 00", far), 5, 0x21, 0);
        byte[] lying = HexFormat.of().parseHex("0016" + "0ff0" + "00000000" + "0000000000000000" + "00000002" + "00000000");
        assertSense(transfer(0, OUT, "42 00 00 00 00 00 00 00 18 00", lying), 5, 0x1A, 0);
        assertEquals(9 * 512, disk.discarded);
    }

    @Test
    void writesTheSameBlockOverAndOver() {
        initialize();
        byte[] pattern = new byte[512];
        Arrays.fill(pattern, (byte) 0x5A);
        assertEquals(1, transfer(0, OUT, "93 00 00 00 00 00 00 00 00 04 00 00 00 10 00 00", pattern).srbStatus);
        assertEquals(0, disk.bytes[4 * 512 - 1]);
        assertEquals(0x5A, disk.bytes[4 * 512]);
        assertEquals(0x5A, disk.bytes[20 * 512 - 1]);
        assertEquals(0, disk.bytes[20 * 512]);
        assertEquals(1, transfer(0, OUT, "41 08 00 00 00 05 00 00 01 00", new byte[512]).srbStatus);
        assertEquals(0, disk.bytes[5 * 512]);
        assertEquals(0x5A, disk.bytes[6 * 512]);
        assertSense(transfer(0, OUT, "41 00 00 00 00 05 00 00 00 00", new byte[512]), 5, 0x24, 0);
    }

    @Test
    void thinProvisioningAgreesInAllThreePlaces() {
        initialize();
        byte[] capacity = new byte[32];
        transfer(0, IN, "9e 10 00 00 00 00 00 00 00 00 00 00 00 20 00 00", capacity);
        assertEquals((byte) 0x80, capacity[14]);
        byte[] limits = new byte[64];
        assertEquals(64, transfer(0, IN, "12 01 b0 00 40 00", limits).transferred);
        assertEquals(-1, ByteBuffer.wrap(limits).getInt(20));
        assertTrue(ByteBuffer.wrap(limits).getInt(24) > 0);
        byte[] provisioning = new byte[64];
        transfer(0, IN, "12 01 b2 00 40 00", provisioning);
        assertEquals(0x80, provisioning[5] & 0x80);
    }

    @Test
    void aDiskMayHaveLargeBlocks() {
        controller.attachDisk(2, new MemoryImage(1 << 20, false), UUID.randomUUID(), 4096);
        initialize();
        byte[] capacity = new byte[32];
        transfer(2, IN, "9e 10 00 00 00 00 00 00 00 00 00 00 00 20 00 00", capacity);
        assertEquals(255, ByteBuffer.wrap(capacity).getLong(0));
        assertEquals(4096, ByteBuffer.wrap(capacity).getInt(8));
        assertEquals(8192, transfer(2, IN, "28 00 00 00 00 fe 00 00 02 00", new byte[8192]).transferred);
        assertSense(transfer(2, IN, "28 00 00 00 00 ff 00 00 02 00", new byte[8192]), 5, 0x21, 0);
    }

    @Test
    void aFullHostDiskIsNoBrokenDisk() {
        initialize();
        disk.writeFailure = new IOException("No space left on device");
        assertSense(transfer(0, OUT, "2a 00 00 00 00 00 00 00 01 00", new byte[512]), 7, 0x27, 7);
        disk.writeFailure = new IOException("Input/output error");
        assertSense(transfer(0, OUT, "2a 00 00 00 00 00 00 00 01 00", new byte[512]), 3, 0x0C, 0);
        disk.writeFailure = null;
        assertEquals(512, transfer(0, OUT, "2a 00 00 00 00 00 00 00 01 00", new byte[512]).transferred);
    }

    @Test
    void aDetachedDiskIsGoneAndAnnounced() {
        initialize();
        controller.detach(0);
        ByteBuffer message = ByteBuffer.wrap(Rig.inBand(channel)).order(ByteOrder.LITTLE_ENDIAN);
        assertEquals(11, message.getInt(0));
        assertEquals(0x20, command(0, "00 00 00 00 00 00").srbStatus);
    }
}
