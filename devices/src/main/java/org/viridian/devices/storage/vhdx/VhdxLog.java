package org.viridian.devices.storage.vhdx;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.UUID;
import org.viridian.devices.storage.ImageException;
import org.viridian.devices.storage.file.HostFile;

/**
 * The log of a VHDX (MS-VHDX 2.3): changes of tables are written here first, so that a stop in the middle of writing them
 * to their places can be made up for.
 */
final class VhdxLog {
    static final int SECTOR = 4096;
    /** Pages that one entry carries: what the descriptors of its first sector can name. */
    static final int MAX_PAGES = (SECTOR - 64) / 32;

    private static final int ENTRY = 0x65676F6C;
    private static final int ZEROES = 0x6F72657A;
    private static final int DATA = 0x63736564;
    private static final int PAGE = 0x61746164;
    private static final int MAX_DESCRIPTORS = 1 << 20;

    private final HostFile file;
    private final VhdxHeader header;
    private int head;
    private long sequence = 1;

    VhdxLog(HostFile file, VhdxHeader header) {
        this.file = file;
        this.header = header;
    }

    // Writing. Each entry is applied before the next is written, so an entry is its own tail.

    /** Writes one entry with at most {@link #MAX_PAGES} pages; durable on return. */
    void append(SortedMap<Long, byte[]> pages) throws IOException {
        int length = SECTOR * (1 + pages.size());
        byte[] bytes = new byte[length];
        ByteBuffer entry = VhdxHeader.little(bytes);
        long fileSize = file.size();
        entry.putInt(0, ENTRY).putInt(8, length).putInt(12, head).putLong(16, sequence).putInt(24, pages.size());
        VhdxHeader.put(entry, 32, header.logId());
        entry.putLong(48, fileSize).putLong(56, fileSize);
        int descriptor = 64;
        int sector = SECTOR;
        for (var page : pages.entrySet()) {
            byte[] content = page.getValue();
            ByteBuffer from = VhdxHeader.little(content);
            entry.putInt(descriptor, DATA).putInt(descriptor + 4, from.getInt(SECTOR - 4)).putLong(descriptor + 8, from.getLong(0));
            entry.putLong(descriptor + 16, page.getKey()).putLong(descriptor + 24, sequence);
            entry.putInt(sector, PAGE).putInt(sector + 4, (int) (sequence >>> 32));
            entry.put(sector + 8, content, 8, SECTOR - 12);
            entry.putInt(sector + SECTOR - 4, (int) sequence);
            descriptor += 32;
            sector += SECTOR;
        }
        entry.putInt(4, VhdxHeader.checksum(bytes, 4));
        int first = Math.min(length, header.logLength() - head);
        file.write(header.logOffset() + head, java.util.Arrays.copyOf(bytes, first));
        if (first < length) {
            file.write(header.logOffset(), java.util.Arrays.copyOfRange(bytes, first, length));
        }
        file.sync();
        head = (head + length) % header.logLength();
        sequence++;
    }

    // Replaying.

    private record Entry(int at, int length, int tail, long sequence, int descriptors, long flushedSize, long lastSize, byte[] bytes) {}

    /**
     * Applies the log to a file.
     *
     * @param file where the log is and where it is applied
     */
    static void replay(HostFile file, VhdxHeader header) throws IOException {
        List<Entry> active = active(file, header);
        if (active.isEmpty()) {
            return;
        }
        Entry last = active.getLast();
        if (file.size() < last.flushedSize) {
            throw new ImageException(file.path() + " has been cut: its log speaks of %d bytes".formatted(last.flushedSize));
        }
        int from = 0;
        while (active.get(from).at != last.tail) {
            from++;
        }
        for (Entry entry : active.subList(from, active.size())) {
            apply(file, entry);
        }
        if (file.size() < last.lastSize) {
            file.resize(last.lastSize);
        }
        file.sync();
    }

    /** The run of valid entries that counts: the one with the highest number whose tail lies in it. */
    private static List<Entry> active(HostFile file, VhdxHeader header) throws IOException {
        List<Entry> best = List.of();
        int length = header.logLength();
        int start = 0;
        while (start < length) {
            List<Entry> run = new ArrayList<>();
            int at = start;
            long total = 0;
            Entry entry = read(file, header, at);
            while (entry != null && total + entry.length <= length
                    && (run.isEmpty() || entry.sequence == run.getLast().sequence + 1)) {
                run.add(entry);
                total += entry.length;
                at = (at + entry.length) % length;
                entry = total < length ? read(file, header, at) : null;
            }
            if (!run.isEmpty() && run.stream().anyMatch(member -> member.at == run.getLast().tail)
                    && (best.isEmpty() || Long.compareUnsigned(run.getLast().sequence, best.getLast().sequence) > 0)) {
                best = run;
            }
            long next = run.isEmpty() ? start + SECTOR : start + total;
            if (next > length) {
                break;
            }
            start = (int) next;
        }
        return best;
    }

    private static Entry read(HostFile file, VhdxHeader header, int at) throws IOException {
        byte[] first = file.read(header.logOffset() + at, SECTOR);
        ByteBuffer head = VhdxHeader.little(first);
        int length = head.getInt(8);
        int tail = head.getInt(12);
        int descriptors = head.getInt(24);
        UUID id = VhdxHeader.guid(head, 32);
        if (head.getInt(0) != ENTRY || !id.equals(header.logId()) || length < SECTOR || length % SECTOR != 0
                || length > header.logLength() || descriptors < 0 || descriptors > MAX_DESCRIPTORS
                || 64L + 32L * descriptors > length || tail < 0 || tail % SECTOR != 0 || tail >= header.logLength()) {
            return null;
        }
        byte[] bytes = new byte[length];
        int part = Math.min(length, header.logLength() - at);
        System.arraycopy(file.read(header.logOffset() + at, part), 0, bytes, 0, part);
        if (part < length) {
            System.arraycopy(file.read(header.logOffset(), length - part), 0, bytes, part, length - part);
        }
        ByteBuffer entry = VhdxHeader.little(bytes);
        if (entry.getInt(4) != VhdxHeader.checksum(bytes, 4)) {
            return null;
        }
        Entry read = new Entry(at, length, tail, entry.getLong(16), descriptors, entry.getLong(48), entry.getLong(56), bytes);
        return consistent(read) ? read : null;
    }

    private static int pagesAt(Entry entry) {
        return (64 + 32 * entry.descriptors + SECTOR - 1) / SECTOR * SECTOR;
    }

    private static boolean consistent(Entry entry) {
        ByteBuffer bytes = VhdxHeader.little(entry.bytes);
        int page = pagesAt(entry);
        for (int i = 0; i < entry.descriptors; i++) {
            int at = 64 + 32 * i;
            int kind = bytes.getInt(at);
            long offset = bytes.getLong(at + 16);
            if (bytes.getLong(at + 24) != entry.sequence || offset < 0 || offset % SECTOR != 0) {
                return false;
            }
            if (kind == DATA) {
                if (page + SECTOR > entry.length || bytes.getInt(page) != PAGE
                        || bytes.getInt(page + 4) != (int) (entry.sequence >>> 32)
                        || bytes.getInt(page + SECTOR - 4) != (int) entry.sequence) {
                    return false;
                }
                page += SECTOR;
            } else if (kind != ZEROES || bytes.getLong(at + 8) < 0 || bytes.getLong(at + 8) % SECTOR != 0) {
                return false;
            }
        }
        return true;
    }

    private static void apply(HostFile file, Entry entry) throws IOException {
        ByteBuffer bytes = VhdxHeader.little(entry.bytes);
        int page = pagesAt(entry);
        for (int i = 0; i < entry.descriptors; i++) {
            int at = 64 + 32 * i;
            long offset = bytes.getLong(at + 16);
            if (bytes.getInt(at) == ZEROES) {
                file.zero(offset, Math.min(bytes.getLong(at + 8), Math.max(0, file.size() - offset)));
                continue;
            }
            byte[] content = new byte[SECTOR];
            VhdxHeader.little(content).putLong(0, bytes.getLong(at + 8)).putInt(SECTOR - 4, bytes.getInt(at + 4));
            System.arraycopy(entry.bytes, page + 8, content, 8, SECTOR - 12);
            file.write(offset, content);
            page += SECTOR;
        }
    }
}
