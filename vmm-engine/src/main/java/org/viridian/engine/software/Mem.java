package org.viridian.engine.software;

import jdk.internal.misc.Unsafe;

/**
 * Raw host memory behind guest RAM. The only class that touches {@code jdk.internal.misc.Unsafe}; callers have proved
 * the address through the TLB or a region check before.
 *
 * <p>Loads acquire and stores release, which is the memory order of x86 (TSO) except store-to-load, as guests expect it.
 * Any alignment is allowed for plain accesses; the atomic ones need natural alignment.
 */
final class Mem {
    private static final Unsafe UNSAFE = Unsafe.getUnsafe();
    /** Hosts that take an unaligned access with acquire order in one instruction. */
    private static final boolean UNALIGNED = UNSAFE.unalignedAccess() && isX86();

    private Mem() {}

    private static boolean isX86() {
        String arch = System.getProperty("os.arch");
        return arch.equals("amd64") || arch.equals("x86_64");
    }

    /** A word of the processor's own tables: no memory order. */
    static long raw64(long a) {
        return UNSAFE.getLong(a);
    }

    static void raw64(long a, long v) {
        UNSAFE.putLong(a, v);
    }

    static int raw32(long a) {
        return UNSAFE.getInt(a);
    }

    static void raw32(long a, int v) {
        UNSAFE.putInt(a, v);
    }

    /** One aligned word of machine code that another processor may be executing. */
    static void code64(long a, long v) {
        UNSAFE.putLongVolatile(null, a, v);
    }

    /** Copies whole words from an array to host memory. */
    static void copyIn(long[] from, long to, int words) {
        UNSAFE.copyMemory(from, Unsafe.ARRAY_LONG_BASE_OFFSET, null, to, words * 8L);
    }

    /** Copies whole words from host memory to an array. */
    static void copyOut(long from, long[] to, int words) {
        UNSAFE.copyMemory(null, from, to, Unsafe.ARRAY_LONG_BASE_OFFSET, words * 8L);
    }

    static void copyIn(byte[] from, int offset, long to, int bytes) {
        UNSAFE.copyMemory(from, Unsafe.ARRAY_BYTE_BASE_OFFSET + offset, null, to, bytes);
    }

    static int get8(long a) {
        return UNSAFE.getByteAcquire(null, a) & 0xFF;
    }

    static int get16(long a) {
        if (UNALIGNED || (a & 1) == 0) {
            return UNSAFE.getShortAcquire(null, a) & 0xFFFF;
        }
        return get8(a) | get8(a + 1) << 8;
    }

    static int get32(long a) {
        if (UNALIGNED || (a & 3) == 0) {
            return UNSAFE.getIntAcquire(null, a);
        }
        return get16(a) | get16(a + 2) << 16;
    }

    static long get64(long a) {
        if (UNALIGNED || (a & 7) == 0) {
            return UNSAFE.getLongAcquire(null, a);
        }
        return (get32(a) & 0xFFFF_FFFFL) | (long) get32(a + 4) << 32;
    }

    static void put8(long a, int v) {
        UNSAFE.putByteRelease(null, a, (byte) v);
    }

    static void put16(long a, int v) {
        if (UNALIGNED || (a & 1) == 0) {
            UNSAFE.putShortRelease(null, a, (short) v);
            return;
        }
        put8(a, v);
        put8(a + 1, v >> 8);
    }

    static void put32(long a, int v) {
        if (UNALIGNED || (a & 3) == 0) {
            UNSAFE.putIntRelease(null, a, v);
            return;
        }
        put16(a, v);
        put16(a + 2, v >> 16);
    }

    static void put64(long a, long v) {
        if (UNALIGNED || (a & 7) == 0) {
            UNSAFE.putLongRelease(null, a, v);
            return;
        }
        put32(a, (int) v);
        put32(a + 4, (int) (v >> 32));
    }

    /** The address itself, or 0 when the host's compare-and-set cannot take it: x86 takes every alignment. */
    static long atomicAt(long a, int size) {
        return (a & size - 1) == 0 || UNALIGNED && size <= 8 ? a : 0;
    }

    static boolean cas8(long a, int expected, int value) {
        return UNSAFE.compareAndSetByte(null, a, (byte) expected, (byte) value);
    }

    static boolean cas16(long a, int expected, int value) {
        if ((a & 1) != 0) {
            // Unsafe takes no odd address: exchange the four bytes around it.
            long around = (a & 3) == 3 ? a - 1 : a & ~3L;
            int shift = (int) (a - around) * 8;
            int old = get32(around);
            int mask = 0xFFFF << shift;
            return (old & mask) == (expected & 0xFFFF) << shift && cas32(around, old, old & ~mask | (value & 0xFFFF) << shift);
        }
        return UNSAFE.compareAndSetShort(null, a, (short) expected, (short) value);
    }

    static boolean cas32(long a, int expected, int value) {
        return UNSAFE.compareAndSetInt(null, a, expected, value);
    }

    static boolean cas64(long a, long expected, long value) {
        return UNSAFE.compareAndSetLong(null, a, expected, value);
    }

    static void fence() {
        UNSAFE.fullFence();
    }

    static void copy(long from, long to, long bytes) {
        UNSAFE.copyMemory(from, to, bytes);
    }

    static void copyOut(long from, byte[] to, int offset, int bytes) {
        UNSAFE.copyMemory(null, from, to, Unsafe.ARRAY_BYTE_BASE_OFFSET + offset, bytes);
    }

    static void fill(long to, long bytes, int value) {
        UNSAFE.setMemory(to, bytes, (byte) value);
    }
}
