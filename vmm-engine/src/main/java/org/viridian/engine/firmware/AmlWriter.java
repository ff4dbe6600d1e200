package org.viridian.engine.firmware;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;

/**
 * Writes ACPI Machine Language (ACPI 6.5, chapter 20): the few terms a description of fixed hardware needs. Each method
 * appends one term and returns the writer; nested terms are written by the given body.
 *
 * <p>Not for sharing between threads.
 */
final class AmlWriter {
    private static final int ZERO_OP = 0x00;
    private static final int ONE_OP = 0x01;
    private static final int NAME_OP = 0x08;
    private static final int BYTE_PREFIX = 0x0A;
    private static final int WORD_PREFIX = 0x0B;
    private static final int DWORD_PREFIX = 0x0C;
    private static final int STRING_PREFIX = 0x0D;
    private static final int QWORD_PREFIX = 0x0E;
    private static final int SCOPE_OP = 0x10;
    private static final int BUFFER_OP = 0x11;
    private static final int PACKAGE_OP = 0x12;
    private static final int EXT_OP_PREFIX = 0x5B;
    private static final int DEVICE_OP = 0x82;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    /** What has been written. */
    byte[] bytes() {
        return out.toByteArray();
    }

    /** Scope (name) { body }. */
    AmlWriter scope(String name, Consumer<AmlWriter> body) {
        out.write(SCOPE_OP);
        return sized(nameString(name), body);
    }

    /** Device (name) { body }. */
    AmlWriter device(String name, Consumer<AmlWriter> body) {
        out.write(EXT_OP_PREFIX);
        out.write(DEVICE_OP);
        return sized(nameString(name), body);
    }

    /** Name (name, integer). */
    AmlWriter name(String name, long value) {
        return nameOp(name).integer(value);
    }

    /** Name (name, "text"). */
    AmlWriter name(String name, String text) {
        nameOp(name);
        out.write(STRING_PREFIX);
        out.writeBytes(text.getBytes(StandardCharsets.US_ASCII));
        out.write(0);
        return this;
    }

    /** Name (name, EisaId ("id")). */
    AmlWriter nameEisa(String name, String id) {
        nameOp(name);
        out.write(DWORD_PREFIX);
        int code = eisaId(id);
        for (int shift = 24; shift >= 0; shift -= 8) {
            out.write(code >>> shift);
        }
        return this;
    }

    /** Name (name, Buffer () {bytes}): a resource template. */
    AmlWriter nameBuffer(String name, byte[] bytes) {
        nameOp(name);
        out.write(BUFFER_OP);
        return sized(new byte[0], body -> {
            body.integer(bytes.length);
            body.out.writeBytes(bytes);
        });
    }

    /** Name (name, Package (count) { body }). */
    AmlWriter namePackage(String name, int count, Consumer<AmlWriter> body) {
        nameOp(name);
        return packageOf(count, body);
    }

    /** Package (count) { body } as an element of a package. */
    AmlWriter packageOf(int count, Consumer<AmlWriter> body) {
        out.write(PACKAGE_OP);
        return sized(new byte[] {(byte) count}, body);
    }

    /** An integer in its shortest form. */
    AmlWriter integer(long value) {
        if (value == 0 || value == 1) {
            out.write(value == 0 ? ZERO_OP : ONE_OP);
            return this;
        }
        int size = value >>> 8 == 0 ? 1 : value >>> 16 == 0 ? 2 : value >>> 32 == 0 ? 4 : 8;
        out.write(switch (size) {
            case 1 -> BYTE_PREFIX;
            case 2 -> WORD_PREFIX;
            case 4 -> DWORD_PREFIX;
            default -> QWORD_PREFIX;
        });
        for (int i = 0; i < size; i++) {
            out.write((int) (value >>> 8 * i));
        }
        return this;
    }

    private AmlWriter nameOp(String name) {
        out.write(NAME_OP);
        out.writeBytes(nameString(name));
        return this;
    }

    private AmlWriter sized(byte[] head, Consumer<AmlWriter> body) {
        AmlWriter inner = new AmlWriter();
        body.accept(inner);
        byte[] content = inner.bytes();
        packageLength(head.length + content.length);
        out.writeBytes(head);
        out.writeBytes(content);
        return this;
    }

    /** PkgLength counts itself: 6 bits in one byte, else 4 bits in the lead byte and 8 in each of 1–3 further ones. */
    private void packageLength(int content) {
        if (content + 1 < 1 << 6) {
            out.write(content + 1);
            return;
        }
        int more = content + 2 < 1 << 12 ? 1 : content + 3 < 1 << 20 ? 2 : 3;
        int length = content + 1 + more;
        out.write(more << 6 | length & 15);
        for (int i = 0; i < more; i++) {
            out.write(length >>> 4 + 8 * i);
        }
    }

    /** A path of up to two segments, with an optional root; segments are padded to four characters. */
    static byte[] nameString(String name) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        String rest = name;
        if (rest.startsWith("\\")) {
            bytes.write('\\');
            rest = rest.substring(1);
        }
        String[] segments = rest.split("\\.");
        if (segments.length == 2) {
            bytes.write(0x2E);
        } else if (segments.length > 2) {
            throw new IllegalArgumentException(name);
        }
        for (String segment : segments) {
            if (segment.isEmpty() || segment.length() > 4) {
                throw new IllegalArgumentException(name);
            }
            bytes.writeBytes((segment + "____").substring(0, 4).getBytes(StandardCharsets.US_ASCII));
        }
        return bytes.toByteArray();
    }

    /** A compressed EISA id: three letters of 5 bits, four hexadecimal digits; big-endian. */
    static int eisaId(String id) {
        int letters = 0;
        for (int i = 0; i < 3; i++) {
            letters = letters << 5 | id.charAt(i) - '@';
        }
        return letters << 16 | Integer.parseInt(id.substring(3), 16);
    }
}
