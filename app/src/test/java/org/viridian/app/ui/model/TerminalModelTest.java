package org.viridian.app.ui.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What a serial console sends, and what the terminal makes of it. */
class TerminalModelTest {
    private final TerminalModel terminal = new TerminalModel(10, 4);

    private void feed(String text) {
        terminal.feed(text.getBytes(StandardCharsets.UTF_8));
    }

    private String line(int row) {
        return terminal.line(row).toString();
    }

    @Test
    void textWrapsScrollsAndIsKept() {
        feed("0123456789ab\r\nc\r\nd\r\ne");
        assertEquals("ab", line(0));
        assertEquals("e", line(3));
        assertEquals(1, terminal.scrollback());
        assertEquals("0123456789", line(-1));
        assertEquals("0123456789\nab\nc\nd\ne\n", terminal.text());
    }

    @Test
    void theLastColumnHoldsUntilTheNextCharacter() {
        feed("0123456789\r\nx");
        assertEquals("0123456789", line(0));
        assertEquals("x", line(1));
    }

    @Test
    void cursorAndErasure() {
        feed("aaaa\r\nbbbb\r\ncccc\u001B[2;2HX\u001B[K\u001B[1;1H\u001B[1J");
        assertEquals(" aaa", line(0));
        assertEquals("bX", line(1));
        feed("\u001B[2J\u001B[4;10Hz\u001B[99D\u001B[99Aq");
        assertEquals("q", line(0));
        assertEquals("         z", line(3));
    }

    @Test
    void scrollRegionLinesAndCharacters() {
        feed("a\r\nb\r\nc\r\nd\u001B[2;3r\u001B[3;1H\n");
        assertEquals("a", line(0));
        assertEquals("c", line(1));
        assertEquals("", line(2));
        assertEquals("d", line(3));
        assertEquals(0, terminal.scrollback(), "only what leaves the top of the screen is kept");
        feed("\u001B[r\u001B[1;1H\u001B[L");
        assertEquals("a", line(1));
        feed("\u001B[1;1H012345\u001B[1;2H\u001B[2P\u001B[1@");
        assertEquals("0 345", line(0));
    }

    @Test
    void colours() {
        feed("\u001B[1;31;44mx\u001B[0my\u001B[38;5;2mz\u001B[38;2;9;9;9mw");
        int[] attributes = terminal.line(0).attributes();
        assertEquals(TerminalModel.BOLD | 1 | 4 << 4, attributes[0]);
        assertEquals(TerminalModel.DEFAULT_FOREGROUND | TerminalModel.DEFAULT_BACKGROUND, attributes[1]);
        assertEquals(2, attributes[2] & 0xF);
        assertEquals("xyzw", line(0));
    }

    @Test
    void titlesAndCharacterSetsAreSkippedAndTheCursorHides() {
        feed("\u001B]0;title\u0007\u001B(Ba\u001BPq\u001B\\b\u001B[?25l");
        assertEquals("ab", line(0));
        assertFalse(terminal.isCursorVisible());
        feed("\u001B[?25h");
        assertTrue(terminal.isCursorVisible());
    }

    @Test
    void charactersSplitBetweenReadsAreWhole() {
        byte[] bytes = "한글".getBytes(StandardCharsets.UTF_8);
        for (byte part : bytes) {
            terminal.feed(new byte[] {part});
        }
        assertEquals("한글", line(0));
    }

    @Test
    void noiseDoesNoHarm() {
        Random random = new Random(7);
        byte[] bytes = new byte[200_000];
        random.nextBytes(bytes);
        for (int i = 0; i < bytes.length; i += 3) {
            // Many more control sequences than chance would make.
            if (random.nextInt(4) == 0) {
                bytes[i] = 0x1B;
                bytes[Math.min(i + 1, bytes.length - 1)] = '[';
            }
        }
        terminal.feed(bytes);
        assertTrue(terminal.cursorRow() >= 0 && terminal.cursorRow() < 4);
        assertTrue(terminal.cursorColumn() >= 0 && terminal.cursorColumn() < 10);
        assertTrue(terminal.scrollback() <= TerminalModel.SCROLLBACK);
    }

    @Test
    void aFeedGivesWhatIsNew() {
        SerialFeed feed = new SerialFeed();
        assertArrayEquals(bytes("abc"), feed.next("abc"));
        assertArrayEquals(bytes("def"), feed.next("abcdef"));
        assertArrayEquals(bytes(""), feed.next("abcdef"));
        assertArrayEquals(bytes("gh"), feed.next("abcdefgh"));
        String long1 = "x".repeat(1000) + "the end";
        feed.next(long1);
        assertArrayEquals(bytes(" and more"), feed.next(long1.substring(300) + " and more"), "the beginning was dropped");
        assertArrayEquals(bytes("other"), feed.next("other"), "another line");
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }
}
