package org.viridian.engine.firmware;

import static org.viridian.engine.firmware.Aml.bytes;
import static org.viridian.engine.firmware.Aml.join;
import static org.viridian.engine.firmware.Aml.little;

import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import org.viridian.engine.memory.GuestMemory;
import org.viridian.engine.memory.MemoryRegion;

/**
 * ACPI, SMBIOS and the memory map as files for firmware that places them itself: the names and the table loader's script
 * are those of QEMU's fw_cfg (QEMU, docs/specs/fw_cfg and hw/acpi/bios-linker-loader; SeaBIOS, src/fw/romfile_loader.h).
 */
public final class FirmwareTables {
    private static final String ROOT = "etc/acpi/rsdp";
    private static final String TABLES = "etc/acpi/tables";
    private static final int NAME = 56;
    private static final int RECORD = 128;
    private static final int ALLOCATE = 1;
    private static final int ADD_POINTER = 2;
    private static final int ADD_CHECKSUM = 3;
    private static final int ZONE_HIGH = 1;
    private static final int ZONE_F_SEGMENT = 2;
    private static final int E820_RAM = 1;
    private static final int E820_RESERVED = 2;

    private FirmwareTables() {}

    /**
     * Makes the files.
     *
     * @param memory the VM's memory, complete
     * @param processors number of processors
     * @param vmbus whether the partition has VMBus
     * @param identity who the machine says it is
     * @param uuid the machine's id
     * @param memoryBytes RAM
     */
    public static Map<String, byte[]> files(GuestMemory memory, int processors, boolean vmbus, Smbios.Identity identity,
            UUID uuid, long memoryBytes) {
        Map<String, byte[]> files = new LinkedHashMap<>();
        AcpiBlob acpi = AcpiTables.build(processors, vmbus, BoardMap.MMIO_FIRMWARE, AcpiTables.highWindowIsFree(memory));
        files.put(ROOT, acpi.root());
        files.put(TABLES, acpi.tables());
        files.put("etc/table-loader", script(acpi));
        Smbios.Tables smbios = Smbios.build(identity, uuid, processors, memoryBytes, 0);
        files.put("etc/smbios/smbios-anchor", smbios.anchor());
        files.put("etc/smbios/smbios-tables", smbios.structures());
        files.put("etc/e820", memoryMap(memory));
        return files;
    }

    /** The script by which firmware places the tables: room for both files, then the pointers, then the sums. */
    private static byte[] script(AcpiBlob acpi) {
        byte[] script = join(
                command(ALLOCATE, name(ROOT), little(16, 4), bytes(ZONE_F_SEGMENT)),
                command(ALLOCATE, name(TABLES), little(64, 4), bytes(ZONE_HIGH)));
        for (AcpiBlob.Pointer pointer : acpi.pointers()) {
            script = join(script, command(ADD_POINTER, name(file(pointer.inRoot())), name(TABLES), little(pointer.offset(), 4),
                    bytes(pointer.size())));
        }
        for (AcpiBlob.Checksum sum : acpi.checksums()) {
            script = join(script, command(ADD_CHECKSUM, name(file(sum.inRoot())), little(sum.offset(), 4), little(sum.start(), 4),
                    little(sum.length(), 4)));
        }
        return script;
    }

    private static String file(boolean root) {
        return root ? ROOT : TABLES;
    }

    private static byte[] name(String file) {
        return java.util.Arrays.copyOf(file.getBytes(StandardCharsets.US_ASCII), NAME);
    }

    private static byte[] command(int code, byte[]... parts) {
        return java.util.Arrays.copyOf(join(little(code, 4), join(parts)), RECORD);
    }

    /** RAM from 0 on; firmware takes out of it what it keeps for itself. */
    private static byte[] memoryMap(GuestMemory memory) {
        byte[] map = entry(0, BoardMap.lowMemoryEnd(memory), E820_RAM);
        for (MemoryRegion region : memory.regions()) {
            if (region.base() >= BoardMap.HIGH_MEMORY && region.kind() == MemoryRegion.Kind.RAM) {
                map = join(map, entry(region.base(), region.size(), E820_RAM));
            }
        }
        return join(map, entry(BoardMap.KVM_PAGES, BoardMap.KVM_PAGES_SIZE, E820_RESERVED));
    }

    private static byte[] entry(long base, long size, int type) {
        return join(little(base, 8), little(size, 8), little(type, 4));
    }
}
