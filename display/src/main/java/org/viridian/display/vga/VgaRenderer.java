package org.viridian.display.vga;

import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import org.viridian.display.surface.Frame;
import org.viridian.display.surface.Surface.Rect;

/**
 * Draws what the registers and the planes say. Text is drawn cell by cell, only those that differ from what is on the
 * frame; graphics whole.
 *
 * <p>Thread rule: one thread at a time (the owner locks). It reads registers and planes while the guest may change them:
 * a torn picture is replaced at the next pulse, and no value leads outside the arrays.
 */
final class VgaRenderer {
    private static final ValueLayout.OfInt PIXEL = ValueLayout.JAVA_INT.withOrder(java.nio.ByteOrder.LITTLE_ENDIAN);

    /** The shape of the picture; another one means another frame. */
    private record Geometry(boolean text, int width, int height, int cellWidth, int cellHeight, int columns, int rows) {}

    private final VgaRegisters registers;
    private final byte[] memory;
    private final int[] palette = new int[256];
    private final int[] attributeColours = new int[16];

    private Geometry geometry;
    private Frame frame;
    /** What each cell shows: character, attribute, cursor and blink phase, font; -1 = nothing yet. */
    private long[] shown = {};
    private int paletteHash;
    private int fontHash;

    VgaRenderer(VgaRegisters registers, byte[] memory) {
        this.registers = registers;
        this.memory = memory;
    }

    private int crtc(int index) {
        return registers.crtc[index] & 0xFF;
    }

    private int attribute(int index) {
        return registers.attribute[index] & 0xFF;
    }

    /** The frame for the present mode, or null when the screen is off; a new one is black until {@link #render}. */
    Frame frame() {
        if (!registers.displaying()) {
            geometry = null;
            frame = null;
            return null;
        }
        Geometry next = geometry();
        if (!next.equals(geometry)) {
            geometry = next;
            int stride = next.width * 4;
            frame = new Frame(next.width, next.height, stride, Arena.ofAuto().allocate((long) stride * next.height, 64));
            shown = new long[next.text ? next.columns * next.rows : 0];
            Arrays.fill(shown, -1);
        }
        return frame;
    }

    private Geometry geometry() {
        int lines = (crtc(0x12) | (crtc(0x07) & 0x02) << 7 | (crtc(0x07) & 0x40) << 3) + 1;
        if ((crtc(0x09) & 0x80) != 0) {
            lines = Math.max(1, lines / 2);
        }
        int cellHeight = (crtc(0x09) & 0x1F) + 1;
        int columns = crtc(0x01) + 1;
        if ((registers.graphics[6] & 1) == 0) {
            int cellWidth = (registers.sequencer[1] & 1) != 0 ? 8 : 9;
            int rows = Math.max(1, lines / cellHeight);
            return new Geometry(true, columns * cellWidth, rows * cellHeight, cellWidth, cellHeight, columns, rows);
        }
        boolean halved = (attribute(0x10) & 0x40) != 0 || (registers.graphics[5] & 0x40) != 0;
        // Without address substitution the scan lines of one row are equal: one of them is drawn.
        int height = (crtc(0x17) & 1) == 0 ? lines : Math.max(1, lines / cellHeight);
        return new Geometry(false, columns * (halved ? 4 : 8), height, 0, cellHeight, columns, height);
    }

    /** Brings the frame up to date; the rectangle that changed, or null. {@code blinkOn}: cursor and text are in their visible phase. */
    Rect render(boolean blinkOn) {
        Frame before = frame;
        Frame now = frame();
        if (now == null) {
            return null;
        }
        loadPalette();
        Rect changed = geometry.text ? renderText(blinkOn) : renderGraphics();
        return now != before ? new Rect(0, 0, now.width(), now.height()) : changed;
    }

    private void loadPalette() {
        int mask = registers.dacMask();
        for (int i = 0; i < 256; i++) {
            int at = 3 * (i & mask);
            palette[i] = eight(registers.dac[at]) << 16 | eight(registers.dac[at + 1]) << 8 | eight(registers.dac[at + 2]);
        }
        int select = attribute(0x14);
        for (int i = 0; i < 16; i++) {
            int index = attribute(i) & 0x3F;
            if ((attribute(0x10) & 0x80) != 0) {
                index = index & 0x0F | (select & 3) << 4;
            }
            attributeColours[i] = palette[index | (select & 0x0C) << 4];
        }
    }

    private static int eight(int six) {
        return (six & 0x3F) << 2 | (six & 0x3F) >> 4;
    }

    /** Offset of font map A (attribute bit 3 set) or B in the interleaved planes. */
    private int fontAt(boolean mapA) {
        int select = registers.sequencer[3];
        int slot = mapA ? (select >> 2 & 3) * 2 + (select >> 5 & 1) : (select & 3) * 2 + (select >> 4 & 1);
        return slot * 0x2000 * 4;
    }

    private Rect renderText(boolean blinkOn) {
        Geometry g = geometry;
        int colours = Arrays.hashCode(attributeColours) * 31 + registers.attribute[0x10];
        int font = fontHash(g.cellHeight);
        if (colours != paletteHash || font != fontHash) {
            paletteHash = colours;
            fontHash = font;
            Arrays.fill(shown, -1);
        }
        int start = crtc(0x0C) << 8 | crtc(0x0D);
        int stride = Math.max(1, crtc(0x13)) * 2;
        int cursor = cursorVisible() && blinkOn ? crtc(0x0E) << 8 | crtc(0x0F) : -1;
        int cursorRows = crtc(0x0A) & 0x1F | (crtc(0x0B) & 0x1F) << 5;
        boolean blinks = (attribute(0x10) & 0x08) != 0;
        int left = Integer.MAX_VALUE;
        int top = Integer.MAX_VALUE;
        int right = -1;
        int bottom = -1;
        for (int row = 0; row < g.rows; row++) {
            for (int column = 0; column < g.columns; column++) {
                int address = start + row * stride + column & 0xFFFF;
                int code = memory[4 * address] & 0xFF;
                int attributes = memory[4 * address + 1] & 0xFF;
                boolean hidden = blinks && (attributes & 0x80) != 0 && !blinkOn;
                boolean underCursor = address == cursor;
                long state = code | attributes << 8 | (hidden ? 1 << 16 : 0) | (underCursor ? 1L << 17 | (long) cursorRows << 20 : 0);
                int cell = row * g.columns + column;
                if (shown[cell] == state) {
                    continue;
                }
                shown[cell] = state;
                drawCell(column, row, code, attributes, hidden, underCursor, blinks);
                left = Math.min(left, column);
                right = Math.max(right, column);
                top = Math.min(top, row);
                bottom = row;
            }
        }
        return right < 0 ? null : new Rect(left * g.cellWidth, top * g.cellHeight, (right - left + 1) * g.cellWidth,
                (bottom - top + 1) * g.cellHeight);
    }

    /** True when a cursor is to be drawn: on, and its rows are in order. */
    boolean cursorVisible() {
        return (crtc(0x0A) & 0x20) == 0 && (crtc(0x0A) & 0x1F) <= (crtc(0x0B) & 0x1F);
    }

    private int fontHash(int cellHeight) {
        int hash = cellHeight * 31 + registers.sequencer[3];
        for (int map = 0; map < 2; map++) {
            int at = fontAt(map == 0);
            for (int i = 0; i < 256 * 32; i++) {
                hash = hash * 31 + memory[at + 4 * i + 2 & VgaMemory.SIZE - 1];
            }
        }
        return hash;
    }

    private void drawCell(int column, int row, int code, int attributes, boolean hidden, boolean cursor, boolean blinks) {
        Geometry g = geometry;
        int foreground = attributeColours[attributes & 15];
        int background = attributeColours[blinks ? attributes >> 4 & 7 : attributes >> 4];
        int glyph = fontAt((attributes & 8) != 0) + 32 * 4 * code + 2;
        boolean ninth = (attribute(0x10) & 0x04) != 0 && code >= 0xC0 && code <= 0xDF;
        boolean underlined = (attribute(0x10) & 0x02) != 0 && (attributes & 7) == 1;
        int underline = crtc(0x14) & 0x1F;
        int cursorFirst = crtc(0x0A) & 0x1F;
        int cursorLast = crtc(0x0B) & 0x1F;
        for (int y = 0; y < g.cellHeight; y++) {
            int bits = hidden ? 0 : (memory[glyph + 4 * y & VgaMemory.SIZE - 1] & 0xFF) << 1;
            if (ninth) {
                bits |= bits >> 1 & 1;
            }
            if (underlined && y == underline || cursor && y >= cursorFirst && y <= cursorLast) {
                bits = 0x1FF;
            }
            long at = (long) (row * g.cellHeight + y) * frame.stride() + 4L * column * g.cellWidth;
            for (int x = 0; x < g.cellWidth; x++) {
                frame.pixels().set(PIXEL, at + 4L * x, (bits & 0x100 >> x) != 0 ? foreground : background);
            }
        }
    }

    private Rect renderGraphics() {
        Geometry g = geometry;
        int start = crtc(0x0C) << 8 | crtc(0x0D);
        int stride = crtc(0x13) * 2;
        boolean packed = (registers.graphics[5] & 0x40) != 0;
        boolean interleaved = (registers.graphics[5] & 0x20) != 0;
        boolean substitute = (crtc(0x17) & 1) == 0;
        int substituted = (crtc(0x17) & 0x40) != 0 ? 1 << 15 : 1 << 14;
        int enabled = attribute(0x12) & 15;
        for (int y = 0; y < g.height; y++) {
            int row = substitute ? y / g.cellHeight : y;
            int scan = substitute ? y % g.cellHeight : 0;
            int line = 4 * (start + row * stride);
            long at = (long) y * frame.stride();
            for (int x = 0; x < g.width; x++) {
                int index = packed ? line + x : line + 4 * (x >> 3);
                if (substitute) {
                    index = index & ~substituted | (scan & 1) * substituted;
                }
                int colour;
                if (packed) {
                    colour = palette[memory[index & VgaMemory.SIZE - 1] & 0xFF];
                } else {
                    int pixel = interleaved ? pairAt(index, x & 7) : planarAt(index, x & 7);
                    colour = attributeColours[pixel & enabled];
                }
                frame.pixels().set(PIXEL, at + 4L * x, colour);
            }
        }
        return new Rect(0, 0, g.width, g.height);
    }

    private int planarAt(int index, int x) {
        int at = index & VgaMemory.SIZE - 4;
        int shift = 7 - x;
        return memory[at] >> shift & 1 | (memory[at + 1] >> shift & 1) << 1 | (memory[at + 2] >> shift & 1) << 2
                | (memory[at + 3] >> shift & 1) << 3;
    }

    /** CGA's two bits per pixel: four pixels from planes 0 and 2, four from planes 1 and 3. */
    private int pairAt(int index, int x) {
        int at = index & VgaMemory.SIZE - 4 | x >> 2;
        int shift = 6 - 2 * (x & 3);
        return memory[at] >> shift & 3 | (memory[at + 2] >> shift & 3) << 2;
    }

    /** True while a text mode is set. */
    boolean isText() {
        return (registers.graphics[6] & 1) == 0;
    }

    /** The rows of a text screen in Unicode, blanks at the end included; empty in graphics. */
    java.util.List<String> text() {
        if (!registers.displaying() || !isText()) {
            return java.util.List.of();
        }
        Geometry g = geometry();
        int start = crtc(0x0C) << 8 | crtc(0x0D);
        int stride = Math.max(1, crtc(0x13)) * 2;
        java.util.List<String> rows = new java.util.ArrayList<>();
        for (int row = 0; row < g.rows; row++) {
            StringBuilder text = new StringBuilder();
            for (int column = 0; column < g.columns; column++) {
                text.append(ConsoleFont.character(memory[4 * (start + row * stride + column & 0xFFFF)]));
            }
            rows.add(text.toString());
        }
        return rows;
    }
}
