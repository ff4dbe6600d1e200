package org.viridian.display.synthvideo;

/**
 * A picture size.
 *
 * @param width pixels
 * @param height pixels
 */
public record Resolution(int width, int height) {
    /** Bytes of a picture with 32 bits per pixel. */
    long bytes() {
        return 4L * width * height;
    }
}
