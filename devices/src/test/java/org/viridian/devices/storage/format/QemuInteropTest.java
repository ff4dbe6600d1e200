package org.viridian.devices.storage.format;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.viridian.devices.storage.DiskImage;
import org.viridian.devices.storage.DiskImages;
import org.viridian.devices.storage.ImageException;
import org.viridian.devices.storage.ImageFormat;
import org.viridian.devices.storage.tools.ImageInfo;
import org.viridian.devices.storage.tools.ImageTools;
import org.viridian.devices.storage.tools.Monitor;
import org.viridian.devices.storage.tools.NewImage;

/**
 * Both ways with QEMU's tools: what we write they check and read as equal; what they write we read as equal. More rounds by
 * {@code -Dviridian.formats.rounds}.
 */
class QemuInteropTest {
    private static final int ROUNDS = Integer.getInteger("viridian.formats.rounds", 1);
    private static final long SEED = Long.getLong("viridian.formats.seed", 1);
    private static final int SIZE = 6 << 20;

    @TempDir
    Path folder;

    @BeforeEach
    void qemuIsInstalled() {
        assumeTrue(Qemu.installed(), "qemu-img is not installed (package qemu-utils)");
    }

    private static String word(ImageFormat format) {
        return format == ImageFormat.VHD ? "vpc" : format.word();
    }

    /** The disk as the image says, in a raw file. */
    private Path raw(DiskImage image, String name) throws IOException {
        byte[] bytes = new byte[(int) image.size()];
        image.read(0, MemorySegment.ofArray(bytes));
        return Files.write(folder.resolve(name), bytes);
    }

    /** QEMU knows no differencing VHD or VHDX and no sectors of 4 KiB. */
    static Stream<FormatKind> known() {
        return Stream.of(FormatKind.values())
                .filter(kind -> kind.format != ImageFormat.RAW && kind.sector == 512 && (!kind.over || kind.format == ImageFormat.QCOW2));
    }

    @ParameterizedTest
    @MethodSource("known")
    void qemuReadsWhatWeWrite(FormatKind kind) throws IOException {
        for (int round = 0; round < ROUNDS; round++) {
            Random random = new Random(SEED * 7 + round);
            Path file = folder.resolve("w" + round + "." + kind.format.word());
            ImageTools.create(file, kind.image(folder, SIZE, random));
            Path raw;
            try (DiskImage image = DiskImages.open(file, false, Optional.of(kind.format))) {
                DiskModel model = new DiskModel(random, SIZE, 512);
                model.adopt(image);
                for (int i = 0; i < 150; i++) {
                    model.step(image);
                }
                model.verify(image);
                raw = raw(image, "w" + round + ".raw");
            }
            String name = kind + " round " + round;
            String info = Qemu.command(List.of("qemu-img", "info", "--output=json", "-f", word(kind.format), file.toString()), name);
            assertTrue(info.replace(" ", "").contains("\"virtual-size\":" + SIZE), info);
            if (kind.format == ImageFormat.QCOW2 || kind.format == ImageFormat.VHDX) {
                Qemu.command(List.of("qemu-img", "check", "-f", word(kind.format), file.toString()), name);
            }
            Qemu.command(List.of("qemu-img", "compare", "-f", word(kind.format), "-F", "raw", file.toString(), raw.toString()), name);
        }
    }

    @ParameterizedTest
    @MethodSource("known")
    void weReadWhatQemuWrites(FormatKind kind) throws IOException {
        for (int round = 0; round < ROUNDS; round++) {
            Random random = new Random(SEED * 11 + round);
            String name = kind + " round " + round;
            Path file = folder.resolve("r" + round + "." + kind.format.word());
            List<String> create = new ArrayList<>(List.of("qemu-img", "create", "-q", "-f", word(kind.format)));
            List<String> options = new ArrayList<>();
            switch (kind.format) {
                case VHD -> options.add("subformat=" + (kind.fixed() ? "fixed" : "dynamic") + ",force_size=on");
                case VHDX -> options.add("subformat=" + (kind.fixed() ? "fixed" : "dynamic") + (kind.unit > 0 ? ",block_size=" + kind.unit : ""));
                default -> {
                    options.add("compat=" + (kind.version == 2 ? "0.10" : "1.1"));
                    options.add("cluster_size=" + (kind.unit > 0 ? kind.unit : 65536));
                    if (kind.version == 3) {
                        options.add(round % 2 == 0 ? "lazy_refcounts=on" : "refcount_bits=" + new int[] {1, 2, 4, 8, 32, 64}[random.nextInt(6)]);
                    }
                }
            }
            create.addAll(List.of("-o", String.join(",", options)));
            if (kind.over) {
                NewImage below = kind.image(folder, SIZE, random);
                create.addAll(List.of("-b", below.parent().orElseThrow().toString(), "-F", "qcow2"));
            }
            create.addAll(List.of(file.toString(), Integer.toString(SIZE)));
            Qemu.command(create, name);
            write(kind, file, random, name);
            compare(kind, file, name);
            // And on in the same image, ours after theirs.
            try (DiskImage image = DiskImages.open(file, false, Optional.of(kind.format))) {
                DiskModel model = new DiskModel(random, SIZE, 512);
                for (int i = 0; i < 40; i++) {
                    model.write(image);
                }
                image.discard(0, 1 << 20);
            }
            compare(kind, file, name + " continued");
            if (kind.format == ImageFormat.QCOW2 || kind.format == ImageFormat.VHDX) {
                Qemu.command(List.of("qemu-img", "check", "-f", word(kind.format), file.toString()), name);
            }
        }
    }

    private static void write(FormatKind kind, Path file, Random random, String name) {
        List<String> command = new ArrayList<>(List.of("qemu-io", "-f", word(kind.format)));
        for (int i = 0; i < 25; i++) {
            long offset = random.nextInt(SIZE / 512 - 512) * 512L;
            int length = 512 * (1 + random.nextInt(512));
            int dice = random.nextInt(10);
            // A VHDX has no zeroes of its own in QEMU.
            String what = dice < 7 || kind.format != ImageFormat.QCOW2 ? "write -P " + (1 + random.nextInt(255)) : dice < 9 ? "write -z" : "discard";
            command.addAll(List.of("-c", what + " " + offset + " " + length));
        }
        command.add(file.toString());
        Qemu.command(command, name);
    }

    private void compare(FormatKind kind, Path file, String name) throws IOException {
        Path theirs = folder.resolve("theirs.raw");
        Qemu.command(List.of("qemu-img", "convert", "-f", word(kind.format), "-O", "raw", file.toString(), theirs.toString()), name);
        try (DiskImage image = DiskImages.open(file, true, Optional.of(kind.format))) {
            Path ours = raw(image, "ours.raw");
            assertEquals(-1, Files.mismatch(ours, theirs), name);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"zlib", "zstd"})
    void compressedClustersBothWays(String type) throws IOException {
        byte[] content = new byte[SIZE];
        Random random = new Random(5);
        for (int at = 0; at < SIZE; at += 8192) {
            Arrays.fill(content, at, at + random.nextInt(8192), (byte) random.nextInt(4));
            content[at + random.nextInt(8192)] = (byte) random.nextInt();
        }
        Path raw = Files.write(folder.resolve("c.raw"), content);
        Path theirs = folder.resolve("c.qcow2");
        Qemu.command(List.of("qemu-img", "convert", "-c", "-f", "raw", "-O", "qcow2", "-o", "compression_type=" + type, raw.toString(),
                theirs.toString()), type);
        try (DiskImage image = DiskImages.open(theirs, true, Optional.empty())) {
            assertEquals(-1, Files.mismatch(raw, raw(image, "out.raw")));
        }
        // Written over in place.
        try (DiskImage image = DiskImages.open(theirs, false, Optional.of(ImageFormat.QCOW2))) {
            for (int at = 4096; at < SIZE; at += 300 << 10) {
                byte[] some = new byte[4096];
                random.nextBytes(some);
                System.arraycopy(some, 0, content, at, some.length);
                image.write(at, MemorySegment.ofArray(some));
            }
        }
        Files.write(raw, content);
        Qemu.command(List.of("qemu-img", "check", "-f", "qcow2", theirs.toString()), type);
        Qemu.command(List.of("qemu-img", "compare", "-f", "qcow2", "-F", "raw", theirs.toString(), raw.toString()), type);
        Path ours = folder.resolve("ours.qcow2");
        NewImage wanted = new NewImage(ImageFormat.QCOW2, 0, false, Optional.empty(), Optional.empty(), 512, 0, true, type.equals("zstd"), 3);
        ImageTools.convert(theirs, Optional.empty(), ours, wanted, Monitor.NONE);
        assertTrue(ImageTools.info(ours, Optional.empty()).allocated() < SIZE / 2, "compressed");
        Qemu.command(List.of("qemu-img", "check", "-f", "qcow2", ours.toString()), type);
        Qemu.command(List.of("qemu-img", "compare", "-f", "qcow2", "-F", "raw", ours.toString(), raw.toString()), type);
    }

    @ParameterizedTest
    @EnumSource(value = ImageFormat.class)
    void convertResizeAndCompact(ImageFormat format) throws IOException {
        byte[] content = new byte[3 << 20];
        new Random(9).nextBytes(content);
        Arrays.fill(content, 1 << 20, 2 << 20, (byte) 0);
        Path raw = Files.write(folder.resolve("x.raw"), content);
        Path image = folder.resolve("x." + (format == ImageFormat.RAW ? "img" : format.word()));
        ImageTools.convert(raw, Optional.of(ImageFormat.RAW), image, NewImage.of(format, 0), Monitor.NONE);
        Qemu.command(List.of("qemu-img", "compare", "-f", word(format), "-F", "raw", image.toString(), raw.toString()), "converted");
        ImageTools.resize(image, Optional.of(format), 40 << 20, false);
        ImageInfo grown = ImageTools.info(image, Optional.of(format));
        assertEquals(40 << 20, grown.size());
        assertTrue(grown.allocated() < 12 << 20, grown::toString);
        try (DiskImage open = DiskImages.open(image, false, Optional.of(format))) {
            open.write(39 << 20, MemorySegment.ofArray(content).asSlice(0, 1 << 20));
            open.write(2 << 20, MemorySegment.ofArray(new byte[1 << 20]));
        }
        long before = ImageTools.info(image, Optional.of(format)).allocated();
        ImageTools.compact(image, Optional.of(format), Monitor.NONE);
        long after = ImageTools.info(image, Optional.of(format)).allocated();
        assertTrue(after <= before, () -> "%d after %d".formatted(after, before));
        byte[] whole = Arrays.copyOf(content, 40 << 20);
        Arrays.fill(whole, 2 << 20, 3 << 20, (byte) 0);
        System.arraycopy(content, 0, whole, 39 << 20, 1 << 20);
        Files.write(raw, whole);
        Qemu.command(List.of("qemu-img", "compare", "-f", word(format), "-F", "raw", image.toString(), raw.toString()), "grown");
        ImageTools.resize(image, Optional.of(format), 2 << 20, true);
        Files.write(raw, Arrays.copyOf(whole, 2 << 20));
        Qemu.command(List.of("qemu-img", "compare", "-f", word(format), "-F", "raw", image.toString(), raw.toString()), "shrunk");
        assertTrue(ImageTools.check(image, Optional.of(format), false).clean());
    }

    @Test
    void snapshotsAndForeignFeaturesAreRefusedByName() throws IOException {
        Path file = folder.resolve("s.qcow2");
        Qemu.command(List.of("qemu-img", "create", "-q", "-f", "qcow2", file.toString(), "4M"), "snapshot");
        Qemu.command(List.of("qemu-img", "snapshot", "-c", "one", file.toString()), "snapshot");
        ImageException refused = org.junit.jupiter.api.Assertions.assertThrows(ImageException.class,
                () -> DiskImages.open(file, true, Optional.empty()));
        assertTrue(refused.getMessage().contains("internal snapshots"), refused.getMessage());
        Path external = folder.resolve("e.qcow2");
        Qemu.command(List.of("qemu-img", "create", "-q", "-f", "qcow2", "-o", "extended_l2=on,cluster_size=64k", external.toString(), "4M"), "extended");
        refused = org.junit.jupiter.api.Assertions.assertThrows(ImageException.class, () -> DiskImages.open(external, true, Optional.empty()));
        assertTrue(refused.getMessage().contains("subclusters"), refused.getMessage());
    }

    @Test
    void qemuRespectsOurLockAndWeItsOwn() throws Exception {
        Path file = folder.resolve("l.qcow2");
        ImageTools.create(file, NewImage.of(ImageFormat.QCOW2, 1 << 20));
        try (DiskImage image = DiskImages.open(file, false, Optional.of(ImageFormat.QCOW2))) {
            Process refused = new ProcessBuilder("qemu-io", "-f", "qcow2", "-c", "write 0 512", file.toString()).redirectErrorStream(true).start();
            String said = new String(refused.getInputStream().readAllBytes());
            assertTrue(refused.waitFor() != 0 && said.contains("lock"), said);
            assertEquals(1 << 20, image.size());
        }
        Process holder = new ProcessBuilder("qemu-io", "-f", "qcow2", file.toString()).redirectErrorStream(true).start();
        try {
            holder.getOutputStream().write("write 0 512\n".getBytes());
            holder.getOutputStream().flush();
            byte[] heard = new byte[4096];
            int count = 0;
            while (!new String(heard, 0, count).contains("512 bytes")) {
                int more = holder.getInputStream().read(heard, count, heard.length - count);
                assertTrue(more > 0, "qemu-io ended");
                count += more;
            }
            ImageException refused = org.junit.jupiter.api.Assertions.assertThrows(ImageException.class,
                    () -> DiskImages.open(file, false, Optional.of(ImageFormat.QCOW2)));
            assertTrue(refused.inUse(), refused.getMessage());
        } finally {
            holder.getOutputStream().close();
            holder.waitFor();
        }
        DiskImages.open(file, false, Optional.of(ImageFormat.QCOW2)).close();
    }
}
