package org.viridian.display.synthvideo;

import java.util.List;

/**
 * What the video VSP tells the guest about itself. hyperv_drm builds its mode list from its own table up to the largest
 * width and height here, and prefers the start size when its table holds it.
 *
 * @param vramMegabytes video memory, 8–128 MiB
 * @param start the size a guest driver should begin with; one of {@code sizes}
 * @param sizes at most 64 sizes, smallest first
 */
public record VideoConfig(int vramMegabytes, Resolution start, List<Resolution> sizes) {
    private static final int MAX_SIZES = 64;

    /** Checks that every size, and the largest width with the largest height, fits the memory. */
    public VideoConfig {
        sizes = List.copyOf(sizes);
        long bytes = (long) vramMegabytes << 20;
        int width = sizes.stream().mapToInt(Resolution::width).max().orElse(0);
        int height = sizes.stream().mapToInt(Resolution::height).max().orElse(0);
        if (vramMegabytes < 8 || vramMegabytes > 128 || sizes.size() > MAX_SIZES || !sizes.contains(start)
                || new Resolution(width, height).bytes() > bytes) {
            throw new IllegalArgumentException("%d MiB of video memory for %s".formatted(vramMegabytes, sizes));
        }
    }

    /** 16 MiB, 1024x768 to start with, up to 1920x1200. */
    public static VideoConfig standard() {
        Resolution start = new Resolution(1024, 768);
        return new VideoConfig(16, start, List.of(new Resolution(640, 480), new Resolution(800, 600), start,
                new Resolution(1280, 720), new Resolution(1280, 800), new Resolution(1280, 1024), new Resolution(1366, 768),
                new Resolution(1440, 900), new Resolution(1600, 900), new Resolution(1600, 1200), new Resolution(1680, 1050),
                new Resolution(1920, 1080), new Resolution(1920, 1200)));
    }

    int startIndex() {
        return sizes.indexOf(start);
    }
}
