package org.viridian.engine.loader;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.compressors.bzip2.BZip2CompressorOutputStream;
import org.apache.commons.compress.compressors.lz4.BlockLZ4CompressorOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tukaani.xz.FilterOptions;
import org.tukaani.xz.LZMA2Options;
import org.tukaani.xz.LZMAOutputStream;
import org.tukaani.xz.X86Options;
import org.tukaani.xz.XZOutputStream;
import org.viridian.engine.firmware.BoardMap;
import org.viridian.engine.memory.GuestMemory;
import org.viridian.engine.memory.MemoryRegion;
import org.viridian.engine.processor.ProcessorState;

/** bzImages made here, whole and damaged. */
class LinuxLoaderTest {
    private static final long RAM = 32 << 20;
    private static final int SETUP_SIZE = 5 * 512;
    private static final long LINKED_AT = 0x100_0000;
    private static final byte[] TEXT = "kernel text".getBytes(StandardCharsets.US_ASCII);

    private static GuestMemory memory(long bytes) {
        GuestMemory memory = new GuestMemory();
        for (BoardMap.Range range : BoardMap.ram(bytes)) {
            memory.add(new MemoryRegion(range.base(), Arena.ofAuto().allocate(range.size(), 4096), MemoryRegion.Kind.RAM));
        }
        return memory;
    }

    /** A 64-bit ELF with a text segment and a second one that is mostly zeros. */
    private static byte[] elf(long physical) {
        ByteBuffer b = ByteBuffer.allocate(0x3000).order(ByteOrder.LITTLE_ENDIAN);
        b.putInt(0, 0x464C457F).put(4, (byte) 2).put(5, (byte) 1).putShort(16, (short) 2).putShort(18, (short) 62);
        b.putLong(24, physical + 4).putLong(32, 64).putShort(54, (short) 56).putShort(56, (short) 2);
        segment(b, 64, 0x1000, 0xFFFF_FFFF_8100_0000L, physical, TEXT.length, TEXT.length);
        segment(b, 120, 0x2000, 0xFFFF_FFFF_8110_0000L, physical + 0x10_0000, 8, 0x2000);
        b.put(0x1000, TEXT).putLong(0x2000, 0x0102_0304_0506_0708L);
        return b.array();
    }

    private static void segment(ByteBuffer b, int at, long offset, long virtual, long physical, long fileSize, long memorySize) {
        b.putInt(at, 1).putLong(at + 8, offset).putLong(at + 16, virtual).putLong(at + 24, physical).putLong(at + 32, fileSize)
                .putLong(at + 40, memorySize);
    }

    private static byte[] pack(String format, byte[] data) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        switch (format) {
            case "gzip" -> write(new GZIPOutputStream(out), data);
            case "bzip2" -> write(new BZip2CompressorOutputStream(out), data);
            case "xz" -> write(new XZOutputStream(out, new FilterOptions[] {new X86Options(), new LZMA2Options()}), data);
            case "lzma" -> write(new LZMAOutputStream(out, new LZMA2Options(), -1), data);
            case "lz4" -> {
                ByteArrayOutputStream block = new ByteArrayOutputStream();
                write(new BlockLZ4CompressorOutputStream(block), data);
                ByteBuffer head = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putInt(0x184C2102).putInt(block.size());
                out.writeBytes(head.array());
                out.writeBytes(block.toByteArray());
            }
            case "unknown" -> out.writeBytes(data);
            default -> throw new IllegalArgumentException(format);
        }
        if (!format.equals("gzip")) {
            out.writeBytes(ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(data.length).array());
        }
        return out.toByteArray();
    }

    private static void write(OutputStream out, byte[] data) throws IOException {
        try (out) {
            out.write(data);
        }
    }

    private static byte[] image(byte[] payload) {
        ByteBuffer b = ByteBuffer.allocate(SETUP_SIZE + 0x400 + payload.length).order(ByteOrder.LITTLE_ENDIAN);
        b.put(0x1F1, (byte) 4).putShort(0x1FE, (short) 0xAA55).put(0x201, (byte) 0x6A).putInt(0x202, 0x53726448);
        b.putShort(0x206, (short) 0x20F).put(0x211, (byte) 1).putInt(0x214, 0x10_0000).putInt(0x22C, 0x7FFF_FFFF);
        b.putShort(0x236, (short) 0x7F).putInt(0x238, 0x7FF).putInt(0x248, 0x400).putInt(0x24C, payload.length);
        b.putLong(0x258, LINKED_AT).putInt(0x260, 0x40_0000);
        b.put(SETUP_SIZE + 0x200, (byte) 0xEB);
        b.put(SETUP_SIZE + 0x400, payload);
        return b.array();
    }

    private static LinuxLoader parse(byte[] image, String commandLine, byte[] initrd) throws LoaderException {
        return LinuxLoader.parse("vmlinuz", image, Optional.ofNullable(initrd), commandLine, true);
    }

    private static String refusal(byte[] image) {
        return assertThrows(LoaderException.class, () -> parse(image, "", null)).getMessage();
    }

    private static String read(GuestMemory memory, long address, int size) {
        byte[] bytes = new byte[size];
        memory.read(address, bytes, 0, size);
        return new String(bytes, StandardCharsets.US_ASCII);
    }

    @ParameterizedTest
    @ValueSource(strings = {"gzip", "bzip2", "xz", "lzma", "lz4"})
    void thePayloadIsUnpackedIntoPlace(String format) throws Exception {
        GuestMemory memory = memory(RAM);
        memory.writeLong(LINKED_AT + 0x10_0100, -1);
        ProcessorState state = parse(image(pack(format, elf(LINKED_AT))), "quiet", null).load(memory, 0xE_0000);
        assertEquals(LINKED_AT + 4, state.rip());
        assertEquals(0x7000, state.gpr()[6]);
        assertEquals("kernel text", read(memory, LINKED_AT, TEXT.length));
        assertEquals(0x0102_0304_0506_0708L, memory.readLong(LINKED_AT + 0x10_0000));
        assertEquals(0, memory.readLong(LINKED_AT + 0x10_0100), "the rest of a segment is zero");
    }

    @Test
    void anUnknownCompressionIsLeftToTheKernel() throws Exception {
        GuestMemory memory = memory(RAM);
        ProcessorState state = parse(image(pack("unknown", new byte[64])), "", null).load(memory, 0);
        assertEquals(LINKED_AT + 0x200, state.rip());
        assertEquals(0xEB, memory.readByte(LINKED_AT + 0x200));
    }

    @Test
    void theProcessorStartsAsTheBootProtocolWants() throws Exception {
        GuestMemory memory = memory(RAM);
        ProcessorState state = parse(image(pack("gzip", elf(LINKED_AT))), "", null).load(memory, 0);
        assertEquals(0x8000_0011L, state.cr0());
        assertEquals(0x20, state.cr4());
        assertEquals(0x500, state.efer());
        assertEquals(2, state.rflags());
        assertEquals(0x10, state.segments()[ProcessorState.CS].selector());
        assertEquals(0x18, state.segments()[ProcessorState.DS].selector());
        for (long address : new long[] {0, 0x7000, LINKED_AT, 0x8000_0000L, 0xFFFF_F000L}) {
            assertEquals(address, walk(memory, state.cr3(), address));
        }
    }

    private static long walk(GuestMemory memory, long root, long address) {
        long pml4 = memory.readLong(root + 8 * (address >>> 39 & 511));
        long pdpt = memory.readLong((pml4 & -4096) + 8 * (address >>> 30 & 511));
        long directory = memory.readLong((pdpt & -4096) + 8 * (address >>> 21 & 511));
        assertEquals(0x83, directory & 0xFFF);
        return (directory & -4096) | address & 0x1F_FFFF;
    }

    @Test
    void bootParametersNameEverything() throws Exception {
        GuestMemory memory = memory(RAM);
        byte[] initrd = cpio("init", 5000);
        parse(image(pack("gzip", elf(LINKED_AT))), "console=ttyS0", initrd).load(memory, 0xE_0000);
        long zero = 0x7000;
        assertEquals(0xE_0000, memory.readLong(zero + 0x70));
        assertEquals(0, memory.readByte(zero + 0x1EF), "sentinel");
        assertEquals(0xFF, memory.readByte(zero + 0x210));
        assertEquals(0x81, memory.readByte(zero + 0x211));
        assertEquals("console=ttyS0\0", read(memory, memory.readInt(zero + 0x228), 14));
        assertEquals(LINKED_AT, memory.readLong(zero + 0x258), "the header is copied");
        long at = memory.readInt(zero + 0x218);
        assertEquals(initrd.length, memory.readInt(zero + 0x21C));
        assertEquals(0, at & 0xFFF);
        assertTrue(at + initrd.length <= RAM && at + initrd.length > RAM - 8192, "at the top of RAM");
        byte[] loaded = new byte[initrd.length];
        memory.read(at, loaded, 0, loaded.length);
        assertArrayEquals(initrd, loaded);
        assertEquals(4, memory.readByte(zero + 0x1E8));
        assertEquals(BoardMap.CONVENTIONAL_END, memory.readLong(zero + 0x2D0 + 8));
        assertEquals(RAM - BoardMap.EXTENDED_MEMORY, memory.readLong(zero + 0x2D0 + 2 * 20 + 8));
    }

    @Test
    void badKernelsAreRefusedInOneSentence() throws Exception {
        byte[] good = image(pack("xz", elf(LINKED_AT)));
        assertTrue(refusal(new byte[0]).contains("not a Linux kernel"));
        assertTrue(refusal(new byte[4096]).contains("not a Linux kernel"));
        assertTrue(refusal(Arrays.copyOf(good, good.length - 1)).contains("truncated"));
        assertTrue(refusal(Arrays.copyOf(good, 0x500)).contains("truncated"));
        byte[] old = good.clone();
        old[0x206] = 0x05;
        assertTrue(refusal(old).contains("2.05"));
        byte[] flag = good.clone();
        flag[0x1FE] = 0;
        assertTrue(refusal(flag).contains("boot flag"));
        byte[] far = good.clone();
        far[0x24B] = (byte) 0xFF;
        assertTrue(refusal(far).contains("truncated"));
        String line = "x".repeat(0x800);
        assertTrue(assertThrows(LoaderException.class, () -> parse(good, line, null)).getMessage().contains("at most 2047"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"gzip", "bzip2", "xz", "lz4"})
    void damagedPayloadsAreRefused(String format) throws Exception {
        byte[] payload = pack(format, elf(LINKED_AT));
        byte[] cut = Arrays.copyOf(payload, payload.length / 2);
        String message = assertThrows(LoaderException.class, () -> parse(image(cut), "", null).load(memory(RAM), 0)).getMessage();
        assertTrue(message.contains("damaged"), message);
    }

    @Test
    void randomDamageNeverEscapesAsAnotherException() throws Exception {
        byte[] good = image(pack("gzip", elf(LINKED_AT)));
        Random random = new Random(3);
        GuestMemory memory = memory(RAM);
        int refused = 0;
        for (int i = 0; i < 500; i++) {
            byte[] bad = good.clone();
            for (int j = 0; j < 4; j++) {
                bad[random.nextInt(4) == 0 ? random.nextInt(bad.length) : 0x1F1 + random.nextInt(0x80)] = (byte) random.nextInt();
            }
            try {
                parse(bad, "", null).load(memory, 0);
            } catch (LoaderException expected) {
                refused++;
            }
        }
        assertTrue(refused > 100, refused + " refused");
    }

    @Test
    void tooLittleMemoryIsSaid() throws Exception {
        byte[] kernel = image(pack("gzip", elf(LINKED_AT)));
        String message = assertThrows(LoaderException.class, () -> parse(kernel, "", null).load(memory(16 << 20), 0)).getMessage();
        assertTrue(message.contains("more memory"), message);
        byte[] disk = cpio("big", 16 << 20);
        String other = assertThrows(LoaderException.class, () -> parse(kernel, "", disk).load(memory(RAM), 0)).getMessage();
        assertTrue(other.contains("initrd"), other);
    }

    @Test
    void damagedRamDisksAreRefused() throws Exception {
        byte[] kernel = image(pack("gzip", elf(LINKED_AT)));
        byte[] plain = cpio("init", 100_000);
        byte[] both = concat(plain, new byte[512], pack("gzip", cpio("more", 9000)));
        parse(kernel, "", plain);
        parse(kernel, "", both);
        parse(kernel, "", pack("unknown", new byte[] {0x28, (byte) 0xB5, 0x2F, (byte) 0xFD, 9, 9, 9, 9}));
        byte[] ext = new byte[4096];
        ext[1024 + 56] = 0x53;
        ext[1024 + 57] = (byte) 0xEF;
        parse(kernel, "", ext);
        byte[] noise = new byte[4096];
        new Random(6).nextBytes(noise);
        assertEquals(LoaderException.Reason.INITRD_UNKNOWN,
                assertThrows(LoaderException.class, () -> parse(kernel, "", noise)).reason());
        for (byte[] disk : new byte[][] {plain, both, pack("gzip", plain)}) {
            for (int cut : new int[] {100, 3000}) {
                byte[] truncated = Arrays.copyOf(disk, Math.max(50, disk.length - cut));
                String message = assertThrows(LoaderException.class, () -> parse(kernel, "", truncated)).getMessage();
                assertTrue(message.startsWith("The initrd is "), message);
            }
        }
    }

    /** A newc archive of one file and its trailer. */
    private static byte[] cpio(String name, int size) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        byte[] content = new byte[size];
        new Random(5).nextBytes(content);
        entry(out, name, content);
        entry(out, "TRAILER!!!", new byte[0]);
        return out.toByteArray();
    }

    private static void entry(ByteArrayOutputStream out, String name, byte[] content) {
        String header = "070701" + "%08x".formatted(1) + "%08x".formatted(0x81A4) + "%08x".repeat(4).formatted(0, 0, 1, 0)
                + "%08x".formatted(content.length) + "%08x".repeat(4).formatted(0, 0, 0, 0) + "%08x".formatted(name.length() + 1)
                + "%08x".formatted(0);
        out.writeBytes(header.getBytes(StandardCharsets.US_ASCII));
        out.writeBytes((name + "\0").getBytes(StandardCharsets.US_ASCII));
        pad(out);
        out.writeBytes(content);
        pad(out);
    }

    private static void pad(ByteArrayOutputStream out) {
        while ((out.size() & 3) != 0) {
            out.write(0);
        }
    }

    private static byte[] concat(byte[]... parts) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            out.writeBytes(part);
        }
        return out.toByteArray();
    }
}
