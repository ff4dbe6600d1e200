package org.viridian.engine.firmware;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Fits a PCI video BIOS to the adapter that carries it (PCI Firmware Specification 3.0, chapter 5): the image in the file
 * stays as it is, the copy in memory gets other ids and a new checksum.
 */
public final class VideoBios {
    private static final int SIGNATURE = 0xAA55;
    private static final int BLOCKS = 2;
    /** Inside the entry area, not executed; SeaBIOS' build puts the correcting byte there. */
    private static final int CORRECTION = 6;
    private static final int STRUCTURE_POINTER = 0x18;
    private static final int PCIR = 0x5249_4350;

    private VideoBios() {}

    /**
     * A copy of {@code image} for the adapter {@code vendor}:{@code device}.
     *
     * @throws IllegalArgumentException when the image is not a PCI expansion ROM
     */
    public static byte[] withIds(byte[] image, int vendor, int device) {
        ByteBuffer rom = ByteBuffer.wrap(image.clone()).order(ByteOrder.LITTLE_ENDIAN);
        if (image.length < 0x1C || (rom.getShort(0) & 0xFFFF) != SIGNATURE) {
            throw new IllegalArgumentException("it is not an expansion ROM");
        }
        int length = (rom.get(BLOCKS) & 0xFF) * 512;
        int structure = rom.getShort(STRUCTURE_POINTER) & 0xFFFF;
        if (length == 0 || length > image.length || structure + 8 > length || rom.getInt(structure) != PCIR) {
            throw new IllegalArgumentException("it has no PCI data structure");
        }
        rom.putShort(structure + 4, (short) vendor);
        rom.putShort(structure + 6, (short) device);
        rom.put(CORRECTION, (byte) 0);
        int sum = 0;
        for (int i = 0; i < length; i++) {
            sum += rom.get(i);
        }
        rom.put(CORRECTION, (byte) -sum);
        return rom.array();
    }
}
