package org.viridian.engine.loader;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.viridian.engine.firmware.BoardMap;
import org.viridian.engine.memory.GuestMemory;
import org.viridian.engine.processor.ProcessorState;

/**
 * A multiboot kernel (Multiboot Specification 0.6.96): an ELF file, or any file whose header bears its load addresses.
 * Entered in 32-bit protected mode with the information structure in EBX; the RAM disk becomes the only module.
 */
public final class MultibootKernel implements KernelImage {
    private static final int HEADER_MAGIC = 0x1BAD_B002;
    private static final long LOADER_MAGIC = 0x2BAD_B002L;
    /** The header lies in the first so many bytes of the file. */
    private static final int SEARCH = 8192;
    private static final int HEADER_SIZE = 12;
    private static final int ADDRESSES_SIZE = 32;

    /** Header flags that a loader must understand, of which all is offered: page alignment, memory map, video. */
    private static final int MUST_UNDERSTAND = 0xFFFF;
    private static final int UNDERSTOOD = 7;
    private static final int HAS_ADDRESSES = 1 << 16;

    // Information flags.
    private static final int INFO_MEMORY = 1;
    private static final int INFO_COMMAND_LINE = 1 << 2;
    private static final int INFO_MODULES = 1 << 3;
    private static final int INFO_MAP = 1 << 6;
    private static final int INFO_LOADER_NAME = 1 << 9;
    private static final int INFO_FRAME_BUFFER = 1 << 12;

    // Where it all goes, below conventional memory's end.
    private static final long INFO = 0x1_0000;
    private static final int INFO_SIZE = 116;
    private static final long MODULE_LIST = 0x1_0100;
    private static final long MAP = 0x1_0200;
    private static final long LOADER_NAME = 0x1_0F00;
    private static final long COMMAND_LINE = 0x1_1000;
    private static final int MAX_COMMAND_LINE = 0xEFFF;
    private static final String NAME = "Viridian";
    private static final long TEXT_SCREEN = 0xB_8000;
    private static final int EGA_TEXT = 2;

    private final String name;
    private final byte[] image;
    private final int headerAt;

    private MultibootKernel(String name, byte[] image, int headerAt) {
        this.name = name;
        this.image = image;
        this.headerAt = headerAt;
    }

    /** True when a valid multiboot header is found. */
    static boolean looksLike(byte[] image) {
        return findHeader(image) >= 0;
    }

    private static int findHeader(byte[] image) {
        ByteBuffer b = buffer(image);
        int last = Math.min(SEARCH, image.length) - HEADER_SIZE;
        for (int at = 0; at <= last; at += 4) {
            if (b.getInt(at) == HEADER_MAGIC && HEADER_MAGIC + b.getInt(at + 4) + b.getInt(at + 8) == 0) {
                return at;
            }
        }
        return -1;
    }

    static MultibootKernel parse(String name, byte[] image) throws LoaderException {
        int at = findHeader(image);
        int flags = buffer(image).getInt(at + 4);
        if ((flags & MUST_UNDERSTAND & ~UNDERSTOOD) != 0) {
            throw new LoaderException("The multiboot kernel %s asks for features 0x%x, which do not exist in multiboot 1."
                    .formatted(name, flags & MUST_UNDERSTAND & ~UNDERSTOOD));
        }
        if ((flags & HAS_ADDRESSES) != 0 && at + ADDRESSES_SIZE > image.length) {
            throw new LoaderException("The multiboot kernel %s is truncated inside its header; copy it again.".formatted(name));
        }
        return new MultibootKernel(name, image, at);
    }

    @Override
    public ProcessorState load(GuestMemory memory, BootInputs inputs) throws LoaderException {
        byte[] commandLine = inputs.commandLine().getBytes(StandardCharsets.UTF_8);
        if (commandLine.length > MAX_COMMAND_LINE) {
            throw new LoaderException("The command line has %d bytes; a multiboot kernel gets at most %d."
                    .formatted(commandLine.length, MAX_COMMAND_LINE));
        }
        boolean addresses = (buffer(image).getInt(headerAt + 4) & HAS_ADDRESSES) != 0;
        Placed kernel = addresses ? placeByHeader(memory) : placeElf(memory);
        writeInformation(memory, inputs, commandLine, kernel.end());
        return EntryState.protectedMode(
                memory, kernel.entry(), Map.of(EntryState.RAX, LOADER_MAGIC, EntryState.RBX, INFO));
    }

    private record Placed(long end, long entry) {}

    private Placed placeElf(GuestMemory memory) throws LoaderException {
        try {
            ElfImage elf = ElfImage.open(new ByteArrayInputStream(image));
            checkRange(elf.start(), elf.end());
            elf.load(memory, "kernel " + name);
            return new Placed(elf.end(), elf.physicalEntry());
        } catch (IOException damaged) {
            throw new LoaderException("The multiboot kernel %s is damaged (%s); copy it again."
                    .formatted(name, damaged.getMessage()), damaged);
        }
    }

    /** The "a.out kludge": the header says what goes where. */
    private Placed placeByHeader(GuestMemory memory) throws LoaderException {
        ByteBuffer b = buffer(image);
        long header = b.getInt(headerAt + 12) & 0xFFFF_FFFFL;
        long load = b.getInt(headerAt + 16) & 0xFFFF_FFFFL;
        long loadEnd = b.getInt(headerAt + 20) & 0xFFFF_FFFFL;
        long bssEnd = b.getInt(headerAt + 24) & 0xFFFF_FFFFL;
        long entry = b.getInt(headerAt + 28) & 0xFFFF_FFFFL;
        long from = headerAt - (header - load);
        long size = loadEnd == 0 ? image.length - from : loadEnd - load;
        if (header < load || from < 0 || size <= 0 || from + size > image.length) {
            throw new LoaderException("The multiboot kernel %s is truncated or its header is wrong: it names bytes %d to %d of %d."
                    .formatted(name, from, from + size, image.length));
        }
        long end = Math.max(load + size, bssEnd);
        checkRange(load, end);
        if (!memory.isRam(load, end - load)) {
            throw new LoaderException("The kernel %s needs memory from 0x%x to 0x%x, where this VM has none; give the VM more memory."
                    .formatted(name, load, end));
        }
        memory.clear(load, end - load);
        memory.write(load, image, (int) from, (int) size);
        return new Placed(end, entry);
    }

    /** Below 1 MiB lie the structures that the kernel is given. */
    private void checkRange(long start, long end) throws LoaderException {
        if (start < BoardMap.EXTENDED_MEMORY || end > 1L << 32) {
            throw new LoaderException("The multiboot kernel %s wants to be at 0x%x to 0x%x; it must lie between 1 MiB and 4 GiB."
                    .formatted(name, start, end));
        }
    }

    private void writeInformation(GuestMemory memory, BootInputs inputs, byte[] commandLine, long kernelEnd)
            throws LoaderException {
        memory.clear(INFO, COMMAND_LINE - INFO);
        memory.write(COMMAND_LINE, commandLine);
        memory.writeByte(COMMAND_LINE + commandLine.length, 0);
        memory.write(LOADER_NAME, NAME.getBytes(StandardCharsets.US_ASCII));

        int flags = INFO_MEMORY | INFO_COMMAND_LINE | INFO_MAP | INFO_LOADER_NAME | INFO_FRAME_BUFFER;
        ByteBuffer info = ByteBuffer.allocate(INFO_SIZE).order(ByteOrder.LITTLE_ENDIAN);
        info.putInt(4, (int) (BoardMap.CONVENTIONAL_END >> 10));
        info.putInt(8, (int) (inputs.lowMemoryEnd() - BoardMap.EXTENDED_MEMORY >> 10));
        info.putInt(16, (int) COMMAND_LINE);
        if (inputs.ramDisk().isPresent()) {
            flags |= INFO_MODULES;
            RamDisk disk = inputs.ramDisk().get();
            long address = kernelEnd + GuestMemory.PAGE_SIZE - 1 & -GuestMemory.PAGE_SIZE;
            disk.load(memory, address);
            info.putInt(20, 1).putInt(24, (int) MODULE_LIST);
            memory.writeInt(MODULE_LIST, (int) address);
            memory.writeInt(MODULE_LIST + 4, (int) (address + disk.size()));
            memory.writeInt(MODULE_LIST + 8, (int) COMMAND_LINE + commandLine.length);
        }
        info.putInt(44, writeMap(memory, inputs)).putInt(48, (int) MAP);
        info.putInt(64, (int) LOADER_NAME);
        info.putLong(88, TEXT_SCREEN).putInt(96, 160).putInt(100, 80).putInt(104, 25).put(108, (byte) 16).put(109, (byte) EGA_TEXT);
        info.putInt(0, flags);
        memory.write(INFO, info.array());
    }

    private static int writeMap(GuestMemory memory, BootInputs inputs) {
        List<MemoryMap.Entry> map = MemoryMap.of(inputs.memoryBytes());
        long at = MAP;
        for (MemoryMap.Entry entry : map) {
            memory.writeInt(at, 20);
            memory.writeLong(at + 4, entry.base());
            memory.writeLong(at + 12, entry.size());
            memory.writeInt(at + 20, entry.type());
            at += 24;
        }
        return (int) (at - MAP);
    }

    private static ByteBuffer buffer(byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }
}
