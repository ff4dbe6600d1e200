package org.viridian.app.ui.view;

import java.util.function.Consumer;
import javafx.stage.Stage;
import org.viridian.app.definition.NewVm;

/** One creation of a VM from a window: progress, cancel, the window closed at the end. */
final class CreationJob {
    private final Context context;
    private final Stage stage;
    private final CreationProgress progress;
    private final Consumer<Boolean> busy;
    private Thread job;

    /**
     * @param stage closed when the VM is there; closing it gives up
     * @param busy is told when fields must not be changed, and when they may again
     */
    CreationJob(Context context, Stage stage, CreationProgress progress, Consumer<Boolean> busy) {
        this.context = context;
        this.stage = stage;
        this.progress = progress;
        this.busy = busy;
        stage.setOnHidden(event -> giveUp());
    }

    /** Makes the VM; {@code created} is told its name. */
    void start(NewVm vm, Consumer<String> created) {
        busy.accept(true);
        progress.begin();
        job = context.library().create(vm, progress, definition -> {
            job = null;
            stage.close();
            created.accept(definition.name());
        }, failure -> {
            job = null;
            busy.accept(false);
            progress.failed(failure);
        });
    }

    /** What Cancel does: gives up what is being made, else closes the window. */
    void cancel() {
        if (job != null) {
            giveUp();
        } else {
            stage.close();
        }
    }

    private void giveUp() {
        if (job != null) {
            job.interrupt();
        }
    }
}
