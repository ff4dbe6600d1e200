package org.viridian.devices.storage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RawImageTest {
    @TempDir
    Path folder;

    private Path file(int bytes) throws IOException {
        byte[] content = new byte[bytes];
        Arrays.fill(content, (byte) 7);
        return Files.write(folder.resolve("disk.img"), content);
    }

    @Test
    void writesWhereItReads() throws IOException {
        Path file = file(1 << 20);
        try (RawImage image = RawImage.open(file, false); Arena arena = Arena.ofShared()) {
            assertEquals(1 << 20, image.size());
            MemorySegment block = arena.allocate(1024);
            block.fill((byte) 9);
            image.write(4096, block);
            image.flush();
            MemorySegment back = arena.allocate(2048);
            image.read(3584, back);
            assertEquals(7, back.get(ValueLayout.JAVA_BYTE, 511));
            assertEquals(9, back.get(ValueLayout.JAVA_BYTE, 512));
            assertEquals(7, back.get(ValueLayout.JAVA_BYTE, 1536));
            assertThrows(IllegalArgumentException.class, () -> image.read((1 << 20) - 512, block));
        }
        assertEquals(9, Files.readAllBytes(file)[5119]);
        assertEquals(1 << 20, Files.size(file));
    }

    @Test
    void aFileThatEndsInsideASectorReadsAsZeroToItsEnd() throws IOException {
        Path file = file(1000);
        try (RawImage image = RawImage.open(file, false)) {
            assertEquals(1024, image.size());
            MemorySegment sector = MemorySegment.ofArray(new byte[512]);
            sector.fill((byte) 1);
            image.read(512, sector);
            assertEquals(7, sector.get(ValueLayout.JAVA_BYTE, 487));
            assertEquals(0, sector.get(ValueLayout.JAVA_BYTE, 488));
            image.write(512, sector);
        }
        assertEquals(1024, Files.size(file));
    }

    @Test
    void anImageHasOneWriterOrManyReaders() throws IOException {
        Path file = file(512);
        Path link = Files.createSymbolicLink(folder.resolve("link.img"), file);
        try (RawImage writer = RawImage.open(file, false)) {
            assertTrue(assertThrows(ImageException.class, () -> RawImage.open(link, false)).getMessage().contains("in use"));
            assertThrows(ImageException.class, () -> RawImage.open(file, true));
            writer.close();
            RawImage first = RawImage.open(file, true);
            RawImage second = RawImage.open(link, true);
            assertThrows(ImageException.class, () -> RawImage.open(file, false));
            first.close();
            assertThrows(ImageException.class, () -> RawImage.open(file, false));
            second.close();
        }
        RawImage.open(file, false).close();
    }

    @Test
    void refusesWhatIsNoImageInPlainWords() throws IOException {
        assertTrue(assertThrows(ImageException.class, () -> RawImage.open(folder.resolve("none"), true)).getMessage()
                .contains("does not exist"));
        assertTrue(assertThrows(ImageException.class, () -> RawImage.open(folder, true)).getMessage().contains("folder"));
        Path empty = Files.createFile(folder.resolve("empty"));
        assertTrue(assertThrows(ImageException.class, () -> RawImage.open(empty, true)).getMessage().contains("empty"));
    }

    @Test
    void aReadOnlyImageRefusesWrites() throws IOException {
        try (RawImage image = RawImage.open(file(512), true)) {
            assertThrows(IOException.class, () -> image.write(0, MemorySegment.ofArray(new byte[512])));
        }
    }
}
