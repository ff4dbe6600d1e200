package org.viridian.devices.storage.format;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Random;
import org.viridian.devices.storage.DiskImage;
import org.viridian.devices.storage.DiskImages;
import org.viridian.devices.storage.ImageFormat;
import org.viridian.devices.storage.tools.ImageTools;
import org.viridian.devices.storage.tools.NewImage;

/** The kinds of image the tests go through. */
enum FormatKind {
    RAW(ImageFormat.RAW, 0, 512, false, 3, false),
    VHD_FIXED(ImageFormat.VHD, 0, 512, false, 3, false),
    VHD_DYNAMIC(ImageFormat.VHD, 0, 512, false, 3, false),
    VHD_DIFFERENCING(ImageFormat.VHD, 0, 512, true, 3, false),
    VHDX_DYNAMIC(ImageFormat.VHDX, 1 << 20, 512, false, 3, false),
    VHDX_4K(ImageFormat.VHDX, 0, 4096, false, 3, false),
    VHDX_FIXED(ImageFormat.VHDX, 0, 512, false, 3, false),
    VHDX_DIFFERENCING(ImageFormat.VHDX, 0, 512, true, 3, false),
    QCOW2(ImageFormat.QCOW2, 0, 512, false, 3, false),
    QCOW2_OVER(ImageFormat.QCOW2, 0, 512, true, 3, false),
    QCOW2_SMALL(ImageFormat.QCOW2, 512, 512, false, 3, true),
    QCOW2_SMALL_OVER(ImageFormat.QCOW2, 4096, 512, true, 3, false),
    QCOW2_OLD(ImageFormat.QCOW2, 4096, 512, false, 2, false),
    QCOW2_OLD_OVER(ImageFormat.QCOW2, 0, 512, true, 2, false);

    final ImageFormat format;
    final int unit;
    final int sector;
    final boolean over;
    final int version;
    final boolean zstd;

    FormatKind(ImageFormat format, int unit, int sector, boolean over, int version, boolean zstd) {
        this.format = format;
        this.unit = unit;
        this.sector = sector;
        this.over = over;
        this.version = version;
        this.zstd = zstd;
    }

    boolean fixed() {
        return this == VHD_FIXED || this == VHDX_FIXED;
    }

    /** The description of a new image; over an image with some content when the kind has one below. */
    NewImage image(Path folder, long size, Random random) throws IOException {
        Optional<Path> parent = Optional.empty();
        if (over) {
            Path below = folder.resolve(name() + "-parent." + format.word());
            if (!java.nio.file.Files.exists(below)) {
                // Shorter than its child, as after a resize.
                long parentSize = size - (1 << 20);
                ImageTools.create(below, NewImage.of(format, parentSize));
                try (DiskImage image = DiskImages.open(below, false, Optional.of(format))) {
                    DiskModel model = new DiskModel(random, parentSize, sector);
                    for (int i = 0; i < 30; i++) {
                        model.write(image);
                    }
                }
            }
            parent = Optional.of(below);
        }
        return new NewImage(format, size, fixed(), parent, Optional.of(format), sector, unit, false, zstd, version);
    }
}
