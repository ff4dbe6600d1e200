package org.viridian.devices.emulated.pci;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.viridian.engine.interrupt.InterruptLine;

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
    private static final int ROM_BAR = 0x30;
    /** The expansion ROM's place among the windows. */
    private static final int ROM_WINDOW = BARS;
    private static final int INTERRUPT_PIN = 0x3D;
    private static final int COMMAND_IO = 1;
    private static final int COMMAND_MEMORY = 2;
    private static final int COMMAND_MASTER = 4;

    /** Volatile state. */
    public record State(byte[] config) {}

    private final byte[] initial = new byte[SIZE];
    private final byte[] writable = new byte[SIZE];
    private final byte[] clearedByOne = new byte[SIZE];
    private final int[] barSizes = new int[BARS];
    private final PciWindow[] windows = new PciWindow[BARS + 1];
    private final byte[] config = new byte[SIZE];
    private PciHost host;
    private PciDma dma;
    private InterruptLine interrupt;

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

    /** Declares a BAR in I/O space whose ports {@code handler} answers wherever the guest places it. */
    protected final void ioBar(int index, int size, BarHandler handler) {
        defineBar(index, size, true);
        windows[index] = PciWindow.io(size, handler);
    }

    /** Declares a BAR in memory space, of at least 4 KiB, that {@code handler} answers. */
    protected final void memoryBar(int index, int size, BarHandler handler) {
        defineBar(index, size, false);
        windows[index] = PciWindow.memory(size, handler, null);
    }

    /**
     * Declares a BAR in memory space whose first bytes are {@code direct}: the processors reach them without an exit.
     * {@code handler} answers the rest.
     */
    protected final void memoryBar(int index, int size, BarHandler handler, MemorySegment direct) {
        defineBar(index, size, false);
        windows[index] = PciWindow.memory(size, handler, direct);
    }

    /** Declares the expansion ROM BAR with this content, padded with FF to a power of two. */
    protected final void romBar(byte[] image) {
        int size = Math.max(0x1000, Integer.highestOneBit(image.length - 1) << 1);
        byte[] rom = Arrays.copyOf(image, size);
        Arrays.fill(rom, image.length, size, (byte) 0xFF);
        define(ROM_BAR, 4, 0, -size | 1);
        windows[ROM_WINDOW] = PciWindow.memory(size, new RomHandler(rom), null);
    }

    /** Declares that this function drives INTA# (0) to INTD# (3), see {@link #interrupt}. */
    protected final void interruptPin(int pin) {
        define(INTERRUPT_PIN, 1, pin + 1, 0);
    }

    /** The bus has put this function into {@code slot}. */
    final void connect(PciHost board, int slot) {
        host = board;
        dma = new PciDma(board.memory(), this::masters);
        int pin = read(INTERRUPT_PIN, 1);
        interrupt = pin == 0 ? asserted -> { } : board.interrupts().pin(slot, pin - 1);
        remap();
    }

    /** Guest memory through this function's bus-master enable; null until the function is on the bus. */
    protected final PciDma dma() {
        return dma;
    }

    /** As {@link #dma()}, for functions that need it while they are made. */
    protected final PciDma dma(PciHost board) {
        return new PciDma(board.memory(), this::masters);
    }

    /** Drives this function's interrupt pin; level-triggered. Any thread. */
    protected final void interrupt(boolean asserted) {
        interrupt.set(asserted);
    }

    /** True while the guest lets this function master the bus. */
    protected final boolean masters() {
        return (config[COMMAND] & COMMAND_MASTER) != 0;
    }

    /** Moves every window to where its register says. A place that is taken by something else decodes nothing. */
    private void remap() {
        if (host == null) {
            return;
        }
        for (int i = 0; i < BARS; i++) {
            if (windows[i] != null) {
                windows[i].moveTo(barAddress(i), host);
            }
        }
        if (windows[ROM_WINDOW] != null) {
            int bar = read(ROM_BAR, 4);
            boolean decoded = (bar & 1) != 0 && (config[COMMAND] & COMMAND_MEMORY) != 0;
            long address = bar & ~0x7FF & 0xFFFF_FFFFL;
            windows[ROM_WINDOW].moveTo(decoded && address != 0 ? address : -1, host);
        }
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
        if (offset < 0x40) {
            remap();
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
        interruptReset();
        remap();
    }

    private void interruptReset() {
        if (interrupt != null) {
            interrupt.set(false);
        }
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
        remap();
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
