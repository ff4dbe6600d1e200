package org.viridian.app.quickcreate;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.commons.compress.archivers.cpio.CpioArchiveEntry;
import org.apache.commons.compress.archivers.cpio.CpioArchiveInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.viridian.app.definition.Folders;
import org.viridian.app.definition.NewVm.Flavour;
import org.viridian.app.library.GuestSource;
import org.viridian.app.text.Failure;
import org.viridian.app.text.Progress;

/** A guest is put together from packages; what is in it is read back with an independent cpio reader. */
class DebianGuestTest {
    private static final String TREE = "lib/modules/6.1.0-9-cloud-amd64/kernel/";

    @TempDir Path root;

    private Folders folders() {
        return new Folders(root.resolve("data"), root.resolve("cache"), root.resolve("run"));
    }

    private Map<String, byte[]> kernelFiles() {
        Map<String, byte[]> files = new LinkedHashMap<>();
        files.put("boot/vmlinuz-6.1.0-9-cloud-amd64", "kernel".getBytes(StandardCharsets.US_ASCII));
        // The dependencies of hv_storvsc stand before it in the package, so the first walk has already passed them.
        files.put(TREE + "a/deep.ko", SyntheticPackages.module("license=GPL\0depends=\0"));
        files.put(TREE + "a/exotic-transport.ko", SyntheticPackages.module("depends=deep\0"));
        files.put(TREE + "a/unrelated.ko", SyntheticPackages.module("depends=\0"));
        for (String name : List.of("hv_vmbus", "hyperv-keyboard", "sd_mod", "hid-hyperv", "hid-generic", "evdev",
                "hv_utils", "hyperv_fb")) {
            files.put(TREE + "drivers/" + name + ".ko", SyntheticPackages.module(
                    name.equals("hv_vmbus") ? "depends=\0alias=acpi*:VMBUS:*\0" : "depends=hv_vmbus\0"));
        }
        files.put(TREE + "drivers/hv_storvsc.ko", SyntheticPackages.module("depends=exotic-transport,hv_vmbus\0"));
        return files;
    }

    private Path busybox() throws IOException {
        return SyntheticPackages.deb(root, "busybox-static_1.35_amd64.deb",
                Map.of("bin/busybox", "applets".getBytes(StandardCharsets.US_ASCII)));
    }

    private Path kernel(Map<String, byte[]> files) throws IOException {
        return SyntheticPackages.deb(root, "linux-image-6.1.0-9-cloud-amd64_6.1.99-1_amd64.deb", files);
    }

    private static Map<String, byte[]> unpack(Path initrd) throws IOException {
        Map<String, byte[]> files = new LinkedHashMap<>();
        try (CpioArchiveInputStream cpio =
                new CpioArchiveInputStream(new ByteArrayInputStream(Files.readAllBytes(initrd)))) {
            for (CpioArchiveEntry entry = cpio.getNextEntry(); entry != null; entry = cpio.getNextEntry()) {
                files.put(entry.getName(), cpio.readAllBytes());
            }
        }
        return files;
    }

    private static String text(Map<String, byte[]> files, String path) {
        return new String(files.get(path), StandardCharsets.UTF_8);
    }

    @Test
    void takesTheKernelUntouchedAndTheModulesWithAllTheyNeed() throws Exception {
        GuestSource.BootFiles guest =
                new DebianGuest(folders()).assemble(kernel(kernelFiles()), busybox(), Progress.NONE);
        assertEquals("6.1.0-9-cloud-amd64", guest.version());
        assertEquals("kernel", Files.readString(guest.kernel()));

        Map<String, byte[]> files = unpack(guest.initrd());
        assertEquals("applets", text(files, "bin/busybox"));
        assertArrayEquals(kernelFiles().get(TREE + "a/deep.ko"), files.get(TREE + "a/deep.ko"));
        assertTrue(!files.containsKey(TREE + "a/unrelated.ko"), "a module nobody needs");

        String index = text(files, "lib/modules/6.1.0-9-cloud-amd64/modules.dep");
        String storvsc = index.lines().filter(line -> line.startsWith("kernel/drivers/hv_storvsc.ko:")).findFirst()
                .orElseThrow();
        List<String> before = List.of(storvsc.split(" "));
        assertTrue(before.indexOf("kernel/a/exotic-transport.ko") < before.indexOf("kernel/a/deep.ko"), storvsc);
        assertTrue(before.contains("kernel/drivers/hv_vmbus.ko"), storvsc);
        assertTrue(text(files, "lib/modules/6.1.0-9-cloud-amd64/modules.alias")
                .contains("alias acpi*:VMBUS:* hv_vmbus"));
        List<String> load = text(files, "etc/modules").lines().toList();
        assertEquals(List.of("hv_vmbus", "hyperv_fb", "hyperv_keyboard"), load.subList(0, 3));
    }

    @Test
    void foldersStandBeforeWhatIsInThem() throws Exception {
        GuestSource.BootFiles guest =
                new DebianGuest(folders()).assemble(kernel(kernelFiles()), busybox(), Progress.NONE);
        List<String> seen = new ArrayList<>();
        for (String path : unpack(guest.initrd()).keySet()) {
            int slash = path.lastIndexOf('/');
            assertTrue(slash < 0 || seen.contains(path.substring(0, slash)), path);
            seen.add(path);
        }
    }

    @Test
    void theSecondTimeComesFromTheCache() throws Exception {
        Path kernel = kernel(kernelFiles());
        Path busybox = busybox();
        DebianGuest maker = new DebianGuest(folders());
        GuestSource.BootFiles first = maker.assemble(kernel, busybox, Progress.NONE);
        byte[] initrd = Files.readAllBytes(first.initrd());
        Files.write(kernel, new byte[] {0});
        GuestSource.BootFiles second = maker.assemble(kernel, busybox, Progress.NONE);
        assertEquals(first, second);
        assertArrayEquals(initrd, Files.readAllBytes(second.initrd()));
    }

    @Test
    void aKernelWithoutStorageIsRefusedByName() throws Exception {
        Map<String, byte[]> files = kernelFiles();
        files.remove(TREE + "drivers/hv_storvsc.ko");
        Path kernel = kernel(files);
        Path busybox = busybox();
        Failure failure = assertThrows(Failure.class,
                () -> new DebianGuest(folders()).assemble(kernel, busybox, Progress.NONE));
        assertEquals(Failure.Kind.BAD_INPUT, failure.kind());
        assertTrue(failure.getMessage().contains("hv_storvsc"), failure.getMessage());
    }

    @Test
    void aDependencyThatIsNotInThePackageIsNamed() throws Exception {
        Map<String, byte[]> files = kernelFiles();
        files.remove(TREE + "a/deep.ko");
        Path kernel = kernel(files);
        Path busybox = busybox();
        Failure failure = assertThrows(Failure.class,
                () -> new DebianGuest(folders()).assemble(kernel, busybox, Progress.NONE));
        assertTrue(failure.getMessage().contains("deep"), failure.getMessage());
    }

    @Test
    void damagedPackagesAreRefusedWherever() throws Exception {
        Path kernel = kernel(kernelFiles());
        Path busybox = busybox();
        byte[] good = Files.readAllBytes(kernel);
        for (int cut = 1; cut < good.length - 1; cut += Math.max(1, good.length / 40)) {
            Files.write(kernel, java.util.Arrays.copyOf(good, cut));
            Failure failure = assertThrows(Failure.class,
                    () -> new DebianGuest(folders()).assemble(kernel, busybox, Progress.NONE));
            assertEquals(Failure.Kind.BAD_INPUT, failure.kind());
        }
    }

    @Test
    void damagedModulesAreRefusedNotFollowed() {
        byte[] good = SyntheticPackages.module("depends=a,b\0alias=x\0");
        assertEquals(List.of("a", "b"), ModuleInfo.of(good).depends());
        java.util.Random random = new java.util.Random(1);
        for (int i = 0; i < 20_000; i++) {
            byte[] bad = good.clone();
            for (int k = 0; k < 3; k++) {
                bad[random.nextInt(bad.length)] = (byte) random.nextInt();
            }
            try {
                ModuleInfo.of(bad);
            } catch (IllegalArgumentException expected) {
                // The one way to refuse.
            }
        }
    }

    @Test
    void newestPackageWinsByNumberNotByLetter() {
        assertTrue(DebianPackages.compareVersions("linux-image-6.1.0-9-amd64", "linux-image-6.1.0-10-amd64") < 0);
        assertTrue(DebianPackages.compareVersions("a_6.1.192-2", "a_6.1.192-2") == 0);
        assertTrue(DebianPackages.compareVersions("a_6.1.192-2", "a_6.1.192") > 0);
    }

    @Test
    void realCloudPackageHasEverything() throws Exception {
        real(Flavour.CLOUD, "-cloud-amd64", "hyperv_fb");
    }

    @Test
    void realGenericPackageHasEverything() throws Exception {
        real(Flavour.GENERIC, "-amd64", "hyperv_drm");
    }

    private void real(Flavour flavour, String suffix, String video) throws Exception {
        Folders user = Folders.ofProcess();
        assumeTrue(Files.isDirectory(user.packages()), "no packages in " + user.packages());
        try (var names = Files.list(user.packages())) {
            List<String> all = names.map(path -> path.getFileName().toString()).toList();
            assumeTrue(all.stream().anyMatch(name -> name.matches("linux-image-[0-9.-]+" + suffix + "_.*\\.deb")),
                    "no kernel package of flavour " + flavour + " in " + user.packages());
            assumeTrue(all.stream().anyMatch(name -> name.startsWith("busybox-static_")),
                    "no busybox-static in " + user.packages());
        }
        GuestSource.BootFiles guest = new DebianGuest(user).assemble(flavour, Progress.NONE);
        Map<String, byte[]> files = unpack(guest.initrd());
        List<String> load = text(files, "etc/modules").lines().toList();
        assertTrue(load.contains(video), load.toString());
        String index = text(files, "lib/modules/" + guest.version() + "/modules.dep");
        index.lines().flatMap(line -> List.of(line.replace(":", "").split(" ")).stream()).forEach(path ->
                assertTrue(files.containsKey("lib/modules/" + guest.version() + "/" + path), path));
    }
}
