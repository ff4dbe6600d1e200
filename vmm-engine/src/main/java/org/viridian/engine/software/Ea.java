package org.viridian.engine.software;

/**
 * An effective address: segment base + base + index × scale + displacement. Missing parts point at slots that are always
 * zero, so that the usual 64-bit form has no branch; RIP-relative addresses use the slot of RIP, which holds the start of
 * the block.
 */
public final class Ea {
    final int base;
    final int index;
    final int scale;
    /** Not final: the decoder adds the instruction's end to RIP-relative displacements when it knows it. */
    long disp;
    final int segment;
    /** Bits of the address: 0 = 64 with no wrap and flat segments, else 16, 32 or 64 by the slow way. */
    final int width;
    /** True in 16- and 32-bit code: segment limits and types apply. */
    final boolean legacy;
    final boolean ripRelative;

    Ea(int base, int index, int scale, long disp, int segment, int width, boolean legacy, boolean ripRelative) {
        this.base = base;
        this.index = index;
        this.scale = scale;
        this.disp = disp;
        this.segment = segment;
        this.width = width;
        this.legacy = legacy;
        this.ripRelative = ripRelative;
    }

    /** The linear address for a load of {@code size} bytes. */
    public long load(Cpu c, int size) {
        long[] r = c.gpr;
        if (width == 0) {
            return r[base] + (r[index] << scale) + disp + c.segBase[segment];
        }
        long o = offset(c);
        return legacy ? c.legacyLinear(segment, o, size, false) : o + c.segBase[segment];
    }

    /** The linear address for a store or a read-modify-write of {@code size} bytes. */
    public long store(Cpu c, int size) {
        long[] r = c.gpr;
        if (width == 0) {
            return r[base] + (r[index] << scale) + disp + c.segBase[segment];
        }
        long o = offset(c);
        return legacy ? c.legacyLinear(segment, o, size, true) : o + c.segBase[segment];
    }

    /** The linear address {@code by} bytes further: BT and kin with a bit string. */
    long displaced(Cpu c, long by, int size, boolean write) {
        long o = c.gpr[base] + (c.gpr[index] << scale) + disp + by;
        if (width == 0) {
            return o + c.segBase[segment];
        }
        o = width == 16 ? o & 0xFFFF : width == 32 ? o & 0xFFFF_FFFFL : o;
        return legacy ? c.legacyLinear(segment, o, size, write) : o + c.segBase[segment];
    }

    /** The offset alone, as LEA gives it. */
    long offset(Cpu c) {
        long o = c.gpr[base] + (c.gpr[index] << scale) + disp;
        return switch (width) {
            case 16 -> o & 0xFFFF;
            case 32 -> o & 0xFFFF_FFFFL;
            default -> o;
        };
    }
}
