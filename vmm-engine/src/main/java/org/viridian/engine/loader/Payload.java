package org.viridian.engine.loader;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;
import java.util.zip.GZIPInputStream;
import org.apache.commons.compress.compressors.bzip2.BZip2CompressorInputStream;
import org.tukaani.xz.LZMAInputStream;
import org.tukaani.xz.SingleXZInputStream;

/**
 * The compressed kernel inside a bzImage. Unpacking it on the host saves the guest most of the instructions of its
 * boot. Formats are told by their magic numbers (Linux, scripts/Makefile.lib): xz, lz4, gzip, bzip2, lzma; zstd and lzo
 * are left to the guest's own decompressor.
 */
final class Payload {
    /** The build appends the unpacked size to every format but gzip, which has it already. */
    private static final int SIZE_SUFFIX = 4;
    /** Enough for every dictionary a kernel build uses, so that a damaged header cannot ask for all of the heap. */
    private static final int MEMORY_LIMIT_KIB = 256 << 10;

    private Payload() {}

    /** A stream of the unpacked kernel, or empty when the format is not known here. */
    static Optional<InputStream> open(byte[] image, int offset, int length) throws IOException {
        int body = Math.max(0, length - SIZE_SUFFIX);
        if (starts(image, offset, length, 0xFD, '7', 'z', 'X', 'Z', 0)) {
            return Optional.of(new SingleXZInputStream(new ByteArrayInputStream(image, offset, length), MEMORY_LIMIT_KIB));
        }
        if (starts(image, offset, length, 0x02, 0x21, 0x4C, 0x18)) {
            return Optional.of(new LegacyLz4InputStream(new ByteArrayInputStream(image, offset, body)));
        }
        if (starts(image, offset, length, 0x1F, 0x8B, 8)) {
            return Optional.of(new GZIPInputStream(new ByteArrayInputStream(image, offset, length), 1 << 16));
        }
        if (starts(image, offset, length, 'B', 'Z', 'h')) {
            return Optional.of(new BZip2CompressorInputStream(new ByteArrayInputStream(image, offset, body)));
        }
        if (starts(image, offset, length, 0x5D, 0, 0)) {
            return Optional.of(new LZMAInputStream(new ByteArrayInputStream(image, offset, body), MEMORY_LIMIT_KIB));
        }
        return Optional.empty();
    }

    private static boolean starts(byte[] image, int offset, int length, int... magic) {
        if (length < magic.length) {
            return false;
        }
        for (int i = 0; i < magic.length; i++) {
            if ((image[offset + i] & 0xFF) != magic[i]) {
                return false;
            }
        }
        return true;
    }
}
