package org.viridian.app.ui.view;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import javafx.animation.AnimationTimer;
import javafx.geometry.VPos;
import javafx.scene.canvas.Canvas;
import javafx.scene.canvas.GraphicsContext;
import javafx.scene.input.Clipboard;
import javafx.scene.input.ClipboardContent;
import javafx.scene.input.KeyCode;
import javafx.scene.input.KeyEvent;
import javafx.scene.input.MouseEvent;
import javafx.scene.input.ScrollEvent;
import javafx.scene.layout.Region;
import javafx.scene.paint.Color;
import javafx.scene.text.Font;
import javafx.scene.text.FontWeight;
import javafx.scene.text.Text;
import org.viridian.app.machine.Machine;
import org.viridian.app.ui.Ids;
import org.viridian.app.ui.model.SerialFeed;
import org.viridian.app.ui.model.TerminalModel;

/**
 * A terminal on the guest's first serial port: what it sends is drawn, what is typed is sent. Looks at the port only
 * while it can be seen.
 */
final class TerminalPane extends Region {
    private static final int COLUMNS = 80;
    private static final int ROWS = 24;
    private static final double SMALLEST = 8;
    private static final double LARGEST = 18;
    private static final long LOOK_NANOS = 40_000_000;
    private static final Color GROUND = Color.web("#0b0f13");
    private static final Color INK = Color.web("#d5dbe1");
    /** The sixteen colours; readable on the ground, in the order of ECMA-48. */
    private static final Color[] COLOURS = {Color.web("#2a3138"), Color.web("#f0625d"), Color.web("#4fb85f"),
        Color.web("#d3a13a"), Color.web("#5a9cf2"), Color.web("#c678dd"), Color.web("#45b5bd"), Color.web("#d5dbe1"),
        Color.web("#6b7580"), Color.web("#ff8b85"), Color.web("#7ddc8b"), Color.web("#efc66a"), Color.web("#8fbfff"),
        Color.web("#e0a3f0"), Color.web("#7edbe2"), Color.web("#ffffff")};
    private static final Map<KeyCode, String> SEQUENCES = Map.ofEntries(Map.entry(KeyCode.ENTER, "\r"),
            Map.entry(KeyCode.BACK_SPACE, "\u007F"), Map.entry(KeyCode.TAB, "\t"), Map.entry(KeyCode.ESCAPE, "\u001B"),
            Map.entry(KeyCode.UP, "\u001B[A"), Map.entry(KeyCode.DOWN, "\u001B[B"), Map.entry(KeyCode.RIGHT, "\u001B[C"),
            Map.entry(KeyCode.LEFT, "\u001B[D"), Map.entry(KeyCode.HOME, "\u001B[H"), Map.entry(KeyCode.END, "\u001B[F"),
            Map.entry(KeyCode.INSERT, "\u001B[2~"), Map.entry(KeyCode.DELETE, "\u001B[3~"),
            Map.entry(KeyCode.PAGE_UP, "\u001B[5~"), Map.entry(KeyCode.PAGE_DOWN, "\u001B[6~"),
            Map.entry(KeyCode.F1, "\u001BOP"), Map.entry(KeyCode.F2, "\u001BOQ"), Map.entry(KeyCode.F3, "\u001BOR"),
            Map.entry(KeyCode.F4, "\u001BOS"));

    private final Context context;
    private final TerminalModel model = new TerminalModel(COLUMNS, ROWS);
    private final SerialFeed feed = new SerialFeed();
    private final Canvas canvas = new Canvas();
    private final Runnable leave;
    private Font plain;
    private Font bold;
    private double cellWidth = 8;
    private double cellHeight = 16;
    private long drawn = -1;
    private int scrolledBack;
    private final AnimationTimer timer = new AnimationTimer() {
        private long last;

        @Override
        public void handle(long now) {
            if (now - last >= LOOK_NANOS) {
                last = now;
                look();
            }
        }
    };

    /** @param leave moves the focus out of the terminal: Ctrl+Alt+Left was pressed */
    TerminalPane(Context context, Runnable leave) {
        this.context = context;
        this.leave = leave;
        setId(Ids.TERMINAL);
        setFocusTraversable(true);
        setAccessibleText(context.text("serial.terminal"));
        getStyleClass().add("terminal-pane");
        getChildren().add(canvas);
        addEventFilter(KeyEvent.ANY, this::onKey);
        addEventHandler(MouseEvent.MOUSE_PRESSED, event -> {
            requestFocus();
            event.consume();
        });
        addEventHandler(ScrollEvent.SCROLL, event -> scroll((int) Math.signum(event.getDeltaY()) * 3));
        focusedProperty().addListener(observable -> redraw());
        context.machine().sessionProperty().subscribe(session -> {
            if (session.isPresent()) {
                feed.clear();
                model.reset();
            }
            redraw();
        });
        context.machine().serialTextProperty().addListener(observable -> look());
        sceneProperty().subscribe(scene -> {
            if (scene == null) {
                timer.stop();
            } else {
                timer.start();
            }
        });
    }

    TerminalModel model() {
        return model;
    }

    private void look() {
        if (getScene() == null || !isVisible() || getWidth() < 1) {
            return;
        }
        String text = context.machine().machine().map(Machine::serialText)
                .orElse(context.machine().serialTextProperty().get());
        byte[] fresh = feed.next(text);
        if (fresh.length > 0) {
            model.feed(fresh);
        }
        if (model.changes() != drawn) {
            draw();
        }
    }

    private void scroll(int lines) {
        scrolledBack = Math.clamp(scrolledBack + lines, 0, model.scrollback());
        redraw();
    }

    private void redraw() {
        drawn = -1;
        if (getWidth() > 0) {
            draw();
        }
    }

    /** Copies all that is kept. */
    void copyAll() {
        ClipboardContent content = new ClipboardContent();
        content.putString(model.text());
        Clipboard.getSystemClipboard().setContent(content);
    }

    /** Types the clipboard into the port. */
    void paste() {
        String text = Clipboard.getSystemClipboard().getString();
        if (text != null) {
            send(text.replace("\r\n", "\n").replace('\n', '\r'));
        }
    }

    private void send(String text) {
        scrolledBack = 0;
        context.machine().typeSerial(text.getBytes(StandardCharsets.UTF_8));
    }

    private void onKey(KeyEvent event) {
        if (event.getEventType() == KeyEvent.KEY_TYPED) {
            String typed = event.getCharacter();
            boolean control = event.isControlDown() || event.isAltDown() || event.isMetaDown();
            if (!control && !typed.isEmpty() && typed.charAt(0) >= ' ' && typed.charAt(0) != 0x7F) {
                send(typed);
            }
            event.consume();
            return;
        }
        if (event.getEventType() != KeyEvent.KEY_PRESSED) {
            return;
        }
        KeyCode code = event.getCode();
        if (event.isControlDown() && event.isAltDown()) {
            if (code == KeyCode.LEFT) {
                leave.run();
                event.consume();
            }
            return;
        }
        if (event.isShiftDown() && (code == KeyCode.PAGE_UP || code == KeyCode.PAGE_DOWN)) {
            scroll(code == KeyCode.PAGE_UP ? ROWS / 2 : -ROWS / 2);
        } else if (event.isControlDown() && event.isShiftDown() && code == KeyCode.C) {
            copyAll();
        } else if (event.isControlDown() && event.isShiftDown() && code == KeyCode.V) {
            paste();
        } else if (event.isControlDown() && code.isLetterKey()) {
            send(String.valueOf((char) (code.getChar().charAt(0) & 0x1F)));
        } else if (SEQUENCES.containsKey(code)) {
            send(SEQUENCES.get(code));
        } else {
            // A letter: its KEY_TYPED follows. Menus' mnemonics with Alt stay the window's.
            return;
        }
        event.consume();
    }

    @Override
    protected void layoutChildren() {
        double width = getWidth();
        double height = getHeight();
        double size = LARGEST;
        do {
            measure(size);
            size -= 0.5;
        } while (size >= SMALLEST && (cellWidth * COLUMNS > width || cellHeight * ROWS > height));
        canvas.setWidth(Math.ceil(cellWidth * COLUMNS));
        canvas.setHeight(Math.ceil(cellHeight * ROWS));
        canvas.relocate(Math.max(0, Math.floor((width - canvas.getWidth()) / 2)),
                Math.max(0, Math.floor((height - canvas.getHeight()) / 2)));
        redraw();
    }

    private void measure(double size) {
        plain = Font.font("monospace", size);
        bold = Font.font("monospace", FontWeight.BOLD, size);
        Text probe = new Text("M".repeat(20));
        probe.setFont(plain);
        cellWidth = probe.getLayoutBounds().getWidth() / 20;
        cellHeight = Math.ceil(probe.getLayoutBounds().getHeight());
    }

    private void draw() {
        drawn = model.changes();
        GraphicsContext graphics = canvas.getGraphicsContext2D();
        graphics.setFill(GROUND);
        graphics.fillRect(0, 0, canvas.getWidth(), canvas.getHeight());
        graphics.setTextBaseline(VPos.TOP);
        for (int y = 0; y < ROWS; y++) {
            drawLine(graphics, model.line(y - scrolledBack), y);
        }
        if (model.isCursorVisible() && scrolledBack == 0) {
            double x = model.cursorColumn() * cellWidth;
            double y = model.cursorRow() * cellHeight;
            graphics.setStroke(INK);
            graphics.setFill(INK.deriveColor(0, 1, 1, 0.6));
            if (isFocused()) {
                graphics.fillRect(x, y, cellWidth, cellHeight);
            } else {
                graphics.strokeRect(x + 0.5, y + 0.5, cellWidth - 1, cellHeight - 1);
            }
        }
    }

    /** Runs of one attribute are drawn at once: a screen is a few dozen calls, not two thousand. */
    private void drawLine(GraphicsContext graphics, TerminalModel.Line line, int y) {
        int from = 0;
        while (from < COLUMNS) {
            int attribute = line.attributes()[from];
            int to = from + 1;
            while (to < COLUMNS && line.attributes()[to] == attribute) {
                to++;
            }
            drawRun(graphics, new String(line.text(), from, to - from), attribute, from * cellWidth, y * cellHeight);
            from = to;
        }
    }

    private void drawRun(GraphicsContext graphics, String text, int attribute, double x, double y) {
        Color ink = (attribute & TerminalModel.DEFAULT_FOREGROUND) != 0 ? INK
                : COLOURS[attribute & 0xF | ((attribute & TerminalModel.BOLD) != 0 ? 8 : 0)];
        Color ground = (attribute & TerminalModel.DEFAULT_BACKGROUND) != 0 ? GROUND : COLOURS[attribute >> 4 & 0xF];
        if ((attribute & TerminalModel.REVERSE) != 0) {
            Color swap = ink;
            ink = ground;
            ground = swap;
        }
        if (ground != GROUND) {
            graphics.setFill(ground);
            graphics.fillRect(x, y, text.length() * cellWidth, cellHeight);
        }
        if (!text.isBlank()) {
            graphics.setFill(ink);
            graphics.setFont((attribute & TerminalModel.BOLD) != 0 ? bold : plain);
            graphics.fillText(text, x, y);
        }
        if ((attribute & TerminalModel.UNDERLINE) != 0) {
            graphics.setFill(ink);
            graphics.fillRect(x, y + cellHeight - 1.5, text.length() * cellWidth, 1);
        }
    }
}
