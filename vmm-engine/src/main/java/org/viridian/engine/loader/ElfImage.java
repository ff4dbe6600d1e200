package org.viridian.engine.loader;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.viridian.engine.memory.GuestMemory;
import org.viridian.engine.memory.GuestMemoryException;

/**
 * The loadable segments of an x86 ELF executable (System V ABI, "Program Loading"), 32 or 64 bits. The file is not
 * trusted: every offset is checked.
 */
final class ElfImage {
    private static final int PT_LOAD = 1;
    private static final int MACHINE_386 = 3;
    private static final int MACHINE_X86_64 = 62;
    private static final int MAX_SEGMENTS = 256;

    /** One PT_LOAD segment: {@code fileSize} bytes from {@code offset} go to {@code address}, zeros up to {@code memorySize}. */
    record Segment(long address, long offset, long fileSize, long memorySize) {}

    private final byte[] file;
    private final long entry;
    private final List<Segment> segments;

    private ElfImage(byte[] file, long entry, List<Segment> segments) {
        this.file = file;
        this.entry = entry;
        this.segments = segments;
    }

    static boolean isElf(byte[] file) {
        return file.length > 52 && file[0] == 0x7F && file[1] == 'E' && file[2] == 'L' && file[3] == 'F';
    }

    static ElfImage parse(byte[] file, String name) throws LoaderException {
        if (!isElf(file)) {
            throw new LoaderException(name + " is not an ELF file.");
        }
        boolean wide = file[4] == 2;
        ByteBuffer elf = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        int machine = elf.getShort(18) & 0xFFFF;
        if (file[5] != 1 || machine != (wide ? MACHINE_X86_64 : MACHINE_386) || wide && file.length < 64) {
            throw new LoaderException(name + " is an ELF file for another machine; an x86 kernel is needed.");
        }
        long table = wide ? elf.getLong(32) : elf.getInt(28) & 0xFFFF_FFFFL;
        int size = elf.getShort(wide ? 54 : 42) & 0xFFFF;
        int count = elf.getShort(wide ? 56 : 44) & 0xFFFF;
        if (size < (wide ? 56 : 32) || count > MAX_SEGMENTS || table < 0 || table > file.length - (long) size * count) {
            throw new LoaderException(name + " is truncated: its program headers lie outside the file.");
        }
        List<Segment> segments = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int at = (int) table + i * size;
            if (elf.getInt(at) != PT_LOAD) {
                continue;
            }
            Segment segment = wide
                    ? new Segment(elf.getLong(at + 24), elf.getLong(at + 8), elf.getLong(at + 32), elf.getLong(at + 40))
                    : new Segment(elf.getInt(at + 12) & 0xFFFF_FFFFL, elf.getInt(at + 4) & 0xFFFF_FFFFL,
                            elf.getInt(at + 16) & 0xFFFF_FFFFL, elf.getInt(at + 20) & 0xFFFF_FFFFL);
            if (segment.offset < 0 || segment.fileSize < 0 || segment.memorySize < segment.fileSize
                    || segment.offset > file.length - segment.fileSize || segment.address < 0) {
                throw new LoaderException(name + " is truncated: a segment lies outside the file.");
            }
            segments.add(segment);
        }
        if (segments.isEmpty()) {
            throw new LoaderException(name + " has no segment to load.");
        }
        long entry = wide ? elf.getLong(24) : elf.getInt(24) & 0xFFFF_FFFFL;
        return new ElfImage(file, entry, segments);
    }

    /** The physical entry point. */
    long entry() {
        return entry;
    }

    /** First byte behind the last segment. */
    long end() {
        return segments.stream().mapToLong(s -> s.address + s.memorySize).max().orElseThrow();
    }

    /** Copies the segments into guest RAM. */
    void place(GuestMemory memory, String name) throws LoaderException {
        for (Segment segment : segments) {
            try {
                memory.write(segment.address, file, (int) segment.offset, (int) segment.fileSize);
                memory.clear(segment.address + segment.fileSize, segment.memorySize - segment.fileSize);
            } catch (GuestMemoryException outside) {
                throw new LoaderException("The VM has too little memory for %s: it needs RAM up to %d MiB. Give the VM more memory."
                        .formatted(name, (segment.address + segment.memorySize + 0xFFFFF) >> 20));
            }
        }
    }
}
