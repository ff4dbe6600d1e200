package org.viridian.engine.loader;

import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.zip.GZIPInputStream;
import org.apache.commons.compress.compressors.bzip2.BZip2CompressorInputStream;
import org.tukaani.xz.XZInputStream;
import org.viridian.engine.loader.LoaderException.Reason;

/**
 * Looks through an initial RAM disk as the kernel will (Linux, Documentation/driver-api/early-userspace/buffer-format.rst):
 * cpio archives one behind the other, separated by zeros, each plain or compressed. Finds files that end in the middle.
 * Formats that the host cannot unpack (zstd, lzo, lzma) and file system images pass unseen; what no Linux would take is
 * refused, for the kernel would only panic on it minutes later.
 */
final class RamDiskCheck {
    private static final int HEADER = 110;
    private static final int SIZE_FIELD = 54;
    private static final int NAME_SIZE_FIELD = 94;
    private static final int MAX_NAME = 4096;
    private static final String TRAILER = "TRAILER!!!";

    /** First bytes of compressions that Linux knows and the host does not unpack (lib/decompress.c). */
    private static final byte[][] OPAQUE = {
        {0x28, (byte) 0xB5, 0x2F, (byte) 0xFD}, // zstd
        {(byte) 0x89, 0x4C, 0x5A, 0x4F}, // lzo
        {0x5D, 0x00, 0x00}, // lzma
    };

    private RamDiskCheck() {}

    static void check(byte[] disk) throws LoaderException {
        InputStream in = new ByteArrayInputStream(disk);
        try {
            while (skipZeros(in)) {
                in.mark(16);
                byte[] magic = in.readNBytes(6);
                in.reset();
                if (isCpio(magic)) {
                    readArchive(in);
                } else {
                    if (!readCompressed(in, magic) && !isFileSystem(disk)) {
                        throw new LoaderException(Reason.INITRD_UNKNOWN);
                    }
                    return;
                }
            }
        } catch (EOFException truncated) {
            throw new LoaderException(truncated, Reason.INITRD_TRUNCATED);
        } catch (IOException damaged) {
            throw new LoaderException(damaged, Reason.INITRD_DAMAGED, String.valueOf(damaged.getMessage()));
        }
    }

    private static boolean skipZeros(InputStream in) throws IOException {
        while (true) {
            in.mark(1);
            int next = in.read();
            if (next != 0) {
                in.reset();
                return next > 0;
            }
        }
    }

    private static boolean isCpio(byte[] magic) {
        String text = new String(magic, StandardCharsets.ISO_8859_1);
        return text.equals("070701") || text.equals("070702");
    }

    private static void readArchive(InputStream in) throws IOException {
        while (true) {
            byte[] header = in.readNBytes(HEADER);
            if (header.length < HEADER) {
                throw new EOFException();
            }
            if (!isCpio(java.util.Arrays.copyOf(header, 6))) {
                throw new IOException("a cpio entry without its magic number");
            }
            long size = hex(header, SIZE_FIELD);
            int nameSize = (int) hex(header, NAME_SIZE_FIELD);
            if (nameSize < 1 || nameSize > MAX_NAME) {
                throw new IOException("a cpio name of %d bytes".formatted(nameSize));
            }
            byte[] name = in.readNBytes(nameSize);
            if (name.length < nameSize) {
                throw new EOFException();
            }
            if (new String(name, 0, nameSize - 1, StandardCharsets.ISO_8859_1).equals(TRAILER)) {
                return;
            }
            in.skipNBytes(padding(HEADER + nameSize));
            in.skipNBytes(size);
            in.skipNBytes(padding(size));
        }
    }

    private static long padding(long size) {
        return -size & 3;
    }

    private static long hex(byte[] header, int at) throws IOException {
        try {
            return Long.parseLong(new String(header, at, 8, StandardCharsets.ISO_8859_1), 16);
        } catch (NumberFormatException e) {
            throw new IOException("a cpio header that is not hexadecimal", e);
        }
    }

    /**
     * Unpacks to the end, when the host can unpack the format. Decompressors read ahead, so what may follow cannot be told
     * apart from here.
     *
     * @return false when it is no compression that Linux knows
     */
    private static boolean readCompressed(InputStream in, byte[] magic) throws IOException {
        int first = magic.length < 6 ? 0 : magic[0] & 0xFF;
        InputStream unpacked = switch (first) {
            case 0x1F -> (magic[1] & 0xFF) == 0x8B ? new GZIPInputStream(in, 1 << 16) : null;
            case 0xFD -> magic[1] == '7' ? new XZInputStream(in) : null;
            case 'B' -> magic[1] == 'Z' && magic[2] == 'h' ? new BZip2CompressorInputStream(in, true) : null;
            case 0x02 -> magic[1] == 0x21 && magic[2] == 0x4C && magic[3] == 0x18 ? new LegacyLz4InputStream(in) : null;
            default -> null;
        };
        if (unpacked == null) {
            return java.util.Arrays.stream(OPAQUE).anyMatch(known ->
                    java.util.Arrays.equals(known, 0, known.length, magic, 0, Math.min(known.length, magic.length)));
        }
        readArchives(unpacked);
        return true;
    }

    /** The file systems that init/do_mounts_rd.c looks for in a RAM disk image. */
    private static boolean isFileSystem(byte[] disk) {
        ByteBuffer words = ByteBuffer.wrap(disk).order(ByteOrder.LITTLE_ENDIAN);
        if (disk.length < 2048) {
            return false;
        }
        int first = words.getInt(0);
        int minix = words.getShort(1024 + 16) & 0xFFFF;
        return first == 0x73717368 // squashfs
                || first == 0x28CD3D45 || words.getInt(512) == 0x28CD3D45 // cramfs
                || first == 0x6D6F722D // romfs
                || minix == 0x137F || minix == 0x138F
                || (words.getShort(1024 + 56) & 0xFFFF) == 0xEF53; // ext2 to ext4
    }

    private static void readArchives(InputStream unpacked) throws IOException {
        InputStream in = new BufferedInputStream(unpacked, 1 << 16);
        while (skipZeros(in)) {
            in.mark(16);
            byte[] magic = in.readNBytes(6);
            in.reset();
            if (!isCpio(magic)) {
                in.transferTo(java.io.OutputStream.nullOutputStream());
                return;
            }
            readArchive(in);
        }
    }
}
