package org.viridian.engine.firmware;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.viridian.engine.memory.GuestMemory;
import org.viridian.engine.memory.MemoryRegion;

/** The files for firmware: carried out as firmware does it, the script leaves tables that are right where they lie. */
class FirmwareTablesTest {
    private static final int TABLES_AT = 0x7FF_0000;
    private static final int ROOT_AT = 0xF_5000;

    private static Map<String, byte[]> files() {
        GuestMemory memory = new GuestMemory();
        for (BoardMap.Range range : BoardMap.ramAroundShadow(64 << 20)) {
            memory.add(new MemoryRegion(range.base(), Arena.ofAuto().allocate(range.size(), 4096), MemoryRegion.Kind.RAM));
        }
        return FirmwareTables.files(memory, 2, true, Smbios.Identity.VIRIDIAN, new UUID(1, 2), 64 << 20);
    }

    private static String name(ByteBuffer script, int offset) {
        byte[] name = new byte[56];
        script.get(offset, name);
        return new String(name, StandardCharsets.US_ASCII).replace("\0", "");
    }

    private static int sum(ByteBuffer data, int start, int length) {
        int sum = 0;
        for (int i = 0; i < length; i++) {
            sum += data.get(start + i);
        }
        return sum & 0xFF;
    }

    /** What a table loader does. */
    private static Map<String, ByteBuffer> run(Map<String, byte[]> files) {
        Map<String, ByteBuffer> memory = new HashMap<>();
        Map<String, Integer> places = Map.of("etc/acpi/tables", TABLES_AT, "etc/acpi/rsdp", ROOT_AT);
        ByteBuffer script = ByteBuffer.wrap(files.get("etc/table-loader")).order(ByteOrder.LITTLE_ENDIAN);
        for (int at = 0; at < script.capacity(); at += 128) {
            String file = name(script, at + 4);
            switch (script.getInt(at)) {
                case 1 -> memory.put(file, ByteBuffer.wrap(files.get(file).clone()).order(ByteOrder.LITTLE_ENDIAN));
                case 2 -> {
                    int offset = script.getInt(at + 116);
                    int place = places.get(name(script, at + 60));
                    ByteBuffer target = memory.get(file);
                    if (script.get(at + 120) == 8) {
                        target.putLong(offset, target.getLong(offset) + place);
                    } else {
                        target.putInt(offset, target.getInt(offset) + place);
                    }
                }
                case 3 -> {
                    ByteBuffer target = memory.get(file);
                    int offset = script.getInt(at + 60);
                    target.put(offset, (byte) (target.get(offset) - sum(target, script.getInt(at + 64), script.getInt(at + 68))));
                }
                default -> throw new AssertionError("command " + script.getInt(at));
            }
        }
        return memory;
    }

    @Test
    void scriptLeavesRightTables() {
        Map<String, ByteBuffer> memory = run(files());
        ByteBuffer root = memory.get("etc/acpi/rsdp");
        ByteBuffer tables = memory.get("etc/acpi/tables");
        assertEquals(0, sum(root, 0, 20));
        assertEquals(0, sum(root, 0, 36));
        int xsdt = (int) root.getLong(24) - TABLES_AT;
        assertEquals(0, sum(tables, xsdt, tables.getInt(xsdt + 4)));
        for (int entry = xsdt + 36; entry < xsdt + tables.getInt(xsdt + 4); entry += 8) {
            int table = (int) tables.getLong(entry) - TABLES_AT;
            assertEquals(0, sum(tables, table, tables.getInt(table + 4)));
        }
        int fadt = (int) tables.getLong(xsdt + 36) - TABLES_AT;
        assertEquals(0x5444_5344, tables.getInt((int) tables.getLong(fadt + 140) - TABLES_AT), "DSDT");
        int facs = tables.getInt(fadt + 36) - TABLES_AT;
        assertEquals(0x5343_4146, tables.getInt(facs));
        assertEquals(0, facs & 63);
    }

    @Test
    void memoryMapHoldsRamOnceAndTheReservedPages() {
        ByteBuffer map = ByteBuffer.wrap(files().get("etc/e820")).order(ByteOrder.LITTLE_ENDIAN);
        assertEquals(40, map.capacity());
        assertEquals(0, map.getLong(0));
        assertEquals(64 << 20, map.getLong(8));
        assertEquals(2, map.getInt(36));
    }

    @Test
    void videoBiosGetsIdsAndStaysSummingToZero() {
        byte[] image = new byte[1024];
        ByteBuffer rom = ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN);
        rom.putShort(0, (short) 0xAA55).put(2, (byte) 2).putShort(0x18, (short) 0x40).putInt(0x40, 0x5249_4350)
                .putShort(0x44, (short) 0x1234).putShort(0x46, (short) 0x1111);
        byte[] before = image.clone();
        ByteBuffer patched = ByteBuffer.wrap(VideoBios.withIds(image, 0x5333, 0x8811)).order(ByteOrder.LITTLE_ENDIAN);
        assertArrayEquals(before, image, "the file's bytes stay");
        assertEquals(0x5333, patched.getShort(0x44));
        assertEquals((short) 0x8811, patched.getShort(0x46));
        assertEquals(0, sum(patched, 0, 1024));
    }

    @Test
    void whatIsNoPciRomIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> VideoBios.withIds(new byte[512], 1, 2));
        byte[] plain = new byte[512];
        plain[0] = 0x55;
        plain[1] = (byte) 0xAA;
        plain[2] = 1;
        assertThrows(IllegalArgumentException.class, () -> VideoBios.withIds(plain, 1, 2));
    }
}
