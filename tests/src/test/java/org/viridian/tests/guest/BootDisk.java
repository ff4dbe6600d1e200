package org.viridian.tests.guest;

import static org.junit.jupiter.api.Assumptions.abort;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.stream.Stream;
import org.viridian.app.definition.Folders;
import org.viridian.app.definition.NewVm.Flavour;
import org.viridian.app.library.GuestSource;
import org.viridian.app.quickcreate.DebianGuest;
import org.viridian.app.text.Failure;
import org.viridian.app.text.Progress;

/**
 * A disk as an installer leaves it: GRUB in front of one ext4 partition with Debian's generic kernel, its IDE driver in
 * an additional initramfs, and a GRUB menu. Made of Debian's packages with the host's mke2fs and GRUB's own tools.
 */
public final class BootDisk {
    private static final int SECTOR = 512;
    private static final int START = 2048;
    private static final int MEGABYTES = 64;
    private static final String COMMAND_LINE = "rdinit=/ide-init console=ttyS0,115200 console=tty0";

    private BootDisk() {}

    /** Makes {@code image} in {@code folder}; the test is skipped when something for it cannot be had. */
    public static Path make(Path folder) throws IOException, InterruptedException {
        GuestSource.BootFiles guest;
        try {
            guest = new DebianGuest(Folders.ofProcess()).assemble(Flavour.GENERIC, Progress.NONE);
        } catch (Failure missing) {
            return abort("Debian's packages are not to be had: " + missing.getMessage());
        }
        Path grub = DebianFiles.unpacked("grub-pc-bin").resolve("usr/lib/grub/i386-pc");
        Path mkimage = DebianFiles.unpacked("grub-common").resolve("usr/bin/grub-mkimage");

        Path root = folder.resolve("root");
        Path boot = Files.createDirectories(root.resolve("boot"));
        Files.copy(guest.kernel(), boot.resolve("vmlinuz"), StandardCopyOption.REPLACE_EXISTING);
        Files.copy(guest.initrd(), boot.resolve("initrd.img"), StandardCopyOption.REPLACE_EXISTING);
        Files.write(boot.resolve("ide.img"), drivers(folder));
        Path modules = Files.createDirectories(boot.resolve("grub/i386-pc"));
        try (Stream<Path> files = Files.list(grub)) {
            for (Path file : files.filter(f -> f.toString().endsWith(".mod") || f.toString().endsWith(".lst")).toList()) {
                Files.copy(file, modules.resolve(file.getFileName()), StandardCopyOption.REPLACE_EXISTING);
            }
        }
        Files.writeString(boot.resolve("grub/grub.cfg"), """
                set timeout=1
                menuentry 'Debian GNU/Linux' {
                  linux /boot/vmlinuz %s
                  initrd /boot/initrd.img /boot/ide.img
                }
                """.formatted(COMMAND_LINE));
        Files.writeString(folder.resolve("early.cfg"), "set root=(hd0,msdos1)\nset prefix=($root)/boot/grub\n");
        Path image = folder.resolve("disk.img");
        try {
            DebianFiles.run(folder, mkimage.toString(), "-O", "i386-pc", "-d", grub.toString(), "-c", "early.cfg", "-p", "/boot/grub",
                    "-o", "core.img", "biosdisk", "part_msdos", "ext2", "normal", "linux", "configfile");
            try (var file = new java.io.RandomAccessFile(image.toFile(), "rw")) {
                file.setLength((START + (long) MEGABYTES * 2048) * SECTOR);
            }
            DebianFiles.run(folder, "/sbin/mke2fs", "-q", "-F", "-t", "ext4", "-L", "root", "-E", "offset=" + START * SECTOR,
                    "-d", root.toString(), image.toString(), MEGABYTES + "M");
        } catch (IOException missing) {
            return abort("the boot disk cannot be made: " + missing.getMessage());
        }
        bootSectors(image, Files.readAllBytes(grub.resolve("boot.img")), Files.readAllBytes(folder.resolve("core.img")));
        return image;
    }

    /** GRUB's first sector with a partition table, and its core behind it. */
    private static void bootSectors(Path image, byte[] first, byte[] core) throws IOException {
        byte[] sector = new byte[SECTOR];
        System.arraycopy(first, 0, sector, 0, 440);
        int entry = 446;
        sector[entry] = (byte) 0x80;
        sector[entry + 4] = (byte) 0x83;
        for (int i = 0; i < 4; i++) {
            sector[entry + 8 + i] = (byte) (START >>> 8 * i);
            sector[entry + 12 + i] = (byte) (MEGABYTES * 2048 >>> 8 * i);
        }
        sector[510] = 0x55;
        sector[511] = (byte) 0xAA;
        if (core.length > (START - 1) * SECTOR) {
            throw new AssertionError("GRUB's core has " + core.length + " bytes");
        }
        try (var file = new java.io.RandomAccessFile(image.toFile(), "rw")) {
            file.write(sector);
            file.write(core);
        }
    }

    /** The generic kernel's IDE driver, which the Quick Create initramfs does not carry, and who loads it. */
    private static byte[] drivers(Path folder) throws IOException, InterruptedException {
        Path packages = Folders.ofProcess().packages();
        Path deb;
        try (Stream<Path> files = Files.list(packages)) {
            deb = files.filter(f -> f.getFileName().toString().matches("linux-image-[0-9][0-9.+-]*-amd64_.*\\.deb"))
                    .max(Path::compareTo).orElseThrow(() -> new IOException("no generic kernel package in " + packages));
        }
        Path unpacked = Files.createDirectories(folder.resolve("modules"));
        DebianFiles.run(folder, "sh", "-c", "dpkg-deb --fsys-tarfile '" + deb + "' | tar -x -C '" + unpacked
                + "' --wildcards '*/libata.ko' '*/ata_piix.ko'");
        Archive archive = new Archive();
        archive.add("ide", 040755, new byte[0]);
        try (Stream<Path> files = Files.walk(unpacked)) {
            for (Path file : files.filter(f -> f.toString().endsWith(".ko")).toList()) {
                archive.add("ide/" + file.getFileName(), 0100644, Files.readAllBytes(file));
            }
        }
        archive.add("ide-init", 0100755, """
                #!/bin/sh
                /sbin/modprobe sd_mod
                /bin/busybox insmod /ide/libata.ko
                /bin/busybox insmod /ide/ata_piix.ko
                exec /init
                """.getBytes(StandardCharsets.US_ASCII));
        return archive.finish();
    }

    /** A cpio archive as the kernel unpacks it (Linux Documentation/driver-api/early-userspace/buffer-format.rst). */
    private static final class Archive {
        private final ByteArrayOutputStream out = new ByteArrayOutputStream();
        private int inode = 900_000;

        void add(String name, int mode, byte[] content) {
            out.writeBytes(("070701%08X%08X" + "%08X".repeat(11)).formatted(inode++, mode, 0, 0, 1, 0, content.length, 0, 0, 0, 0,
                    name.length() + 1, 0).getBytes(StandardCharsets.US_ASCII));
            out.writeBytes(name.getBytes(StandardCharsets.US_ASCII));
            out.write(0);
            pad();
            out.writeBytes(content);
            pad();
        }

        private void pad() {
            out.writeBytes(new byte[-out.size() & 3]);
        }

        byte[] finish() {
            add("TRAILER!!!", 0, new byte[0]);
            return out.toByteArray();
        }
    }
}
