package org.viridian.devices.storage.format;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import java.util.TreeSet;
import org.viridian.devices.storage.DiskImage;

/**
 * What a disk should hold. Every sector holds one number over and over, so a sector is known by it; zero is a sector of
 * zeroes. Besides its present number each sector has those that a stop may leave: the one at the last flush and all since.
 */
final class DiskModel {
    static final int SECTOR = 512;

    private final Random random;
    private final int align;
    private long[] stamps;
    private TreeSet<Long>[] possible;
    private long next;

    DiskModel(Random random, long size, int align) {
        this.random = random;
        this.align = align / SECTOR;
        resize(size);
    }

    @SuppressWarnings("unchecked")
    void resize(long size) {
        int sectors = (int) (size / SECTOR);
        long[] old = stamps == null ? new long[0] : stamps;
        stamps = java.util.Arrays.copyOf(old, sectors);
        possible = new TreeSet[sectors];
    }

    /** Takes what an image holds as the flushed state. */
    void adopt(DiskImage image) throws IOException {
        byte[] bytes = new byte[1 << 16];
        for (long at = 0; at < size(); at += bytes.length) {
            int count = (int) Math.min(bytes.length, size() - at);
            image.read(at, MemorySegment.ofArray(bytes).asSlice(0, count));
            for (int s = 0; s < count / SECTOR; s++) {
                stamps[(int) (at / SECTOR) + s] = stamp(bytes, s, at / SECTOR + s);
            }
        }
        java.util.Arrays.fill(possible, null);
        for (long stamp : stamps) {
            next = Math.max(next, stamp);
        }
    }

    long size() {
        return (long) stamps.length * SECTOR;
    }

    private static long stamp(byte[] bytes, int index, long sector) {
        int at = index * SECTOR;
        // Shifted by one number it must be the same.
        assertTrue(java.util.Arrays.equals(bytes, at, at + SECTOR - 8, bytes, at + 8, at + SECTOR), () -> "sector " + sector + " is mixed");
        return MemorySegment.ofArray(bytes).get(ValueLayout.JAVA_LONG_UNALIGNED, at);
    }

    private void now(int sector, long stamp) {
        if (possible[sector] == null) {
            possible[sector] = new TreeSet<>();
            possible[sector].add(stamps[sector]);
        }
        possible[sector].add(stamp);
        stamps[sector] = stamp;
    }

    private int[] range(int most) {
        int unit = align;
        int units = stamps.length / unit;
        int count = Math.min(units, 1 + (random.nextBoolean() ? random.nextInt(16) : random.nextInt(most / SECTOR / unit)));
        // Close together half of the time, so that writes meet.
        int from = random.nextBoolean() ? random.nextInt(units - count + 1) : random.nextInt(Math.min(units - count, 4096 / unit) + 1);
        return new int[] {from * unit, count * unit};
    }

    /** One random request; an error of the image comes out, after the model knows of what may have happened. */
    void step(DiskImage image) throws IOException {
        int dice = random.nextInt(100);
        if (dice < 55) {
            write(image);
        } else if (dice < 75) {
            read(image);
        } else if (dice < 83) {
            int[] range = range(3 << 20);
            for (int s = range[0]; s < range[0] + range[1]; s++) {
                now(s, 0);
            }
            image.writeZeroes((long) range[0] * SECTOR, (long) range[1] * SECTOR, true);
        } else if (dice < 91) {
            discard(image);
        } else {
            image.flush();
            flushed();
        }
    }

    void write(DiskImage image) throws IOException {
        int[] range = range(256 << 10);
        byte[] bytes = new byte[range[1] * SECTOR];
        MemorySegment segment = MemorySegment.ofArray(bytes);
        long stamp = ++next;
        for (int s = 0; s < range[1]; s++) {
            now(range[0] + s, stamp);
        }
        for (int i = 0; i < bytes.length; i += 8) {
            segment.set(ValueLayout.JAVA_LONG_UNALIGNED, i, stamp);
        }
        image.write((long) range[0] * SECTOR, segment);
    }

    private void read(DiskImage image) throws IOException {
        int[] range = range(256 << 10);
        byte[] bytes = new byte[range[1] * SECTOR];
        image.read((long) range[0] * SECTOR, MemorySegment.ofArray(bytes));
        for (int s = 0; s < range[1]; s++) {
            int sector = range[0] + s;
            long found = stamp(bytes, s, sector);
            assertEquals(stamps[sector], found, () -> "sector " + sector);
        }
    }

    private void discard(DiskImage image) throws IOException {
        int[] range = range(3 << 20);
        for (int s = range[0]; s < range[0] + range[1]; s++) {
            long was = stamps[s];
            now(s, 0);
            stamps[s] = was;
        }
        image.discard((long) range[0] * SECTOR, (long) range[1] * SECTOR);
        byte[] bytes = new byte[range[1] * SECTOR];
        image.read((long) range[0] * SECTOR, MemorySegment.ofArray(bytes));
        for (int s = 0; s < range[1]; s++) {
            int sector = range[0] + s;
            long found = stamp(bytes, s, sector);
            assertTrue(found == 0 || found == stamps[sector], () -> "sector %d reads %d after a discard of %d".formatted(sector, found, stamps[sector]));
            stamps[sector] = found;
        }
    }

    void flushed() {
        java.util.Arrays.fill(possible, null);
    }

    /** Every sector is exactly what it should be. */
    void verify(DiskImage image) throws IOException {
        verify(image, false);
    }

    /** Every sector is what it was at the last flush, or what was written to it since. */
    void verifyAfterStop(DiskImage image) throws IOException {
        verify(image, true);
    }

    private void verify(DiskImage image, boolean stopped) throws IOException {
        assertEquals(size(), image.size());
        byte[] bytes = new byte[1 << 16];
        for (long at = 0; at < size(); at += bytes.length) {
            int count = (int) Math.min(bytes.length, size() - at);
            image.read(at, MemorySegment.ofArray(bytes).asSlice(0, count));
            for (int s = 0; s < count / SECTOR; s++) {
                int sector = (int) (at / SECTOR) + s;
                long found = stamp(bytes, s, sector);
                if (found != stamps[sector] && !(stopped && possible[sector] != null && possible[sector].contains(found))) {
                    throw new AssertionError( 
                        "sector %d holds %d instead of %d (possible %s)".formatted(sector, found, stamps[sector], possible[sector]));
                }
            }
        }
        verifyExtents(image);
    }

    private void verifyExtents(DiskImage image) throws IOException {
        for (long at = 0; at < size(); ) {
            DiskImage.Extent extent = image.extent(at, size() - at);
            assertEquals(at, extent.offset());
            assertTrue(extent.length() > 0 && extent.length() <= size() - at, () -> "an extent of " + extent.length());
            if (!extent.data()) {
                byte[] bytes = new byte[SECTOR];
                for (long place : new long[] {at, at + extent.length() - SECTOR}) {
                    image.read(place, MemorySegment.ofArray(bytes));
                    assertEquals(0, stamp(bytes, 0, place / SECTOR), "an extent that should be zero, at " + place);
                }
            }
            at += extent.length();
        }
    }
}
