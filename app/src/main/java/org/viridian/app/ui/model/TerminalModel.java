package org.viridian.app.ui.model;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;

/**
 * A character terminal as serial consoles expect it: ECMA-48 control functions as the VT102 has them, 16 colours,
 * UTF-8, and what scrolled off kept. Anything it does not know is skipped; nothing it is sent can harm it.
 *
 * <p>Thread rule: one thread.
 */
public final class TerminalModel {
    /** Lines kept above the screen. */
    public static final int SCROLLBACK = 2000;
    /** Attribute bits: foreground 0–15 in bits 0–3, background in bits 4–7, then these. */
    public static final int DEFAULT_FOREGROUND = 1 << 8;
    public static final int DEFAULT_BACKGROUND = 1 << 9;
    public static final int BOLD = 1 << 10;
    public static final int UNDERLINE = 1 << 11;
    public static final int REVERSE = 1 << 12;

    private static final int PLAIN = DEFAULT_FOREGROUND | DEFAULT_BACKGROUND;
    private static final int MAX_PARAMETERS = 16;
    private static final int MAX_PARAMETER = 9999;
    private static final int TAB = 8;

    private enum Mode { TEXT, ESCAPE, CHARSET, CONTROL, STRING, STRING_ESCAPE }

    /** One line: a code unit and an attribute a column. */
    public record Line(char[] text, int[] attributes) {
        private static Line blank(int columns) {
            Line line = new Line(new char[columns], new int[columns]);
            line.clear(0, columns, PLAIN);
            return line;
        }

        private void clear(int from, int to, int attribute) {
            Arrays.fill(text, from, to, ' ');
            Arrays.fill(attributes, from, to, attribute);
        }

        @Override
        public String toString() {
            return new String(text).stripTrailing();
        }
    }

    private final int columns;
    private final int rows;
    private final List<Line> screen = new ArrayList<>();
    private final Deque<Line> scrolled = new ArrayDeque<>();
    private final CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder()
            .onMalformedInput(CodingErrorAction.REPLACE).onUnmappableCharacter(CodingErrorAction.REPLACE);
    private final ByteBuffer undecoded = ByteBuffer.allocate(4096);
    private final CharBuffer decoded = CharBuffer.allocate(4096);
    private final int[] parameters = new int[MAX_PARAMETERS];
    private int parameterCount;
    private boolean privateControl;
    private Mode mode = Mode.TEXT;
    private int row;
    private int column;
    private boolean wrapNext;
    private int savedRow;
    private int savedColumn;
    private int savedAttribute = PLAIN;
    private int top;
    private int bottom;
    private int attribute = PLAIN;
    private boolean cursorVisible = true;
    private long changes;

    /** An empty terminal of a size. */
    public TerminalModel(int columns, int rows) {
        this.columns = columns;
        this.rows = rows;
        reset();
    }

    /** Columns. */
    public int columns() {
        return columns;
    }

    /** Rows of the screen. */
    public int rows() {
        return rows;
    }

    /** A row of the screen; a negative number counts back into what scrolled off. */
    public Line line(int index) {
        if (index >= 0) {
            return screen.get(index);
        }
        int from = scrolled.size() + index;
        return scrolled.stream().skip(Math.max(0, from)).findFirst().orElse(screen.getFirst());
    }

    /** How many lines scrolled off and are kept. */
    public int scrollback() {
        return scrolled.size();
    }

    /** The cursor's row. */
    public int cursorRow() {
        return row;
    }

    /** The cursor's column. */
    public int cursorColumn() {
        return column;
    }

    /** Whether the guest wants its cursor seen. */
    public boolean isCursorVisible() {
        return cursorVisible;
    }

    /** Grows with each change. */
    public long changes() {
        return changes;
    }

    /** Everything kept, as text. */
    public String text() {
        StringBuilder all = new StringBuilder();
        scrolled.forEach(line -> all.append(line).append('\n'));
        screen.forEach(line -> all.append(line).append('\n'));
        return all.toString().stripTrailing() + "\n";
    }

    /** As at power-on. */
    public void reset() {
        scrolled.clear();
        screen.clear();
        for (int i = 0; i < rows; i++) {
            screen.add(Line.blank(columns));
        }
        row = 0;
        column = 0;
        top = 0;
        bottom = rows - 1;
        attribute = PLAIN;
        mode = Mode.TEXT;
        wrapNext = false;
        cursorVisible = true;
        undecoded.clear();
        changes++;
    }

    /** Takes bytes from the line. */
    public void feed(byte[] bytes) {
        int from = 0;
        while (from < bytes.length) {
            int length = Math.min(undecoded.remaining(), bytes.length - from);
            undecoded.put(bytes, from, length);
            from += length;
            undecoded.flip();
            decoded.clear();
            decoder.decode(undecoded, decoded, false);
            undecoded.compact();
            decoded.flip();
            while (decoded.hasRemaining()) {
                take(decoded.get());
            }
        }
        changes++;
    }

    private void take(char character) {
        switch (mode) {
            case TEXT -> text(character);
            case ESCAPE -> escape(character);
            case CHARSET -> mode = Mode.TEXT;
            case CONTROL -> control(character);
            case STRING -> {
                if (character == 0x07) {
                    mode = Mode.TEXT;
                } else if (character == 0x1B) {
                    mode = Mode.STRING_ESCAPE;
                }
            }
            case STRING_ESCAPE -> mode = character == '\\' ? Mode.TEXT : Mode.STRING;
        }
    }

    private void text(char character) {
        switch (character) {
            case 0x1B -> mode = Mode.ESCAPE;
            case '\r' -> move(row, 0);
            case '\n', 0x0B, 0x0C -> lineFeed();
            case '\b' -> move(row, column - 1);
            case '\t' -> move(row, (column / TAB + 1) * TAB);
            default -> {
                if (character >= ' ' && character != 0x7F) {
                    print(character);
                }
            }
        }
    }

    private void print(char character) {
        if (wrapNext) {
            column = 0;
            lineFeed();
        }
        Line line = screen.get(row);
        line.text()[column] = character;
        line.attributes()[column] = attribute;
        wrapNext = column == columns - 1;
        if (!wrapNext) {
            column++;
        }
    }

    private void lineFeed() {
        wrapNext = false;
        if (row == bottom) {
            scrollUp(1);
        } else if (row < rows - 1) {
            row++;
        }
    }

    private void scrollUp(int lines) {
        for (int i = 0; i < Math.min(lines, bottom - top + 1); i++) {
            Line gone = screen.remove(top);
            if (top == 0) {
                scrolled.addLast(gone);
                if (scrolled.size() > SCROLLBACK) {
                    scrolled.removeFirst();
                }
            }
            screen.add(bottom, Line.blank(columns));
        }
    }

    private void scrollDown(int lines) {
        for (int i = 0; i < Math.min(lines, bottom - top + 1); i++) {
            screen.remove(bottom);
            screen.add(top, Line.blank(columns));
        }
    }

    private void move(int toRow, int toColumn) {
        row = Math.clamp(toRow, 0, rows - 1);
        column = Math.clamp(toColumn, 0, columns - 1);
        wrapNext = false;
    }

    private void escape(char character) {
        mode = Mode.TEXT;
        switch (character) {
            case '[' -> {
                mode = Mode.CONTROL;
                parameterCount = 0;
                privateControl = false;
                Arrays.fill(parameters, -1);
            }
            case ']', 'P', '_', '^', 'X' -> mode = Mode.STRING;
            case '(', ')', '*', '+', '#', '%' -> mode = Mode.CHARSET;
            case '7' -> save();
            case '8' -> recall();
            case 'D' -> lineFeed();
            case 'E' -> {
                column = 0;
                lineFeed();
            }
            case 'M' -> {
                if (row == top) {
                    scrollDown(1);
                } else {
                    move(row - 1, column);
                }
            }
            case 'c' -> reset();
            default -> { }
        }
    }

    private void save() {
        savedRow = row;
        savedColumn = column;
        savedAttribute = attribute;
    }

    private void recall() {
        move(savedRow, savedColumn);
        attribute = savedAttribute;
    }

    private void control(char character) {
        if (character >= '0' && character <= '9') {
            int at = Math.min(parameterCount, MAX_PARAMETERS - 1);
            parameters[at] = Math.min(MAX_PARAMETER, Math.max(0, parameters[at]) * 10 + character - '0');
        } else if (character == ';' || character == ':') {
            parameterCount = Math.min(parameterCount + 1, MAX_PARAMETERS - 1);
        } else if (character >= '<' && character <= '?') {
            privateControl = true;
        } else if (character == 0x1B) {
            mode = Mode.ESCAPE;
        } else if (character >= '@' && character <= '~') {
            mode = Mode.TEXT;
            perform(character);
        }
    }

    private int parameter(int index, int otherwise) {
        return parameters[index] <= 0 ? otherwise : parameters[index];
    }

    private void perform(char function) {
        int n = parameter(0, 1);
        switch (function) {
            case 'A' -> move(Math.max(row - n, row >= top ? top : 0), column);
            case 'B', 'e' -> move(Math.min(row + n, row <= bottom ? bottom : rows - 1), column);
            case 'C', 'a' -> move(row, column + n);
            case 'D' -> move(row, column - n);
            case 'E' -> move(row + n, 0);
            case 'F' -> move(row - n, 0);
            case 'G', '`' -> move(row, n - 1);
            case 'd' -> move(n - 1, column);
            case 'H', 'f' -> move(n - 1, parameter(1, 1) - 1);
            case 'J' -> eraseDisplay(parameter(0, 0));
            case 'K' -> eraseLine(parameter(0, 0));
            case 'L' -> insertLines(n);
            case 'M' -> deleteLines(n);
            case 'P' -> deleteCharacters(n);
            case '@' -> insertCharacters(n);
            case 'X' -> screen.get(row).clear(column, Math.min(columns, column + n), attribute);
            case 'S' -> scrollUp(n);
            case 'T' -> scrollDown(n);
            case 'm' -> rendition();
            case 'r' -> region(parameter(0, 1) - 1, parameter(1, rows) - 1);
            case 's' -> save();
            case 'u' -> recall();
            case 'h', 'l' -> {
                if (privateControl && parameters[0] == 25) {
                    cursorVisible = function == 'h';
                }
            }
            default -> { }
        }
    }

    private void region(int first, int last) {
        if (first >= 0 && first < last && last < rows) {
            top = first;
            bottom = last;
            move(0, 0);
        }
    }

    private void eraseDisplay(int what) {
        int from = what == 0 ? row + 1 : 0;
        int to = what == 1 ? row : rows;
        for (int i = from; i < to; i++) {
            screen.get(i).clear(0, columns, attribute);
        }
        if (what < 2) {
            eraseLine(what);
        }
    }

    private void eraseLine(int what) {
        screen.get(row).clear(what == 0 ? column : 0, what == 1 ? column + 1 : columns, attribute);
    }

    private void insertLines(int n) {
        if (row >= top && row <= bottom) {
            for (int i = 0; i < Math.min(n, bottom - row + 1); i++) {
                screen.remove(bottom);
                screen.add(row, Line.blank(columns));
            }
        }
    }

    private void deleteLines(int n) {
        if (row >= top && row <= bottom) {
            for (int i = 0; i < Math.min(n, bottom - row + 1); i++) {
                screen.remove(row);
                screen.add(bottom, Line.blank(columns));
            }
        }
    }

    private void deleteCharacters(int n) {
        Line line = screen.get(row);
        int gone = Math.min(n, columns - column);
        System.arraycopy(line.text(), column + gone, line.text(), column, columns - column - gone);
        System.arraycopy(line.attributes(), column + gone, line.attributes(), column, columns - column - gone);
        line.clear(columns - gone, columns, attribute);
    }

    private void insertCharacters(int n) {
        Line line = screen.get(row);
        int added = Math.min(n, columns - column);
        System.arraycopy(line.text(), column, line.text(), column + added, columns - column - added);
        System.arraycopy(line.attributes(), column, line.attributes(), column + added, columns - column - added);
        line.clear(column, column + added, attribute);
    }

    private void rendition() {
        for (int i = 0; i <= parameterCount; i++) {
            int code = Math.max(0, parameters[i]);
            switch (code) {
                case 0 -> attribute = PLAIN;
                case 1 -> attribute |= BOLD;
                case 4 -> attribute |= UNDERLINE;
                case 7 -> attribute |= REVERSE;
                case 22 -> attribute &= ~BOLD;
                case 24 -> attribute &= ~UNDERLINE;
                case 27 -> attribute &= ~REVERSE;
                case 38, 48 -> i += extended(i, code == 38);
                case 39 -> attribute = attribute & ~0xF | DEFAULT_FOREGROUND;
                case 49 -> attribute = attribute & ~0xF0 | DEFAULT_BACKGROUND;
                default -> colour(code);
            }
        }
    }

    private void colour(int code) {
        if (code >= 30 && code <= 37) {
            foreground(code - 30);
        } else if (code >= 90 && code <= 97) {
            foreground(code - 90 + 8);
        } else if (code >= 40 && code <= 47) {
            background(code - 40);
        } else if (code >= 100 && code <= 107) {
            background(code - 100 + 8);
        }
    }

    private void foreground(int colour) {
        attribute = attribute & ~(0xF | DEFAULT_FOREGROUND) | colour;
    }

    private void background(int colour) {
        attribute = attribute & ~(0xF0 | DEFAULT_BACKGROUND) | colour << 4;
    }

    /** The first 16 of 256 colours are taken, others are left out; returns how many parameters it used. */
    private int extended(int at, boolean text) {
        int kind = at + 1 < MAX_PARAMETERS ? parameters[at + 1] : -1;
        if (kind == 5) {
            int colour = at + 2 < MAX_PARAMETERS ? parameters[at + 2] : -1;
            if (colour >= 0 && colour < 16) {
                if (text) {
                    foreground(colour);
                } else {
                    background(colour);
                }
            }
            return 2;
        }
        return kind == 2 ? 4 : 0;
    }
}
