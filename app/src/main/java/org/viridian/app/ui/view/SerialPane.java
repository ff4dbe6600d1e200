package org.viridian.app.ui.view;

import java.nio.charset.StandardCharsets;
import javafx.scene.control.Button;
import javafx.scene.control.TextArea;
import javafx.scene.control.TextField;
import javafx.scene.layout.BorderPane;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import org.kordamp.ikonli.material2.Material2MZ;
import org.viridian.app.ui.Ids;

/** The first serial port as text, with a line to type into it. */
final class SerialPane extends BorderPane {
    SerialPane(Context context) {
        getStyleClass().add("serial-pane");
        TextArea text = new TextArea();
        text.setId(Ids.SERIAL_TEXT);
        text.setEditable(false);
        text.setWrapText(true);
        text.getStyleClass().add("terminal");
        text.setPromptText(context.text("serial.empty"));
        context.machine().serialTextProperty().subscribe(next -> follow(text, readable(next)));

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
        setCenter(text);
        setBottom(line);
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
