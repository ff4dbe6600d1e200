package org.viridian.app.quickcreate;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.viridian.app.definition.Folders;
import org.viridian.app.definition.Reasons;
import org.viridian.app.machine.MachineConfig.BootDevice;
import org.viridian.app.machine.MachineConfig.Firmware;
import org.viridian.app.text.Failure;
import org.viridian.app.text.Progress;
import org.viridian.app.text.Text;

/**
 * SeaBIOS and its video BIOS: as Debian's package {@code seabios} installs them, else unpacked from that package into the
 * cache, fetched when it is not there.
 */
public final class SeaBios {
    private static final Path INSTALLED = Path.of("/usr/share/seabios");
    private static final String BIOS = "bios-256k.bin";
    private static final String VIDEO_BIOS = "vgabios-stdvga.bin";

    private final Folders folders;

    /** @param folders where the caches are */
    public SeaBios(Folders folders) {
        this.folders = folders;
    }

    /** The firmware with this boot order; {@code menu} asks the user at the first start. */
    public Firmware firmware(List<BootDevice> order, boolean menu, Progress progress) throws Failure {
        Path folder = complete(INSTALLED) ? INSTALLED : unpacked(progress);
        return new Firmware(folder.resolve(BIOS), folder.resolve(VIDEO_BIOS), order, menu);
    }

    private static boolean complete(Path folder) {
        return Files.isReadable(folder.resolve(BIOS)) && Files.isReadable(folder.resolve(VIDEO_BIOS));
    }

    private Path unpacked(Progress progress) throws Failure {
        Path folder = folders.cache().resolve("firmware");
        if (complete(folder)) {
            return folder;
        }
        Path deb = new DebianPackages(folders).seabios(progress);
        Map<String, byte[]> images = new TreeMap<>();
        try {
            DebFile.walk(deb, (path, size, content) -> {
                String name = path.substring(path.lastIndexOf('/') + 1);
                if (path.startsWith("usr/share/seabios/") && (name.equals(BIOS) || name.equals(VIDEO_BIOS))) {
                    images.put(name, DebFile.bytes(path, size, content));
                }
            });
            if (images.size() != 2) {
                throw new IOException("it holds no " + BIOS + " and " + VIDEO_BIOS);
            }
        } catch (IOException e) {
            throw new Failure(Failure.Kind.BAD_INPUT, Text.of("quick.package", deb, Reasons.of(e)), e);
        }
        try {
            Files.createDirectories(folder);
            for (Map.Entry<String, byte[]> image : images.entrySet()) {
                // Written beside and moved in, so that two processes at once leave whole files.
                Path part = Files.createTempFile(folder, image.getKey(), ".part");
                Files.write(part, image.getValue());
                Files.move(part, folder.resolve(image.getKey()), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            }
            return folder;
        } catch (IOException e) {
            throw new Failure(Failure.Kind.HOST, Text.of("folder.unusable", folder, Reasons.of(e)), e);
        }
    }
}
