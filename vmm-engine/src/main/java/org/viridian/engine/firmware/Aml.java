package org.viridian.engine.firmware;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/**
 * Writes the few ACPI Machine Language terms that our DSDT needs (ACPI 6.5, chapter 20). Each method returns the encoded
 * term, so that terms nest as they do in ASL.
 */
final class Aml {
    private static final int ZERO = 0x00;
    private static final int ONE = 0x01;
    private static final int NAME_OP = 0x08;
    private static final int BYTE_PREFIX = 0x0A;
    private static final int WORD_PREFIX = 0x0B;
    private static final int DWORD_PREFIX = 0x0C;
    private static final int STRING_PREFIX = 0x0D;
    private static final int SCOPE_OP = 0x10;
    private static final int BUFFER_OP = 0x11;
    private static final int PACKAGE_OP = 0x12;
    private static final int EXT_PREFIX = 0x5B;
    private static final int DEVICE_OP = 0x82;
    private static final int END_TAG = 0x79;

    private Aml() {}

    static byte[] join(byte[]... parts) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            out.writeBytes(part);
        }
        return out.toByteArray();
    }

    static byte[] bytes(int... values) {
        byte[] result = new byte[values.length];
        for (int i = 0; i < values.length; i++) {
            result[i] = (byte) values[i];
        }
        return result;
    }

    /** A name path: a single segment, or {@code \_SB} written with its root character. */
    private static byte[] path(String name) {
        return name.getBytes(StandardCharsets.US_ASCII);
    }

    /** PkgLength counts itself (20.2.4). */
    private static byte[] sized(byte[] content) {
        int length = content.length + 1;
        if (length <= 0x3F) {
            return join(bytes(length), content);
        }
        length = content.length + 2;
        if (length <= 0xFFF) {
            return join(bytes(0x40 | length & 0xF, length >> 4), content);
        }
        length = content.length + 3;
        return join(bytes(0x80 | length & 0xF, length >> 4, length >> 12), content);
    }

    static byte[] scope(String name, byte[]... terms) {
        return join(bytes(SCOPE_OP), sized(join(path(name), join(terms))));
    }

    static byte[] device(String name, byte[]... terms) {
        return join(bytes(EXT_PREFIX, DEVICE_OP), sized(join(path(name), join(terms))));
    }

    static byte[] name(String name, byte[] value) {
        return join(bytes(NAME_OP), path(name), value);
    }

    static byte[] integer(long value) {
        if (value == 0) {
            return bytes(ZERO);
        }
        if (value == 1) {
            return bytes(ONE);
        }
        if (value <= 0xFF) {
            return bytes(BYTE_PREFIX, (int) value);
        }
        if (value <= 0xFFFF) {
            return bytes(WORD_PREFIX, (int) value, (int) value >> 8);
        }
        return join(bytes(DWORD_PREFIX), little(value, 4));
    }

    static byte[] string(String text) {
        return join(bytes(STRING_PREFIX), text.getBytes(StandardCharsets.US_ASCII), bytes(0));
    }

    static byte[] packageOf(byte[]... elements) {
        return join(bytes(PACKAGE_OP), sized(join(bytes(elements.length), join(elements))));
    }

    /** A compressed EISA id such as {@code PNP0A03} (19.3.4). */
    static byte[] eisaId(String id) {
        int vendor = (id.charAt(0) - 0x40) << 10 | (id.charAt(1) - 0x40) << 5 | id.charAt(2) - 0x40;
        int product = Integer.parseInt(id.substring(3), 16);
        return bytes(DWORD_PREFIX, vendor >> 8, vendor, product >> 8, product);
    }

    /** A resource template: the descriptors in a buffer, closed by an end tag (6.4.2.9). */
    static byte[] resources(byte[]... descriptors) {
        byte[] body = join(join(descriptors), bytes(END_TAG, 0));
        return join(bytes(BUFFER_OP), sized(join(integer(body.length), body)));
    }

    /** A fixed run of I/O ports, 16-bit decode (6.4.2.5). */
    static byte[] io(int base, int length) {
        return bytes(0x47, 1, base, base >> 8, base, base >> 8, 1, length);
    }

    /** An edge-triggered, active-high ISA interrupt (6.4.2.1). */
    static byte[] irq(int number) {
        return bytes(0x22, 1 << number, 1 << number >> 8);
    }

    /** Bus numbers that a bridge produces (6.4.3.5.3). */
    static byte[] wordBus(int first, int last) {
        return join(bytes(0x88, 13, 0, 2, 0x0C, 0), little(0, 2), little(first, 2), little(last, 2), little(0, 2),
                little(last - first + 1, 2));
    }

    /** I/O ports that a bridge passes on (6.4.3.5.3). */
    static byte[] wordIo(int first, int last) {
        return join(bytes(0x88, 13, 0, 1, 0x0C, 3), little(0, 2), little(first, 2), little(last, 2), little(0, 2),
                little(last - first + 1, 2));
    }

    /** Memory that a bridge passes on, below 4 GiB (6.4.3.5.2). */
    static byte[] dwordMemory(long first, long last) {
        return join(bytes(0x87, 23, 0, 0, 0x0C, 1), little(0, 4), little(first, 4), little(last, 4), little(0, 4),
                little(last - first + 1, 4));
    }

    /** Memory that a bridge passes on, anywhere (6.4.3.5.1). */
    static byte[] qwordMemory(long first, long last) {
        return join(bytes(0x8A, 43, 0, 0, 0x0C, 1), little(0, 8), little(first, 8), little(last, 8), little(0, 8),
                little(last - first + 1, 8));
    }

    /** {@code size} bytes of {@code value}, little-endian. */
    static byte[] little(long value, int size) {
        byte[] result = new byte[size];
        for (int i = 0; i < size; i++) {
            result[i] = (byte) (value >>> 8 * i);
        }
        return result;
    }
}
