package org.viridian.engine.loader;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;
import java.util.zip.GZIPInputStream;
import org.apache.commons.compress.compressors.bzip2.BZip2CompressorInputStream;
import org.apache.commons.compress.compressors.lzma.LZMACompressorInputStream;
import org.tukaani.xz.SingleXZInputStream;

/**
 * Unpacks a bzImage's payload on the host, which spares the guest more than half of the instructions of a small boot.
 * A compression that no library at hand knows is left to the kernel's own decompressor.
 */
final class KernelPayload {
    /** More than any kernel unpacks to; a bomb stops here. */
    private static final int MAX_SIZE = 512 << 20;
    /** Memory an xz dictionary may ask for, KiB. Kernels use 32 MiB. */
    private static final int MAX_XZ_KIB = 256 << 10;

    private KernelPayload() {}

    /** The unpacked kernel, or empty when its compression is unknown here. */
    static Optional<byte[]> unpack(byte[] file, int offset, int length, String name) throws LoaderException {
        if (length < 6) {
            throw new LoaderException(name + " is damaged: its payload is empty.");
        }
        ByteArrayInputStream packed = new ByteArrayInputStream(file, offset, length);
        int b0 = file[offset] & 0xFF;
        int b1 = file[offset + 1] & 0xFF;
        try {
            InputStream stream;
            if (b0 == 0xFD && b1 == '7') {
                stream = new SingleXZInputStream(packed, MAX_XZ_KIB);
            } else if (b0 == 0x1F && b1 == 0x8B) {
                stream = new GZIPInputStream(packed);
            } else if (b0 == 'B' && b1 == 'Z') {
                stream = new BZip2CompressorInputStream(packed);
            } else if (b0 == 0x5D && b1 == 0) {
                stream = new LZMACompressorInputStream(packed, MAX_XZ_KIB);
            } else if (b0 == 0x7F && b1 == 'E') {
                stream = packed;
            } else {
                return Optional.empty();
            }
            byte[] kernel = stream.readNBytes(MAX_SIZE);
            if (kernel.length == MAX_SIZE) {
                throw new LoaderException(name + " unpacks to more than 512 MiB; this is not a kernel.");
            }
            return ElfImage.isElf(kernel) ? Optional.of(kernel) : Optional.empty();
        } catch (IOException damaged) {
            throw new LoaderException(name + " is damaged: its payload does not unpack (" + damaged.getMessage()
                    + "). Fetch the file again.", damaged);
        }
    }
}
