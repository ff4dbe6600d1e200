package org.viridian.engine.firmware;

import static org.viridian.engine.firmware.Aml.bytes;
import static org.viridian.engine.firmware.Aml.device;
import static org.viridian.engine.firmware.Aml.dwordMemory;
import static org.viridian.engine.firmware.Aml.eisaId;
import static org.viridian.engine.firmware.Aml.integer;
import static org.viridian.engine.firmware.Aml.io;
import static org.viridian.engine.firmware.Aml.irq;
import static org.viridian.engine.firmware.Aml.join;
import static org.viridian.engine.firmware.Aml.little;
import static org.viridian.engine.firmware.Aml.name;
import static org.viridian.engine.firmware.Aml.packageOf;
import static org.viridian.engine.firmware.Aml.qwordMemory;
import static org.viridian.engine.firmware.Aml.resources;
import static org.viridian.engine.firmware.Aml.scope;
import static org.viridian.engine.firmware.Aml.string;
import static org.viridian.engine.firmware.Aml.wordBus;
import static org.viridian.engine.firmware.Aml.wordIo;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.viridian.engine.memory.GuestMemory;

/**
 * The ACPI tables of the board (ACPI 6.5, chapter 5): RSDP, RSDT, XSDT, FADT, FACS, MADT, DSDT, WAET, written to
 * {@link BoardMap#ACPI_AREA} or handed to firmware that places them. The VMBus node stands below the ISA bridge, as on a generation 1 machine; its MMIO window is the
 * PCI host's memory window.
 */
public final class AcpiTables {
    private static final int HEADER = 36;
    private static final int FADT_LENGTH = 244;
    private static final long FACS_SIZE = 64;
    private static final int IO_SPACE = 1;
    private static final byte[] OEM = "VIRIDN".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] OEM_TABLE = "VIRIDIAN".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] CREATOR = "VRDN".getBytes(StandardCharsets.US_ASCII);

    // FADT flags (5.2.9): WBINVD works, C1 on all processors, no sleep button, reset register present.
    private static final int FADT_FLAGS = 1 | 1 << 2 | 1 << 5 | 1 << 10;
    // IA-PC boot architecture: legacy devices, 8042.
    private static final int BOOT_ARCHITECTURE = 3;
    private static final int HARD_RESET = 0x06;
    private static final int SLOTS = 32;
    private static final int PINS = 4;
    private static final int ANY_FUNCTION = 0xFFFF;

    private AcpiTables() {}

    /**
     * Writes the tables.
     *
     * @param memory the VM's memory
     * @param processors number of processors, local APIC ids from 0
     * @param vmbus whether the partition has VMBus
     * @return guest physical address of the RSDP
     */
    public static long write(GuestMemory memory, int processors, boolean vmbus) {
        long rsdp = BoardMap.ACPI_AREA;
        long tables = BoardMap.ACPI_AREA + 64;
        AcpiBlob placed = build(processors, vmbus, BoardMap.MMIO_LOW, highWindowIsFree(memory)).placedAt(tables);
        if (tables + placed.tables().length > BoardMap.BIOS_AREA) {
            throw new IllegalStateException("ACPI tables need %d bytes".formatted(placed.tables().length));
        }
        memory.write(tables, placed.tables());
        memory.write(rsdp, placed.root());
        return rsdp;
    }

    /**
     * Makes the tables for whoever places them.
     *
     * @param processors number of processors, local APIC ids from 0
     * @param vmbus whether the partition has VMBus
     * @param lowWindow first byte of the PCI host's memory window below 4 GiB
     * @param highWindow whether the window above RAM exists
     */
    static AcpiBlob build(int processors, boolean vmbus, long lowWindow, boolean highWindow) {
        byte[] facs = new byte[(int) FACS_SIZE];
        System.arraycopy("FACS".getBytes(StandardCharsets.US_ASCII), 0, facs, 0, 4);
        facs[4] = (byte) FACS_SIZE;
        facs[32] = 2;

        Layout layout = new Layout();
        layout.add(facs);
        int dsdt = layout.add(table("DSDT", 2, dsdt(vmbus, lowWindow, highWindow)));
        int fadt = layout.add(table("FACP", 3, fadt(0, dsdt)));
        layout.pointer(fadt, 36, 4);
        layout.pointer(fadt, 40, 4);
        layout.pointer(fadt, 140, 8);
        int madt = layout.add(table("APIC", 3, madt(processors)));
        // RTC needs no workaround, PM timer needs one read (WAET specification).
        int waet = layout.add(table("WAET", 1, little(3, 4)));
        int rsdt = layout.add(table("RSDT", 1, join(little(fadt, 4), little(madt, 4), little(waet, 4))));
        int xsdt = layout.add(table("XSDT", 1, join(little(fadt, 8), little(madt, 8), little(waet, 8))));
        for (int entry = 0; entry < 3; entry++) {
            layout.pointer(rsdt, HEADER + 4 * entry, 4);
            layout.pointer(xsdt, HEADER + 8 * entry, 8);
        }

        byte[] root = join("RSD PTR ".getBytes(StandardCharsets.US_ASCII), bytes(0), OEM, bytes(2), little(rsdt, 4),
                little(HEADER, 4), little(xsdt, 8), bytes(0, 0, 0, 0));
        layout.pointers.add(new AcpiBlob.Pointer(true, 16, 4));
        layout.pointers.add(new AcpiBlob.Pointer(true, 24, 8));
        layout.checksums.add(new AcpiBlob.Checksum(true, 8, 0, 20));
        layout.checksums.add(new AcpiBlob.Checksum(true, 32, 0, HEADER));
        return new AcpiBlob(root, layout.bytes.toByteArray(), List.copyOf(layout.pointers), List.copyOf(layout.checksums));
    }

    /** Tables one behind the other, with what has to be done to them once their place is known. */
    private static final class Layout {
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        private final List<AcpiBlob.Pointer> pointers = new ArrayList<>();
        private final List<AcpiBlob.Checksum> checksums = new ArrayList<>();
        private final Map<Integer, Integer> lengths = new HashMap<>();

        /** Appends a table at a multiple of 16 and returns its offset. */
        private int add(byte[] table) {
            bytes.writeBytes(new byte[-bytes.size() & 15]);
            int at = bytes.size();
            bytes.writeBytes(table);
            lengths.put(at, table.length);
            return at;
        }

        private void pointer(int table, int offset, int size) {
            pointers.add(new AcpiBlob.Pointer(false, table + offset, size));
            AcpiBlob.Checksum checksum = new AcpiBlob.Checksum(false, table + 9, table, lengths.get(table));
            if (!checksums.contains(checksum)) {
                checksums.add(checksum);
            }
        }
    }

    private static byte checksum(byte[] table, int length) {
        int sum = 0;
        for (int i = 0; i < length; i++) {
            sum += table[i];
        }
        return (byte) -sum;
    }

    private static byte[] table(String signature, int revision, byte[] body) {
        byte[] table = join(signature.getBytes(StandardCharsets.US_ASCII), little(HEADER + body.length, 4),
                bytes(revision, 0), OEM, OEM_TABLE, little(1, 4), CREATOR, little(1, 4), body);
        table[9] = checksum(table, table.length);
        return table;
    }

    private static byte[] fadt(long facs, long dsdt) {
        byte[] fadt = new byte[FADT_LENGTH];
        put(fadt, 36, facs, 4);
        put(fadt, 40, dsdt, 4);
        put(fadt, 45, 1, 1);
        put(fadt, 46, BoardMap.SCI, 2);
        put(fadt, 56, BoardMap.PM_BASE, 4);
        put(fadt, 64, BoardMap.PM_BASE + 4, 4);
        put(fadt, 76, BoardMap.PM_BASE + 8, 4);
        put(fadt, 80, BoardMap.PM_BASE + 0xC, 4);
        put(fadt, 88, 4, 1);
        put(fadt, 89, 2, 1);
        put(fadt, 91, 4, 1);
        put(fadt, 92, 4, 1);
        put(fadt, 96, 0xFFF, 2);
        put(fadt, 98, 0xFFF, 2);
        put(fadt, 108, 0x32, 1);
        put(fadt, 109, BOOT_ARCHITECTURE, 2);
        put(fadt, 112, FADT_FLAGS, 4);
        generalAddress(fadt, 116, BoardMap.RESET_PORT, 8, 1);
        put(fadt, 128, HARD_RESET, 1);
        put(fadt, 140, dsdt, 8);
        generalAddress(fadt, 148, BoardMap.PM_BASE, 32, 0);
        generalAddress(fadt, 172, BoardMap.PM_BASE + 4, 16, 0);
        generalAddress(fadt, 208, BoardMap.PM_BASE + 8, 32, 0);
        generalAddress(fadt, 220, BoardMap.PM_BASE + 0xC, 32, 0);
        return Arrays.copyOfRange(fadt, HEADER, FADT_LENGTH);
    }

    private static void put(byte[] table, int offset, long value, int size) {
        System.arraycopy(little(value, size), 0, table, offset, size);
    }

    /** A Generic Address Structure in I/O space (5.2.3.2). */
    private static void generalAddress(byte[] table, int offset, int port, int bits, int accessSize) {
        put(table, offset, IO_SPACE, 1);
        put(table, offset + 1, bits, 1);
        put(table, offset + 3, accessSize, 1);
        put(table, offset + 4, port, 8);
    }

    private static byte[] madt(int processors) {
        byte[] body = join(little(BoardMap.LOCAL_APIC, 4), little(1, 4));
        for (int id = 0; id < processors; id++) {
            body = join(body, bytes(0, 8, id, id), little(1, 4));
        }
        return join(body,
                bytes(1, 12, 0, 0), little(BoardMap.IO_APIC, 4), little(0, 4),
                // The timer arrives at GSI 2; the SCI is level-triggered, active high.
                bytes(2, 10, 0, 0), little(BoardMap.TIMER_INPUT, 4), little(0, 2),
                bytes(2, 10, 0, BoardMap.SCI), little(BoardMap.SCI, 4), little(0xD, 2),
                // So are the two that PCI devices share.
                bytes(2, 10, 0, 10), little(10, 4), little(0xD, 2),
                bytes(2, 10, 0, 11), little(11, 4), little(0xD, 2),
                bytes(4, 6, 0xFF, 0, 0, 1));
    }

    /** The window above RAM exists unless RAM reaches it. */
    static boolean highWindowIsFree(GuestMemory memory) {
        return memory.regions().stream().allMatch(region -> region.end() <= BoardMap.MMIO_HIGH);
    }

    private static byte[] dsdt(boolean vmbus, long lowWindow, boolean highWindow) {
        byte[] isa = device("ISA0",
                name("_ADR", integer(0x0007_0000)),
                device("KBD0", name("_HID", eisaId("PNP0303")), name("_CRS", resources(io(0x60, 1), io(0x64, 1), irq(BoardMap.KEYBOARD_IRQ)))),
                device("MOU0", name("_HID", eisaId("PNP0F13")), name("_CRS", resources(irq(BoardMap.MOUSE_IRQ)))),
                serial("COM1", 0, BoardMap.COM_PORTS.get(0), BoardMap.COM_IRQS.get(0)),
                serial("COM2", 1, BoardMap.COM_PORTS.get(1), BoardMap.COM_IRQS.get(1)),
                device("RTC0", name("_HID", eisaId("PNP0B00")), name("_CRS", resources(io(0x70, 2), irq(BoardMap.RTC_IRQ)))),
                // Ports of the board itself, so that nothing else is placed on them.
                device("MBRS", name("_HID", eisaId("PNP0C02")), name("_CRS", resources(
                        io(BoardMap.PM_BASE, 64), io(BoardMap.PM_BASE + 0x100, 16), io(0x4D0, 2), io(0xB2, 2)))),
                vmbus ? vmbusDevice() : bytes());
        byte[] host = device("PCI0",
                name("_HID", eisaId("PNP0A03")),
                name("_BBN", integer(0)),
                name("_CRS", resources(
                        wordBus(0, 0xFF),
                        io(0xCF8, 8),
                        wordIo(0, 0xCF7),
                        wordIo(0xD00, 0xFFFF),
                        dwordMemory(0xA0000, 0xBFFFF),
                        dwordMemory(lowWindow, BoardMap.MMIO_LOW_END - 1),
                        highWindow ? qwordMemory(BoardMap.MMIO_HIGH, BoardMap.MMIO_HIGH_END - 1) : bytes())),
                name("_PRT", interruptRouting()),
                isa);
        byte[] powerOff = name("_S5_", packageOf(integer(0), integer(0), integer(0), integer(0)));
        return join(scope("\\_SB_", host), powerOff);
    }

    /** Which input the pins of each slot reach: the same wires as the PIRQ registers route without firmware. */
    private static byte[] interruptRouting() {
        byte[][] entries = new byte[SLOTS * PINS][];
        for (int slot = 0; slot < SLOTS; slot++) {
            for (int pin = 0; pin < PINS; pin++) {
                entries[slot * PINS + pin] = packageOf(integer((long) slot << 16 | ANY_FUNCTION), integer(pin), integer(0),
                        integer(BoardMap.PCI_IRQS.get((slot + pin) % PINS)));
            }
        }
        return packageOf(entries);
    }

    private static byte[] serial(String segment, int uid, int base, int irq) {
        return device(segment, name("_HID", eisaId("PNP0501")), name("_UID", integer(uid)),
                name("_CRS", resources(io(base, 8), irq(irq))));
    }

    private static byte[] vmbusDevice() {
        return device("VMBS",
                name("_HID", string("VMBus")),
                name("_UID", integer(0)),
                name("_STA", integer(0xF)),
                name("_CRS", resources(irq(BoardMap.VMBUS_IRQ))));
    }
}
