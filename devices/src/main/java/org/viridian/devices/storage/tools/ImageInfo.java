package org.viridian.devices.storage.tools;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.viridian.devices.storage.ImageFormat;

/**
 * Facts about an image and the images below it.
 *
 * @param file its file
 * @param format its format
 * @param variant such as {@code dynamic}; empty for raw images
 * @param size bytes of the disk
 * @param fileSize bytes of the file
 * @param allocated bytes the file takes on the host
 * @param logicalSector bytes
 * @param physicalSector bytes
 * @param unit bytes of a cluster or block, 0 for formats without
 * @param unclean whether it was not closed after it was last written
 * @param chain the images below, nearest first
 */
public record ImageInfo(Path file, ImageFormat format, String variant, long size, long fileSize, long allocated, int logicalSector,
        int physicalSector, int unit, boolean unclean, List<String> chain) {

    /** Copies the list. */
    public ImageInfo {
        chain = List.copyOf(chain);
    }

    /** The nearest image below, if any. */
    public Optional<String> parent() {
        return chain.isEmpty() ? Optional.empty() : Optional.of(chain.getFirst());
    }
}
