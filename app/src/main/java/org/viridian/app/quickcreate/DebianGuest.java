package org.viridian.app.quickcreate;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32;
import org.viridian.app.definition.Folders;
import org.viridian.app.definition.NewVm.Flavour;
import org.viridian.app.definition.Reasons;
import org.viridian.app.library.GuestSource;
import org.viridian.app.text.Failure;
import org.viridian.app.text.Progress;
import org.viridian.app.text.Text;

/**
 * Debian 12 for Quick Create: the kernel of one of Debian's packages, untouched, and an initramfs with the Hyper-V
 * drivers of that package and busybox. Kept in the cache by package versions and recipe.
 *
 * <p>Thread rule: any thread; two that make the same guest at once both succeed and leave one.
 */
public final class DebianGuest implements GuestSource {
    /** The last console named is {@code /dev/console}: the screen; the serial port gets every kernel message as well. */
    public static final String COMMAND_LINE = "console=ttyS0,115200 console=tty0";

    private static final String RECIPE = "debian/";
    private static final List<String> RECIPE_FILES = List.of("init", "inittab", "serial-shell", "profile", "udhcpc");

    /** Without these there is no console, no disk or no way to shut down. */
    private static final List<String> REQUIRED = List.of("hv_vmbus", "hyperv_keyboard", "hv_storvsc", "sd_mod",
            "hid_hyperv", "hid_generic", "evdev", "hv_utils");

    /** The cloud kernel has the first, the generic one the second. */
    private static final List<String> VIDEO = List.of("hyperv_fb", "hyperv_drm");

    /**
     * Aboard but loaded by the kernel or by hand; absent where the kernel has them built in. crc32c is what ext4 asks
     * for through its soft dependency, the code pages are what vfat asks for when it mounts.
     */
    private static final List<String> OPTIONAL = List.of("sr_mod", "isofs", "vfat", "nls_cp437", "nls_ascii",
            "nls_utf8", "nls_iso8859_1", "ext4", "crc32c_generic", "hv_balloon", "hv_sock", "hv_netvsc", "8021q",
            "mousedev", "psmouse", "loop");

    private final Folders folders;
    private final DebianPackages packages;

    /** @param folders where the caches are */
    public DebianGuest(Folders folders) {
        this.folders = folders;
        this.packages = new DebianPackages(folders);
    }

    @Override
    public GuestSource.BootFiles assemble(Flavour flavour, Progress progress) throws Failure {
        progress.at(Text.of("quick.look"), 0);
        Path kernel = packages.kernel(flavour, scaled(progress, 0, 0.5));
        Path busybox = packages.busybox(scaled(progress, 0.5, 0.55));
        return assemble(kernel, busybox, scaled(progress, 0.55, 0.95));
    }

    /** Makes the guest from two package files. */
    GuestSource.BootFiles assemble(Path kernelDeb, Path busyboxDeb, Progress progress) throws Failure {
        String release = kernelDeb.getFileName().toString().replaceAll("^linux-image-|_.*$", "");
        Path guest = folders.guests().resolve("debian-%s-%08x".formatted(release, recipe(kernelDeb, busyboxDeb)));
        GuestSource.BootFiles files = new GuestSource.BootFiles(guest.resolve("vmlinuz"), guest.resolve("initrd.img"),
                COMMAND_LINE, release);
        if (Files.isReadable(files.kernel()) && Files.isReadable(files.initrd())) {
            progress.at(Text.of("quick.cached", guest), 1);
            return files;
        }
        progress.at(Text.of("quick.unpack", busyboxDeb.getFileName()), 0);
        byte[] shell = busybox(busyboxDeb);
        progress.at(Text.of("quick.unpack", kernelDeb.getFileName()), 0.05);
        KernelPackage kernel = read(kernelDeb);
        progress.at(Text.of("quick.modules"), 0.9);
        List<String> load = modulesToLoad(kernel, kernelDeb);
        progress.at(Text.of("quick.initrd"), 0.95);
        try {
            store(guest, kernel.kernel(), initramfs(kernel, load, shell));
        } catch (IOException e) {
            throw new Failure(Failure.Kind.HOST, Text.of("quick.write", guest, Reasons.of(e)), e);
        }
        return files;
    }

    private static List<String> modulesToLoad(KernelPackage kernel, Path deb) throws Failure {
        for (String name : REQUIRED) {
            if (kernel.module(name).isEmpty()) {
                throw new Failure(Failure.Kind.BAD_INPUT, Text.of("quick.module", deb.getFileName(), name));
            }
        }
        String video = VIDEO.stream().filter(name -> kernel.module(name).isPresent()).findFirst()
                .orElseThrow(() -> new Failure(Failure.Kind.BAD_INPUT,
                        Text.of("quick.module", deb.getFileName(), String.join(" / ", VIDEO))));
        // The bus, then what the user sees and touches, then the disk: the boot can be watched from the first moment.
        List<String> load = new ArrayList<>(List.of("hv_vmbus", video, "hyperv_keyboard"));
        REQUIRED.stream().filter(name -> !load.contains(name)).forEach(load::add);
        if (kernel.module("sr_mod").isPresent()) {
            load.add("sr_mod");
        }
        // Last: nothing waits for the network.
        if (kernel.module("hv_netvsc").isPresent()) {
            load.add("hv_netvsc");
        }
        return load;
    }

    private static KernelPackage read(Path deb) throws Failure {
        List<String> wanted = new ArrayList<>(REQUIRED);
        wanted.addAll(VIDEO);
        wanted.addAll(OPTIONAL);
        // Dependencies known to stand before their users in the package: named here they save a second walk.
        wanted.addAll(List.of("drm", "drm_kms_helper", "drm_shmem_helper", "cdrom", "jbd2", "mbcache", "crc16",
                "crc_t10dif", "crct10dif_generic", "crct10dif_common", "crc64", "crc64_rocksoft",
                "crc64_rocksoft_generic", "t10_pi", "fat", "hid", "scsi_mod", "scsi_common", "scsi_transport_fc",
                "vsock", "failover", "net_failover", "garp", "mrp", "stp", "llc"));
        try {
            return KernelPackage.read(deb, wanted);
        } catch (IOException e) {
            throw damaged(deb, e);
        }
    }

    private static byte[] busybox(Path deb) throws Failure {
        List<byte[]> found = new ArrayList<>();
        try {
            DebFile.walk(deb, (path, size, content) -> {
                if (path.equals("bin/busybox") || path.equals("usr/bin/busybox")) {
                    found.add(DebFile.bytes(path, size, content));
                }
            });
            if (found.isEmpty()) {
                throw new IOException("it holds no bin/busybox");
            }
            return found.getFirst();
        } catch (IOException e) {
            throw damaged(deb, e);
        }
    }

    private static Failure damaged(Path deb, IOException e) {
        return new Failure(Failure.Kind.BAD_INPUT, Text.of("quick.package", deb, Reasons.of(e)), e);
    }

    private static byte[] initramfs(KernelPackage kernel, List<String> load, byte[] busybox) throws IOException {
        Initramfs image = new Initramfs();
        for (String folder : List.of("bin", "sbin", "dev", "proc", "sys", "run", "tmp", "root", "mnt", "etc")) {
            image.folder(folder);
        }
        // The kernel opens it for the first process before anything is mounted on /dev.
        image.device("dev/console", 0600, 5, 1);
        image.file("bin/busybox", 0755, busybox);
        // Needed before "busybox --install" has run, or by the kernel itself (poweroff, reboot, modprobe).
        for (String applet : List.of("bin/sh", "bin/mount", "sbin/init", "sbin/modprobe", "sbin/poweroff",
                "sbin/reboot")) {
            image.link(applet, "/bin/busybox");
        }
        image.file("init", 0755, resource("init"));
        image.file("etc/inittab", 0644, resource("inittab"));
        image.file("bin/serial-shell", 0755, resource("serial-shell"));
        image.folder("etc/udhcpc");
        image.file("etc/udhcpc/default.script", 0755, resource("udhcpc"));
        image.file("etc/profile", 0644, resource("profile"));
        image.file("etc/passwd", 0644, "root::0:0:root:/root:/bin/sh\n");
        image.file("etc/group", 0644, "root:x:0:\n");
        image.file("etc/hostname", 0644, "viridian\n");
        image.file("etc/hosts", 0644, "127.0.0.1 localhost\n127.0.1.1 viridian\n");
        image.file("etc/issue", 0644, "Debian GNU/Linux kernel \\r on \\l\n\n");
        image.file("etc/modules", 0644, String.join("\n", load) + "\n");
        modules(image, kernel);
        return image.finish();
    }

    /** The modules with the index files that depmod would have made. */
    private static void modules(Initramfs image, KernelPackage kernel) throws IOException {
        String root = "lib/modules/" + kernel.release() + "/";
        StringBuilder dependencies = new StringBuilder();
        StringBuilder aliases = new StringBuilder();
        List<KernelPackage.Module> all = kernel.loadOrder(kernel.modules().stream()
                .map(KernelPackage.Module::name).sorted().toList());
        for (KernelPackage.Module module : all) {
            image.file(root + module.path(), 0644, module.content());
            // modules.dep names all that must be there first, the nearest first (modules.dep(5)).
            List<String> before = kernel.loadOrder(List.of(module.name())).stream()
                    .filter(other -> other != module).map(KernelPackage.Module::path).toList().reversed();
            dependencies.append(module.path()).append(':');
            before.forEach(path -> dependencies.append(' ').append(path));
            dependencies.append('\n');
            for (String alias : module.info().aliases()) {
                aliases.append("alias ").append(alias).append(' ').append(module.name()).append('\n');
            }
        }
        image.file(root + "modules.dep", 0644, dependencies.toString());
        image.file(root + "modules.alias", 0644, aliases.toString());
    }

    private static void store(Path guest, byte[] kernel, byte[] initrd) throws IOException {
        Files.createDirectories(guest.getParent());
        Path building = Files.createTempDirectory(guest.getParent(), ".building");
        Files.write(building.resolve("vmlinuz"), kernel);
        Files.write(building.resolve("initrd.img"), initrd);
        try {
            Files.move(building, guest, StandardCopyOption.ATOMIC_MOVE);
        } catch (FileAlreadyExistsException | java.nio.file.DirectoryNotEmptyException e) {
            // Somebody else was faster, or an incomplete guest stands there: the files themselves are replaced.
            Files.move(building.resolve("vmlinuz"), guest.resolve("vmlinuz"), StandardCopyOption.ATOMIC_MOVE);
            Files.move(building.resolve("initrd.img"), guest.resolve("initrd.img"), StandardCopyOption.ATOMIC_MOVE);
            Files.delete(building);
        }
    }

    /** A sum over all that goes into the guest, so that a new package or a new recipe makes a new guest. */
    private static long recipe(Path kernelDeb, Path busyboxDeb) throws Failure {
        CRC32 sum = new CRC32();
        sum.update((kernelDeb.getFileName() + "\n" + busyboxDeb.getFileName() + "\n" + REQUIRED + VIDEO + OPTIONAL)
                .getBytes(StandardCharsets.UTF_8));
        try {
            for (String file : RECIPE_FILES) {
                sum.update(resource(file));
            }
        } catch (IOException e) {
            throw new Failure(Failure.Kind.INTERNAL, Text.of("internal", e.toString()), e);
        }
        return sum.getValue();
    }

    private static byte[] resource(String name) throws IOException {
        try (InputStream in = DebianGuest.class.getResourceAsStream(RECIPE + name)) {
            if (in == null) {
                throw new IOException("resource " + RECIPE + name + " is not aboard");
            }
            return in.readAllBytes();
        }
    }

    private static Progress scaled(Progress progress, double from, double to) {
        return (step, fraction) -> progress.at(step, fraction < 0 ? fraction : from + fraction * (to - from));
    }
}
