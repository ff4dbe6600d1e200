package org.viridian.tests.guest;

import java.lang.foreign.ValueLayout;
import java.util.HashMap;
import java.util.Map;
import org.viridian.display.surface.Frame;

/**
 * Compares a picture of a text console with the text that the guest says is on it, without knowing the guest's font:
 * wherever the guest has the same character the picture must have the same cell, and where it has another character
 * another cell. A wrong stride, a stale rectangle or a shifted line cannot pass.
 */
public final class ScreenCells {
    private static final int CELL_WIDTH = 8;
    private static final int CELL_HEIGHT = 16;

    private ScreenCells() {}

    /**
     * Counts the cells that agree.
     *
     * @param frame the screen
     * @param text rows of the guest's console, {@code columns} characters each, as {@code /dev/vcs} gives them
     * @param columns columns of the guest's console
     * @return the result
     */
    public static Match compare(Frame frame, String text, int columns) {
        int rows = text.length() / columns;
        if (columns * CELL_WIDTH > frame.width() || rows * CELL_HEIGHT > frame.height()) {
            throw new AssertionError("a console of %dx%d does not fit a screen of %dx%d"
                    .formatted(columns, rows, frame.width(), frame.height()));
        }
        Map<Character, Long> shapes = new HashMap<>();
        Map<Long, Character> owners = new HashMap<>();
        int agree = 0;
        int differ = 0;
        int glyphs = 0;
        for (int row = 0; row < rows; row++) {
            for (int column = 0; column < columns; column++) {
                char character = text.charAt(row * columns + column);
                long shape = shape(frame, column * CELL_WIDTH, row * CELL_HEIGHT);
                Long known = shapes.putIfAbsent(character, shape);
                if (known == null) {
                    glyphs++;
                    Character owner = owners.putIfAbsent(shape, character);
                    if (owner == null) {
                        agree++;
                    } else {
                        differ++;
                    }
                } else if (known == shape) {
                    agree++;
                } else {
                    differ++;
                }
            }
        }
        return new Match(agree, differ, glyphs);
    }

    /**
     * What a comparison found.
     *
     * @param agree cells as expected
     * @param differ cells that show something else (the cursor is one)
     * @param glyphs different characters seen
     */
    public record Match(int agree, int differ, int glyphs) {}

    /** A hash of which pixels of a cell are lit: brightness, not colour, so that attributes do not matter. */
    private static long shape(Frame frame, int left, int top) {
        long hash = 1125899906842597L;
        int background = pixel(frame, left + CELL_WIDTH - 1, top);
        for (int y = 0; y < CELL_HEIGHT; y++) {
            int bits = 0;
            for (int x = 0; x < CELL_WIDTH; x++) {
                bits = bits << 1 | (pixel(frame, left + x, top + y) == background ? 0 : 1);
            }
            hash = hash * 31 + bits;
        }
        return hash;
    }

    private static int pixel(Frame frame, int x, int y) {
        return frame.pixels().get(ValueLayout.JAVA_INT_UNALIGNED, (long) y * frame.stride() + x * 4L) & 0xFFFFFF;
    }
}
