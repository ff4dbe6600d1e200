package org.viridian.engine.firmware;

import java.util.List;

/**
 * ACPI tables that do not know yet where they will lie: pointer fields hold offsets into {@code tables}, and every
 * checksum over a table with pointers is still to be made.
 *
 * @param root the RSDP, 36 bytes
 * @param tables all other tables, to be placed at a multiple of 64 bytes; the FACS at offset 0
 * @param pointers fields to which the address of {@code tables} is to be added
 * @param checksums bytes to be set once the pointers are right
 */
record AcpiBlob(byte[] root, byte[] tables, List<Pointer> pointers, List<Checksum> checksums) {
    /**
     * A pointer into the tables.
     *
     * @param inRoot in the RSDP, else in the tables
     * @param offset of the field
     * @param size 4 or 8 bytes
     */
    record Pointer(boolean inRoot, int offset, int size) {}

    /**
     * A byte that makes a run of bytes sum to zero.
     *
     * @param inRoot in the RSDP, else in the tables
     * @param offset of the byte
     * @param start first byte of the sum
     * @param length bytes in the sum
     */
    record Checksum(boolean inRoot, int offset, int start, int length) {}

    /** The same tables as they must be when {@code tables} lies at this address; nothing is left to be done to them. */
    AcpiBlob placedAt(long address) {
        byte[] movedRoot = root.clone();
        byte[] movedTables = tables.clone();
        for (Pointer pointer : pointers) {
            byte[] target = pointer.inRoot ? movedRoot : movedTables;
            long value = address;
            for (int i = 0; i < pointer.size; i++) {
                value += (target[pointer.offset + i] & 0xFFL) << 8 * i;
            }
            for (int i = 0; i < pointer.size; i++) {
                target[pointer.offset + i] = (byte) (value >>> 8 * i);
            }
        }
        for (Checksum checksum : checksums) {
            byte[] target = checksum.inRoot ? movedRoot : movedTables;
            target[checksum.offset] = 0;
            int sum = 0;
            for (int i = 0; i < checksum.length; i++) {
                sum += target[checksum.start + i];
            }
            target[checksum.offset] = (byte) -sum;
        }
        return new AcpiBlob(movedRoot, movedTables, List.of(), List.of());
    }
}
