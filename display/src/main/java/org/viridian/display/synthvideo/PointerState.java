package org.viridian.display.synthvideo;

/**
 * The guest's pointer.
 *
 * @param visible whether the host should draw it
 * @param x position of the hot spot
 * @param y position of the hot spot
 * @param width of the shape, 0 when there is none
 * @param height of the shape
 * @param hotX hot spot inside the shape
 * @param hotY hot spot inside the shape
 * @param alpha true for 32-bit ARGB pixels, false for one-bit AND and XOR masks
 * @param pixels the shape's bytes; not to be changed
 */
public record PointerState(boolean visible, int x, int y, int width, int height, int hotX, int hotY, boolean alpha,
        byte[] pixels) {
    /** No pointer. */
    public static final PointerState HIDDEN = new PointerState(false, 0, 0, 0, 0, 0, 0, true, new byte[0]);

    PointerState moved(boolean shown, int nextX, int nextY) {
        // A shape of one pixel is how Linux hides the host's pointer.
        return new PointerState(shown && width > 1 && height > 1, nextX, nextY, width, height, hotX, hotY, alpha, pixels);
    }
}
