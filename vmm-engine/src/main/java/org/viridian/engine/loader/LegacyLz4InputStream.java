package org.viridian.engine.loader;

import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import org.apache.commons.compress.compressors.lz4.BlockLZ4CompressorInputStream;

/**
 * The legacy LZ4 frame that {@code lz4 -l} writes (LZ4 Frame Format, "Legacy frame"): a magic number, then blocks of a
 * 32-bit size and that many bytes, each unpacking to 8 MiB but for the last.
 */
final class LegacyLz4InputStream extends InputStream {
    private static final int MAGIC = 0x184C2102;
    private static final int BLOCK_SIZE = 8 << 20;
    /** What incompressible data grows to. */
    private static final int MAX_PACKED = BLOCK_SIZE + BLOCK_SIZE / 255 + 16;

    private final InputStream in;
    private InputStream block = InputStream.nullInputStream();

    /** @param in at the magic number; ends where the frame ends */
    LegacyLz4InputStream(InputStream in) throws IOException {
        this.in = in;
        if (readSize() != MAGIC) {
            throw new IOException("no LZ4 legacy frame");
        }
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
        if (length == 0) {
            return 0;
        }
        while (true) {
            int count = block.read(target, offset, length);
            if (count > 0) {
                return count;
            }
            int size = readSize();
            if (size == -1) {
                return -1;
            }
            if (size <= 0 || size > MAX_PACKED) {
                throw new IOException("LZ4 block of %d bytes".formatted(size));
            }
            byte[] packed = in.readNBytes(size);
            if (packed.length < size) {
                throw new EOFException("the LZ4 data ends early");
            }
            block = new BlockLZ4CompressorInputStream(new ByteArrayInputStream(packed));
        }
    }

    /** A little-endian 32-bit number, or -1 at the end. */
    private int readSize() throws IOException {
        byte[] bytes = in.readNBytes(4);
        if (bytes.length == 0) {
            return -1;
        }
        if (bytes.length < 4) {
            throw new EOFException("the LZ4 data ends early");
        }
        return bytes[0] & 0xFF | (bytes[1] & 0xFF) << 8 | (bytes[2] & 0xFF) << 16 | bytes[3] << 24;
    }
}
