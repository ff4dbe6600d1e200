package org.viridian.display.canvas;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.viridian.display.surface.Frame;

class PixelCopierTest {
    private static final int WIDTH = 37;
    private static final int HEIGHT = 23;
    private static final int STRIDE_PIXELS = 40;

    private final int[] guest = new int[STRIDE_PIXELS * HEIGHT];
    private final Frame frame = new Frame(WIDTH, HEIGHT, 4 * STRIDE_PIXELS, MemorySegment.ofArray(guest));
    private final Random random = new Random(7);

    @Test
    void oneToOneSetsAlphaAndTouchesTheRectangleOnly() {
        fill();
        int[] picture = new int[WIDTH * HEIGHT];
        PixelCopier copier = copier(Scaling.NATIVE, WIDTH, HEIGHT, picture);
        assertTrue(copier.copy(frame, 5, 6, 7, 8));
        for (int y = 0; y < HEIGHT; y++) {
            for (int x = 0; x < WIDTH; x++) {
                boolean inside = x >= 5 && x < 12 && y >= 6 && y < 14;
                assertEquals(inside ? guest[y * STRIDE_PIXELS + x] | 0xFF000000 : 0, picture[y * WIDTH + x]);
            }
        }
    }

    @Test
    void wholeMultiplesAreSharp() {
        fill();
        int[] picture = new int[WIDTH * 3 * HEIGHT * 3];
        PixelCopier copier = copier(Scaling.INTEGER, WIDTH * 3 + 2, HEIGHT * 3 + 1, picture);
        assertTrue(copier.copy(frame, 0, 0, WIDTH, HEIGHT));
        for (int y = 0; y < HEIGHT * 3; y++) {
            for (int x = 0; x < WIDTH * 3; x++) {
                assertEquals(guest[y / 3 * STRIDE_PIXELS + x / 3] | 0xFF000000, picture[y * WIDTH * 3 + x]);
            }
        }
    }

    /** What damage rectangles leave must be what a copy of the whole frame leaves, at any scale. */
    @ParameterizedTest
    @CsvSource({"20, 12", "37, 23", "50, 31", "61, 40", "74, 46", "111, 70", "13, 200"})
    void damageByDamageEqualsTheWhole(int roomWidth, int roomHeight) {
        fill();
        Layout layout = Layout.of(Scaling.FIT, WIDTH, HEIGHT, roomWidth, roomHeight);
        int[] stepped = new int[layout.width() * layout.height()];
        PixelCopier steps = new PixelCopier(layout, MemorySegment.ofArray(stepped));
        steps.copy(frame, 0, 0, WIDTH, HEIGHT);
        for (int i = 0; i < 200; i++) {
            int x = random.nextInt(WIDTH);
            int y = random.nextInt(HEIGHT);
            int w = 1 + random.nextInt(WIDTH - x);
            int h = 1 + random.nextInt(HEIGHT - y);
            for (int row = y; row < y + h; row++) {
                for (int column = x; column < x + w; column++) {
                    guest[row * STRIDE_PIXELS + column] = random.nextInt() & 0xFFFFFF;
                }
            }
            steps.copy(frame, x, y, w, h);
        }
        int[] whole = new int[stepped.length];
        new PixelCopier(layout, MemorySegment.ofArray(whole)).copy(frame, 0, 0, WIDTH, HEIGHT);
        for (int i = 0; i < whole.length; i++) {
            assertEquals(Integer.toHexString(whole[i]), Integer.toHexString(stepped[i]), "pixel " + i);
        }
    }

    @Test
    void oneColourStaysThatColourWhenSmoothed() {
        java.util.Arrays.fill(guest, 0x336699);
        Layout layout = Layout.of(Scaling.FIT, WIDTH, HEIGHT, 50, 31);
        int[] picture = new int[layout.width() * layout.height()];
        new PixelCopier(layout, MemorySegment.ofArray(picture)).copy(frame, 0, 0, WIDTH, HEIGHT);
        for (int pixel : picture) {
            assertEquals(0xFF336699, pixel);
        }
    }

    @Test
    void damageOutsideTheScreenIsCutOff() {
        int[] picture = new int[WIDTH * HEIGHT];
        PixelCopier copier = copier(Scaling.NATIVE, WIDTH, HEIGHT, picture);
        assertFalse(copier.copy(frame, WIDTH, 0, 5, 5));
        assertFalse(copier.copy(frame, -9, -9, 5, 5));
        assertTrue(copier.copy(frame, -1, -1, Integer.MAX_VALUE, Integer.MAX_VALUE));
        assertEquals(WIDTH, copier.width());
        assertEquals(HEIGHT, copier.height());
    }

    private void fill() {
        for (int i = 0; i < guest.length; i++) {
            guest[i] = random.nextInt() & 0xFFFFFF;
        }
    }

    private static PixelCopier copier(Scaling scaling, int roomWidth, int roomHeight, int[] picture) {
        return new PixelCopier(Layout.of(scaling, WIDTH, HEIGHT, roomWidth, roomHeight), MemorySegment.ofArray(picture));
    }
}
