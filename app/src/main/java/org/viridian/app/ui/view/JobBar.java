package org.viridian.app.ui.view;

import javafx.collections.ListChangeListener;
import javafx.geometry.Pos;
import javafx.scene.control.Button;
import javafx.scene.control.Label;
import javafx.scene.control.ProgressBar;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.VBox;
import org.viridian.app.ui.Ids;
import org.viridian.app.ui.model.Job;

/** The long jobs that go on in the background, one line each, with Cancel. */
final class JobBar extends VBox {
    private final Context context;

    JobBar(Context context) {
        this.context = context;
        setId(Ids.JOBS);
        getStyleClass().add("job-bar");
        context.library().jobs().addListener((ListChangeListener<Job>) change -> show());
        show();
    }

    private void show() {
        getChildren().setAll(context.library().jobs().stream().map(this::line).toList());
        setVisible(!getChildren().isEmpty());
        setManaged(!getChildren().isEmpty());
    }

    private HBox line(Job job) {
        Label step = new Label();
        step.textProperty().bind(job.stepProperty().map(context.messages()::of));
        step.setMinWidth(0);
        step.setMaxWidth(Double.MAX_VALUE);
        HBox.setHgrow(step, Priority.ALWAYS);
        ProgressBar bar = new ProgressBar();
        bar.progressProperty().bind(job.fractionProperty());
        Button cancel = new Button(context.text("action.cancel"));
        cancel.setMinWidth(USE_PREF_SIZE);
        cancel.setOnAction(event -> job.cancel());
        HBox line = new HBox(step, bar, cancel);
        line.setAlignment(Pos.CENTER_LEFT);
        line.getStyleClass().add("spaced");
        return line;
    }
}
