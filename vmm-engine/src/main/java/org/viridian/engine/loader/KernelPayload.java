package org.viridian.engine.loader;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;
import java.util.zip.GZIPInputStream;
import org.apache.commons.compress.compressors.bzip2.BZip2CompressorInputStream;
import org.apache.commons.compress.compressors.lz4.BlockLZ4CompressorInputStream;
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

    /** Largest block of the legacy LZ4 frame. */
    private static final int LZ4_BLOCK = 8 << 20;

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
            } else if (b0 == 0x02 && b1 == 0x21) {
                return Optional.of(unpackLegacyLz4(packed)).filter(ElfImage::isElf);
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

    /**
     * The LZ4 "legacy" frame that kernels use: a magic number, then blocks of at most 8 MiB, each behind its packed size.
     * What follows the last block (the kernel's own length word) is too short to be one.
     */
    private static byte[] unpackLegacyLz4(InputStream packed) throws IOException {
        packed.skipNBytes(4);
        ByteArrayOutputStream kernel = new ByteArrayOutputStream(64 << 20);
        while (packed.available() > 8) {
            int size = ByteBuffer.wrap(packed.readNBytes(4)).order(ByteOrder.LITTLE_ENDIAN).getInt();
            if (size <= 0 || size > packed.available()) {
                throw new IOException("an LZ4 block of %d bytes".formatted(size));
            }
            byte[] block = new BlockLZ4CompressorInputStream(new ByteArrayInputStream(packed.readNBytes(size)))
                    .readNBytes(LZ4_BLOCK + 1);
            if (block.length > LZ4_BLOCK || kernel.size() + block.length >= MAX_SIZE) {
                throw new IOException("an LZ4 block unpacks to more than it may");
            }
            kernel.writeBytes(block);
        }
        return kernel.toByteArray();
    }
}
