package org.viridian.devices.emulated.pci;

import java.util.Arrays;

/**
 * The configuration space of one PCI function (PCI Local Bus 3.0, chapter 6): 256 bytes, each with a mask of what the
 * guest may write. Subclasses declare registers and react to {@link #written}.
 *
 * <p>Thread rule: under the device lock.
 */
public abstract class PciFunction {
    /** Bytes of configuration space. */
    public static final int SIZE = 256;

    private static final int COMMAND = 0x04;
    private static final int BAR0 = 0x10;
    private static final int BARS = 6;
    private static final int COMMAND_IO = 1;
    private static final int COMMAND_MEMORY = 2;

    /** Volatile state. */
    public record State(byte[] config) {}

    private final byte[] initial = new byte[SIZE];
    private final byte[] writable = new byte[SIZE];
    private final byte[] clearedByOne = new byte[SIZE];
    private final int[] barSizes = new int[BARS];
    private final byte[] config = new byte[SIZE];

    /**
     * @param vendor vendor id
     * @param device device id
     * @param revision revision id
     * @param classCode base class, sub-class, interface: 24 bits
     */
    protected PciFunction(int vendor, int device, int revision, int classCode) {
        define(0x00, 2, vendor, 0);
        define(0x02, 2, device, 0);
        define(0x08, 4, classCode << 8 | revision, 0);
        define(0x3C, 1, 0, 0xFF);
    }

    /** Declares a little-endian register: its value at reset and which bits the guest may write. */
    protected final void define(int offset, int size, int value, int writableBits) {
        for (int i = 0; i < size; i++) {
            initial[offset + i] = (byte) (value >>> 8 * i);
            writable[offset + i] = (byte) (writableBits >>> 8 * i);
            config[offset + i] = initial[offset + i];
        }
    }

    /** Declares bits that a write of one clears. */
    protected final void defineClearedByOne(int offset, int size, int bits) {
        for (int i = 0; i < size; i++) {
            clearedByOne[offset + i] = (byte) (bits >>> 8 * i);
        }
    }

    /** Declares a base address register of {@code size} bytes (a power of two); the low bits say I/O or memory. */
    protected final void defineBar(int index, int size, boolean io) {
        barSizes[index] = size;
        define(BAR0 + 4 * index, 4, io ? 1 : 0, -size & (io ? ~3 : ~15));
    }

    /** Reads {@code size} bytes (1, 2, 4) inside the space. */
    public final int read(int offset, int size) {
        int value = 0;
        for (int i = 0; i < size && offset + i < SIZE; i++) {
            value |= (config[offset + i] & 0xFF) << 8 * i;
        }
        return value;
    }

    /** Writes what is writable of {@code size} bytes. */
    public final void write(int offset, int size, int value) {
        for (int i = 0; i < size && offset + i < SIZE; i++) {
            int at = offset + i;
            int mask = writable[at];
            int next = value >>> 8 * i;
            config[at] = (byte) (config[at] & ~mask & ~(next & clearedByOne[at]) | next & mask);
        }
        written(offset, size);
    }

    /** The guest has written these bytes; not called for a reset, see {@link #reset}. */
    protected abstract void written(int offset, int size);

    /** Where a base address register decodes now, or -1 when its decoder is off or the guest is sizing it. */
    protected final long barAddress(int index) {
        int bar = read(BAR0 + 4 * index, 4);
        boolean io = (bar & 1) != 0;
        int command = read(COMMAND, 2);
        if (barSizes[index] == 0 || (command & (io ? COMMAND_IO : COMMAND_MEMORY)) == 0) {
            return -1;
        }
        long address = (bar & (io ? ~3 : ~15)) & 0xFFFF_FFFFL;
        return address == 0 || address == (-barSizes[index] & 0xFFFF_FFFFL) ? -1 : address;
    }

    /** Returns every register to its value at reset. */
    public void reset() {
        System.arraycopy(initial, 0, config, 0, SIZE);
    }

    final State save() {
        return new State(config.clone());
    }

    /** Takes back saved registers; constant bits stay as declared. */
    final void restore(State state) {
        if (state == null || state.config == null || state.config.length != SIZE) {
            throw new IllegalArgumentException("PCI state has not 256 bytes");
        }
        byte[] next = initial.clone();
        for (int i = 0; i < SIZE; i++) {
            int mask = writable[i] | clearedByOne[i];
            next[i] = (byte) (next[i] & ~mask | state.config[i] & mask);
        }
        System.arraycopy(next, 0, config, 0, SIZE);
        restored();
    }

    /** All registers have been replaced. */
    protected void restored() {
        written(0, SIZE);
    }

    @Override
    public final String toString() {
        return "%04x:%04x".formatted(read(0, 2), read(2, 2)) + (Arrays.equals(config, initial) ? "" : " (configured)");
    }
}
