package org.viridian.display.vga;

/**
 * The four planes of a VGA and the way of a processor's byte into them (IBM VGA XGA Technical Reference, "Graphics
 * Controller"). Planes are interleaved: byte {@code 4 * address + plane}.
 *
 * <p>Thread rule: accessed under the device lock; the renderer reads without it.
 */
final class VgaMemory {
    /** Bytes of video memory. */
    static final int SIZE = 256 * 1024;

    private static final int ADDRESSES = SIZE / 4;

    final byte[] bytes = new byte[SIZE];
    private final VgaRegisters registers;
    private int latch;

    VgaMemory(VgaRegisters registers) {
        this.registers = registers;
    }

    int latch() {
        return latch;
    }

    void latch(int value) {
        latch = value;
    }

    /** The offset in the window that GR06 selects, for an address in A0000–BFFFF; -1 outside it. */
    private int offset(int address) {
        if (!registers.memoryEnabled()) {
            return -1;
        }
        return switch (registers.graphics[6] >> 2 & 3) {
            case 0 -> address - 0xA0000;
            case 1 -> address < 0xB0000 ? address - 0xA0000 : -1;
            case 2 -> address >= 0xB0000 && address < 0xB8000 ? address - 0xB0000 : -1;
            default -> address >= 0xB8000 ? address - 0xB8000 : -1;
        };
    }

    private boolean chain4() {
        return (registers.sequencer[4] & 8) != 0;
    }

    private boolean oddEven() {
        return (registers.sequencer[4] & 4) == 0;
    }

    /** Reads one byte of A0000–BFFFF; outside the window all ones. */
    int read(int address) {
        int offset = offset(address);
        if (offset < 0) {
            return 0xFF;
        }
        int plane;
        int cell;
        if (chain4()) {
            plane = offset & 3;
            cell = offset >> 2;
        } else if (oddEven()) {
            plane = registers.graphics[4] & 2 | offset & 1;
            cell = offset >> 1;
        } else {
            plane = registers.graphics[4] & 3;
            cell = offset;
        }
        latch = load(cell);
        if ((registers.graphics[5] & 8) == 0) {
            return latch >>> 8 * plane & 0xFF;
        }
        // Read mode 1: a one for each pixel whose cared-for planes hold the compare colour.
        int differs = (latch ^ spread(registers.graphics[2])) & spread(registers.graphics[7]);
        return ~(differs | differs >>> 8 | differs >>> 16 | differs >>> 24) & 0xFF;
    }

    /** Writes one byte of A0000–BFFFF; false when it reached no plane. */
    boolean write(int address, int value) {
        int offset = offset(address);
        if (offset < 0) {
            return false;
        }
        int planes = registers.sequencer[2] & 15;
        int cell;
        if (chain4()) {
            planes &= 1 << (offset & 3);
            cell = offset >> 2;
        } else if (oddEven()) {
            planes &= (offset & 1) == 0 ? 5 : 10;
            cell = offset >> 1;
        } else {
            cell = offset;
        }
        if (planes == 0) {
            return false;
        }
        int mask = spread(planes);
        int at = 4 * (cell & ADDRESSES - 1);
        store(at, load(cell) & ~mask | compose(value) & mask);
        return true;
    }

    /** What the graphics controller makes of a byte, for all four planes. */
    private int compose(int value) {
        byte[] g = registers.graphics;
        int mode = g[5] & 3;
        if (mode == 1) {
            return latch;
        }
        int rotate = g[3] & 7;
        int rotated = (value >> rotate | value << 8 - rotate) & 0xFF;
        int bitMask = (g[8] & 0xFF) * 0x0101_0101;
        int data = switch (mode) {
            case 0 -> rotated * 0x0101_0101 & ~spread(g[1]) | spread(g[0]) & spread(g[1]);
            case 2 -> spread(value);
            default -> {
                bitMask &= rotated * 0x0101_0101;
                yield spread(g[0]);
            }
        };
        int mixed = switch (g[3] >> 3 & 3) {
            case 0 -> data;
            case 1 -> data & latch;
            case 2 -> data | latch;
            default -> data ^ latch;
        };
        return mixed & bitMask | latch & ~bitMask;
    }

    /** One bit per plane → one byte of equal bits per plane. */
    private static int spread(int planes) {
        return ((planes & 1) | (planes & 2) << 7 | (planes & 4) << 14 | (planes & 8) << 21) * 0xFF;
    }

    private int load(int cell) {
        int at = 4 * (cell & ADDRESSES - 1);
        return bytes[at] & 0xFF | (bytes[at + 1] & 0xFF) << 8 | (bytes[at + 2] & 0xFF) << 16 | bytes[at + 3] << 24;
    }

    private void store(int at, int planes) {
        bytes[at] = (byte) planes;
        bytes[at + 1] = (byte) (planes >> 8);
        bytes[at + 2] = (byte) (planes >> 16);
        bytes[at + 3] = (byte) (planes >> 24);
    }
}
