package org.viridian.devices.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.viridian.devices.storage.file.HostFile;

/** Tells formats apart by content. Only for files whose format nobody has stated: a guest can write any content. */
final class Probe {
    private static final byte[] VHDX = "vhdxfile".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] VHD = "conectix".getBytes(StandardCharsets.US_ASCII);
    private static final int QCOW = 0x514649FB;

    private Probe() {}

    static ImageFormat format(HostFile file) throws IOException {
        ImageFormat byHeader = byHeader(file.read(0, 512));
        if (byHeader != ImageFormat.RAW) {
            return byHeader;
        }
        long size = file.size();
        // A fixed VHD has its footer at the end only.
        return size > 512 && startsWith(file.read(size - 512, 8), VHD) ? ImageFormat.VHD : ImageFormat.RAW;
    }

    static ImageFormat byHeader(byte[] head) {
        if (startsWith(head, VHDX)) {
            return ImageFormat.VHDX;
        }
        if (startsWith(head, VHD)) {
            return ImageFormat.VHD;
        }
        return ByteBuffer.wrap(head).getInt(0) == QCOW ? ImageFormat.QCOW2 : ImageFormat.RAW;
    }

    private static boolean startsWith(byte[] bytes, byte[] magic) {
        return java.util.Arrays.equals(bytes, 0, magic.length, magic, 0, magic.length);
    }
}
