package org.viridian.app.ui.view;

import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import javafx.animation.AnimationTimer;
import javafx.geometry.Pos;
import javafx.scene.Scene;
import javafx.scene.control.Button;
import javafx.scene.control.Label;
import javafx.scene.control.ProgressBar;
import javafx.scene.control.Slider;
import javafx.scene.control.TextArea;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.Region;
import javafx.scene.layout.VBox;
import javafx.stage.Modality;
import javafx.stage.Stage;
import javafx.stage.Window;
import org.kordamp.ikonli.material2.Material2AL;
import org.viridian.app.library.Keys;
import org.viridian.app.library.VmSession;
import org.viridian.app.ui.Ids;

/** Types a text into the guest as keys of a US keyboard, at a speed the guest can follow, until it is done or stopped. */
final class ClipboardTyping {
    private static final int DEFAULT_SPEED = 30;

    private final Context context;
    private final String name;
    private final Stage stage = new Stage();
    private final TextArea text = new TextArea();
    private final Slider speed = new Slider(5, 50, DEFAULT_SPEED);
    private final Label problem = new Label();
    private final ProgressBar bar = new ProgressBar(0);
    private final Label count = new Label();
    private final Button type;
    private final AtomicInteger typed = new AtomicInteger();
    private Thread job;
    private int total;
    private final AnimationTimer follow = new AnimationTimer() {
        @Override
        public void handle(long now) {
            showCount();
        }
    };

    /**
     * @param name the VM
     * @param proposal the text at first, such as the clipboard's
     */
    ClipboardTyping(Context context, Window owner, String name, String proposal) {
        this.context = context;
        this.name = name;
        text.setId(Ids.TYPING_TEXT);
        text.setText(proposal);
        text.setPrefRowCount(8);
        text.getStyleClass().add("terminal");
        text.textProperty().addListener(observable -> check());
        speed.setId(Ids.TYPING_SPEED);
        speed.setBlockIncrement(5);
        speed.setMajorTickUnit(15);
        Label speedLabel = new Label();
        speedLabel.setLabelFor(speed);
        speed.valueProperty().subscribe(value -> speedLabel.setText(context.text("typing.speed", (int) speed.getValue())));
        problem.getStyleClass().add("problem");
        problem.setWrapText(true);
        problem.setMinHeight(Region.USE_PREF_SIZE);
        bar.setMaxWidth(Double.MAX_VALUE);
        count.setId(Ids.TYPING_COUNT);
        count.getStyleClass().addAll("text-small", "text-muted");
        Label intro = new Label(context.text("typing.intro"));
        intro.setWrapText(true);
        intro.setMinHeight(Region.USE_PREF_SIZE);
        type = new Button(context.text("typing.type"), Glyphs.action(Material2AL.KEYBOARD));
        type.setId(Ids.TYPING_START);
        type.setDefaultButton(true);
        type.setOnAction(event -> start());
        Button cancel = new Button(context.text("action.cancel"));
        cancel.setId(Ids.TYPING_CANCEL);
        cancel.setCancelButton(true);
        cancel.setOnAction(event -> {
            if (job != null) {
                job.interrupt();
            } else {
                stage.close();
            }
        });
        Region gap = new Region();
        HBox.setHgrow(gap, Priority.ALWAYS);
        HBox buttons = new HBox(count, gap, type, cancel);
        buttons.setAlignment(Pos.CENTER_LEFT);
        buttons.getStyleClass().add("spaced");
        VBox content = new VBox(intro, text, problem, speedLabel, speed, bar, buttons);
        VBox.setVgrow(text, Priority.ALWAYS);
        content.getStyleClass().add("dialog-page");
        content.setId(Ids.TYPING);
        Scene scene = new Scene(content, 560, 440);
        Theme.dress(scene);
        stage.setScene(scene);
        stage.setTitle(context.text("typing.title", name));
        stage.initOwner(owner);
        stage.initModality(Modality.WINDOW_MODAL);
        stage.setOnHidden(event -> {
            follow.stop();
            if (job != null) {
                job.interrupt();
            }
        });
        check();
    }

    void show() {
        stage.show();
        type.requestFocus();
    }

    private void check() {
        Optional<String> wrong = Keys.untypable(text.getText());
        problem.setText(wrong.map(character -> context.text("typing.untypable", character)).orElse(""));
        type.setDisable(wrong.isPresent() || text.getText().isEmpty() || job != null);
        total = text.getText().length();
        typed.set(0);
        showCount();
    }

    private void showCount() {
        bar.setProgress(total == 0 ? 0 : (double) typed.get() / total);
        count.setText(context.text("typing.count", typed.get(), total));
    }

    private void start() {
        String words = text.getText();
        long pause = Math.round(1000 / speed.getValue());
        typed.set(0);
        text.setDisable(true);
        type.setDisable(true);
        follow.start();
        job = context.library().background().start("type-" + name, () -> {
            try (VmSession session = context.library().library().session(name)) {
                for (int i = 0; i < words.length(); i++) {
                    long begin = System.nanoTime();
                    session.type(words.substring(i, i + 1));
                    typed.incrementAndGet();
                    Thread.sleep(Math.max(1, pause - (System.nanoTime() - begin) / 1_000_000));
                }
            }
        }, () -> ended(""), failure -> ended(context.messages().of(failure.text())));
    }

    private void ended(String why) {
        job = null;
        follow.stop();
        showCount();
        text.setDisable(false);
        if (why.isEmpty()) {
            stage.close();
        } else {
            type.setDisable(false);
            problem.setText(why);
        }
    }
}
