package org.viridian.engine.loader;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.viridian.engine.firmware.BoardMap;
import org.viridian.engine.loader.LoaderException.Reason;
import org.viridian.engine.memory.GuestMemory;
import org.viridian.engine.processor.ProcessorState;

/**
 * Loads a Linux bzImage as a boot loader would and enters it in long mode (Linux Documentation/x86/boot.rst and
 * zero-page.rst). The payload is unpacked on the host when a library here knows its compression.
 *
 * <p>{@link #parse} reads and checks the files once; {@link #load} may be called again after each reset of the VM.
 */
public final class LinuxLoader implements BootLoader {
    private static final long BOOT_PARAMS = 0x7000;
    private static final long COMMAND_LINE = 0x20000;

    private static final int SETUP_SECTS = 0x1F1;
    private static final int BOOT_FLAG = 0x1FE;
    private static final int HEADER = 0x202;
    private static final int VERSION = 0x206;
    private static final int TYPE_OF_LOADER = 0x210;
    private static final int LOADFLAGS = 0x211;
    private static final int RAMDISK_IMAGE = 0x218;
    private static final int RAMDISK_SIZE = 0x21C;
    private static final int HEAP_END = 0x224;
    private static final int CMD_LINE_PTR = 0x228;
    private static final int INITRD_ADDR_MAX = 0x22C;
    private static final int XLOADFLAGS = 0x236;
    private static final int CMDLINE_SIZE = 0x238;
    private static final int PAYLOAD_OFFSET = 0x248;
    private static final int PAYLOAD_LENGTH = 0x24C;
    private static final int PREF_ADDRESS = 0x258;
    private static final int INIT_SIZE = 0x260;
    private static final int HEADER_END_BASE = 0x202;
    private static final int HEADER_LENGTH = 0x201;

    private static final int ACPI_RSDP = 0x070;
    private static final int SCREEN_MODE = 0x006;
    private static final int SCREEN_COLUMNS = 0x007;
    private static final int SCREEN_LINES = 0x00E;
    private static final int SCREEN_IS_VGA = 0x00F;
    private static final int SCREEN_POINTS = 0x010;
    private static final int E820_ENTRIES = 0x1E8;
    private static final int E820_TABLE = 0x2D0;
    private static final int E820_RAM = 1;
    private static final int E820_RESERVED = 2;

    private static final int HDRS = 0x5372_6448;
    private static final int OLDEST = 0x020C;
    private static final int KERNEL_64 = 1;
    private static final int CAN_USE_HEAP = 0x80;
    private static final int LOADED_HIGH = 1;
    private static final int ENTRY_64 = 0x200;

    private final String name;
    private final byte[] file;
    private final ByteBuffer header;
    private final Optional<byte[]> initrd;
    private final byte[] commandLine;
    private final boolean vgaText;

    private LinuxLoader(String name, byte[] file, ByteBuffer header, Optional<byte[]> initrd, byte[] commandLine,
            boolean vgaText) {
        this.name = name;
        this.file = file;
        this.header = header;
        this.initrd = initrd;
        this.commandLine = commandLine;
        this.vgaText = vgaText;
    }

    /** True when the file calls itself a Linux kernel. */
    public static boolean isLinux(byte[] file) {
        return file.length > HEADER + 4
                && ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).getInt(HEADER) == HDRS;
    }

    /**
     * Checks a kernel.
     *
     * @param name what to call the kernel in messages
     * @param file the bzImage
     * @param initrd the initial RAM disk, if any
     * @param commandLine the kernel command line
     * @param vgaText whether the machine has a VGA in text mode 3 for the kernel's early console
     */
    public static LinuxLoader parse(String name, byte[] file, Optional<byte[]> initrd, String commandLine, boolean vgaText)
            throws LoaderException {
        if (!isLinux(file) || file.length < 0x400) {
            throw new LoaderException(Reason.NOT_LINUX, name);
        }
        ByteBuffer header = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).asReadOnlyBuffer().order(ByteOrder.LITTLE_ENDIAN);
        if ((header.getShort(BOOT_FLAG) & 0xFFFF) != 0xAA55) {
            throw new LoaderException(Reason.NO_BOOT_FLAG, name);
        }
        int version = header.getShort(VERSION) & 0xFFFF;
        if (version < OLDEST || (header.getShort(XLOADFLAGS) & KERNEL_64) == 0) {
            throw new LoaderException(Reason.NO_64_BIT_ENTRY, name, "%d.%02d".formatted(version >> 8, version & 0xFF));
        }
        byte[] line = commandLine.getBytes(StandardCharsets.UTF_8);
        if (line.length > header.getInt(CMDLINE_SIZE)) {
            throw new LoaderException(Reason.COMMAND_LINE_TOO_LONG, line.length, name, header.getInt(CMDLINE_SIZE));
        }
        int start = protectedModeStart(header);
        long payload = start + (header.getInt(PAYLOAD_OFFSET) & 0xFFFF_FFFFL);
        long length = header.getInt(PAYLOAD_LENGTH) & 0xFFFF_FFFFL;
        if (start >= file.length || payload + length > file.length) {
            throw new LoaderException(Reason.KERNEL_TRUNCATED, name, file.length, Math.max(start + 1L, payload + length));
        }
        if (initrd.isPresent()) {
            RamDiskCheck.check(initrd.get());
        }
        return new LinuxLoader(name, file, header, initrd, line, vgaText);
    }

    private static int protectedModeStart(ByteBuffer header) {
        int sectors = header.get(SETUP_SECTS) & 0xFF;
        return ((sectors == 0 ? 4 : sectors) + 1) * 512;
    }

    @Override
    public ProcessorState load(GuestMemory memory, long rsdp) throws LoaderException {
        long lowRam = BoardMap.lowMemoryEnd(memory);
        Optional<Placed> unpacked = placeUnpacked(memory);
        Placed kernel = unpacked.isPresent() ? unpacked.get() : placePacked(memory, lowRam);
        writeBootParams(memory, lowRam, kernel.end, rsdp);
        return StartStates.longMode(memory, kernel.entry, BOOT_PARAMS);
    }

    /** Where a kernel has been put: first byte behind all it needs, and its entry. */
    private record Placed(long end, long entry) {}

    /**
     * Unpacks the payload straight into place, where the kernel is linked to be; it is entered where its own decompressor
     * would enter it. Empty when no library here knows the compression.
     */
    private Optional<Placed> placeUnpacked(GuestMemory memory) throws LoaderException {
        int start = protectedModeStart(header);
        try {
            Optional<InputStream> payload = Payload.open(file, start + header.getInt(PAYLOAD_OFFSET), header.getInt(PAYLOAD_LENGTH));
            if (payload.isEmpty()) {
                return Optional.empty();
            }
            try (InputStream in = new BufferedInputStream(payload.get(), 1 << 16)) {
                ElfImage elf = ElfImage.open(in);
                if (elf.start() < BoardMap.EXTENDED_MEMORY) {
                    throw new IOException("a segment at 0x%x".formatted(elf.start()));
                }
                elf.load(memory, name);
                return Optional.of(new Placed(elf.end(), elf.physicalEntry()));
            }
        } catch (IOException damaged) {
            throw new LoaderException(damaged, Reason.PAYLOAD_DAMAGED, name, String.valueOf(damaged.getMessage()));
        }
    }

    /** Leaves the unpacking to the kernel. */
    private Placed placePacked(GuestMemory memory, long lowRam) throws LoaderException {
        long address = header.getLong(PREF_ADDRESS);
        int start = protectedModeStart(header);
        int size = file.length - start;
        long end = address + Math.max(size, header.getInt(INIT_SIZE) & 0xFFFF_FFFFL);
        if (address < BoardMap.EXTENDED_MEMORY || end > lowRam) {
            throw new LoaderException(Reason.TOO_LITTLE_LOW_MEMORY, lowRam >> 20, name, (end + 0xFFFFF) >> 20);
        }
        memory.write(address, file, start, size);
        return new Placed(end, address + ENTRY_64);
    }

    private void writeBootParams(GuestMemory memory, long lowRam, long kernelEnd, long rsdp) throws LoaderException {
        memory.clear(BOOT_PARAMS, GuestMemory.PAGE_SIZE);
        // The copy ends where the memory map begins, whatever a damaged header says.
        int headerEnd = Math.min(HEADER_END_BASE + (header.get(HEADER_LENGTH) & 0xFF), E820_TABLE);
        memory.write(BOOT_PARAMS + SETUP_SECTS, file, SETUP_SECTS, headerEnd - SETUP_SECTS);
        memory.writeByte(BOOT_PARAMS + TYPE_OF_LOADER, 0xFF);
        memory.writeByte(BOOT_PARAMS + LOADFLAGS, LOADED_HIGH | CAN_USE_HEAP);
        memory.writeShort(BOOT_PARAMS + HEAP_END, 0xFE00);
        memory.writeInt(BOOT_PARAMS + CMD_LINE_PTR, (int) COMMAND_LINE);
        memory.write(COMMAND_LINE, commandLine);
        memory.writeByte(COMMAND_LINE + commandLine.length, 0);
        memory.writeLong(BOOT_PARAMS + ACPI_RSDP, rsdp);
        if (vgaText) {
            memory.writeByte(BOOT_PARAMS + SCREEN_MODE, 3);
            memory.writeByte(BOOT_PARAMS + SCREEN_COLUMNS, 80);
            memory.writeByte(BOOT_PARAMS + SCREEN_LINES, 25);
            memory.writeByte(BOOT_PARAMS + SCREEN_IS_VGA, 1);
            memory.writeByte(BOOT_PARAMS + SCREEN_POINTS, 16);
        }
        placeInitrd(memory, lowRam, kernelEnd);
        writeE820(memory, lowRam);
    }

    private void placeInitrd(GuestMemory memory, long lowRam, long kernelEnd) throws LoaderException {
        if (initrd.isEmpty()) {
            return;
        }
        byte[] disk = initrd.get();
        long limit = Math.min(lowRam, (header.getInt(INITRD_ADDR_MAX) & 0xFFFF_FFFFL) + 1);
        long at = (limit - disk.length) & -GuestMemory.PAGE_SIZE;
        if (at < kernelEnd) {
            throw new LoaderException(Reason.NO_ROOM_FOR_INITRD, (kernelEnd + disk.length + 0xFFFFF) >> 20);
        }
        memory.write(at, disk);
        memory.writeInt(BOOT_PARAMS + RAMDISK_IMAGE, (int) at);
        memory.writeInt(BOOT_PARAMS + RAMDISK_SIZE, disk.length);
    }

    private static void writeE820(GuestMemory memory, long lowRam) {
        int count = 0;
        count = e820(memory, count, 0, BoardMap.CONVENTIONAL_END, E820_RAM);
        count = e820(memory, count, BoardMap.CONVENTIONAL_END, BoardMap.EXTENDED_MEMORY, E820_RESERVED);
        count = e820(memory, count, BoardMap.EXTENDED_MEMORY, lowRam, E820_RAM);
        count = e820(memory, count, BoardMap.KVM_PAGES, BoardMap.HIGH_MEMORY, E820_RESERVED);
        var high = memory.find(BoardMap.HIGH_MEMORY);
        if (high != null) {
            count = e820(memory, count, high.base(), high.end(), E820_RAM);
        }
        memory.writeByte(BOOT_PARAMS + E820_ENTRIES, count);
    }

    private static int e820(GuestMemory memory, int index, long from, long to, int type) {
        long at = BOOT_PARAMS + E820_TABLE + 20L * index;
        memory.writeLong(at, from);
        memory.writeLong(at + 8, to - from);
        memory.writeInt(at + 16, type);
        return index + 1;
    }
}
