package org.viridian.engine.firmware;

import static org.viridian.engine.firmware.Aml.bytes;
import static org.viridian.engine.firmware.Aml.join;
import static org.viridian.engine.firmware.Aml.little;

import java.nio.charset.StandardCharsets;
import java.util.UUID;
import org.viridian.engine.memory.GuestMemory;

/**
 * SMBIOS 2.8 structures (DMTF DSP0134) with their entry point at {@link BoardMap#SMBIOS}: BIOS, system, base board,
 * chassis, processors, memory array, device and mapping, boot status.
 */
public final class Smbios {
    private static final int ENTRY_LENGTH = 31;
    private static final long STRUCTURES = BoardMap.BIOS_AREA + 64;
    private static final int MIB = 20;

    /**
     * Who the machine says it is.
     *
     * @param manufacturer system vendor
     * @param product product name
     */
    public record Identity(String manufacturer, String product) {
        /** Our own name. */
        public static final Identity VIRIDIAN = new Identity("Viridian", "Virtual Machine");
        /**
         * The names that tell {@code ata_piix} to leave hard disks to the storage VSC: only for a machine whose every disk
         * is offered on VMBus.
         */
        public static final Identity HYPER_V = new Identity("Microsoft Corporation", "Virtual Machine");
    }

    private int handle;
    private int largest;
    private int count;
    private byte[] structures = {};

    private Smbios() {}

    /** Writes the structures. */
    public static void write(GuestMemory memory, Identity identity, UUID uuid, int processors, long memoryBytes) {
        Tables tables = build(identity, uuid, processors, memoryBytes, STRUCTURES);
        memory.write(STRUCTURES, tables.structures);
        memory.write(BoardMap.BIOS_AREA, tables.anchor);
    }

    /**
     * An entry point and the structures it points to.
     *
     * @param anchor the entry point, 31 bytes
     * @param structures the structures
     */
    record Tables(byte[] anchor, byte[] structures) {}

    /** Makes the structures; {@code address} is where they will lie, 0 for firmware that decides it. */
    static Tables build(Identity identity, UUID uuid, int processors, long memoryBytes, long address) {
        return new Smbios().buildAll(identity, uuid, processors, memoryBytes, address);
    }

    private Tables buildAll(Identity identity, UUID uuid, int processors, long memoryBytes, long address) {
        add(0, join(bytes(1, 2), little(0xE800, 2), bytes(3, 0), little(1L << 3, 8), bytes(0x01, 0x0C, 1, 0, 0xFF, 0xFF)),
                "Viridian", "1.0", "01/01/2026");
        add(1, join(bytes(1, 2, 3, 4), uuidBytes(uuid), bytes(6, 0, 0)),
                identity.manufacturer, identity.product, "1.0", uuid.toString());
        add(2, bytes(1, 2, 3, 4), identity.manufacturer, identity.product, "1.0", uuid.toString());
        add(3, join(bytes(1, 3, 2, 3, 0, 3, 3, 3, 2), little(0, 4), bytes(0, 0, 0, 0, 0)),
                identity.manufacturer, "1.0", uuid.toString());
        for (int i = 0; i < processors; i++) {
            add(4, join(bytes(1, 3, 1, 2), little(0, 8), bytes(3, 0), little(0, 6), bytes(0x41, 1),
                    little(0xFFFF, 2), little(0xFFFF, 2), little(0xFFFF, 2), bytes(0, 0, 0, 1, 1, 1), little(4, 2), little(1, 2)),
                    "CPU " + i, identity.manufacturer, "1.0");
        }
        int array = handle;
        long mebibytes = memoryBytes >> MIB;
        add(16, join(bytes(1, 3, 6), little(mebibytes << 10, 4), little(0xFFFE, 2), little(1, 2), little(0, 8)));
        add(17, join(little(array, 2), little(0xFFFE, 2), little(64, 2), little(64, 2),
                little(mebibytes < 0x7FFF ? mebibytes : 0x7FFF, 2), bytes(9, 0, 1, 0, 7), little(0, 2), little(0, 2),
                bytes(2, 0, 0, 0, 0), little(mebibytes < 0x7FFF ? 0 : mebibytes, 4), little(0, 2), little(0, 6)),
                "DIMM 0", identity.manufacturer);
        add(19, join(little(0, 4), little((mebibytes << 10) - 1, 4), little(array, 2), bytes(1), little(0, 16)));
        add(32, bytes(0, 0, 0, 0, 0, 0, 0));
        add(127, bytes());

        byte[] entry = join("_SM_".getBytes(StandardCharsets.US_ASCII), bytes(0, ENTRY_LENGTH, 2, 8), little(largest, 2),
                bytes(0, 0, 0, 0, 0, 0), "_DMI_".getBytes(StandardCharsets.US_ASCII), bytes(0),
                little(structures.length, 2), little(address, 4), little(count, 2), bytes(0x28));
        entry[21] = sum(entry, 16, ENTRY_LENGTH);
        entry[4] = sum(entry, 0, ENTRY_LENGTH);
        return new Tables(entry, structures);
    }

    private static byte sum(byte[] entry, int from, int to) {
        int sum = 0;
        for (int i = from; i < to; i++) {
            sum += entry[i];
        }
        return (byte) -sum;
    }

    /** SMBIOS stores the first three fields little-endian (7.2.1). */
    private static byte[] uuidBytes(UUID uuid) {
        long high = uuid.getMostSignificantBits();
        byte[] low = new byte[8];
        for (int i = 0; i < 8; i++) {
            low[i] = (byte) (uuid.getLeastSignificantBits() >>> 56 - 8 * i);
        }
        return join(little(high >>> 32, 4), little(high >>> 16, 2), little(high, 2), low);
    }

    private void add(int type, byte[] formatted, String... strings) {
        byte[] structure = join(bytes(type, formatted.length + 4), little(handle, 2), formatted);
        for (String text : strings) {
            structure = join(structure, text.getBytes(StandardCharsets.US_ASCII), bytes(0));
        }
        structure = join(structure, strings.length == 0 ? bytes(0, 0) : bytes(0));
        structures = join(structures, structure);
        largest = Math.max(largest, structure.length);
        handle++;
        count++;
    }
}
