package org.viridian.devices.storage.vhd;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.UUID;
import org.viridian.devices.storage.ImageException;
import org.viridian.devices.storage.file.HostFile;

/** Lays out new VHD images. */
public final class VhdCreate {
    private static final int BLOCK = 2 << 20;
    private static final int HEADER_AT = VhdFooter.SIZE;
    private static final int TABLE_AT = HEADER_AT + VhdHeader.SIZE;

    private VhdCreate() {}

    /** A disk that takes all of its space at once, as far as the host's file system does not know holes. */
    public static void fixed(HostFile file, long size) throws IOException {
        check(size);
        file.resize(size + VhdFooter.SIZE);
        file.write(size, VhdFooter.create(VhdFooter.FIXED, size, UUID.randomUUID()).bytes());
        file.sync();
    }

    /** A disk that grows with what is written. */
    public static void dynamic(HostFile file, long size) throws IOException {
        check(size);
        sparse(file, VhdFooter.create(VhdFooter.DYNAMIC, size, UUID.randomUUID()), null, null);
    }

    /**
     * A disk that holds what differs from its parent.
     *
     * @param parent the parent's file, a VHD
     * @param parentId the parent's identity
     */
    public static void differencing(HostFile file, long size, Path parent, UUID parentId) throws IOException {
        check(size);
        sparse(file, VhdFooter.create(VhdFooter.DIFFERENCING, size, UUID.randomUUID()), parent, parentId);
    }

    /** Moves the footer of a fixed disk. The new one is there before the old one goes. */
    public static void resizeFixed(HostFile file, long size) throws IOException {
        check(size);
        VhdFooter footer = VhdFooter.read(file);
        long old = footer.size();
        byte[] next = footer.withSize(size).bytes();
        if (size > old) {
            file.write(size, next);
            file.sync();
            file.zero(old, VhdFooter.SIZE);
        } else {
            file.write(size, next);
            file.sync();
            file.resize(size + VhdFooter.SIZE);
        }
        file.sync();
    }

    private static void check(long size) throws ImageException {
        if (size <= 0 || size % 512 != 0 || size > VhdFooter.MAX_SIZE) {
            throw new ImageException("a VHD holds whole sectors of 512 bytes, at most 2040 GiB");
        }
    }

    private static void sparse(HostFile file, VhdFooter footer, Path parent, UUID parentId) throws IOException {
        long entries = (footer.size() + BLOCK - 1) / BLOCK;
        byte[] table = new byte[(int) ((entries * 4 + 511) / 512 * 512)];
        Arrays.fill(table, (byte) 0xFF);
        VhdHeader header = VhdHeader.create(TABLE_AT, entries, BLOCK);
        long end = TABLE_AT + table.length;
        if (parent != null) {
            ByteBuffer fields = header.buffer();
            fields.putLong(40, parentId.getMostSignificantBits()).putLong(48, parentId.getLeastSignificantBits());
            fields.putInt(56, (int) (java.nio.file.Files.getLastModifiedTime(parent).toMillis() / 1000 - 946_684_800L));
            end += ParentNames.write(file, header, end, file.path(), parent);
        }
        file.write(TABLE_AT, MemorySegment.ofArray(table));
        file.write(HEADER_AT, header.sealed().bytes());
        file.write(end, footer.bytes());
        file.sync();
        // The footer's copy last: a file without it at the beginning is no image yet.
        file.write(0, footer.bytes());
        file.sync();
    }
}
