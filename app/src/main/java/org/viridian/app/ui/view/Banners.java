package org.viridian.app.ui.view;

import javafx.geometry.Pos;
import javafx.scene.control.Button;
import javafx.scene.control.Label;
import javafx.scene.input.Clipboard;
import javafx.scene.input.ClipboardContent;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.VBox;
import org.kordamp.ikonli.material2.Material2AL;
import org.kordamp.ikonli.material2.Material2MZ;
import org.viridian.app.ui.Ids;

/** Bars above the content that tell of failures, crashes and finished work, the latest on top. */
final class Banners extends VBox {
    private static final int MOST = 3;

    /** How grave it is. */
    enum Weight { INFO, WARNING, DANGER }

    private final Context context;

    Banners(Context context) {
        this.context = context;
        getStyleClass().add("banners");
    }

    /**
     * Shows a sentence.
     *
     * @param detail more, to be copied, or null
     */
    void show(Weight weight, String sentence, String detail) {
        getChildren().removeIf(old -> sentence.equals(old.getUserData()));
        Label text = new Label(sentence);
        text.setId(Ids.BANNER_TEXT);
        text.setWrapText(true);
        text.setMinHeight(USE_PREF_SIZE);
        HBox.setHgrow(text, Priority.ALWAYS);
        text.setMaxWidth(Double.MAX_VALUE);
        HBox bar = new HBox(Glyphs.action(weight == Weight.INFO ? Material2AL.INFO : Material2MZ.WARNING), text);
        bar.setId(Ids.BANNER);
        bar.setUserData(sentence);
        bar.setAlignment(Pos.CENTER_LEFT);
        bar.getStyleClass().addAll("banner", "banner-" + weight.name().toLowerCase(java.util.Locale.ROOT));
        if (detail != null) {
            Button copy = new Button(context.text("banner.copy"), Glyphs.action(Material2AL.CONTENT_COPY));
            copy.setMinWidth(USE_PREF_SIZE);
            copy.setOnAction(event -> {
                ClipboardContent content = new ClipboardContent();
                content.putString(detail);
                Clipboard.getSystemClipboard().setContent(content);
            });
            bar.getChildren().add(copy);
        }
        Button close = new Button(null, Glyphs.action(Material2AL.CLOSE));
        close.getStyleClass().addAll("button-icon", "flat");
        close.setAccessibleText(context.text("action.close"));
        close.setOnAction(event -> getChildren().remove(bar));
        bar.getChildren().add(close);
        getChildren().addFirst(bar);
        while (getChildren().size() > MOST) {
            getChildren().removeLast();
        }
    }
}
