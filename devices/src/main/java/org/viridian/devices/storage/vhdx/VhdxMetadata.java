package org.viridian.devices.storage.vhdx;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import org.viridian.devices.storage.ImageException;
import org.viridian.devices.storage.file.HostFile;

/**
 * What a VHDX is like (MS-VHDX 2.2.4), checked.
 *
 * @param blockSize bytes of a payload block, 1–256 MiB
 * @param fixed whether blocks stay allocated
 * @param hasParent whether it is a differencing disk
 * @param size bytes of the disk
 * @param sizeAt where that number lies in the file
 * @param diskId identity that the guest sees
 * @param logicalSector 512 or 4096
 * @param physicalSector 512 or 4096
 * @param locator how it names its parent; empty without one
 */
record VhdxMetadata(int blockSize, boolean fixed, boolean hasParent, long size, long sizeAt, UUID diskId, int logicalSector,
        int physicalSector, Map<String, String> locator) {
    static final int TABLE_SIZE = 64 << 10;
    static final long MAX_SIZE = 64L << 40;

    private static final long SIGNATURE = 0x617461646174656DL;
    private static final int MAX_ENTRIES = 2047;
    private static final int MAX_ITEM = 1 << 20;
    private static final UUID FILE_PARAMETERS = UUID.fromString("caa16737-fa36-4d43-b3b6-33f0aa44e76b");
    private static final UUID DISK_SIZE = UUID.fromString("2fa54224-cd1b-4876-b211-5dbed83bf4b8");
    private static final UUID DISK_ID = UUID.fromString("beca12ab-b2e6-4523-93ef-c309e000c746");
    private static final UUID LOGICAL_SECTOR = UUID.fromString("8141bf1d-a96f-4709-ba47-f233a8faab5f");
    private static final UUID PHYSICAL_SECTOR = UUID.fromString("cda348c7-445d-4471-9cc9-e9885251c556");
    private static final UUID PARENT_LOCATOR = UUID.fromString("a8d35f2d-b30b-454d-abf7-d3d84834ab0c");
    private static final UUID LOCATOR_TYPE = UUID.fromString("b04aefb7-d19e-4a81-b789-25b8e9445913");
    private static final int REQUIRED = 4;
    private static final int VIRTUAL_DISK = 2;

    private record Item(long offset, int length) {}

    static VhdxMetadata read(HostFile file, VhdxRegions regions) throws IOException {
        Map<UUID, Item> items = items(file, regions);
        ByteBuffer parameters = item(file, items, FILE_PARAMETERS, 8);
        int blockSize = parameters.getInt(0);
        boolean fixed = (parameters.getInt(4) & 1) != 0;
        boolean hasParent = (parameters.getInt(4) & 2) != 0;
        long size = item(file, items, DISK_SIZE, 8).getLong(0);
        int logical = item(file, items, LOGICAL_SECTOR, 4).getInt(0);
        int physical = item(file, items, PHYSICAL_SECTOR, 4).getInt(0);
        if (blockSize < 1 << 20 || blockSize > 256 << 20 || Integer.bitCount(blockSize) != 1) {
            throw bad(file, "has blocks of %d bytes".formatted(blockSize & 0xFFFF_FFFFL));
        }
        if (logical != 512 && logical != 4096 || physical != 512 && physical != 4096) {
            throw bad(file, "has sectors of %d and %d bytes".formatted(logical & 0xFFFF_FFFFL, physical & 0xFFFF_FFFFL));
        }
        if (size <= 0 || size > MAX_SIZE || size % logical != 0) {
            throw bad(file, "claims an impossible size");
        }
        Map<String, String> locator = hasParent ? locator(file, items) : Map.of();
        return new VhdxMetadata(blockSize, fixed, hasParent, size, items.get(DISK_SIZE).offset,
                VhdxHeader.guid(item(file, items, DISK_ID, 16), 0), logical, Math.max(logical, physical), locator);
    }

    private static ImageException bad(HostFile file, String what) {
        return new ImageException(file.path() + " " + what);
    }

    private static Map<UUID, Item> items(HostFile file, VhdxRegions regions) throws IOException {
        ByteBuffer table = VhdxHeader.little(file.read(regions.metadataOffset(), TABLE_SIZE));
        int count = table.getShort(10) & 0xFFFF;
        if (table.getLong(0) != SIGNATURE || count > MAX_ENTRIES) {
            throw bad(file, "has no valid metadata table");
        }
        Map<UUID, Item> items = new HashMap<>();
        for (int i = 0; i < count; i++) {
            int at = 32 + 32 * i;
            UUID id = VhdxHeader.guid(table, at);
            long offset = table.getInt(at + 16) & 0xFFFF_FFFFL;
            long length = table.getInt(at + 20) & 0xFFFF_FFFFL;
            boolean known = id.equals(FILE_PARAMETERS) || id.equals(DISK_SIZE) || id.equals(DISK_ID)
                    || id.equals(LOGICAL_SECTOR) || id.equals(PHYSICAL_SECTOR) || id.equals(PARENT_LOCATOR);
            if (!known) {
                if ((table.getInt(at + 24) & REQUIRED) != 0) {
                    throw bad(file, "needs metadata that this program does not know: " + id);
                }
                continue;
            }
            if (offset < TABLE_SIZE || length == 0 || length > MAX_ITEM || offset + length > regions.metadataLength()) {
                throw bad(file, "has metadata outside its region");
            }
            items.put(id, new Item(regions.metadataOffset() + offset, (int) length));
        }
        return items;
    }

    private static ByteBuffer item(HostFile file, Map<UUID, Item> items, UUID id, int size) throws IOException {
        Item item = items.get(id);
        if (item == null || item.length < size) {
            throw bad(file, "lacks metadata: " + id);
        }
        return VhdxHeader.little(file.read(item.offset, item.length));
    }

    private static Map<String, String> locator(HostFile file, Map<UUID, Item> items) throws IOException {
        ByteBuffer bytes = item(file, items, PARENT_LOCATOR, 20);
        if (!VhdxHeader.guid(bytes, 0).equals(LOCATOR_TYPE)) {
            throw bad(file, "names its parent in an unknown way");
        }
        int count = bytes.getShort(18) & 0xFFFF;
        Map<String, String> entries = new LinkedHashMap<>();
        for (int i = 0; i < count; i++) {
            int at = 20 + 12 * i;
            if (at + 12 > bytes.capacity()) {
                throw bad(file, "has a damaged parent locator");
            }
            entries.put(text(file, bytes, bytes.getInt(at), bytes.getShort(at + 8) & 0xFFFF),
                    text(file, bytes, bytes.getInt(at + 4), bytes.getShort(at + 10) & 0xFFFF));
        }
        return entries;
    }

    private static String text(HostFile file, ByteBuffer bytes, int offset, int length) throws ImageException {
        if (offset < 0 || offset > bytes.capacity() - length) {
            throw bad(file, "has a damaged parent locator");
        }
        return new String(bytes.array(), offset, length, StandardCharsets.UTF_16LE);
    }

    /** The metadata region of a new disk: table and items, to be written at the region's beginning. */
    byte[] bytes() {
        byte[] region = new byte[TABLE_SIZE + (8 << 10)];
        ByteBuffer buffer = VhdxHeader.little(region);
        buffer.putLong(0, SIGNATURE);
        int[] at = {0, TABLE_SIZE};
        ByteBuffer parameters = VhdxHeader.little(new byte[8]);
        parameters.putInt(0, blockSize).putInt(4, (fixed ? 1 : 0) | (hasParent ? 2 : 0));
        add(buffer, at, FILE_PARAMETERS, REQUIRED, parameters.array());
        add(buffer, at, DISK_SIZE, REQUIRED | VIRTUAL_DISK, VhdxHeader.little(new byte[8]).putLong(0, size).array());
        ByteBuffer id = VhdxHeader.little(new byte[16]);
        VhdxHeader.put(id, 0, diskId);
        add(buffer, at, DISK_ID, REQUIRED | VIRTUAL_DISK, id.array());
        add(buffer, at, LOGICAL_SECTOR, REQUIRED | VIRTUAL_DISK, VhdxHeader.little(new byte[4]).putInt(0, logicalSector).array());
        add(buffer, at, PHYSICAL_SECTOR, REQUIRED | VIRTUAL_DISK, VhdxHeader.little(new byte[4]).putInt(0, physicalSector).array());
        if (hasParent) {
            add(buffer, at, PARENT_LOCATOR, REQUIRED, locatorBytes());
        }
        return region;
    }

    private static void add(ByteBuffer buffer, int[] at, UUID id, int flags, byte[] value) {
        int entry = 32 + 32 * at[0];
        VhdxHeader.put(buffer, entry, id);
        buffer.putInt(entry + 16, at[1]).putInt(entry + 20, value.length).putInt(entry + 24, flags);
        buffer.put(at[1], value);
        buffer.putShort(10, (short) ++at[0]);
        at[1] += (value.length + 7) / 8 * 8;
    }

    private byte[] locatorBytes() {
        int texts = 20 + 12 * locator.size();
        int length = texts;
        for (var entry : locator.entrySet()) {
            length += 2 * (entry.getKey().length() + entry.getValue().length());
        }
        ByteBuffer bytes = VhdxHeader.little(new byte[length]);
        VhdxHeader.put(bytes, 0, LOCATOR_TYPE);
        bytes.putShort(18, (short) locator.size());
        int at = 20;
        int text = texts;
        for (var entry : locator.entrySet()) {
            byte[] key = entry.getKey().getBytes(StandardCharsets.UTF_16LE);
            byte[] value = entry.getValue().getBytes(StandardCharsets.UTF_16LE);
            bytes.putInt(at, text).putInt(at + 4, text + key.length).putShort(at + 8, (short) key.length).putShort(at + 10, (short) value.length);
            bytes.put(text, key).put(text + key.length, value);
            text += key.length + value.length;
            at += 12;
        }
        return bytes.array();
    }
}
