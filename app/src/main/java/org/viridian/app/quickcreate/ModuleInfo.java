package org.viridian.app.quickcreate;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * What a kernel module says of itself in its ELF section {@code .modinfo}: {@code key=value} strings, each ended by a
 * zero (Linux include/linux/module.h). ELF64 little-endian as in the System V gABI.
 *
 * @param depends module names it needs, as written
 * @param aliases device and service patterns it answers to
 */
record ModuleInfo(List<String> depends, List<String> aliases) {
    private static final int SECTION_TABLE_OFFSET = 0x28;
    private static final int SECTION_ENTRY_SIZE = 0x3A;
    private static final int SECTION_COUNT = 0x3C;
    private static final int SECTION_NAMES = 0x3E;
    private static final int SH_OFFSET = 0x18;
    private static final int SH_SIZE = 0x20;

    /** Reads a module; fails with {@link IllegalArgumentException} when it is not one. */
    static ModuleInfo of(byte[] module) {
        ByteBuffer elf = ByteBuffer.wrap(module).order(ByteOrder.LITTLE_ENDIAN);
        try {
            if (elf.getInt(0) != 0x464C457F || elf.get(4) != 2 || elf.get(5) != 1) {
                throw new IllegalArgumentException("not a 64-bit little-endian ELF file");
            }
            int table = Math.toIntExact(elf.getLong(SECTION_TABLE_OFFSET));
            int entry = Short.toUnsignedInt(elf.getShort(SECTION_ENTRY_SIZE));
            int count = Short.toUnsignedInt(elf.getShort(SECTION_COUNT));
            int names = Math.toIntExact(
                    elf.getLong(table + entry * Short.toUnsignedInt(elf.getShort(SECTION_NAMES)) + SH_OFFSET));
            for (int i = 0; i < count; i++) {
                int header = table + i * entry;
                if (".modinfo".equals(string(module, names + elf.getInt(header)))) {
                    int from = Math.toIntExact(elf.getLong(header + SH_OFFSET));
                    int size = Math.toIntExact(elf.getLong(header + SH_SIZE));
                    // copyOfRange would pad a section that claims to reach beyond the file, up to all memory.
                    Objects.checkFromIndexSize(from, size, module.length);
                    return parse(Arrays.copyOfRange(module, from, from + size));
                }
            }
        } catch (IndexOutOfBoundsException | ArithmeticException e) {
            throw new IllegalArgumentException("damaged ELF file", e);
        }
        throw new IllegalArgumentException("no .modinfo section");
    }

    private static ModuleInfo parse(byte[] section) {
        List<String> depends = new ArrayList<>();
        List<String> aliases = new ArrayList<>();
        for (String line : new String(section, StandardCharsets.ISO_8859_1).split("\0")) {
            if (line.startsWith("depends=") && line.length() > 8) {
                depends.addAll(List.of(line.substring(8).split(",")));
            } else if (line.startsWith("alias=")) {
                aliases.add(line.substring(6));
            }
        }
        return new ModuleInfo(depends, aliases);
    }

    private static String string(byte[] bytes, int from) {
        int end = from;
        while (bytes[end] != 0) {
            end++;
        }
        return new String(bytes, from, end - from, StandardCharsets.ISO_8859_1);
    }
}
