package org.viridian.app.ui.view;

import javafx.beans.InvalidationListener;
import javafx.beans.WeakInvalidationListener;
import javafx.scene.layout.Pane;
import javafx.scene.shape.Polyline;
import org.viridian.app.ui.model.CounterItem;

/** The rate of a counter over the last half minute. */
final class Sparkline extends Pane {
    private static final double WIDTH = 56;
    private static final double HEIGHT = 16;

    private final Polyline line = new Polyline();
    private final double[] rates = new double[CounterItem.HISTORY];
    private final InvalidationListener redraw = observable -> draw();
    private final WeakInvalidationListener weakRedraw = new WeakInvalidationListener(redraw);
    private CounterItem counter;

    Sparkline() {
        line.getStyleClass().add("sparkline");
        getChildren().add(line);
        setMinSize(WIDTH, HEIGHT);
        setPrefSize(WIDTH, HEIGHT);
        setMaxSize(WIDTH, HEIGHT);
    }

    void show(CounterItem next) {
        if (counter != null) {
            counter.samplesProperty().removeListener(weakRedraw);
        }
        counter = next;
        if (next != null) {
            next.samplesProperty().addListener(weakRedraw);
        }
        draw();
    }

    private void draw() {
        line.getPoints().clear();
        if (counter == null) {
            return;
        }
        // Read, so that the next change invalidates again.
        counter.samplesProperty().get();
        int count = counter.history(rates);
        double most = 0;
        for (int i = 0; i < count; i++) {
            most = Math.max(most, rates[i]);
        }
        double step = WIDTH / (CounterItem.HISTORY - 1);
        for (int i = 0; i < count; i++) {
            double height = most == 0 ? 0 : rates[i] / most * (HEIGHT - 3);
            line.getPoints().addAll(WIDTH - (count - 1 - i) * step, HEIGHT - 1.5 - height);
        }
    }
}
