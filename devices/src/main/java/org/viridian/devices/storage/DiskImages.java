package org.viridian.devices.storage;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.viridian.devices.storage.file.HostFile;
import org.viridian.devices.storage.file.LinuxFile;
import org.viridian.devices.storage.qcow2.Qcow2Image;
import org.viridian.devices.storage.vhd.VhdImage;
import org.viridian.devices.storage.vhdx.VhdxImage;

/**
 * Opens disk images with the images below them. An image is locked while it is open: one writer, or any number of readers;
 * the images below are read.
 *
 * <p>Whoever attaches an image to a VM finds out its format once, by {@link #probe}, and states it from then on: a guest can
 * make the content of a raw image look like any format.
 */
public final class DiskImages {
    /** Most images in a chain. */
    static final int MAX_CHAIN = 64;

    private DiskImages() {}

    /** Finds out the format of an existing image by its content. */
    public static ImageFormat probe(Path file) throws IOException {
        try (HostFile open = LinuxFile.open(file, true)) {
            return Probe.format(open);
        } catch (ImageException known) {
            throw known;
        } catch (IOException e) {
            throw new ImageException(file + " cannot be read: " + e.getMessage(), e);
        }
    }

    /**
     * Opens an image.
     *
     * @param format its format; without one the content decides, and a raw image then refuses to become another format
     * @throws ImageException with a plain sentence when it cannot be used
     */
    public static DiskImage open(Path file, boolean readOnly, Optional<ImageFormat> format) throws ImageException {
        return open(file, readOnly, format, List.of());
    }

    private static DiskImage open(Path file, boolean readOnly, Optional<ImageFormat> format, List<Path> above) throws ImageException {
        List<Path> chain = new ArrayList<>(above);
        try {
            chain.add(Files.exists(file) ? file.toRealPath() : file);
        } catch (IOException e) {
            throw new ImageException(file + " cannot be opened: " + e.getMessage(), e);
        }
        HostFile open = LinuxFile.open(file, readOnly);
        try {
            return open(open, readOnly, format, chain);
        } catch (IOException | RuntimeException refused) {
            try {
                open.close();
            } catch (IOException second) {
                refused.addSuppressed(second);
            }
            if (refused instanceof RuntimeException bug) {
                throw bug;
            }
            throw refused instanceof ImageException known ? known
                    : new ImageException(file + " cannot be opened: " + refused.getMessage(), refused);
        }
    }

    /** Opens an image over an open file, which belongs to the image when this returns. */
    public static DiskImage open(HostFile file, boolean readOnly, Optional<ImageFormat> format) throws IOException {
        return open(file, readOnly, format, List.of(file.path()));
    }

    private static DiskImage open(HostFile file, boolean readOnly, Optional<ImageFormat> stated, List<Path> chain) throws IOException {
        ImageFormat format = stated.isPresent() ? stated.get() : Probe.format(file);
        return switch (format) {
            case RAW -> RawImage.of(file, readOnly, stated.isEmpty());
            case VHD -> VhdImage.open(file, readOnly, (names, id) -> openParent(file, names, List.of(id), ImageFormat.VHD, chain));
            case VHDX -> VhdxImage.open(file, readOnly, (names, ids) -> openParent(file, names, ids, ImageFormat.VHDX, chain));
            case QCOW2 -> Qcow2Image.open(file, readOnly, (name, below) -> openBacking(file, name, below, chain));
        };
    }

    /** The parent of a differencing VHD or VHDX: the first file of these names with the right identity. */
    private static DiskImage openParent(HostFile child, List<String> names, List<UUID> ids, ImageFormat format, List<Path> chain)
            throws IOException {
        Path other = null;
        for (String name : names) {
            Path candidate = sibling(child, name);
            if (candidate == null || !Files.isRegularFile(candidate)) {
                continue;
            }
            checkChain(child, candidate, chain);
            if (ids.contains(identity(candidate, format))) {
                return open(candidate, true, Optional.of(format), chain);
            }
            other = candidate;
        }
        throw new ImageException(other == null
                ? "%s needs its parent, which is not at %s".formatted(child.path(), names.isEmpty() ? "any named place" : String.join(" or ", names))
                : "%s is not the parent that %s was made from, or it has been written to since".formatted(other, child.path()));
    }

    private static UUID identity(Path file, ImageFormat format) throws IOException {
        try (HostFile open = LinuxFile.open(file, true)) {
            return format == ImageFormat.VHD ? VhdImage.identity(open) : VhdxImage.identity(open);
        }
    }

    private static DiskImage openBacking(HostFile child, String name, Optional<ImageFormat> stated, List<Path> chain) throws IOException {
        String plain = name.startsWith("file:") ? name.substring("file:".length()) : name;
        if (plain.matches("[a-z][a-z0-9+.-]*:.*")) {
            throw new ImageException("%s lies over '%s', which is no file".formatted(child.path(), name));
        }
        Path backing = sibling(child, plain);
        if (backing == null) {
            throw new ImageException("%s has a damaged name of its backing file".formatted(child.path()));
        }
        checkChain(child, backing, chain);
        if (stated.isPresent()) {
            return open(backing, true, stated, chain);
        }
        // Nobody has stated its format, so a guest may have written what it looks like: it must not lead to other files.
        DiskImage image = open(backing, true, Optional.empty(), chain);
        if (image.format() == ImageFormat.QCOW2 && image instanceof Qcow2Image qcow2 && qcow2.hasParent()) {
            image.close();
            throw new ImageException("%s does not state the format of its backing file %s, which lies over another file itself; state it with 'qemu-img rebase -u -F'"
                    .formatted(child.path(), backing));
        }
        return image;
    }

    private static Path sibling(HostFile child, String name) {
        try {
            return child.path().toAbsolutePath().resolveSibling(name).normalize();
        } catch (java.nio.file.InvalidPathException e) {
            return null;
        }
    }

    private static void checkChain(HostFile child, Path next, List<Path> chain) throws IOException {
        if (Files.exists(next) && chain.contains(next.toRealPath())) {
            throw new ImageException("%s lies over itself".formatted(child.path()));
        }
        if (chain.size() >= MAX_CHAIN) {
            throw new ImageException("%s has more than %d images below it".formatted(chain.getFirst(), MAX_CHAIN));
        }
    }
}
