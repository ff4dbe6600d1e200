package org.viridian.devices.emulated.pci;

/** The content of an expansion ROM; writes are ignored. */
record RomHandler(byte[] image) implements BarHandler {
    @Override
    public long readBar(int offset, int size) {
        long value = 0;
        for (int i = 0; i < size; i++) {
            long octet = offset + i < image.length ? image[offset + i] & 0xFF : 0xFF;
            value |= octet << 8 * i;
        }
        return value;
    }

    @Override
    public void writeBar(int offset, int size, long value) {
        // Read-only.
    }
}
