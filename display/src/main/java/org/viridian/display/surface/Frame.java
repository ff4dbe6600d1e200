package org.viridian.display.surface;

import java.lang.foreign.MemorySegment;

/**
 * The pixels of a screen at this moment; replaced as a whole when the mode changes. Pixels are 32-bit little-endian
 * XRGB (bytes B, G, R, X), X undefined.
 *
 * @param width pixels
 * @param height pixels
 * @param stride bytes from one row to the next
 * @param pixels at least {@code stride * height} bytes; guest memory itself or a rendering of it, changing at any time
 */
public record Frame(int width, int height, int stride, MemorySegment pixels) {}
