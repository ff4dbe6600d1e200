package org.viridian.display.canvas;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import org.viridian.display.surface.Frame;

/**
 * Copies a rectangle of a frame into the picture, scaled, with alpha set: guest pixels are XRGB with X = 0, which would
 * be fully transparent. Whole multiples are replicated, everything else is interpolated between the four neighbours.
 *
 * <p>Made once per layout; {@link #copy} allocates nothing. The frame may be changed by the guest during the copy, which
 * shows as a torn picture until the next damage.
 */
final class PixelCopier {
    private static final int OPAQUE = 0xFF000000;
    private static final int ONE = 256;
    private static final ValueLayout.OfInt GUEST = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt HOST = ValueLayout.JAVA_INT;

    private final Layout layout;
    private final MemorySegment picture;
    private final int multiple;
    private final int[] column;
    private final int[] columnWeight;
    private final int[] row;
    private final int[] rowWeight;

    // The rectangle of the picture that the last copy wrote.
    private int left;
    private int top;
    private int width;
    private int height;

    /** @param picture {@code layout.width * layout.height} ints */
    PixelCopier(Layout layout, MemorySegment picture) {
        this.layout = layout;
        this.picture = picture;
        this.multiple = layout.width() / layout.sourceWidth() * layout.sourceWidth() == layout.width()
                && layout.height() == layout.width() / layout.sourceWidth() * layout.sourceHeight()
                ? layout.width() / layout.sourceWidth() : 0;
        boolean smooth = multiple == 0;
        this.column = new int[smooth ? layout.width() : 0];
        this.columnWeight = new int[column.length];
        this.row = new int[smooth ? layout.height() : 0];
        this.rowWeight = new int[row.length];
        weights(column, columnWeight, layout.sourceWidth());
        weights(row, rowWeight, layout.sourceHeight());
    }

    private static void weights(int[] index, int[] weight, int source) {
        for (int i = 0; i < index.length; i++) {
            double centre = Math.max(0, (i + 0.5) * source / index.length - 0.5);
            int floor = Math.min((int) centre, Math.max(0, source - 2));
            index[i] = floor;
            weight[i] = source == 1 ? 0 : (int) Math.min(ONE, Math.round((centre - floor) * ONE));
        }
    }

    int left() {
        return left;
    }

    int top() {
        return top;
    }

    int width() {
        return width;
    }

    int height() {
        return height;
    }

    /** Copies what {@code x, y, w, h} of the frame covers; the frame's size must be the layout's. False when nothing. */
    boolean copy(Frame frame, int x, int y, int w, int h) {
        int x0 = Math.clamp(x, 0, layout.sourceWidth());
        int y0 = Math.clamp(y, 0, layout.sourceHeight());
        int x1 = (int) Math.clamp((long) x + w, x0, layout.sourceWidth());
        int y1 = (int) Math.clamp((long) y + h, y0, layout.sourceHeight());
        if (x0 == x1 || y0 == y1) {
            return false;
        }
        if (multiple == 1) {
            target(x0, y0, x1, y1);
            copyNative(frame.pixels(), frame.stride(), x0, y0, x1, y1);
        } else if (multiple > 1) {
            target(x0 * multiple, y0 * multiple, x1 * multiple, y1 * multiple);
            copyMultiple(frame.pixels(), frame.stride(), x0, y0, x1, y1);
        } else {
            // A changed pixel colours every shown pixel whose pair of neighbours it belongs to.
            target(firstAtLeast(column, x0 - 1), firstAtLeast(row, y0 - 1), firstAtLeast(column, x1),
                    firstAtLeast(row, y1));
            if (width == 0 || height == 0) {
                return false;
            }
            copySmooth(frame.pixels(), frame.stride());
        }
        return true;
    }

    /** The first place of a rising table whose entry is at least {@code wanted}; its length when there is none. */
    private static int firstAtLeast(int[] rising, int wanted) {
        int low = 0;
        int high = rising.length;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (rising[middle] < wanted) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    private void target(int x0, int y0, int x1, int y1) {
        left = x0;
        top = y0;
        width = x1 - x0;
        height = y1 - y0;
    }

    private void copyNative(MemorySegment pixels, int stride, int x0, int y0, int x1, int y1) {
        int pictureWidth = layout.width();
        for (int y = y0; y < y1; y++) {
            long from = (long) y * stride;
            long to = 4L * y * pictureWidth;
            for (int x = x0; x < x1; x++) {
                picture.set(HOST, to + 4L * x, pixels.get(GUEST, from + 4L * x) | OPAQUE);
            }
        }
    }

    private void copyMultiple(MemorySegment pixels, int stride, int x0, int y0, int x1, int y1) {
        int k = multiple;
        long pictureStride = 4L * layout.width();
        for (int y = y0; y < y1; y++) {
            long from = (long) y * stride;
            long first = (long) y * k * pictureStride;
            long to = first + 4L * x0 * k;
            for (int x = x0; x < x1; x++) {
                int pixel = pixels.get(GUEST, from + 4L * x) | OPAQUE;
                for (int i = 0; i < k; i++) {
                    picture.set(HOST, to, pixel);
                    to += 4;
                }
            }
            long start = first + 4L * x0 * k;
            for (int i = 1; i < k; i++) {
                MemorySegment.copy(picture, start, picture, start + i * pictureStride, 4L * (x1 - x0) * k);
            }
        }
    }

    private void copySmooth(MemorySegment pixels, int stride) {
        int right = layout.sourceWidth() == 1 ? 0 : 4;
        int below = layout.sourceHeight() == 1 ? 0 : stride;
        for (int y = top; y < top + height; y++) {
            long upper = (long) row[y] * stride;
            long lower = upper + below;
            int down = rowWeight[y];
            long to = 4L * y * layout.width();
            for (int x = left; x < left + width; x++) {
                long at = 4L * column[x];
                int across = columnWeight[x];
                int a = mix(pixels.get(GUEST, upper + at), pixels.get(GUEST, upper + at + right), across);
                int b = mix(pixels.get(GUEST, lower + at), pixels.get(GUEST, lower + at + right), across);
                picture.set(HOST, to + 4L * x, mix(a, b, down) | OPAQUE);
            }
        }
    }

    /** {@code a} to {@code b} by {@code weight}/256, two channels at a time. */
    private static int mix(int a, int b, int weight) {
        int keep = ONE - weight;
        int redBlue = ((a & 0xFF00FF) * keep + (b & 0xFF00FF) * weight) >>> 8 & 0xFF00FF;
        int green = ((a >>> 8 & 0xFF) * keep + (b >>> 8 & 0xFF) * weight) & 0xFF00;
        return redBlue | green;
    }
}
