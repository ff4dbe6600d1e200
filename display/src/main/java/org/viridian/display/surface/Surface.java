package org.viridian.display.surface;

/**
 * A source of pictures: the video VSP, VGA. Damage is collected until {@link #takeDamage}; the consumer asks once per
 * pulse.
 *
 * <p>Thread rule: any thread.
 */
public interface Surface {
    /** The present frame, or null when the screen is off. */
    Frame frame();

    /** The rectangle that changed since the last call, or null when nothing did. A new {@link #frame} damages everything. */
    Rect takeDamage();

    /** Run once, on any thread, when damage appears after a {@link #takeDamage} that returned null; must not block. */
    void onDamage(Runnable wakeUp);

    /**
     * A rectangle of pixels.
     *
     * @param x left
     * @param y top
     * @param width pixels
     * @param height pixels
     */
    record Rect(int x, int y, int width, int height) {
        /** The smallest rectangle that holds both. */
        public Rect union(Rect other) {
            int left = Math.min(x, other.x);
            int top = Math.min(y, other.y);
            int right = Math.max(x + width, other.x + other.width);
            int bottom = Math.max(y + height, other.y + other.height);
            return new Rect(left, top, right - left, bottom - top);
        }
    }
}
