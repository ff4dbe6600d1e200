package org.viridian.engine.firmware;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * SMBIOS 2.8 structures (DMTF DSP0134) with their entry point, ready for the area that guests scan.
 *
 * @param address where {@link #bytes} goes, a multiple of 16
 * @param bytes entry point, then the structures
 */
public record Smbios(long address, byte[] bytes) {
    /** Behind the RSDP. */
    private static final long DEFAULT_ADDRESS = BoardMap.BIOS_AREA + 0x40;
    private static final int ENTRY_SIZE = 31;
    private static final int ENTRY_SPACE = 32;
    private static final int INTERMEDIATE = 16;

    private static final int BIOS = 0;
    private static final int SYSTEM = 1;
    private static final int BASEBOARD = 2;
    private static final int CHASSIS = 3;
    private static final int PROCESSOR = 4;
    private static final int MEMORY_ARRAY = 16;
    private static final int MEMORY_DEVICE = 17;
    private static final int MEMORY_RANGE = 19;
    private static final int BOOT_INFORMATION = 32;
    private static final int END = 127;

    private static final int BASEBOARD_HANDLE = 0x200;
    private static final int CHASSIS_HANDLE = 0x300;
    private static final int PROCESSOR_HANDLE = 0x400;
    private static final int ARRAY_HANDLE = 0x1000;
    private static final int NO_HANDLE = 0xFFFF;
    private static final int NO_ERROR_HANDLE = 0xFFFE;
    private static final long MIB = 1 << 20;
    private static final long KIB = 1 << 10;

    /** Structures for a board. */
    public static Smbios build(BoardDescription board) {
        Writer w = new Writer();
        String vendor = board.hyperVIdentity() ? "Microsoft Corporation" : "Viridian";
        String product = board.hyperVIdentity() ? "Virtual Machine" : "Viridian Virtual Machine";

        w.begin(BIOS, 0).text(vendor).text(board.hyperVIdentity() ? "090008" : "1.0").word(0xF000).text("01/01/2026").byteOf(0)
                .quad(characteristics()).byteOf(0x01).byteOf(0x1C).byteOf(0).byteOf(1).byteOf(0xFF).byteOf(0xFF).end();
        w.begin(SYSTEM, 0x100).text(vendor).text(product).text(board.hyperVIdentity() ? "7.0" : "1.0").text("None").zeros(16)
                .byteOf(0x06).byteOf(0).byteOf(0).end();
        w.begin(BASEBOARD, BASEBOARD_HANDLE).text(vendor).text(product).text("1.0").text("None").byteOf(0).byteOf(0x01)
                .byteOf(0).word(CHASSIS_HANDLE).byteOf(0x0A).byteOf(0).end();
        // Type 3 is "desktop"; boot-up, power supply and thermal states are "safe".
        w.begin(CHASSIS, CHASSIS_HANDLE).text(vendor).byteOf(0x03).text("1.0").text("None").byteOf(0).byteOf(0x03).byteOf(0x03)
                .byteOf(0x03).byteOf(0x02).dword(0).byteOf(0).byteOf(0).byteOf(0).byteOf(0).byteOf(0).end();
        for (int i = 0; i < board.processors(); i++) {
            processor(w, i);
        }
        memory(w, board);
        w.begin(BOOT_INFORMATION, 0x2000).zeros(6).byteOf(0).end();
        w.begin(END, 0x7F00).end();
        return new Smbios(DEFAULT_ADDRESS, withEntryPoint(w));
    }

    /** PCI supported, upgradeable shadowing absent; everything else unknown to a machine without firmware. */
    private static long characteristics() {
        return 1 << 7;
    }

    private static void processor(Writer w, int index) {
        w.begin(PROCESSOR, PROCESSOR_HANDLE + index).text("CPU " + index).byteOf(0x03).byteOf(0x01).text("Viridian").quad(0)
                .text("1.0").byteOf(0).word(0).word(0).word(0).byteOf(0x41).byteOf(0x01).word(NO_HANDLE).word(NO_HANDLE)
                .word(NO_HANDLE).byteOf(0).byteOf(0).byteOf(0).byteOf(1).byteOf(1).byteOf(1).word(0x04).word(0x01).end();
    }

    private static void memory(Writer w, BoardDescription board) {
        long bytes = board.memoryBytes();
        w.begin(MEMORY_ARRAY, ARRAY_HANDLE).byteOf(0x01).byteOf(0x03).byteOf(0x03);
        boolean large = bytes / KIB >= 0x8000_0000L;
        w.dword(large ? 0x8000_0000L : bytes / KIB).word(NO_ERROR_HANDLE).word(1).quad(large ? bytes : 0).end();

        long mib = bytes / MIB;
        boolean extended = mib >= 0x7FFF;
        w.begin(MEMORY_DEVICE, 0x1100).word(ARRAY_HANDLE).word(NO_ERROR_HANDLE).word(64).word(64)
                .word(extended ? 0x7FFF : (int) mib).byteOf(0x09).byteOf(0).text("DIMM 0").byteOf(0).byteOf(0x07).word(0)
                .word(0).text("Viridian").byteOf(0).byteOf(0).byteOf(0).byteOf(0).dword(extended ? mib : 0).word(0).word(0)
                .word(0).word(0).end();

        int handle = 0x1300;
        for (BoardMap.Range range : mapped(bytes)) {
            w.begin(MEMORY_RANGE, handle++).dword(range.base() / KIB).dword(range.end() / KIB - 1).word(ARRAY_HANDLE).byteOf(1)
                    .quad(0).quad(0).end();
        }
    }

    /** The RAM ranges without the VGA hole, which SMBIOS does not show. */
    private static List<BoardMap.Range> mapped(long bytes) {
        List<BoardMap.Range> ram = BoardMap.ram(bytes);
        List<BoardMap.Range> ranges = new ArrayList<>();
        ranges.add(new BoardMap.Range(0, ram.get(1).end()));
        ranges.addAll(ram.subList(2, ram.size()));
        return ranges;
    }

    private static byte[] withEntryPoint(Writer w) {
        byte[] structures = w.out.toByteArray();
        ByteBuffer b = ByteBuffer.allocate(ENTRY_SPACE + structures.length).order(ByteOrder.LITTLE_ENDIAN);
        b.put(ascii("_SM_")).put((byte) 0).put((byte) ENTRY_SIZE).put((byte) 2).put((byte) 8).putShort((short) w.largest)
                .put((byte) 0).put(new byte[5]).put(ascii("_DMI_")).put((byte) 0).putShort((short) structures.length)
                .putInt((int) (DEFAULT_ADDRESS + ENTRY_SPACE)).putShort((short) w.count).put((byte) 0x28);
        b.position(ENTRY_SPACE).put(structures);
        byte[] bytes = b.array();
        bytes[INTERMEDIATE + 5] = sum(bytes, INTERMEDIATE, ENTRY_SIZE);
        bytes[4] = sum(bytes, 0, ENTRY_SIZE);
        return bytes;
    }

    private static byte sum(byte[] bytes, int from, int to) {
        int sum = 0;
        for (int i = from; i < to; i++) {
            sum += bytes[i];
        }
        return (byte) -sum;
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    /** Writes structures: a formatted area that names its strings by number, then the strings. */
    private static final class Writer {
        private final ByteArrayOutputStream out = new ByteArrayOutputStream();
        private final ByteArrayOutputStream formatted = new ByteArrayOutputStream();
        private final List<String> texts = new ArrayList<>();
        private int type;
        private int handle;
        private int count;
        private int largest;

        private Writer begin(int newType, int newHandle) {
            type = newType;
            handle = newHandle;
            formatted.reset();
            texts.clear();
            return this;
        }

        private Writer text(String text) {
            texts.add(text);
            return byteOf(texts.size());
        }

        private Writer byteOf(int value) {
            formatted.write(value);
            return this;
        }

        private Writer word(int value) {
            return byteOf(value).byteOf(value >> 8);
        }

        private Writer dword(long value) {
            return word((int) value).word((int) (value >>> 16));
        }

        private Writer quad(long value) {
            return dword(value).dword(value >>> 32);
        }

        private Writer zeros(int number) {
            for (int i = 0; i < number; i++) {
                byteOf(0);
            }
            return this;
        }

        private void end() {
            int start = out.size();
            out.write(type);
            out.write(4 + formatted.size());
            out.write(handle);
            out.write(handle >> 8);
            out.writeBytes(formatted.toByteArray());
            for (String text : texts) {
                out.writeBytes(ascii(text));
                out.write(0);
            }
            if (texts.isEmpty()) {
                out.write(0);
            }
            out.write(0);
            largest = Math.max(largest, out.size() - start);
            count++;
        }
    }
}
