package org.viridian.tests.bench;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.apache.commons.compress.archivers.cpio.CpioArchiveEntry;
import org.apache.commons.compress.archivers.cpio.CpioArchiveOutputStream;
import org.apache.commons.compress.archivers.cpio.CpioConstants;
import org.viridian.app.definition.Folders;
import org.viridian.app.definition.NewVm.Flavour;
import org.viridian.app.library.GuestSource;
import org.viridian.app.machine.Machine;
import org.viridian.app.machine.MachineBuilder;
import org.viridian.app.machine.MachineConfig;
import org.viridian.app.quickcreate.DebianGuest;
import org.viridian.app.text.Progress;
import org.viridian.devices.storage.ImageFormat;

/**
 * Sequential direct reads of one Debian guest: here through storvsc, and in QEMU's TCG through virtio-blk, from the same
 * raw file. The guest prints when it begins and ends; times are taken on the host's side.
 */
public final class StorageBench {
    private static final List<String> VIRTIO = List.of("virtio", "virtio_ring", "virtio_pci_legacy_dev", "virtio_pci_modern_dev",
            "virtio_pci", "virtio_blk");
    /** The path of the disk stays out of the marks' lines, so that no echo looks like one. */
    private static final String SCRIPT = """
            #!/bin/sh
            export PATH=/bin:/sbin:/usr/bin:/usr/sbin
            dmesg -n 1
            for m in %s; do [ -e /bench/$m.ko ] && [ ! -e /dev/sda ] && insmod /bench/$m.ko; done 2>/dev/null
            until [ -b /dev/sda ] || [ -b /dev/vda ]; do sleep 1; done
            disk=/dev/sda; [ -b /dev/vda ] && disk=/dev/vda
            dd if=$disk of=/dev/null bs=1M count=16 iflag=direct 2>/dev/null
            sleep 2
            echo read-begins
            dd if=$disk of=/dev/null bs=1M iflag=direct 2>/dev/null
            echo read-ends
            while true; do sleep 100; done
            """;
    private static final long LIMIT_NANOS = 900_000_000_000L;

    private final int mebibytes;
    private final Path folder;

    private StorageBench(int mebibytes, Path folder) {
        this.mebibytes = mebibytes;
        this.folder = folder;
    }

    /** Text that the guest has printed so far. */
    @FunctionalInterface
    private interface Console {
        String text() throws IOException;
    }

    /** @param words size of the disk, MiB */
    public static void main(String[] words) throws Exception {
        Path folder = Files.createTempDirectory("storage-bench");
        try {
            new StorageBench(Integer.parseInt(words[0]), folder).run();
        } finally {
            try (Stream<Path> files = Files.walk(folder)) {
                files.sorted(java.util.Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
            }
        }
        System.exit(0);
    }

    private void run() throws Exception {
        GuestSource.BootFiles files = new DebianGuest(Folders.ofProcess()).assemble(Flavour.CLOUD, Progress.NONE);
        Path initrd = initrd(files.initrd());
        Path disk = disk();
        String commandLine = "console=ttyS0,115200 quiet";
        MachineConfig config = new MachineConfig("bench", 512L << 20, 1, MachineConfig.Engine.SOFTWARE,
                new MachineConfig.Boot(files.kernel(), Optional.of(initrd), commandLine),
                List.of(new MachineConfig.Disk(disk, true).as(ImageFormat.RAW)), Optional.empty(), true,
                new MachineConfig.SerialTarget.None(), Optional.empty());
        double ours;
        try (Machine machine = MachineBuilder.build(config)) {
            machine.start();
            ours = measure(machine::serialText);
        }
        System.out.printf("viridian software CPU, hv_storvsc: %.1f MiB/s%n", ours);
        Path console = folder.resolve("console");
        Process qemu = new ProcessBuilder("qemu-system-x86_64", "-accel", "tcg", "-m", "512", "-display", "none", "-monitor", "none",
                "-serial", "file:" + console, "-kernel", files.kernel().toString(), "-initrd", initrd.toString(), "-append", commandLine,
                "-drive", "file=" + disk + ",format=raw,if=virtio,readonly=on,cache=writeback").redirectErrorStream(true)
                .redirectOutput(folder.resolve("qemu.log").toFile()).start();
        try {
            double theirs = measure(() -> Files.exists(console) ? Files.readString(console, StandardCharsets.ISO_8859_1) : "");
            System.out.printf("qemu TCG, virtio-blk: %.1f MiB/s%nratio: %.2f%n", theirs, ours / theirs);
        } finally {
            qemu.destroyForcibly();
        }
    }

    private double measure(Console console) throws IOException, InterruptedException {
        long begun = await(console, "read-begins");
        return mebibytes / ((await(console, "read-ends") - begun) / 1e9);
    }

    private static long await(Console console, String mark) throws IOException, InterruptedException {
        long limit = System.nanoTime() + LIMIT_NANOS;
        while (!console.text().contains(mark)) {
            if (System.nanoTime() > limit) {
                throw new IOException("the guest did not print " + mark + ":\n" + console.text());
            }
            Thread.sleep(5);
        }
        return System.nanoTime();
    }

    private Path disk() throws IOException {
        Path disk = folder.resolve("disk.raw");
        byte[] chunk = new byte[1 << 20];
        Random random = new Random(1);
        try (var out = Files.newOutputStream(disk)) {
            for (int i = 0; i < mebibytes; i++) {
                random.nextBytes(chunk);
                out.write(chunk);
            }
        }
        // Both read what the host has in memory.
        try (InputStream in = Files.newInputStream(disk)) {
            in.transferTo(java.io.OutputStream.nullOutputStream());
        }
        return disk;
    }

    /** The Quick Create archive, with a second one behind it: the reading as the serial port's shell, and QEMU's drivers. */
    private Path initrd(Path base) throws IOException, InterruptedException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (CpioArchiveOutputStream cpio = new CpioArchiveOutputStream(bytes, CpioConstants.FORMAT_NEW)) {
            put(cpio, "bin/serial-shell", SCRIPT.formatted(String.join(" ", VIRTIO)).getBytes(StandardCharsets.UTF_8));
            CpioArchiveEntry directory = new CpioArchiveEntry("bench");
            directory.setMode(CpioConstants.C_ISDIR | 0755);
            cpio.putArchiveEntry(directory);
            cpio.closeArchiveEntry();
            Path unpacked = folder.resolve("kernel");
            try (Stream<Path> packages = Files.list(Folders.ofProcess().packages())) {
                Path deb = packages.filter(file -> file.getFileName().toString().matches("linux-image-.*-cloud-amd64_.*\\.deb"))
                        .max(java.util.Comparator.naturalOrder()).orElseThrow(() -> new IOException("no kernel package in the cache"));
                if (new ProcessBuilder("dpkg-deb", "-x", deb.toString(), unpacked.toString()).inheritIO().start().waitFor() != 0) {
                    throw new IOException("dpkg-deb refused " + deb);
                }
            }
            try (Stream<Path> modules = Files.walk(unpacked)) {
                for (Path file : modules.filter(Files::isRegularFile).toList()) {
                    String name = file.getFileName().toString();
                    if (name.endsWith(".ko") && VIRTIO.contains(name.substring(0, name.length() - 3))) {
                        put(cpio, "bench/" + name, Files.readAllBytes(file));
                    }
                }
            }
        }
        Path initrd = folder.resolve("initrd.img");
        Files.write(initrd, Files.readAllBytes(base));
        Files.write(initrd, bytes.toByteArray(), StandardOpenOption.APPEND);
        return initrd;
    }

    private static void put(CpioArchiveOutputStream cpio, String name, byte[] content) throws IOException {
        CpioArchiveEntry entry = new CpioArchiveEntry(name, content.length);
        entry.setMode(CpioConstants.C_ISREG | 0755);
        cpio.putArchiveEntry(entry);
        cpio.write(content);
        cpio.closeArchiveEntry();
    }
}
