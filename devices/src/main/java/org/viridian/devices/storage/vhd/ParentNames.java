package org.viridian.devices.storage.vhd;

import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.viridian.devices.storage.ImageException;
import org.viridian.devices.storage.file.HostFile;

/** How a differencing VHD names its parent: "Parent Locator Entries" and the name in the header. */
final class ParentNames {
    private static final int WINDOWS_RELATIVE = 0x57327275;
    private static final int WINDOWS_ABSOLUTE = 0x57326B75;
    private static final int MAC_URL = 0x4D616358;
    private static final int MAX_NAME = 64 << 10;

    private ParentNames() {}

    /** Names as files of this host, the relative ones first. */
    static List<String> read(HostFile file, VhdHeader header) throws IOException {
        List<String> relative = new ArrayList<>();
        List<String> absolute = new ArrayList<>();
        ByteBuffer buffer = header.buffer();
        for (int i = 0; i < VhdHeader.LOCATORS; i++) {
            int at = VhdHeader.LOCATORS_AT + i * VhdHeader.LOCATOR_SIZE;
            int code = buffer.getInt(at);
            int length = buffer.getInt(at + 8);
            long offset = buffer.getLong(at + 16);
            if (code == 0) {
                continue;
            }
            if (length < 0 || length > MAX_NAME || offset < 0 || offset > file.size() - length) {
                throw new ImageException(file.path() + " has a damaged parent locator");
            }
            byte[] name = file.read(offset, length);
            switch (code) {
                case WINDOWS_RELATIVE -> relative.add(text(name, StandardCharsets.UTF_16LE).replace('\\', '/'));
                case WINDOWS_ABSOLUTE -> absolute.add(text(name, StandardCharsets.UTF_16LE).replace('\\', '/'));
                case MAC_URL -> url(text(name, StandardCharsets.UTF_8)).ifPresent(absolute::add);
                default -> { }
            }
        }
        String plain = text(java.util.Arrays.copyOfRange(header.bytes(), VhdHeader.NAME_AT,
                VhdHeader.NAME_AT + VhdHeader.NAME_SIZE), StandardCharsets.UTF_16BE).replace('\\', '/');
        relative.addAll(absolute);
        if (!plain.isEmpty()) {
            relative.add(plain.substring(plain.lastIndexOf('/') + 1));
        }
        return relative;
    }

    private static String text(byte[] bytes, Charset charset) {
        String text = new String(bytes, charset);
        int end = text.indexOf('\0');
        return end < 0 ? text : text.substring(0, end);
    }

    private static java.util.Optional<String> url(String text) {
        try {
            return java.util.Optional.of(Path.of(URI.create(text)).toString());
        } catch (IllegalArgumentException | java.nio.file.FileSystemNotFoundException e) {
            return java.util.Optional.empty();
        }
    }

    /** The first byte behind the parent locators of a header. */
    static long end(VhdHeader header) {
        ByteBuffer buffer = header.buffer();
        long end = 0;
        for (int i = 0; i < VhdHeader.LOCATORS; i++) {
            int at = VhdHeader.LOCATORS_AT + i * VhdHeader.LOCATOR_SIZE;
            long room = buffer.getInt(at + 8) & 0xFFFF_FFFFL;
            if (buffer.getInt(at) != 0 && room <= MAX_NAME) {
                end = Math.max(end, (buffer.getLong(at + 16) + room + 511) / 512 * 512);
            }
        }
        return end;
    }

    /** Writes locators into a header and into the sectors from {@code offset} on; returns the bytes used there. */
    static long write(HostFile file, VhdHeader header, long offset, Path child, Path parent) throws IOException {
        Path folder = child.toAbsolutePath().normalize().getParent();
        Path target = parent.toAbsolutePath().normalize();
        String near = folder.relativize(target).toString();
        String windows = (near.startsWith("..") ? near : "./" + near).replace('/', '\\');
        long used = locator(file, header, 0, WINDOWS_RELATIVE, windows.getBytes(StandardCharsets.UTF_16LE), offset);
        used += locator(file, header, 1, MAC_URL, target.toUri().toString().getBytes(StandardCharsets.UTF_8), offset + used);
        byte[] name = target.getFileName().toString().getBytes(StandardCharsets.UTF_16BE);
        ByteBuffer buffer = header.buffer();
        buffer.put(VhdHeader.NAME_AT, name, 0, Math.min(name.length, VhdHeader.NAME_SIZE - 2));
        return used;
    }

    private static long locator(HostFile file, VhdHeader header, int index, int code, byte[] name, long offset) throws IOException {
        if (name.length > MAX_NAME) {
            throw new ImageException("the parent's name is too long");
        }
        int room = (name.length + 511) / 512 * 512;
        header.buffer().putInt(VhdHeader.LOCATORS_AT + index * VhdHeader.LOCATOR_SIZE, code)
                .putInt(VhdHeader.LOCATORS_AT + index * VhdHeader.LOCATOR_SIZE + 4, room)
                .putInt(VhdHeader.LOCATORS_AT + index * VhdHeader.LOCATOR_SIZE + 8, name.length)
                .putLong(VhdHeader.LOCATORS_AT + index * VhdHeader.LOCATOR_SIZE + 16, offset);
        file.write(offset, java.util.Arrays.copyOf(name, room));
        return room;
    }
}
