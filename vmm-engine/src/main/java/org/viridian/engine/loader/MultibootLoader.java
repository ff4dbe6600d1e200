package org.viridian.engine.loader;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.viridian.engine.firmware.BoardMap;
import org.viridian.engine.loader.LoaderException.Reason;
import org.viridian.engine.memory.GuestMemory;
import org.viridian.engine.memory.GuestMemoryException;
import org.viridian.engine.processor.ProcessorState;

/**
 * Loads a multiboot 1 kernel (Multiboot Specification 0.6.96): ELF, or flat with the addresses in its header. Entry in
 * protected mode, EAX = magic, EBX = information with memory map, command line and the initrd as the only module.
 */
public final class MultibootLoader implements BootLoader {
    private static final int MAGIC = 0x1BADB002;
    private static final int BOOTED = 0x2BADB002;
    private static final int SEARCH = 8192;
    private static final int ADDRESSES_VALID = 0x10000;
    /** Requests this loader cannot meet: bits 15:0 beyond page alignment and memory information are "must understand". */
    private static final int UNSUPPORTED = 0xFFF8;

    private static final long INFORMATION = 0x7000;
    private static final long MEMORY_MAP = 0x7100;
    private static final long MODULES = 0x7200;
    private static final long COMMAND_LINE = 0x20000;
    private static final int HAS_MEMORY = 1;
    private static final int HAS_COMMAND_LINE = 4;
    private static final int HAS_MODULES = 8;
    private static final int HAS_MEMORY_MAP = 64;

    private final String name;
    private final byte[] file;
    private final int header;
    private final boolean flat;
    private final Optional<byte[]> module;
    private final byte[] commandLine;

    private MultibootLoader(String name, byte[] file, int header, boolean flat, Optional<byte[]> module, byte[] commandLine) {
        this.name = name;
        this.file = file;
        this.header = header;
        this.flat = flat;
        this.module = module;
        this.commandLine = commandLine;
    }

    /** True when the file has a multiboot header. */
    public static boolean isMultiboot(byte[] file) {
        return findHeader(file) >= 0;
    }

    private static int findHeader(byte[] file) {
        ByteBuffer bytes = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        for (int at = 0; at + 12 <= Math.min(file.length, SEARCH); at += 4) {
            if (bytes.getInt(at) == MAGIC && bytes.getInt(at) + bytes.getInt(at + 4) + bytes.getInt(at + 8) == 0) {
                return at;
            }
        }
        return -1;
    }

    /** Checks a kernel; {@code module} is what a boot loader would load beside it. */
    public static MultibootLoader parse(String name, byte[] file, Optional<byte[]> module, String commandLine) throws LoaderException {
        int header = findHeader(file);
        if (header < 0) {
            throw new LoaderException(Reason.NO_MULTIBOOT_HEADER, name);
        }
        int flags = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).getInt(header + 4);
        if ((flags & UNSUPPORTED) != 0 || (flags & 4) != 0) {
            throw new LoaderException(Reason.MULTIBOOT_FEATURES, name, "0x%x".formatted(flags & 0xFFFF));
        }
        boolean flat = (flags & ADDRESSES_VALID) != 0;
        if (flat && header + 32 > file.length) {
            throw new LoaderException(Reason.MULTIBOOT_HEADER_CUT, name);
        }
        if (!flat) {
            try {
                ElfImage.open(new ByteArrayInputStream(file));
            } catch (IOException noElf) {
                throw new LoaderException(noElf, Reason.MULTIBOOT_NO_ADDRESSES, name, String.valueOf(noElf.getMessage()));
            }
        }
        return new MultibootLoader(name, file, header, flat, module, commandLine.getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public ProcessorState load(GuestMemory memory, long rsdp) throws LoaderException {
        long entry;
        long end;
        if (!flat) {
            try {
                ElfImage elf = ElfImage.open(new ByteArrayInputStream(file));
                requireExtendedMemory(elf.start());
                elf.load(memory, name);
                entry = elf.physicalEntry();
                end = elf.end();
            } catch (IOException damaged) {
                throw new LoaderException(damaged, Reason.MULTIBOOT_TRUNCATED, name, String.valueOf(damaged.getMessage()));
            }
        } else {
            ByteBuffer bytes = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
            long headerAddress = bytes.getInt(header + 12) & 0xFFFF_FFFFL;
            long loadAddress = bytes.getInt(header + 16) & 0xFFFF_FFFFL;
            long loadEnd = bytes.getInt(header + 20) & 0xFFFF_FFFFL;
            long bssEnd = bytes.getInt(header + 24) & 0xFFFF_FFFFL;
            entry = bytes.getInt(header + 28) & 0xFFFF_FFFFL;
            long from = header - (headerAddress - loadAddress);
            if (from < 0 || from > file.length || headerAddress < loadAddress) {
                throw new LoaderException(Reason.MULTIBOOT_LOAD_ADDRESS, name);
            }
            long length = loadEnd == 0 ? file.length - from : Math.min(loadEnd - loadAddress, file.length - from);
            end = Math.max(bssEnd, loadAddress + Math.max(0, length));
            requireExtendedMemory(loadAddress);
            if (length < 0 || !memory.isRam(loadAddress, end - loadAddress)) {
                throw new LoaderException(Reason.NO_MEMORY_THERE, name, "0x%x".formatted(loadAddress), "0x%x".formatted(end));
            }
            memory.clear(loadAddress, end - loadAddress);
            memory.write(loadAddress, file, (int) from, (int) length);
        }
        try {
            writeInformation(memory, (end + 0xFFF) & ~0xFFFL);
        } catch (GuestMemoryException outside) {
            throw new LoaderException(Reason.MULTIBOOT_NO_ROOM, name);
        }
        long[] gpr = new long[16];
        gpr[0] = BOOTED;
        gpr[3] = INFORMATION;
        return StartStates.protectedMode(memory, entry, gpr);
    }

    /** Below 1 MiB lies what the kernel is given. */
    private void requireExtendedMemory(long start) throws LoaderException {
        if (start < BoardMap.EXTENDED_MEMORY) {
            throw new LoaderException(Reason.MULTIBOOT_TOO_LOW, name, "0x%x".formatted(start));
        }
    }

    private void writeInformation(GuestMemory memory, long moduleAt) {
        long lowRam = BoardMap.lowMemoryEnd(memory);
        memory.clear(INFORMATION, 0x300);
        int flags = HAS_MEMORY | HAS_COMMAND_LINE | HAS_MEMORY_MAP;
        memory.writeInt(INFORMATION + 4, (int) (BoardMap.CONVENTIONAL_END >> 10));
        memory.writeInt(INFORMATION + 8, (int) ((lowRam - BoardMap.EXTENDED_MEMORY) >> 10));
        memory.write(COMMAND_LINE, commandLine);
        memory.writeByte(COMMAND_LINE + commandLine.length, 0);
        memory.writeInt(INFORMATION + 16, (int) COMMAND_LINE);
        if (module.isPresent()) {
            flags |= HAS_MODULES;
            memory.write(moduleAt, module.get());
            memory.writeInt(INFORMATION + 20, 1);
            memory.writeInt(INFORMATION + 24, (int) MODULES);
            memory.writeInt(MODULES, (int) moduleAt);
            memory.writeInt(MODULES + 4, (int) (moduleAt + module.get().length));
        }
        int size = 0;
        size = mapEntry(memory, size, 0, BoardMap.CONVENTIONAL_END);
        size = mapEntry(memory, size, BoardMap.EXTENDED_MEMORY, lowRam);
        var high = memory.find(BoardMap.HIGH_MEMORY);
        if (high != null) {
            size = mapEntry(memory, size, high.base(), high.end());
        }
        memory.writeInt(INFORMATION + 44, size);
        memory.writeInt(INFORMATION + 48, (int) MEMORY_MAP);
        memory.writeInt(INFORMATION, flags);
    }

    private static int mapEntry(GuestMemory memory, int offset, long from, long to) {
        long at = MEMORY_MAP + offset;
        memory.writeInt(at, 20);
        memory.writeLong(at + 4, from);
        memory.writeLong(at + 12, to - from);
        memory.writeInt(at + 20, 1);
        return offset + 24;
    }
}
