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
import org.viridian.app.command.Doctor;
import org.viridian.app.ui.Ids;

/** What this host offers: one line a finding, with what to do about each lack. Hidden until it has been looked at. */
final class HostCard extends VBox {
    private static final double WIDTH = 560;

    private final Context context;

    HostCard(Context context) {
        this.context = context;
        setId(Ids.HOST_CARD);
        getStyleClass().add("host-card");
        setMaxWidth(WIDTH);
        setVisible(false);
        setManaged(false);
    }

    /** Looks at the host on another thread, once; shows the card when something is lacking. */
    void examine() {
        context.library().background().start("host-check",
                () -> Doctor.examine(context.library().library().folders(), System.getenv()), this::show, failure -> { });
    }

    private void show(Doctor.Report report) {
        getChildren().clear();
        Label title = new Label(context.text("host.title"));
        title.getStyleClass().add("text-bold");
        getChildren().add(title);
        boolean lacking = false;
        for (Doctor.Check check : report.checks()) {
            // The display is there, or nobody would read this.
            if (check.subject().equals("display") || check.ok() && !check.subject().equals("engine")) {
                continue;
            }
            lacking |= !check.ok();
            getChildren().add(line(check));
        }
        setVisible(lacking);
        setManaged(lacking);
    }

    private HBox line(Doctor.Check check) {
        Label finding = new Label(context.messages().of(check.finding()));
        finding.setWrapText(true);
        finding.setMinHeight(USE_PREF_SIZE);
        VBox words = new VBox(finding);
        HBox.setHgrow(words, Priority.ALWAYS);
        HBox line = new HBox(Glyphs.action(check.ok() ? Material2AL.INFO : Material2MZ.WARNING,
                check.ok() ? "host-ok" : "host-lack"), words);
        check.remedy().ifPresent(text -> {
            String sentence = context.messages().of(text);
            Label remedy = new Label(sentence);
            remedy.setWrapText(true);
            remedy.setMinHeight(USE_PREF_SIZE);
            remedy.getStyleClass().addAll("text-small", "text-muted");
            words.getChildren().add(remedy);
            Button copy = new Button(null, Glyphs.action(Material2AL.CONTENT_COPY));
            copy.getStyleClass().addAll("button-icon", "flat");
            copy.setAccessibleText(context.text("banner.copy"));
            copy.setOnAction(event -> {
                ClipboardContent content = new ClipboardContent();
                content.putString(sentence);
                Clipboard.getSystemClipboard().setContent(content);
            });
            line.getChildren().add(copy);
        });
        line.setAlignment(Pos.TOP_LEFT);
        line.getStyleClass().add("spaced");
        return line;
    }
}
