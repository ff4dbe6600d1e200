package org.viridian.devices.storage.tools;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.viridian.devices.storage.CheckReport;
import org.viridian.devices.storage.DiskImage;
import org.viridian.devices.storage.DiskImages;
import org.viridian.devices.storage.ImageException;
import org.viridian.devices.storage.ImageFormat;
import org.viridian.devices.storage.file.HostFile;
import org.viridian.devices.storage.file.LinuxFile;
import org.viridian.devices.storage.format.FormatImage;
import org.viridian.devices.storage.qcow2.Qcow2Check;
import org.viridian.devices.storage.qcow2.Qcow2Create;
import org.viridian.devices.storage.qcow2.Qcow2Image;
import org.viridian.devices.storage.vhd.VhdCreate;
import org.viridian.devices.storage.vhd.VhdImage;
import org.viridian.devices.storage.vhdx.VhdxCreate;
import org.viridian.devices.storage.vhdx.VhdxImage;

/**
 * Makes, resizes, copies, compacts and checks images. Every method takes the image's lock, so none of them works on an
 * image that a VM uses.
 *
 * <p>Thread rule: any thread; each call is one job on the caller's thread.
 */
public final class ImageTools {
    private static final int CHUNK = 1 << 20;
    /** Zeroes shorter than this are copied like data. */
    private static final int ZERO_UNIT = 4096;

    private ImageTools() {}

    // Making.

    /** Makes an image of zeroes. The file must not exist; when it cannot be made nothing is left. */
    public static void create(Path file, NewImage wanted) throws IOException {
        NewImage image = wanted;
        if (wanted.parent().isPresent()) {
            if (wanted.format() == ImageFormat.RAW) {
                throw new ImageException("a raw image cannot lie over another");
            }
            if (wanted.fixed()) {
                throw new ImageException("an image over another cannot be fixed");
            }
            ImageFormat below = wanted.parentFormat().isPresent() ? wanted.parentFormat().get() : DiskImages.probe(wanted.parent().get());
            if (wanted.format() != ImageFormat.QCOW2 && below != wanted.format()) {
                throw new ImageException("a %s image can only lie over a %s image".formatted(wanted.format().word(), wanted.format().word()));
            }
            try (DiskImage parent = DiskImages.open(wanted.parent().get(), true, Optional.of(below))) {
                image = new NewImage(wanted.format(), wanted.size() == 0 ? parent.size() : wanted.size(), false, wanted.parent(), Optional.of(below),
                        parent.logicalSectorSize(), wanted.unit(), wanted.compress(), wanted.zstd(), wanted.version());
            }
        }
        if (image.size() <= 0 || image.size() % 512 != 0) {
            throw new ImageException("the size of a disk is a multiple of 512 bytes above 0");
        }
        try {
            Files.createFile(file);
        } catch (FileAlreadyExistsException e) {
            throw new ImageException(file + " exists already", e);
        } catch (IOException e) {
            throw new ImageException(file + " cannot be made: " + e.getMessage(), e);
        }
        boolean made = false;
        try (HostFile open = LinuxFile.open(file, false)) {
            lay(open, image);
            made = true;
        } finally {
            if (!made) {
                Files.deleteIfExists(file);
            }
        }
    }

    /** Lays a new image out in an empty file. */
    public static void lay(HostFile file, NewImage image) throws IOException {
        switch (image.format()) {
            case RAW -> {
                file.resize(image.size());
                file.sync();
            }
            case VHD -> {
                if (image.logicalSector() != 512) {
                    throw new ImageException("a VHD has sectors of 512 bytes");
                }
                if (image.parent().isPresent()) {
                    VhdCreate.differencing(file, image.size(), image.parent().get(), identity(image));
                } else if (image.fixed()) {
                    VhdCreate.fixed(file, image.size());
                } else {
                    VhdCreate.dynamic(file, image.size());
                }
            }
            case VHDX -> {
                VhdxCreate.Layout usual = VhdxCreate.Layout.standard(image.size());
                VhdxCreate.Layout layout = new VhdxCreate.Layout(image.size(), image.unit() == 0 ? usual.blockSize() : image.unit(), image.fixed(),
                        image.logicalSector(), 4096);
                if (image.parent().isPresent()) {
                    VhdxCreate.differencing(file, layout, image.parent().get(), identity(image));
                } else {
                    VhdxCreate.write(file, layout);
                }
            }
            case QCOW2 -> Qcow2Create.write(file, new Qcow2Create.Layout(image.size(), image.version(), image.unit() == 0 ? 1 << 16 : image.unit(),
                    image.zstd(), image.parent().map(parent -> near(file.path(), parent)), image.parentFormat()));
        }
    }

    private static java.util.UUID identity(NewImage image) throws IOException {
        try (HostFile parent = LinuxFile.open(image.parent().get(), true)) {
            return image.format() == ImageFormat.VHD ? VhdImage.identity(parent) : VhdxImage.identity(parent);
        }
    }

    private static String near(Path child, Path parent) {
        return child.toAbsolutePath().normalize().getParent().relativize(parent.toAbsolutePath().normalize()).toString();
    }

    // Looking.

    /** Facts about an image. */
    public static ImageInfo info(Path file, Optional<ImageFormat> format) throws IOException {
        ImageFormat known = format.isPresent() ? format.get() : DiskImages.probe(file);
        try (DiskImage image = DiskImages.open(file, true, Optional.of(known))) {
            List<String> chain = new ArrayList<>();
            for (Optional<DiskImage> below = parent(image); below.isPresent(); below = parent(below.get())) {
                chain.add(below.get().location());
            }
            int unit = switch (image) {
                case Qcow2Image qcow2 -> qcow2.clusterSize();
                case FormatImage other -> other.discardGranularity();
                default -> 0;
            };
            String variant = switch (image) {
                case Qcow2Image qcow2 -> "version " + qcow2.version();
                case VhdImage vhd -> vhd.hasParent() ? "differencing" : "dynamic";
                case VhdxImage vhdx -> vhdx.hasParent() ? "differencing" : vhdx.fixed() ? "fixed" : "dynamic";
                default -> known == ImageFormat.VHD ? "fixed" : "";
            };
            long allocated;
            try (HostFile plain = LinuxFile.open(file, true)) {
                allocated = plain.allocated();
            }
            return new ImageInfo(file, known, variant, image.size(), Files.size(file), allocated, image.logicalSectorSize(),
                    image.physicalSectorSize(), unit, image instanceof Qcow2Image qcow2 && qcow2.wasDirty(), chain);
        }
    }

    private static Optional<DiskImage> parent(DiskImage image) {
        return image instanceof FormatImage over ? over.parent() : Optional.empty();
    }

    /**
     * Looks for damage.
     *
     * @param repair put right what can be
     */
    public static CheckReport check(Path file, Optional<ImageFormat> format, boolean repair) throws IOException {
        ImageFormat known = format.isPresent() ? format.get() : DiskImages.probe(file);
        if (known == ImageFormat.QCOW2) {
            try (HostFile open = LinuxFile.open(file, !repair)) {
                return Qcow2Check.check(open, repair);
            }
        }
        if (repair) {
            // Opening for writing replays a log and puts the footer back.
            try (DiskImage image = DiskImages.open(file, false, Optional.of(known))) {
                image.writeZeroes(0, 0, false);
            }
        }
        try (DiskImage image = DiskImages.open(file, true, Optional.of(known))) {
            return switch (image) {
                case VhdImage vhd -> vhd.check();
                case VhdxImage vhdx -> vhdx.check();
                default -> new CheckReport(List.of(), 0, false);
            };
        }
    }

    // Changing.

    /**
     * Changes the size of a disk; what is new reads as zero.
     *
     * @param size bytes
     * @param shrink allow a smaller size, which loses what lies behind it
     */
    public static void resize(Path file, Optional<ImageFormat> format, long size, boolean shrink) throws IOException {
        ImageFormat known = format.isPresent() ? format.get() : DiskImages.probe(file);
        long old;
        boolean plain;
        try (DiskImage image = DiskImages.open(file, false, Optional.of(known))) {
            old = image.size();
            if (size <= 0 || size % image.logicalSectorSize() != 0) {
                throw new ImageException("the size of a disk is a multiple of its sector above 0");
            }
            if (size < old && !shrink) {
                throw new ImageException("%s has %d bytes; a smaller size loses what lies behind it and must be asked for as such".formatted(file, old));
            }
            plain = !(image instanceof FormatImage);
            switch (image) {
                case Qcow2Image qcow2 -> qcow2.resize(size);
                case VhdImage vhd -> vhd.resize(size);
                case VhdxImage vhdx -> vhdx.resize(size);
                default -> { }
            }
        }
        if (plain) {
            try (HostFile open = LinuxFile.open(file, false)) {
                if (known == ImageFormat.VHD) {
                    VhdCreate.resizeFixed(open, size);
                } else {
                    open.resize(size);
                    open.sync();
                }
            }
        }
    }

    /** Gives space of blocks that hold only zeroes back to the host. Whole at any moment; may be cancelled. */
    public static void compact(Path file, Optional<ImageFormat> format, Monitor monitor) throws IOException {
        ImageFormat known = format.isPresent() ? format.get() : DiskImages.probe(file);
        try (DiskImage image = DiskImages.open(file, false, Optional.of(known)); Arena arena = Arena.ofConfined()) {
            int unit = Math.max(ZERO_UNIT, image.discardGranularity());
            MemorySegment buffer = arena.allocate(Math.max(CHUNK, unit), 4096);
            long size = image.size();
            for (long at = 0; at < size; ) {
                monitor.step((double) at / size);
                DiskImage.Extent extent = image.extent(at, size - at);
                if (!extent.data()) {
                    at += extent.length();
                    // On to the next whole unit, unless the rest of this one is data.
                    continue;
                }
                long start = at / unit * unit;
                long count = Math.min(unit, size - start);
                MemorySegment block = buffer.asSlice(0, count);
                image.read(start, block);
                if (zero(block)) {
                    image.writeZeroes(start, count, true);
                }
                at = start + count;
            }
            image.flush();
            monitor.step(1);
        }
    }

    /**
     * Copies a disk into a new image, without the images below.
     *
     * @param target the file to make
     * @param wanted what it is to be like; size 0 means the source's
     */
    public static void convert(Path source, Optional<ImageFormat> sourceFormat, Path target, NewImage wanted, Monitor monitor) throws IOException {
        ImageFormat known = sourceFormat.isPresent() ? sourceFormat.get() : DiskImages.probe(source);
        try (DiskImage from = DiskImages.open(source, true, Optional.of(known))) {
            long size = wanted.size() == 0 ? from.size() : wanted.size();
            if (size < from.size()) {
                throw new ImageException("%s has %d bytes and does not fit into %d".formatted(source, from.size(), size));
            }
            create(target, wanted.withSize((size + wanted.logicalSector() - 1) / wanted.logicalSector() * wanted.logicalSector()));
            boolean done = false;
            try (DiskImage to = DiskImages.open(target, false, Optional.of(wanted.format()))) {
                copy(from, to, wanted.compress(), monitor);
                to.flush();
                done = true;
            } finally {
                if (!done) {
                    Files.deleteIfExists(target);
                }
            }
        }
    }

    private static void copy(DiskImage from, DiskImage to, boolean compress, Monitor monitor) throws IOException {
        int unit = compress && to instanceof Qcow2Image qcow2 ? qcow2.clusterSize() : CHUNK;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment buffer = arena.allocate(unit, 4096);
            long size = from.size();
            for (long at = 0; at < size; ) {
                monitor.step((double) at / size);
                DiskImage.Extent extent = from.extent(at, size - at);
                if (!extent.data() && at + extent.length() >= Math.min(size, at / unit * unit + unit)) {
                    at = at + extent.length() >= size ? size : Math.max((at + extent.length()) / unit * unit, at / unit * unit + unit);
                    continue;
                }
                long start = at / unit * unit;
                MemorySegment block = buffer.asSlice(0, Math.min(unit, size - start));
                from.read(start, block);
                if (compress && to instanceof Qcow2Image qcow2) {
                    copyPacked(qcow2, start, block);
                } else {
                    copyUnits(to, start, block);
                }
                at = start + unit;
            }
            monitor.step(1);
        }
    }

    private static void copyPacked(Qcow2Image to, long start, MemorySegment block) throws IOException {
        if (zero(block)) {
            return;
        }
        byte[] cluster = java.util.Arrays.copyOf(block.toArray(ValueLayout.JAVA_BYTE), to.clusterSize());
        if (!to.writeCompressed(start, cluster)) {
            to.write(start, block);
        }
    }

    /** Writes what is not zero; the target is zero. */
    private static void copyUnits(DiskImage to, long start, MemorySegment block) throws IOException {
        long size = block.byteSize();
        for (long at = 0; at < size; ) {
            long end = at;
            while (end < size && !zero(block.asSlice(end, Math.min(ZERO_UNIT, size - end)))) {
                end = Math.min(size, end + ZERO_UNIT);
            }
            if (end > at) {
                to.write(start + at, block.asSlice(at, end - at));
            }
            at = Math.min(size, end + ZERO_UNIT);
        }
    }

    private static boolean zero(MemorySegment block) {
        long size = block.byteSize();
        long at = 0;
        for (; at + 8 <= size; at += 8) {
            if (block.get(ValueLayout.JAVA_LONG_UNALIGNED, at) != 0) {
                return false;
            }
        }
        for (; at < size; at++) {
            if (block.get(ValueLayout.JAVA_BYTE, at) != 0) {
                return false;
            }
        }
        return true;
    }
}
