package org.viridian.app.quickcreate;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.TreeSet;
import org.apache.commons.compress.archivers.cpio.CpioArchiveEntry;
import org.apache.commons.compress.archivers.cpio.CpioArchiveOutputStream;
import org.apache.commons.compress.archivers.cpio.CpioConstants;

/**
 * Builds an initramfs, a cpio archive in the "newc" format (Linux Documentation/driver-api/early-userspace/
 * buffer-format.rst). Left uncompressed: the host copies megabytes in a moment, the guest would unpack them with its
 * own instructions. The same input gives the same bytes.
 */
final class Initramfs {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream(8 << 20);
    private final CpioArchiveOutputStream cpio =
            new CpioArchiveOutputStream(bytes, CpioConstants.FORMAT_NEW, 512, StandardCharsets.UTF_8.name());
    private final TreeSet<String> folders = new TreeSet<>();
    private long inode = 1;

    /** A folder and those above it. */
    Initramfs folder(String path) throws IOException {
        int slash = path.lastIndexOf('/');
        if (slash > 0) {
            folder(path.substring(0, slash));
        }
        if (folders.add(path)) {
            put(path, CpioConstants.C_ISDIR | 0755, new byte[0]);
        }
        return this;
    }

    /** A file; its folders are made. */
    Initramfs file(String path, int permissions, byte[] content) throws IOException {
        parent(path);
        put(path, CpioConstants.C_ISREG | permissions, content);
        return this;
    }

    /** A file of text. */
    Initramfs file(String path, int permissions, String content) throws IOException {
        return file(path, permissions, content.getBytes(StandardCharsets.UTF_8));
    }

    /** A symbolic link. */
    Initramfs link(String path, String target) throws IOException {
        parent(path);
        put(path, CpioConstants.C_ISLNK | 0777, target.getBytes(StandardCharsets.UTF_8));
        return this;
    }

    /** A character device. */
    Initramfs device(String path, int permissions, int major, int minor) throws IOException {
        parent(path);
        CpioArchiveEntry entry = entry(path, CpioConstants.C_ISCHR | permissions, 0);
        entry.setRemoteDeviceMaj(major);
        entry.setRemoteDeviceMin(minor);
        cpio.putArchiveEntry(entry);
        cpio.closeArchiveEntry();
        return this;
    }

    /** Ends the archive. */
    byte[] finish() throws IOException {
        cpio.close();
        return bytes.toByteArray();
    }

    private void parent(String path) throws IOException {
        int slash = path.lastIndexOf('/');
        if (slash > 0) {
            folder(path.substring(0, slash));
        }
    }

    private void put(String path, long mode, byte[] content) throws IOException {
        cpio.putArchiveEntry(entry(path, mode, content.length));
        cpio.write(content);
        cpio.closeArchiveEntry();
    }

    private CpioArchiveEntry entry(String path, long mode, long size) {
        CpioArchiveEntry entry = new CpioArchiveEntry(CpioConstants.FORMAT_NEW, path, size);
        entry.setMode(mode);
        entry.setInode(inode++);
        entry.setNumberOfLinks((mode & CpioConstants.S_IFMT) == CpioConstants.C_ISDIR ? 2 : 1);
        entry.setUID(0);
        entry.setGID(0);
        entry.setTime(0);
        return entry;
    }
}
