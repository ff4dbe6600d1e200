package org.viridian.app.ui.view;

import java.nio.charset.StandardCharsets;
import javafx.scene.control.Button;
import javafx.scene.control.TextArea;
import javafx.scene.control.TextField;
import javafx.scene.control.ToggleButton;
import javafx.scene.control.ToggleGroup;
import javafx.scene.control.Tooltip;
import javafx.scene.layout.BorderPane;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.Region;
import javafx.scene.layout.StackPane;
import org.controlsfx.control.SegmentedButton;
import org.kordamp.ikonli.material2.Material2AL;
import org.kordamp.ikonli.material2.Material2MZ;
import org.viridian.app.ui.Ids;

/** The first serial port: as a terminal, and as plain text to select, search and copy, with a line to type into it. */
final class SerialPane extends BorderPane {
    private final Context context;
    private final TextArea text = new TextArea();
    private final TerminalPane terminal;

    SerialPane(Context context, Runnable leave) {
        this.context = context;
        getStyleClass().add("serial-pane");
        terminal = new TerminalPane(context, leave);
        text.setId(Ids.SERIAL_TEXT);
        text.setEditable(false);
        text.setWrapText(true);
        text.getStyleClass().add("terminal");
        text.setPromptText(context.text("serial.empty"));
        context.machine().serialTextProperty().subscribe(next -> follow(text, readable(next)));

        BorderPane plain = new BorderPane(text);
        plain.setBottom(input());
        StackPane views = new StackPane(terminal, plain);
        ToggleButton asTerminal = new ToggleButton(context.text("serial.terminal"));
        asTerminal.setId(Ids.SERIAL_AS_TERMINAL);
        ToggleButton asText = new ToggleButton(context.text("serial.text"));
        asText.setId(Ids.SERIAL_AS_TEXT);
        ToggleGroup group = new ToggleGroup();
        asTerminal.setToggleGroup(group);
        asText.setToggleGroup(group);
        group.selectedToggleProperty().addListener((observable, old, now) -> {
            if (now == null) {
                old.setSelected(true);
            }
        });
        asTerminal.setSelected(true);
        terminal.visibleProperty().bind(asTerminal.selectedProperty());
        plain.visibleProperty().bind(asText.selectedProperty());
        SegmentedButton choice = new SegmentedButton(asTerminal, asText);
        choice.setToggleGroup(group);
        Region gap = new Region();
        HBox.setHgrow(gap, Priority.ALWAYS);
        HBox bar = new HBox(choice, gap, search(asText),
                icon(Material2AL.CONTENT_COPY, "serial.copy", terminal::copyAll),
                icon(Material2AL.CONTENT_PASTE, "serial.paste", terminal::paste));
        bar.getStyleClass().addAll("spaced", "serial-bar");
        setTop(bar);
        setCenter(views);
    }

    /** Gives the terminal the keyboard. */
    void use() {
        terminal.requestFocus();
    }

    private HBox input() {
        TextField input = new TextField();
        input.setId(Ids.SERIAL_INPUT);
        input.setPromptText(context.text("serial.prompt"));
        HBox.setHgrow(input, Priority.ALWAYS);
        Button send = new Button(context.text("serial.send"), Glyphs.action(Material2MZ.SEND));
        Runnable type = () -> {
            context.machine().typeSerial((input.getText() + "\r").getBytes(StandardCharsets.UTF_8));
            input.clear();
        };
        input.setOnAction(event -> type.run());
        send.setOnAction(event -> type.run());
        HBox line = new HBox(input, send);
        line.getStyleClass().addAll("spaced", "serial-line");
        line.disableProperty().bind(context.machine().sessionProperty()
                .map(session -> session.flatMap(running -> running.machine()).isEmpty()));
        return line;
    }

    private TextField search(ToggleButton asText) {
        TextField field = new TextField();
        field.setId(Ids.SERIAL_SEARCH);
        field.setPromptText(context.text("serial.search"));
        field.setOnAction(event -> {
            asText.setSelected(true);
            find(field.getText());
        });
        return field;
    }

    /** Selects the next place before the present selection that has the words; goes round at the top. */
    private void find(String words) {
        if (words.isEmpty()) {
            return;
        }
        String all = text.getText().toLowerCase(java.util.Locale.ROOT);
        String wanted = words.toLowerCase(java.util.Locale.ROOT);
        int from = text.getSelection().getLength() > 0 ? text.getSelection().getStart() - 1 : all.length();
        int at = from < 0 ? -1 : all.lastIndexOf(wanted, from);
        if (at < 0) {
            at = all.lastIndexOf(wanted);
        }
        if (at >= 0) {
            text.selectRange(at, at + wanted.length());
        } else {
            text.deselect();
        }
    }

    private Button icon(org.kordamp.ikonli.Ikon ikon, String key, Runnable action) {
        Button button = new Button(null, Glyphs.action(ikon));
        button.getStyleClass().addAll("button-icon", "flat");
        button.setAccessibleText(context.text(key));
        button.setTooltip(new Tooltip(context.text(key)));
        button.setOnAction(event -> action.run());
        return button;
    }

    private static void follow(TextArea area, String next) {
        String present = area.getText();
        if (next.startsWith(present)) {
            area.appendText(next.substring(present.length()));
        } else {
            area.setText(next);
            area.positionCaret(next.length());
            area.setScrollTop(Double.MAX_VALUE);
        }
    }

    /** Without carriage returns and terminal control sequences, which a text area cannot obey. */
    private static String readable(String raw) {
        return raw.replaceAll("\u001B\\[[0-9;?]*[ -/]*[@-~]|\u001B[@-Z\\\\-_78=>]|[\r\u0000\u0007\u000E\u000F]", "");
    }
}
