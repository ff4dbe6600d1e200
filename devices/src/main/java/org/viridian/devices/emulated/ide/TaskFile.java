package org.viridian.devices.emulated.ide;

/**
 * The command block registers that both drives of a channel share (ATA/ATAPI-6, chapter 7), with the previous values that
 * 48-bit commands use. Under the device lock.
 */
final class TaskFile {
    /** Selects the second drive. */
    static final int DEVICE_1 = 0x10;
    /** The address is a block number, not cylinder, head, sector. */
    static final int LBA = 0x40;

    /** Volatile state. */
    record State(int features, int count, int low, int mid, int high, int previousCount, int previousLow, int previousMid,
            int previousHigh, int device) {}

    int features;
    int count;
    int low;
    int mid;
    int high;
    int previousCount;
    int previousLow;
    int previousMid;
    int previousHigh;
    int device;

    /** Writes register 1–6. */
    void write(int register, int value) {
        switch (register) {
            case 1 -> features = value;
            case 2 -> {
                previousCount = count;
                count = value;
            }
            case 3 -> {
                previousLow = low;
                low = value;
            }
            case 4 -> {
                previousMid = mid;
                mid = value;
            }
            case 5 -> {
                previousHigh = high;
                high = value;
            }
            case 6 -> device = value;
            default -> { }
        }
    }

    /** Reads register 2–6; {@code previous} for the older byte (HOB). */
    int read(int register, boolean previous) {
        return switch (register) {
            case 2 -> previous ? previousCount : count;
            case 3 -> previous ? previousLow : low;
            case 4 -> previous ? previousMid : mid;
            case 5 -> previous ? previousHigh : high;
            case 6 -> device;
            default -> 0xFF;
        };
    }

    /** Sectors of a 28-bit command. */
    int count28() {
        return count == 0 ? 256 : count;
    }

    /** Sectors of a 48-bit command. */
    int count48() {
        int sectors = previousCount << 8 | count;
        return sectors == 0 ? 0x1_0000 : sectors;
    }

    /** The block a 48-bit command names. */
    long block48() {
        return (long) previousHigh << 40 | (long) previousMid << 32 | (long) previousLow << 24 | (long) high << 16 | mid << 8 | low;
    }

    /** The block a 28-bit command names; {@code heads} and {@code sectors} translate the old form. -1 for sector 0. */
    long block28(int heads, int sectors) {
        if ((device & LBA) != 0) {
            return (long) (device & 15) << 24 | high << 16 | mid << 8 | low;
        }
        if (low == 0) {
            return -1;
        }
        return ((long) (high << 8 | mid) * heads + (device & 15)) * sectors + low - 1;
    }

    /** Puts a block number back, as a failed command reports it. */
    void block(long block, boolean wide) {
        low = (int) block & 0xFF;
        mid = (int) (block >> 8) & 0xFF;
        high = (int) (block >> 16) & 0xFF;
        if (wide) {
            previousLow = (int) (block >> 24) & 0xFF;
            previousMid = (int) (block >> 32) & 0xFF;
            previousHigh = (int) (block >> 40) & 0xFF;
        } else {
            device = device & 0xF0 | (int) (block >> 24) & 15;
        }
    }

    /** What a drive shows after reset: who it is. */
    void signature(int midByte, int highByte) {
        count = 1;
        low = 1;
        mid = midByte;
        high = highByte;
        previousCount = 0;
        previousLow = 0;
        previousMid = 0;
        previousHigh = 0;
    }

    void reset() {
        restore(new State(0, 0, 0, 0, 0, 0, 0, 0, 0, 0));
    }

    State save() {
        return new State(features, count, low, mid, high, previousCount, previousLow, previousMid, previousHigh, device);
    }

    void restore(State s) {
        features = s.features & 0xFF;
        count = s.count & 0xFF;
        low = s.low & 0xFF;
        mid = s.mid & 0xFF;
        high = s.high & 0xFF;
        previousCount = s.previousCount & 0xFF;
        previousLow = s.previousLow & 0xFF;
        previousMid = s.previousMid & 0xFF;
        previousHigh = s.previousHigh & 0xFF;
        device = s.device & 0xFF;
    }
}
