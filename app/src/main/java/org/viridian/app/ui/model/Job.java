package org.viridian.app.ui.model;

import javafx.beans.property.ReadOnlyDoubleProperty;
import javafx.beans.property.ReadOnlyDoubleWrapper;
import javafx.beans.property.ReadOnlyObjectProperty;
import javafx.beans.property.ReadOnlyObjectWrapper;
import org.viridian.app.text.Progress;
import org.viridian.app.text.Text;

/** Work that takes a while and goes on in the background. Thread rule: the windows' thread. */
public final class Job implements Progress {
    private final ReadOnlyObjectWrapper<Text> step = new ReadOnlyObjectWrapper<>(Text.verbatim(""));
    private final ReadOnlyDoubleWrapper fraction = new ReadOnlyDoubleWrapper(-1);
    private Thread thread;

    void runs(Thread on) {
        thread = on;
    }

    @Override
    public void at(Text what, double how) {
        step.set(what);
        fraction.set(how);
    }

    /** What is being done. */
    public ReadOnlyObjectProperty<Text> stepProperty() {
        return step.getReadOnlyProperty();
    }

    /** How far it is, 0–1; negative when that is not known. */
    public ReadOnlyDoubleProperty fractionProperty() {
        return fraction.getReadOnlyProperty();
    }

    /** Gives it up; what it has made so far goes. */
    public void cancel() {
        if (thread != null) {
            thread.interrupt();
        }
    }
}
