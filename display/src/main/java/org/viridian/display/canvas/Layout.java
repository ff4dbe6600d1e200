package org.viridian.display.canvas;

/**
 * Where the picture lies inside the node, in device pixels.
 *
 * @param sourceWidth guest pixels
 * @param sourceHeight guest pixels
 * @param x left edge
 * @param y top edge
 * @param width shown width
 * @param height shown height
 */
record Layout(int sourceWidth, int sourceHeight, int x, int y, int width, int height) {
    /** A fit this close to a whole multiple becomes that multiple: sharp beats two per cent of size. */
    private static final double SNAP = 0.02;

    /** Computes the place of a {@code w}×{@code h} screen in a room of {@code roomWidth}×{@code roomHeight} device pixels. */
    static Layout of(Scaling scaling, int w, int h, int roomWidth, int roomHeight) {
        double factor = Math.min((double) roomWidth / w, (double) roomHeight / h);
        double whole = Math.floor(factor * (1 + SNAP));
        double scale = switch (scaling) {
            case NATIVE -> 1;
            case INTEGER -> factor >= 1 ? Math.floor(factor) : factor;
            case FIT -> whole >= 1 && factor - whole < whole * SNAP ? Math.min(whole, Math.max(1, Math.floor(factor)))
                    : factor;
        };
        int width = Math.max(1, (int) Math.floor(w * scale));
        int height = Math.max(1, (int) Math.floor(h * scale));
        return new Layout(w, h, Math.max(0, (roomWidth - width) / 2), Math.max(0, (roomHeight - height) / 2), width, height);
    }

    boolean isNative() {
        return width == sourceWidth && height == sourceHeight;
    }

    /** The absolute coordinate 0–{@code max} of a device pixel across the screen, clamped at its edges. */
    int across(double deviceX, int max) {
        return absolute(deviceX - x, width, sourceWidth, max);
    }

    /** As {@link #across}, down the screen. */
    int down(double deviceY, int max) {
        return absolute(deviceY - y, height, sourceHeight, max);
    }

    private static int absolute(double offset, int shown, int source, int max) {
        int pixel = (int) Math.clamp((long) Math.floor(offset * source / shown), 0, source - 1);
        return source == 1 ? 0 : (int) Math.round((double) pixel * max / (source - 1));
    }
}
