package org.viridian.engine.firmware;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The ACPI tables of the board (ACPI 6.5, chapter 5): RSDP, RSDT, XSDT, FADT, FACS, MADT and DSDT, with their addresses
 * resolved.
 *
 * @param rsdpAddress where {@link #rsdp} goes
 * @param rsdp the root pointer, 36 bytes
 * @param tablesAddress where {@link #tables} goes
 * @param tables all other tables
 */
public record AcpiTables(long rsdpAddress, byte[] rsdp, long tablesAddress, byte[] tables) {
    private static final String OEM_ID = "VIRIDN";
    private static final String OEM_TABLE_ID = "VIRIDIAN";
    private static final int RSDP_SIZE = 36;
    private static final int RSDP_V1_SIZE = 20;
    private static final int HEADER_SIZE = 36;
    private static final int FADT_SIZE = 244;
    private static final int FACS_SIZE = 64;
    private static final int ALIGNMENT = 64;

    /** FADT flags: WBINVD, C1 works, sleep button absent, reset register. The power button is the fixed one. */
    private static final int FADT_FLAGS = 1 | 1 << 2 | 1 << 5 | 1 << 10;
    /** Legacy devices and a keyboard controller exist. */
    private static final int BOOT_ARCHITECTURE = 3;
    private static final int HARD_RESET = 0x06;
    private static final int SYSTEM_IO = 1;
    private static final int BYTE_ACCESS = 1;
    private static final int WORD_ACCESS = 2;
    private static final int DWORD_ACCESS = 3;
    private static final int CENTURY_REGISTER = 0x32;
    /** Latencies that say "no C2" and "no C3". */
    private static final int NO_C2 = 0x0FFF;
    private static final int NO_C3 = 0x0FFF;

    /** Active high, level-triggered. */
    private static final int LEVEL_HIGH = 0x000D;
    private static final int PCAT_COMPATIBLE = 1;

    /** Tables at {@link BoardMap#ACPI_AREA}, the RSDP at the start of {@link BoardMap#BIOS_AREA}. */
    public static AcpiTables build(BoardDescription board) {
        return build(board, BoardMap.BIOS_AREA, BoardMap.ACPI_AREA);
    }

    static AcpiTables build(BoardDescription board, long rsdpAddress, long tablesAddress) {
        Blob blob = new Blob(tablesAddress);
        int facs = blob.add(facs());
        int dsdt = blob.add(table("DSDT", 2, Dsdt.body(board)));
        int fadt = blob.add(fadt(board, blob.address(facs), blob.address(dsdt)));
        int madt = blob.add(madt(board));
        List<Long> list = List.of(blob.address(fadt), blob.address(madt));
        int rsdt = blob.add(rootTable("RSDT", 4, list));
        int xsdt = blob.add(rootTable("XSDT", 8, list));
        byte[] tables = blob.bytes();
        if (tablesAddress == BoardMap.ACPI_AREA && tables.length > BoardMap.BIOS_AREA - BoardMap.ACPI_AREA) {
            throw new IllegalStateException("ACPI tables of %d bytes".formatted(tables.length));
        }
        return new AcpiTables(rsdpAddress, rsdp(blob.address(rsdt), blob.address(xsdt)), tablesAddress, tables);
    }

    private static byte[] rsdp(long rsdt, long xsdt) {
        ByteBuffer b = buffer(RSDP_SIZE);
        b.put(ascii("RSD PTR ", 8)).put((byte) 0).put(ascii(OEM_ID, 6)).put((byte) 2).putInt((int) rsdt).putInt(RSDP_SIZE)
                .putLong(xsdt);
        byte[] rsdp = b.array();
        rsdp[8] = checksum(rsdp, RSDP_V1_SIZE);
        rsdp[32] = checksum(rsdp, RSDP_SIZE);
        return rsdp;
    }

    private static byte[] rootTable(String signature, int width, List<Long> tables) {
        ByteBuffer b = buffer(tables.size() * width);
        for (long address : tables) {
            if (width == 4) {
                b.putInt((int) address);
            } else {
                b.putLong(address);
            }
        }
        return table(signature, 1, b.array());
    }

    private static byte[] facs() {
        ByteBuffer b = buffer(FACS_SIZE);
        b.put(ascii("FACS", 4)).putInt(FACS_SIZE).put(32, (byte) 1);
        return b.array();
    }

    private static byte[] fadt(BoardDescription board, long facs, long dsdt) {
        // Offsets are those of the whole table, header included.
        ByteBuffer b = buffer(FADT_SIZE);
        int pm = board.pmBase();
        b.putInt(36, (int) facs).putInt(40, (int) dsdt);
        b.put(45, (byte) 1);
        b.putShort(46, (short) BoardMap.SCI);
        // SMI_CMD 0: the machine is always in ACPI mode.
        b.putInt(56, pm).putInt(64, pm + 4).putInt(76, pm + 8).putInt(80, pm + 0xC);
        b.put(88, (byte) 4).put(89, (byte) 2).put(91, (byte) 4).put(92, (byte) 4);
        b.putShort(96, (short) NO_C2).putShort(98, (short) NO_C3);
        b.put(108, (byte) CENTURY_REGISTER);
        b.putShort(109, (short) BOOT_ARCHITECTURE);
        b.putInt(112, FADT_FLAGS);
        address(b, 116, 8, BYTE_ACCESS, BoardMap.RESET_PORT);
        b.put(128, (byte) HARD_RESET);
        b.putLong(140, dsdt);
        address(b, 148, 32, WORD_ACCESS, pm);
        address(b, 172, 16, WORD_ACCESS, pm + 4);
        address(b, 208, 32, DWORD_ACCESS, pm + 8);
        address(b, 220, 32, BYTE_ACCESS, pm + 0xC);
        // X_FIRMWARE_CTRL stays 0: the FACS is named once, in the 32-bit field.
        return table("FACP", 3, Arrays.copyOfRange(b.array(), HEADER_SIZE, FADT_SIZE));
    }

    /** A Generic Address Structure in I/O space. */
    private static void address(ByteBuffer b, int offset, int bits, int access, int port) {
        b.put(offset, (byte) SYSTEM_IO).put(offset + 1, (byte) bits).put(offset + 2, (byte) 0).put(offset + 3, (byte) access)
                .putLong(offset + 4, port);
    }

    private static byte[] madt(BoardDescription board) {
        ByteBuffer b = buffer(8 + 8 * board.processors() + 12 + 10 * (1 + 4) + 6);
        b.putInt((int) BoardMap.LOCAL_APIC).putInt(PCAT_COMPATIBLE);
        for (int i = 0; i < board.processors(); i++) {
            b.put((byte) 0).put((byte) 8).put((byte) i).put((byte) i).putInt(1);
        }
        b.put((byte) 1).put((byte) 12).put((byte) 0).put((byte) 0).putInt((int) BoardMap.IO_APIC).putInt(0);
        override(b, 0, BoardMap.TIMER_INPUT, 0);
        for (int irq : List.of(BoardMap.SCI, 10, 11)) {
            override(b, irq, irq, LEVEL_HIGH);
        }
        // LINT1 of every processor is NMI.
        b.put((byte) 4).put((byte) 6).put((byte) 0xFF).putShort((short) 0).put((byte) 1);
        return table("APIC", 1, Arrays.copyOf(b.array(), b.position()));
    }

    private static void override(ByteBuffer b, int irq, int input, int flags) {
        b.put((byte) 2).put((byte) 10).put((byte) 0).put((byte) irq).putInt(input).putShort((short) flags);
    }

    private static byte[] table(String signature, int revision, byte[] body) {
        ByteBuffer b = buffer(HEADER_SIZE + body.length);
        b.put(ascii(signature, 4)).putInt(HEADER_SIZE + body.length).put((byte) revision).put((byte) 0).put(ascii(OEM_ID, 6))
                .put(ascii(OEM_TABLE_ID, 8)).putInt(1).put(ascii("VRDN", 4)).putInt(1).put(body);
        byte[] table = b.array();
        table[9] = checksum(table, table.length);
        return table;
    }

    static byte checksum(byte[] bytes, int length) {
        int sum = 0;
        for (int i = 0; i < length; i++) {
            sum += bytes[i];
        }
        return (byte) -sum;
    }

    private static byte[] ascii(String text, int length) {
        byte[] bytes = new byte[length];
        Arrays.fill(bytes, (byte) ' ');
        byte[] characters = text.getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(characters, 0, bytes, 0, Math.min(length, characters.length));
        return bytes;
    }

    private static ByteBuffer buffer(int size) {
        return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** Tables one behind the other, each at a multiple of 64, as the FACS needs it. */
    private static final class Blob {
        private final long base;
        private final List<byte[]> parts = new ArrayList<>();
        private int size;

        private Blob(long base) {
            this.base = base;
        }

        private int add(byte[] table) {
            int offset = size;
            parts.add(table);
            size = offset + table.length + ALIGNMENT - 1 & -ALIGNMENT;
            return offset;
        }

        private long address(int offset) {
            return base + offset;
        }

        private byte[] bytes() {
            byte[] all = new byte[size];
            int offset = 0;
            for (byte[] part : parts) {
                System.arraycopy(part, 0, all, offset, part.length);
                offset = offset + part.length + ALIGNMENT - 1 & -ALIGNMENT;
            }
            return all;
        }
    }
}
