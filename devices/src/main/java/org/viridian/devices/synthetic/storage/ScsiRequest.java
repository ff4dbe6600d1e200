package org.viridian.devices.synthetic.storage;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.viridian.vmbus.channel.GpaRange;

/**
 * One SCSI command with its data buffer in guest memory, both copied and checked.
 *
 * @param cdb the command, 16 bytes
 * @param dataIn 0 guest to device, 1 device to guest, 2 none, as the guest says
 * @param length bytes the guest wants moved; not more than the buffer holds
 * @param buffer the data buffer, or null
 */
record ScsiRequest(byte[] cdb, int dataIn, int length, GpaRange buffer) {
    static final int TO_DEVICE = 0;
    static final int TO_GUEST = 1;

    int opcode() {
        return cdb[0] & 0xFF;
    }

    int u8(int offset) {
        return cdb[offset] & 0xFF;
    }

    int u16(int offset) {
        return u8(offset) << 8 | u8(offset + 1);
    }

    int u24(int offset) {
        return u8(offset) << 16 | u16(offset + 1);
    }

    /** A 32-bit field, unsigned. */
    long u32(int offset) {
        return (long) u16(offset) << 16 | u16(offset + 2);
    }

    /** A 64-bit field; a negative result is larger than any disk. */
    long u64(int offset) {
        return u32(offset) << 32 | u32(offset + 4);
    }

    boolean bit(int offset, int mask) {
        return (u8(offset) & mask) != 0;
    }

    /** The first {@code count} bytes of the buffer, copied; the guest cannot change them any more. */
    byte[] parameters(int count) {
        byte[] copy = new byte[count];
        buffer.forEachRun(0, count, false, (run, position) ->
                MemorySegment.copy(run, ValueLayout.JAVA_BYTE, 0, copy, position, (int) run.byteSize()));
        return copy;
    }

    /** Answers with {@code data}, cut to the allocation length and to the buffer. */
    ScsiResult reply(byte[] data, long allocation) {
        if (dataIn == TO_DEVICE && length > 0) {
            return ScsiResult.invalidRequest();
        }
        int count = (int) Math.min(Math.min(data.length, allocation), length);
        if (count > 0) {
            buffer.write(0, count == data.length ? data : java.util.Arrays.copyOf(data, count));
        }
        return ScsiResult.good(count);
    }
}
