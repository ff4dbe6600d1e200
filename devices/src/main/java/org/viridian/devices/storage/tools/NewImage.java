package org.viridian.devices.storage.tools;

import java.nio.file.Path;
import java.util.Optional;
import org.viridian.devices.storage.ImageFormat;

/**
 * What a new image is to be like.
 *
 * @param format its format
 * @param size bytes of the disk; 0 with a parent means the parent's
 * @param fixed VHD and VHDX: take the whole space at once
 * @param parent the image below, if any
 * @param parentFormat its format; found out by content when not stated
 * @param logicalSector VHDX: 512 or 4096
 * @param unit bytes of a qcow2 cluster or VHDX block; 0 for the usual
 * @param compress qcow2: write compressed clusters when copying into it
 * @param zstd qcow2: compress with zstd instead of deflate
 * @param version qcow2: 2 or 3
 */
public record NewImage(ImageFormat format, long size, boolean fixed, Optional<Path> parent, Optional<ImageFormat> parentFormat,
        int logicalSector, int unit, boolean compress, boolean zstd, int version) {

    /** A growing image, everything as usual. */
    public static NewImage of(ImageFormat format, long size) {
        return new NewImage(format, size, false, Optional.empty(), Optional.empty(), 512, 0, false, false, 3);
    }

    /** The same over a parent. */
    public NewImage over(Path below) {
        return new NewImage(format, size, fixed, Optional.of(below), parentFormat, logicalSector, unit, compress, zstd, version);
    }

    /** The same with another size. */
    public NewImage withSize(long bytes) {
        return new NewImage(format, bytes, fixed, parent, parentFormat, logicalSector, unit, compress, zstd, version);
    }

    /** The same, fixed. */
    public NewImage asFixed() {
        return new NewImage(format, size, true, parent, parentFormat, logicalSector, unit, compress, zstd, version);
    }

    /** The same with sectors of 512 or 4096 bytes. */
    public NewImage withLogicalSector(int bytes) {
        return new NewImage(format, size, fixed, parent, parentFormat, bytes, unit, compress, zstd, version);
    }
}
