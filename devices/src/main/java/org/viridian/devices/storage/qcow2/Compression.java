package org.viridian.devices.storage.qcow2;

import com.github.luben.zstd.ZstdDecompressCtx;
import com.github.luben.zstd.ZstdException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.DataFormatException;
import java.util.zip.Deflater;
import java.util.zip.Inflater;
import org.viridian.devices.storage.ImageException;

/**
 * Compressed clusters: raw deflate, or zstd. The stored length is rounded up to sectors, so what follows the stream is
 * ignored. Keeps the last clusters it has expanded, because guests read less than a cluster at a time.
 */
final class Compression {
    private static final int KEPT = 8;

    private final boolean zstd;
    private final int clusterSize;
    private final Map<Long, byte[]> recent = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Long, byte[]> eldest) {
            return size() > KEPT;
        }
    };

    /** Where compressed bytes come from. */
    @FunctionalInterface
    interface Source {
        byte[] read() throws IOException;
    }

    Compression(boolean zstd, int clusterSize) {
        this.zstd = zstd;
        this.clusterSize = clusterSize;
    }

    /** The cluster that an L2 entry names. */
    synchronized byte[] expand(long entry, Source source) throws IOException {
        byte[] known = recent.get(entry);
        if (known == null) {
            byte[] packed = source.read();
            known = zstd ? unzstd(packed) : inflate(packed);
            recent.put(entry, known);
        }
        return known;
    }

    synchronized void forget() {
        recent.clear();
    }

    private byte[] inflate(byte[] packed) throws ImageException {
        byte[] cluster = new byte[clusterSize];
        try (Inflater inflater = new Inflater(true)) {
            inflater.setInput(packed);
            int at = 0;
            while (at < clusterSize) {
                int count = inflater.inflate(cluster, at, clusterSize - at);
                if (count == 0) {
                    throw new ImageException("a compressed cluster is damaged");
                }
                at += count;
            }
            return cluster;
        } catch (DataFormatException e) {
            throw new ImageException("a compressed cluster is damaged", e);
        }
    }

    private byte[] unzstd(byte[] packed) throws ImageException {
        ByteBuffer in = ByteBuffer.allocateDirect(packed.length).put(packed).flip();
        ByteBuffer out = ByteBuffer.allocateDirect(clusterSize);
        try (ZstdDecompressCtx context = new ZstdDecompressCtx()) {
            while (out.hasRemaining()) {
                int before = in.position() + out.position();
                boolean ended = context.decompressDirectByteBufferStream(out, in);
                if (ended && out.hasRemaining() || in.position() + out.position() == before) {
                    throw new ImageException("a compressed cluster is damaged");
                }
            }
        } catch (ZstdException e) {
            throw new ImageException("a compressed cluster is damaged", e);
        }
        byte[] cluster = new byte[clusterSize];
        out.flip().get(cluster);
        return cluster;
    }

    /** The compressed form, or null when it would not be shorter by a sector. */
    byte[] pack(byte[] cluster) {
        byte[] packed = new byte[clusterSize - 512];
        int length;
        if (zstd) {
            byte[] whole = com.github.luben.zstd.Zstd.compress(cluster);
            if (whole.length > packed.length) {
                return null;
            }
            return whole;
        }
        try (Deflater deflater = new Deflater(Deflater.DEFAULT_COMPRESSION, true)) {
            deflater.setInput(cluster);
            deflater.finish();
            length = deflater.deflate(packed);
            return deflater.finished() ? java.util.Arrays.copyOf(packed, length) : null;
        }
    }
}
