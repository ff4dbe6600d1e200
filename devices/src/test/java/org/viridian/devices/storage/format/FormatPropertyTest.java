package org.viridian.devices.storage.format;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.viridian.devices.storage.CheckReport;
import org.viridian.devices.storage.DiskImage;
import org.viridian.devices.storage.DiskImages;
import org.viridian.devices.storage.ImageFormat;
import org.viridian.devices.storage.tools.ImageTools;
import org.viridian.devices.storage.tools.NewImage;

/**
 * Random requests on every kind of image against a model, undisturbed and with stops at random changes of the file.
 * More rounds by {@code -Dviridian.formats.rounds}, another beginning by {@code -Dviridian.formats.seed}.
 */
class FormatPropertyTest {
    private static final int ROUNDS = Integer.getInteger("viridian.formats.rounds", 1);
    private static final long SEED = Long.getLong("viridian.formats.seed", 1);
    private static final long SIZE = 6 << 20;

    @TempDir
    Path folder;

    private SimulatedFile.Content fresh(FormatKind kind, Random random) throws IOException {
        NewImage wanted = kind.image(folder, SIZE, random);
        SimulatedFile.Content content = new SimulatedFile.Content();
        SimulatedFile file = new SimulatedFile(path(kind), content, random);
        ImageTools.lay(file, wanted);
        return file.afterKill();
    }

    private Path path(FormatKind kind) {
        return folder.resolve(kind.name() + "." + kind.format.word());
    }

    private DiskImage open(FormatKind kind, SimulatedFile file) throws IOException {
        return DiskImages.open(file, false, Optional.of(kind.format));
    }

    @ParameterizedTest
    @EnumSource(FormatKind.class)
    void holdsWhatIsWritten(FormatKind kind) throws IOException {
        for (int round = 0; round < ROUNDS; round++) {
            long seed = SEED * 1000 + round;
            Random random = new Random(seed);
            SimulatedFile.Content content = fresh(kind, random);
            DiskModel model = new DiskModel(random, SIZE, kind.sector);
            boolean first = true;
            for (int life = 0; life < 3; life++) {
                SimulatedFile file = new SimulatedFile(path(kind), content, random);
                try (DiskImage image = open(kind, file)) {
                    if (first) {
                        model.adopt(image);
                        first = false;
                    }
                    for (int i = 0; i < 120; i++) {
                        model.step(image);
                    }
                    model.verify(image);
                }
                content = file.afterKill();
                try (DiskImage image = open(kind, new SimulatedFile(path(kind), content, random))) {
                    model.verify(image);
                }
                model.flushed();
                checkClean(kind, content, "seed " + seed + " life " + life);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(FormatKind.class)
    void losesNothingFlushedWhenStopped(FormatKind kind) throws IOException {
        for (int round = 0; round < 2 * ROUNDS; round++) {
            long seed = SEED * 100_000 + round;
            Random random = new Random(seed);
            SimulatedFile.Content content = fresh(kind, random);
            DiskModel model = new DiskModel(random, SIZE, kind.sector);
            boolean first = true;
            // Each life ends with a stop, at times while the damage of the last one is being repaired.
            for (int life = 0; life < 4; life++) {
                SimulatedFile file = new SimulatedFile(path(kind), content, random);
                file.stopAfter(life > 0 && random.nextInt(4) == 0 ? random.nextInt(6) : random.nextInt(300));
                DiskImage image = null;
                try {
                    image = open(kind, file);
                    if (first) {
                        model.adopt(image);
                        first = false;
                    }
                    for (int i = 0; i < 200; i++) {
                        model.step(image);
                    }
                    image.close();
                    model.flushed();
                } catch (IOException stop) {
                    assertTrue(file.stopped(), () -> "seed " + seed + ": " + stop);
                }
                closeStopped(image);
                content = random.nextBoolean() ? file.afterKill() : file.afterPowerLoss();
                String name = "seed " + seed + " life " + life;
                SimulatedFile reopened = new SimulatedFile(path(kind), new SimulatedFile.Content(content), random);
                try (DiskImage after = open(kind, reopened)) {
                    if (!first) {
                        model.verifyAfterStop(after);
                        model.adopt(after);
                    }
                } catch (IOException | AssertionError lost) {
                    throw new AssertionError(name + ": " + lost.getMessage(), lost);
                }
                checkClean(kind, reopened.afterKill(), name);
            }
        }
    }

    /** Lets the locks of the images below go. */
    private static void closeStopped(DiskImage image) {
        try {
            if (image != null) {
                image.close();
            }
        } catch (IOException stopped) {
            assertEquals("stopped", stopped.getMessage());
        }
    }

    /** Our own check, and QEMU's for formats that it checks. */
    private void checkClean(FormatKind kind, SimulatedFile.Content content, String name) throws IOException {
        if (kind.format == ImageFormat.RAW || kind.fixed() && kind.format == ImageFormat.VHD) {
            return;
        }
        Path file = folder.resolve("left-" + path(kind).getFileName());
        SimulatedFile.materialize(content, file);
        CheckReport report = ImageTools.check(file, Optional.of(kind.format), false);
        assertTrue(report.errors().isEmpty(), () -> name + ": " + report.errors());
        assertEquals(0, kind.format == ImageFormat.QCOW2 ? report.leaks() : 0, name);
        // QEMU knows no differencing VHDX and no sectors of 4 KiB.
        if (kind.format == ImageFormat.QCOW2 || kind.format == ImageFormat.VHDX && !kind.over && kind.sector == 512) {
            Qemu.ifPresent(qemu -> qemu.run(List.of("qemu-img", "check", "-f", kind.format.word(), file.toString()), name));
        }
        Files.delete(file);
    }
}
