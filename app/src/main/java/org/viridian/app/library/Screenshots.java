package org.viridian.app.library;

import java.io.ByteArrayOutputStream;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.zip.CRC32;
import java.util.zip.Deflater;
import org.viridian.display.surface.Frame;
import org.viridian.display.surface.Surface;

/**
 * A screen as a PNG file (W3C PNG specification, third edition), 8-bit truecolour. Written here because javax.imageio
 * starts AWT, which takes longer than the picture and wants libraries that a server has not got.
 */
public final class Screenshots {
    private static final byte[] SIGNATURE = {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
    private static final int TRUECOLOUR = 2;
    private static final int FILTER_UP = 2;

    private Screenshots() {}

    /** The present frame at native size; empty when the screen is off. */
    public static Optional<byte[]> png(Surface surface) {
        Frame frame = surface == null ? null : surface.frame();
        return frame == null ? Optional.empty() : Optional.of(png(frame));
    }

    /** A frame as PNG. */
    public static byte[] png(Frame frame) {
        ByteArrayOutputStream file = new ByteArrayOutputStream(frame.width() * frame.height() / 4);
        file.writeBytes(SIGNATURE);
        chunk(file, "IHDR", ByteBuffer.allocate(13).putInt(frame.width()).putInt(frame.height())
                .put((byte) 8).put((byte) TRUECOLOUR).put((byte) 0).put((byte) 0).put((byte) 0).array());
        chunk(file, "IDAT", deflate(scanLines(frame)));
        chunk(file, "IEND", new byte[0]);
        return file.toByteArray();
    }

    private static byte[] scanLines(Frame frame) {
        int rowBytes = 3 * frame.width();
        byte[] lines = new byte[(rowBytes + 1) * frame.height()];
        byte[] above = new byte[rowBytes];
        byte[] row = new byte[rowBytes];
        int to = 0;
        for (int y = 0; y < frame.height(); y++) {
            long from = (long) y * frame.stride();
            for (int x = 0; x < frame.width(); x++) {
                int pixel = frame.pixels().get(ValueLayout.JAVA_INT_UNALIGNED, from + 4L * x);
                row[3 * x] = (byte) (pixel >> 16);
                row[3 * x + 1] = (byte) (pixel >> 8);
                row[3 * x + 2] = (byte) pixel;
            }
            // Text screens repeat from row to row: "up" turns most of a picture into zeros.
            lines[to++] = FILTER_UP;
            for (int i = 0; i < rowBytes; i++) {
                lines[to++] = (byte) (row[i] - above[i]);
            }
            byte[] swap = above;
            above = row;
            row = swap;
        }
        return lines;
    }

    private static byte[] deflate(byte[] bytes) {
        Deflater deflater = new Deflater(Deflater.BEST_SPEED);
        try {
            deflater.setInput(bytes);
            deflater.finish();
            ByteArrayOutputStream packed = new ByteArrayOutputStream();
            byte[] buffer = new byte[1 << 16];
            while (!deflater.finished()) {
                packed.write(buffer, 0, deflater.deflate(buffer));
            }
            return packed.toByteArray();
        } finally {
            deflater.end();
        }
    }

    private static void chunk(ByteArrayOutputStream file, String type, byte[] data) {
        byte[] name = type.getBytes(StandardCharsets.US_ASCII);
        CRC32 sum = new CRC32();
        sum.update(name);
        sum.update(data);
        file.writeBytes(ByteBuffer.allocate(4).putInt(data.length).array());
        file.writeBytes(name);
        file.writeBytes(data);
        file.writeBytes(ByteBuffer.allocate(4).putInt((int) sum.getValue()).array());
    }
}
