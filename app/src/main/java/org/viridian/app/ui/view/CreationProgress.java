package org.viridian.app.ui.view;

import javafx.scene.control.Label;
import javafx.scene.control.ProgressBar;
import javafx.scene.layout.VBox;
import org.viridian.app.text.Failure;
import org.viridian.app.text.Progress;
import org.viridian.app.text.Text;
import org.viridian.app.ui.Ids;

/** How far the making of a VM has come, and why it failed if it did. */
final class CreationProgress extends VBox implements Progress {
    private final Context context;
    private final ProgressBar bar = new ProgressBar(0);
    private final Label step = new Label();
    private final Label failure = new Label();

    CreationProgress(Context context) {
        this.context = context;
        getStyleClass().add("creation-progress");
        bar.setId(Ids.CREATE_PROGRESS);
        bar.setMaxWidth(Double.MAX_VALUE);
        step.setId(Ids.CREATE_STEP);
        step.getStyleClass().addAll("text-small", "text-muted");
        failure.setId(Ids.CREATE_FAILURE);
        failure.setWrapText(true);
        failure.setMinHeight(USE_PREF_SIZE);
        failure.getStyleClass().add("problem");
        getChildren().addAll(bar, step, failure);
        idle();
    }

    /** Nothing is being made. */
    void idle() {
        bar.setVisible(false);
        step.setText("");
        failure.setText("");
        failure.setManaged(false);
    }

    /** The job has begun. */
    void begin() {
        idle();
        bar.setVisible(true);
        bar.setProgress(ProgressBar.INDETERMINATE_PROGRESS);
    }

    @Override
    public void at(Text what, double fraction) {
        bar.setProgress(fraction < 0 ? ProgressBar.INDETERMINATE_PROGRESS : fraction);
        step.setText(context.messages().of(what));
    }

    void failed(Failure why) {
        bar.setVisible(false);
        step.setText("");
        failure.setManaged(true);
        failure.setText(context.messages().of(why.text()));
    }
}
