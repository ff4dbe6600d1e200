package org.viridian.engine.firmware;

import java.io.ByteArrayOutputStream;

/** Builds a resource template (ACPI 6.5, 6.4): what a device's {@code _CRS} returns. Not for sharing between threads. */
final class ResourceTemplate {
    private static final int IRQ_WITH_FLAGS = 0x23;
    private static final int IO_PORTS = 0x47;
    private static final int END_TAG = 0x79;
    private static final int DWORD_ADDRESS = 0x87;
    private static final int WORD_ADDRESS = 0x88;
    private static final int QWORD_ADDRESS = 0x8A;

    private static final int MEMORY = 0;
    private static final int IO = 1;
    private static final int BUS = 2;
    /** General flags: minimum and maximum fixed, positive decode, resource producer. */
    private static final int FIXED_PRODUCER = 0x0C;
    /** I/O: the whole range. */
    private static final int ENTIRE_RANGE = 3;
    private static final int READ_WRITE = 1;
    private static final int CACHEABLE_READ_WRITE = 1 << 1 | READ_WRITE;
    private static final int DECODE_16 = 1;
    private static final int EDGE_HIGH = 1;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    /** A consumed range of I/O ports. */
    ResourceTemplate ports(int first, int count) {
        out.write(IO_PORTS);
        out.write(DECODE_16);
        integer(first, 2);
        integer(first, 2);
        out.write(1);
        out.write(count);
        return this;
    }

    /** An ISA interrupt: edge, active high, exclusive. */
    ResourceTemplate irq(int number) {
        out.write(IRQ_WITH_FLAGS);
        integer(1L << number, 2);
        out.write(EDGE_HIGH);
        return this;
    }

    /** Bus numbers a host bridge produces. */
    ResourceTemplate buses(int first, int last) {
        return address(WORD_ADDRESS, 2, BUS, 0, first, last);
    }

    /** I/O ports a host bridge produces. */
    ResourceTemplate portWindow(int first, int last) {
        return address(WORD_ADDRESS, 2, IO, ENTIRE_RANGE, first, last);
    }

    /** Memory below 4 GiB a host bridge produces, uncached. */
    ResourceTemplate memoryWindow(long first, long last) {
        return address(DWORD_ADDRESS, 4, MEMORY, READ_WRITE, first, last);
    }

    /** The VGA window: memory that may be cached. */
    ResourceTemplate cachedWindow(long first, long last) {
        return address(DWORD_ADDRESS, 4, MEMORY, CACHEABLE_READ_WRITE, first, last);
    }

    /** Memory above 4 GiB a host bridge produces, uncached. */
    ResourceTemplate wideMemoryWindow(long first, long last) {
        return address(QWORD_ADDRESS, 8, MEMORY, READ_WRITE, first, last);
    }

    private ResourceTemplate address(int tag, int width, int type, int typeFlags, long first, long last) {
        out.write(tag);
        integer(3 + 5L * width, 2);
        out.write(type);
        out.write(FIXED_PRODUCER);
        out.write(typeFlags);
        integer(0, width);
        integer(first, width);
        integer(last, width);
        integer(0, width);
        integer(last - first + 1, width);
        return this;
    }

    private void integer(long value, int width) {
        for (int i = 0; i < width; i++) {
            out.write((int) (value >>> 8 * i));
        }
    }

    /** The template with its end tag; a checksum of 0 means "not checked". */
    byte[] bytes() {
        byte[] body = out.toByteArray();
        byte[] all = java.util.Arrays.copyOf(body, body.length + 2);
        all[body.length] = END_TAG;
        return all;
    }
}
