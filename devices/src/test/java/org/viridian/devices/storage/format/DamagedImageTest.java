package org.viridian.devices.storage.format;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.viridian.devices.storage.DiskImage;
import org.viridian.devices.storage.DiskImages;
import org.viridian.devices.storage.ImageException;
import org.viridian.devices.storage.ImageFormat;
import org.viridian.devices.storage.RawImage;
import org.viridian.devices.storage.file.LinuxFile;
import org.viridian.devices.storage.tools.ImageTools;
import org.viridian.devices.storage.tools.NewImage;

/**
 * Images whose headers and tables have been changed at random: opened, read, written and checked they give an
 * {@link IOException} or go on, and nothing else. More rounds by {@code -Dviridian.formats.rounds}.
 */
class DamagedImageTest {
    private static final int ROUNDS = 150 * Integer.getInteger("viridian.formats.rounds", 1);
    private static final long SEED = Long.getLong("viridian.formats.seed", 1);
    private static final long SIZE = 4 << 20;

    @TempDir
    Path folder;

    @ParameterizedTest
    @EnumSource(value = FormatKind.class, names = {"VHD_DYNAMIC", "VHD_DIFFERENCING", "VHDX_DYNAMIC", "VHDX_DIFFERENCING", "QCOW2", "QCOW2_SMALL",
        "QCOW2_OLD_OVER"})
    void damageIsRefusedOrSurvived(FormatKind kind) throws IOException {
        Random random = new Random(SEED);
        Path path = folder.resolve(kind.name() + "." + kind.format.word());
        SimulatedFile file = new SimulatedFile(path, new SimulatedFile.Content(), random);
        ImageTools.lay(file, kind.image(folder, SIZE, random));
        DiskModel model = new DiskModel(random, SIZE, kind.sector);
        SimulatedFile written = new SimulatedFile(path, file.afterKill(), random);
        try (DiskImage image = DiskImages.open(written, false, Optional.of(kind.format))) {
            model.adopt(image);
            for (int i = 0; i < 40; i++) {
                model.step(image);
            }
        }
        SimulatedFile.Content good = written.afterKill();
        for (int round = 0; round < ROUNDS; round++) {
            long seed = SEED * 100_000 + round;
            // A hang is a failure, too.
            assertTimeoutPreemptively(Duration.ofSeconds(60), () -> use(kind, path, new SimulatedFile.Content(good), new Random(seed)), "seed " + seed);
        }
    }

    private static void use(FormatKind kind, Path path, SimulatedFile.Content content, Random random) throws IOException {
        SimulatedFile file = new SimulatedFile(path, content, random);
        for (int i = random.nextInt(6); i >= 0; i--) {
            damage(kind, file, random);
        }
        boolean readOnly = random.nextInt(3) == 0;
        try (DiskImage image = DiskImages.open(file, readOnly, Optional.of(kind.format))) {
            byte[] some = new byte[1 << 16];
            for (int i = 0; i < 12; i++) {
                long offset = random.nextLong(Math.max(1, Math.min(image.size(), 64L << 20) / some.length)) * some.length;
                int count = (int) Math.min(some.length, image.size() - offset) / 512 * 512;
                MemorySegment bytes = MemorySegment.ofArray(some).asSlice(0, count);
                if (random.nextBoolean() || readOnly) {
                    image.read(offset, bytes);
                    image.extent(offset, count);
                } else if (random.nextBoolean()) {
                    image.write(offset, bytes);
                } else {
                    image.discard(offset, count);
                }
            }
        } catch (IOException refused) {
            assertTrue(refused.getMessage() != null && !refused.getMessage().isBlank());
        }
    }

    private static void damage(FormatKind kind, SimulatedFile file, Random random) throws IOException {
        long[] places = switch (kind.format) {
            case VHD -> new long[] {0, 512, 1536};
            // Behind the checksums most damage would only be refused: the metadata and the table have none.
            case VHDX -> new long[] {64 << 10, 192 << 10, 2 << 20, (2 << 20) + (64 << 10), 3 << 20};
            default -> new long[] {0, 0, kind.unit == 0 ? 65536 : kind.unit, 3L * (kind.unit == 0 ? 65536 : kind.unit)};
        };
        long at = places[random.nextInt(places.length)] + random.nextInt(160);
        byte[] bytes = switch (random.nextInt(4)) {
            case 0 -> new byte[] {(byte) random.nextInt()};
            case 1 -> ByteBuffer.allocate(8).putLong(random.nextLong()).array();
            case 2 -> ByteBuffer.allocate(8).putLong(random.nextBoolean() ? -1 : Long.MIN_VALUE >> random.nextInt(64)).array();
            default -> ByteBuffer.allocate(4).putInt(1 << random.nextInt(32)).array();
        };
        file.write(at, bytes);
        if (random.nextInt(12) == 0) {
            file.resize(random.nextLong(file.size() + 1));
        }
    }

    @Test
    void aChainThatBitesItsTailIsRefused() throws IOException {
        Path a = folder.resolve("a.qcow2");
        Path b = folder.resolve("b.qcow2");
        ImageTools.create(a, NewImage.of(ImageFormat.QCOW2, SIZE));
        ImageTools.create(b, NewImage.of(ImageFormat.QCOW2, 0).over(a));
        Files.move(b, a, StandardCopyOption.REPLACE_EXISTING);
        ImageException refused = assertThrows(ImageException.class, () -> DiskImages.open(a, true, Optional.of(ImageFormat.QCOW2)));
        assertTrue(refused.getMessage().contains("over itself"), refused.getMessage());
    }

    @ParameterizedTest
    @EnumSource(value = ImageFormat.class, names = {"VHD", "VHDX"})
    void aParentThatIsAnotherOrHasBeenWrittenToIsRefused(ImageFormat format) throws IOException {
        Path parent = folder.resolve("p." + format.word());
        Path child = folder.resolve("sub").resolve("c." + format.word());
        Files.createDirectory(child.getParent());
        ImageTools.create(parent, NewImage.of(format, SIZE));
        ImageTools.create(child, NewImage.of(format, 0).over(parent));
        DiskImages.open(child, false, Optional.of(format)).close();
        Files.delete(parent);
        assertTrue(assertThrows(ImageException.class, () -> DiskImages.open(child, true, Optional.of(format))).getMessage().contains("needs its parent"));
        ImageTools.create(parent, NewImage.of(format, SIZE));
        assertTrue(assertThrows(ImageException.class, () -> DiskImages.open(child, true, Optional.of(format))).getMessage().contains("is not the parent"));
    }

    @Test
    void aGuestCannotMakeItsRawDiskAnotherFormat() throws IOException {
        Path disk = folder.resolve("disk.img");
        ImageTools.create(disk, NewImage.of(ImageFormat.RAW, SIZE));
        byte[] sector = new byte[512];
        ByteBuffer.wrap(sector).putInt(0, 0x514649FB);
        try (DiskImage guessed = DiskImages.open(disk, false, Optional.empty())) {
            assertTrue(assertThrows(IOException.class, () -> guessed.write(0, MemorySegment.ofArray(sector))).getMessage().contains("raw"));
            guessed.write(512, MemorySegment.ofArray(sector));
        }
        try (DiskImage stated = DiskImages.open(disk, false, Optional.of(ImageFormat.RAW))) {
            stated.write(0, MemorySegment.ofArray(sector));
        }
        try (DiskImage again = DiskImages.open(disk, true, Optional.of(ImageFormat.RAW))) {
            assertTrue(again instanceof RawImage && again.size() == SIZE, "a stated format is never looked for");
        }
        try (LinuxFile file = LinuxFile.open(disk, true)) {
            assertTrue(file.allocated() <= 8192, "holes stay holes");
        }
    }
}
