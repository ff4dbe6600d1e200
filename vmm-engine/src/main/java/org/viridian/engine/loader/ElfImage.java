package org.viridian.engine.loader;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.viridian.engine.loader.LoaderException.Reason;
import org.viridian.engine.memory.GuestMemory;

/**
 * An ELF executable for x86, read as a stream so that an unpacked kernel of 50 MB never exists in the heap: header and
 * program headers first, then each loadable segment straight into guest RAM, in the order of the file.
 */
final class ElfImage {
    private static final int MAGIC = 0x464C457F;
    private static final int MACHINE_386 = 3;
    private static final int MACHINE_X86_64 = 62;
    private static final int CLASS_32 = 1;
    private static final int CLASS_64 = 2;
    private static final int LITTLE_ENDIAN = 1;
    private static final int HEADER_32 = 52;
    private static final int HEADER_64 = 64;
    private static final int PT_LOAD = 1;
    /** Program headers that lie further into the file are refused. */
    private static final int MAX_HEADERS = 1 << 16;
    private static final int CHUNK = 1 << 16;

    /** A PT_LOAD program header. */
    record Segment(long fileOffset, long virtual, long physical, long fileSize, long memorySize) {
        long physicalEnd() {
            return physical + memorySize;
        }
    }

    private final boolean wide;
    private final long entry;
    private final List<Segment> segments;
    private final InputStream rest;
    private long position;

    private ElfImage(boolean wide, long entry, List<Segment> segments, InputStream rest, long position) {
        this.wide = wide;
        this.entry = entry;
        this.segments = segments;
        this.rest = rest;
        this.position = position;
    }

    /** Reads the headers. Throws {@link IOException} with the reason when this is no x86 executable. */
    static ElfImage open(InputStream in) throws IOException {
        byte[] ident = in.readNBytes(HEADER_32);
        if (ident.length < HEADER_32 || buffer(ident).getInt(0) != MAGIC || ident[5] != LITTLE_ENDIAN) {
            throw new IOException("not an ELF file");
        }
        boolean wide = ident[4] == CLASS_64;
        if (!wide && ident[4] != CLASS_32) {
            throw new IOException("ELF class " + ident[4]);
        }
        byte[] header = wide ? append(ident, in.readNBytes(HEADER_64 - HEADER_32)) : ident;
        if (header.length < (wide ? HEADER_64 : HEADER_32)) {
            throw new EOFException("the file ends in the ELF header");
        }
        ByteBuffer b = buffer(header);
        int machine = b.getShort(18) & 0xFFFF;
        if (machine != (wide ? MACHINE_X86_64 : MACHINE_386)) {
            throw new IOException("an ELF file for machine %d, not x86".formatted(machine));
        }
        long entry = wide ? b.getLong(24) : b.getInt(24) & 0xFFFF_FFFFL;
        long tableAt = wide ? b.getLong(32) : b.getInt(28) & 0xFFFF_FFFFL;
        int entrySize = b.getShort(wide ? 54 : 42) & 0xFFFF;
        int count = b.getShort(wide ? 56 : 44) & 0xFFFF;
        if (entrySize < (wide ? 56 : 32) || tableAt < header.length || tableAt + (long) count * entrySize > MAX_HEADERS) {
            throw new IOException("unusable ELF program headers");
        }
        in.skipNBytes(tableAt - header.length);
        byte[] table = in.readNBytes(count * entrySize);
        if (table.length < count * entrySize) {
            throw new EOFException("the file ends in the ELF program headers");
        }
        long position = tableAt + table.length;
        return new ElfImage(wide, entry, segments(buffer(table), entrySize, count, wide), in, position);
    }

    private static List<Segment> segments(ByteBuffer b, int entrySize, int count, boolean wide) throws IOException {
        List<Segment> segments = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int at = i * entrySize;
            if (b.getInt(at) != PT_LOAD) {
                continue;
            }
            Segment segment = wide
                    ? new Segment(b.getLong(at + 8), b.getLong(at + 16), b.getLong(at + 24), b.getLong(at + 32), b.getLong(at + 40))
                    : new Segment(unsigned(b, at + 4), unsigned(b, at + 8), unsigned(b, at + 12), unsigned(b, at + 16),
                            unsigned(b, at + 20));
            if (segment.memorySize == 0) {
                continue;
            }
            if (segment.fileSize < 0 || segment.memorySize < segment.fileSize || segment.fileOffset < 0 || segment.physical < 0
                    || segment.physicalEnd() < segment.physical) {
                throw new IOException("an impossible ELF segment");
            }
            segments.add(segment);
        }
        if (segments.isEmpty()) {
            throw new IOException("an ELF file with nothing to load");
        }
        segments.sort(Comparator.comparingLong(Segment::fileOffset));
        return segments;
    }

    private static long unsigned(ByteBuffer b, int at) {
        return b.getInt(at) & 0xFFFF_FFFFL;
    }

    /** True for ELF64. */
    boolean wide() {
        return wide;
    }

    /** The entry point as the header has it. */
    long entry() {
        return entry;
    }

    /** The entry point as a physical address: headers of kernels name it either way. */
    long physicalEntry() {
        for (Segment segment : segments) {
            if (Long.compareUnsigned(entry - segment.virtual, segment.memorySize) < 0) {
                return entry - segment.virtual + segment.physical;
            }
        }
        return entry;
    }

    /** First byte behind everything this image occupies. */
    long end() {
        return segments.stream().mapToLong(Segment::physicalEnd).max().orElseThrow();
    }

    /** First byte this image occupies. */
    long start() {
        return segments.stream().mapToLong(Segment::physical).min().orElseThrow();
    }

    /**
     * Copies the segments into guest RAM. Once.
     *
     * @throws LoaderException when the VM has no RAM there
     * @throws IOException when the stream is damaged or ends early
     */
    void load(GuestMemory memory, String what) throws LoaderException, IOException {
        for (Segment segment : segments) {
            if (!memory.isRam(segment.physical, segment.memorySize)) {
                throw new LoaderException(Reason.NO_MEMORY_THERE, what, "0x%x".formatted(segment.physical),
                        "0x%x".formatted(segment.physicalEnd()));
            }
        }
        byte[] chunk = new byte[CHUNK];
        for (Segment segment : segments) {
            if (segment.fileSize > 0) {
                if (segment.fileOffset < position) {
                    throw new IOException("ELF segments that overlap in the file");
                }
                rest.skipNBytes(segment.fileOffset - position);
                position = segment.fileOffset + segment.fileSize;
            }
            MemorySegment target = memory.slice(segment.physical, segment.memorySize);
            long done = 0;
            while (done < segment.fileSize) {
                int count = rest.readNBytes(chunk, 0, (int) Math.min(chunk.length, segment.fileSize - done));
                if (count == 0) {
                    throw new EOFException("the data ends inside an ELF segment");
                }
                MemorySegment.copy(chunk, 0, target, ValueLayout.JAVA_BYTE, done, count);
                done += count;
            }
            target.asSlice(done).fill((byte) 0);
            memory.wrote(segment.physical, segment.memorySize);
        }
    }

    private static byte[] append(byte[] first, byte[] second) {
        byte[] all = java.util.Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, all, first.length, second.length);
        return all;
    }

    private static ByteBuffer buffer(byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }
}
