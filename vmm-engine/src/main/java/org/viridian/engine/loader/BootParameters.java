package org.viridian.engine.loader;

import java.util.List;
import org.viridian.engine.firmware.BoardMap;
import org.viridian.engine.memory.GuestMemory;

/** Writes the page of boot parameters and the command line (Linux, Documentation/arch/x86/zero-page.rst). */
final class BootParameters {
    private static final long ADDRESS = 0x7000;
    private static final long COMMAND_LINE = 0x2_0000;
    /** Up to conventional memory's end there is more room than any kernel takes. */
    static final int MAX_COMMAND_LINE = 0xFFFF;

    // screen_info: what the emulated display shows, 80 by 25 text.
    private static final int VIDEO_MODE = 0x06;
    private static final int VIDEO_COLUMNS = 0x07;
    private static final int VIDEO_LINES = 0x0E;
    private static final int IS_VGA = 0x0F;
    private static final int FONT_HEIGHT = 0x10;

    private static final int ACPI_RSDP = 0x070;
    private static final int E820_COUNT = 0x1E8;
    private static final int HEADER = 0x1F1;
    private static final int HEADER_LENGTH = 0x201;
    private static final int HEADER_FIXED_END = 0x202;
    private static final int LOADER_TYPE = 0x210;
    private static final int LOADFLAGS = 0x211;
    private static final int CODE32_START = 0x214;
    private static final int RAMDISK = 0x218;
    private static final int RAMDISK_SIZE = 0x21C;
    private static final int HEAP_END = 0x224;
    private static final int COMMAND_LINE_POINTER = 0x228;
    private static final int E820_TABLE = 0x2D0;

    private static final int UNDEFINED_LOADER = 0xFF;
    private static final int CAN_USE_HEAP = 0x80;
    private static final int HEAP_END_VALUE = 0xFE00;

    private BootParameters() {}

    /** @return where the page is: what RSI or ESI must hold */
    static long write(GuestMemory memory, BootInputs inputs, byte[] image, byte[] commandLine, long kernelStart, long disk,
            long diskSize) {
        memory.clear(ADDRESS, GuestMemory.PAGE_SIZE);
        memory.writeByte(ADDRESS + VIDEO_MODE, 3);
        memory.writeByte(ADDRESS + VIDEO_COLUMNS, 80);
        memory.writeByte(ADDRESS + VIDEO_LINES, 25);
        memory.writeByte(ADDRESS + IS_VGA, 1);
        memory.writeShort(ADDRESS + FONT_HEIGHT, 16);
        memory.writeLong(ADDRESS + ACPI_RSDP, inputs.rsdp());

        int headerEnd = Math.min(HEADER_FIXED_END + (image[HEADER_LENGTH] & 0xFF), E820_TABLE);
        memory.write(ADDRESS + HEADER, image, HEADER, Math.min(headerEnd, image.length) - HEADER);
        memory.writeByte(ADDRESS + LOADER_TYPE, UNDEFINED_LOADER);
        memory.writeByte(ADDRESS + LOADFLAGS, image[LOADFLAGS] & 0xFF | CAN_USE_HEAP);
        memory.writeInt(ADDRESS + CODE32_START, (int) kernelStart);
        memory.writeInt(ADDRESS + RAMDISK, (int) disk);
        memory.writeInt(ADDRESS + RAMDISK_SIZE, (int) diskSize);
        memory.writeShort(ADDRESS + HEAP_END, HEAP_END_VALUE);
        memory.writeInt(ADDRESS + COMMAND_LINE_POINTER, (int) COMMAND_LINE);
        memory.write(COMMAND_LINE, commandLine);
        memory.writeByte(COMMAND_LINE + commandLine.length, 0);

        List<MemoryMap.Entry> map = MemoryMap.of(inputs.memoryBytes());
        memory.writeByte(ADDRESS + E820_COUNT, map.size());
        long at = ADDRESS + E820_TABLE;
        for (MemoryMap.Entry entry : map) {
            memory.writeLong(at, entry.base());
            memory.writeLong(at + 8, entry.size());
            memory.writeInt(at + 16, entry.type());
            at += 20;
        }
        return ADDRESS;
    }

    /** The BIOS data area: what old code asks about memory, serial ports and the screen. */
    static void writeBiosData(GuestMemory memory) {
        final long area = 0x400;
        memory.clear(area, 0x100);
        for (int i = 0; i < BoardMap.COM_PORTS.size(); i++) {
            memory.writeShort(area + 2L * i, BoardMap.COM_PORTS.get(i));
        }
        memory.writeShort(area + 0x0E, (int) (BoardMap.CONVENTIONAL_END >> 4));
        memory.writeShort(area + 0x13, (int) (BoardMap.CONVENTIONAL_END >> 10));
        memory.writeByte(area + 0x49, 3);
        memory.writeShort(area + 0x4A, 80);
        memory.writeShort(area + 0x63, 0x3D4);
        memory.writeByte(area + 0x84, 24);
        memory.writeShort(area + 0x85, 16);
    }
}
