package org.viridian.devices.storage.vhdx;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.UUID;
import org.viridian.devices.storage.ImageException;
import org.viridian.devices.storage.file.HostFile;

/**
 * Where the large parts of a VHDX lie (MS-VHDX 2.2.3); the table is there twice.
 *
 * @param batOffset block allocation table
 * @param batLength its bytes
 * @param metadataOffset metadata region
 * @param metadataLength its bytes
 */
record VhdxRegions(long batOffset, long batLength, long metadataOffset, long metadataLength) {
    static final long FIRST_AT = 192 << 10;
    static final long SECOND_AT = 256 << 10;

    private static final int SIZE = 64 << 10;
    private static final int SIGNATURE = 0x69676572;
    private static final int MAX_ENTRIES = 2047;
    private static final UUID BAT = UUID.fromString("2dc27766-f623-4200-9d64-115e9bfd4a08");
    private static final UUID METADATA = UUID.fromString("8b7ca206-4790-4b9a-b8fe-575f050f886e");

    static VhdxRegions read(HostFile file, VhdxHeader header) throws IOException {
        ByteBuffer table = parse(file, FIRST_AT);
        if (table == null) {
            table = parse(file, SECOND_AT);
        }
        if (table == null) {
            throw new ImageException(file.path() + " has no valid region table");
        }
        int count = table.getInt(8);
        if (count < 0 || count > MAX_ENTRIES) {
            throw new ImageException(file.path() + " has a damaged region table");
        }
        long[] bat = null;
        long[] metadata = null;
        for (int i = 0; i < count; i++) {
            int at = 16 + 32 * i;
            UUID id = VhdxHeader.guid(table, at);
            long[] place = {table.getLong(at + 16), table.getInt(at + 24) & 0xFFFF_FFFFL};
            if (id.equals(BAT) && bat == null) {
                bat = place;
            } else if (id.equals(METADATA) && metadata == null) {
                metadata = place;
            } else if ((table.getInt(at + 28) & 1) != 0) {
                throw new ImageException(file.path() + " needs a region that this program does not know: " + id);
            }
        }
        if (bat == null || metadata == null) {
            throw new ImageException(file.path() + " lacks a region");
        }
        check(file, bat, metadata, new long[] {header.logOffset(), header.logLength()});
        return new VhdxRegions(bat[0], bat[1], metadata[0], metadata[1]);
    }

    private static void check(HostFile file, long[]... places) throws IOException {
        for (int i = 0; i < places.length; i++) {
            long[] a = places[i];
            if (a[1] == 0) {
                continue;
            }
            if (a[0] < VhdxHeader.MEBIBYTE || a[0] % VhdxHeader.MEBIBYTE != 0 || a[1] % VhdxHeader.MEBIBYTE != 0
                    || a[0] > file.size() - a[1]) {
                throw new ImageException(file.path() + " has a region outside the file");
            }
            for (int j = 0; j < i; j++) {
                if (a[0] < places[j][0] + places[j][1] && places[j][0] < a[0] + a[1]) {
                    throw new ImageException(file.path() + " has regions that overlap");
                }
            }
        }
    }

    private static ByteBuffer parse(HostFile file, long at) throws IOException {
        byte[] bytes = file.read(at, SIZE);
        ByteBuffer buffer = VhdxHeader.little(bytes);
        return buffer.getInt(0) == SIGNATURE && buffer.getInt(4) == VhdxHeader.checksum(bytes, 4) ? buffer : null;
    }

    /** Writes both copies, one after the other. */
    void write(HostFile file) throws IOException {
        byte[] bytes = new byte[SIZE];
        ByteBuffer buffer = VhdxHeader.little(bytes);
        buffer.putInt(0, SIGNATURE).putInt(8, 2);
        VhdxHeader.put(buffer, 16, BAT);
        buffer.putLong(32, batOffset).putInt(40, (int) batLength).putInt(44, 1);
        VhdxHeader.put(buffer, 48, METADATA);
        buffer.putLong(64, metadataOffset).putInt(72, (int) metadataLength).putInt(76, 1);
        buffer.putInt(4, VhdxHeader.checksum(bytes, 4));
        file.write(FIRST_AT, bytes);
        file.sync();
        file.write(SECOND_AT, bytes);
        file.sync();
    }
}
