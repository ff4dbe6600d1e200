package org.viridian.display.synthvideo;

import java.util.List;

/** The resolutions offered to guests: standard timings (DMT) only, because Linux takes no others, all within VRAM. */
final class Resolutions {
    /** Megabytes of video memory: room for 1920x1080 at 32 bits. */
    static final int VRAM_MEGABYTES = 8;

    /** One resolution. */
    record Size(int width, int height) {}

    static final List<Size> ALL = List.of(
            new Size(640, 480), new Size(800, 600), new Size(1024, 768), new Size(1280, 720), new Size(1280, 800),
            new Size(1280, 1024), new Size(1366, 768), new Size(1440, 900), new Size(1600, 900), new Size(1680, 1050),
            new Size(1920, 1080));

    /** Index of the resolution a guest starts with: 1024x768. */
    static final int DEFAULT = 2;

    private Resolutions() {}
}
