package org.viridian.app.quickcreate;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.commons.compress.archivers.ar.ArArchiveEntry;
import org.apache.commons.compress.archivers.ar.ArArchiveInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.compressors.gzip.GzipCompressorInputStream;
import org.apache.commons.compress.compressors.xz.XZCompressorInputStream;

/** Reads the files of a Debian binary package, deb(5): an ar archive with a compressed tar named {@code data.tar.*}. */
final class DebFile {
    /** No file of a kernel package is near this; a damaged or made-up header must not ask for all memory. */
    static final int MAX_FILE = 256 << 20;

    private static final int MAX_XZ_MEMORY_KIB = 128 << 10;

    private DebFile() {}

    /** Is given each regular file of the package, in the package's order. */
    interface Visitor {
        /**
         * @param path inside the package, without leading {@code ./}
         * @param size bytes
         * @param content to be read or not; valid during the call
         */
        void file(String path, long size, InputStream content) throws IOException;
    }

    /** Walks through the package once. */
    static void walk(Path deb, Visitor visitor) throws IOException {
        try (InputStream file = new BufferedInputStream(Files.newInputStream(deb), 1 << 16);
                ArArchiveInputStream ar = new ArArchiveInputStream(file)) {
            for (ArArchiveEntry member = ar.getNextEntry(); member != null; member = ar.getNextEntry()) {
                if (member.getName().startsWith("data.tar")) {
                    walkTar(decompressor(member.getName(), ar), visitor);
                    return;
                }
            }
            throw new IOException("it has no member data.tar");
        } catch (IllegalArgumentException e) {
            // commons-compress reports some damaged headers this way.
            throw new IOException(e.getMessage(), e);
        }
    }

    /** Reads a file of the package whole. */
    static byte[] bytes(String path, long size, InputStream content) throws IOException {
        if (size > MAX_FILE) {
            throw new IOException(path + " has " + size + " bytes");
        }
        byte[] bytes = content.readNBytes((int) size);
        if (bytes.length != size) {
            throw new IOException(path + " is cut off");
        }
        return bytes;
    }

    private static void walkTar(InputStream data, Visitor visitor) throws IOException {
        TarArchiveInputStream tar = new TarArchiveInputStream(data);
        for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
            if (entry.isFile()) {
                String path = entry.getName();
                visitor.file(path.startsWith("./") ? path.substring(2) : path, entry.getSize(), tar);
            }
        }
    }

    private static InputStream decompressor(String name, InputStream in) throws IOException {
        return switch (name.replaceAll("/+$", "")) {
            case "data.tar" -> in;
            case "data.tar.gz" -> new GzipCompressorInputStream(in, true);
            case "data.tar.xz" -> XZCompressorInputStream.builder().setInputStream(in)
                    .setMemoryLimitKiB(MAX_XZ_MEMORY_KIB).setDecompressConcatenated(true).get();
            default -> throw new IOException("its data is packed as " + name + ", which is not known here");
        };
    }
}
