package org.viridian.display.vga;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;

/** The built-in character generator: code page 437, 256 glyphs of 8x16. Origin and licence stand beside the resource. */
final class ConsoleFont {
    /** Rows of a glyph, and bytes. */
    static final int HEIGHT = 16;

    /** Bytes between two glyphs in plane 2. */
    private static final int SLOT = 32;

    private static final byte[] GLYPHS = load();
    /** What the codes 00–1F and 7F show on the screen. */
    private static final String GRAPHIC_CONTROLS = " \u263A\u263B\u2665\u2666\u2663\u2660\u2022\u25D8\u25CB\u25D9\u2642\u2640\u266A"
            + "\u266B\u263C\u25BA\u25C4\u2195\u203C\u00B6\u00A7\u25AC\u21A8\u2191\u2193\u2192\u2190\u221F\u2194\u25B2\u25BC";
    private static final String UPPER_HALF = ""
            + "\u00C7\u00FC\u00E9\u00E2\u00E4\u00E0\u00E5\u00E7\u00EA\u00EB\u00E8\u00EF\u00EE\u00EC\u00C4\u00C5"
            + "\u00C9\u00E6\u00C6\u00F4\u00F6\u00F2\u00FB\u00F9\u00FF\u00D6\u00DC\u00A2\u00A3\u00A5\u20A7\u0192"
            + "\u00E1\u00ED\u00F3\u00FA\u00F1\u00D1\u00AA\u00BA\u00BF\u2310\u00AC\u00BD\u00BC\u00A1\u00AB\u00BB"
            + "\u2591\u2592\u2593\u2502\u2524\u2561\u2562\u2556\u2555\u2563\u2551\u2557\u255D\u255C\u255B\u2510"
            + "\u2514\u2534\u252C\u251C\u2500\u253C\u255E\u255F\u255A\u2554\u2569\u2566\u2560\u2550\u256C\u2567"
            + "\u2568\u2564\u2565\u2559\u2558\u2552\u2553\u256B\u256A\u2518\u250C\u2588\u2584\u258C\u2590\u2580"
            + "\u03B1\u00DF\u0393\u03C0\u03A3\u03C3\u00B5\u03C4\u03A6\u0398\u03A9\u03B4\u221E\u03C6\u03B5\u2229"
            + "\u2261\u00B1\u2265\u2264\u2320\u2321\u00F7\u2248\u00B0\u2219\u00B7\u221A\u207F\u00B2\u25A0\u00A0";
    private static final String UNICODE = unicode();

    private ConsoleFont() {}

    private static byte[] load() {
        try (InputStream in = ConsoleFont.class.getResourceAsStream("console-8x16.bin")) {
            byte[] glyphs = in.readAllBytes();
            if (glyphs.length != 256 * HEIGHT) {
                throw new IllegalStateException("console-8x16.bin has %d bytes".formatted(glyphs.length));
            }
            return glyphs;
        } catch (IOException damaged) {
            throw new UncheckedIOException(damaged);
        }
    }

    private static String unicode() {
        StringBuilder text = new StringBuilder(GRAPHIC_CONTROLS);
        for (char c = 0x20; c < 0x7F; c++) {
            text.append(c);
        }
        return text.append('\u2302').append(UPPER_HALF).toString();
    }

    /** Puts the glyphs into font slot 0 of plane 2. */
    static void loadInto(byte[] memory) {
        for (int code = 0; code < 256; code++) {
            for (int row = 0; row < HEIGHT; row++) {
                memory[4 * (SLOT * code + row) + 2] = GLYPHS[HEIGHT * code + row];
            }
        }
    }

    /** The character a code shows with this font. */
    static char character(int code) {
        return UNICODE.charAt(code & 0xFF);
    }
}
