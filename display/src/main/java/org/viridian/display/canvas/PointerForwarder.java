package org.viridian.display.canvas;

import java.util.function.BooleanSupplier;
import javafx.animation.AnimationTimer;
import javafx.scene.input.MouseButton;
import javafx.scene.input.MouseEvent;
import javafx.scene.input.ScrollEvent;
import org.viridian.devices.input.PointerSink;

/**
 * Sends the pointer over a {@link SurfaceView} to the guest as absolute positions: at most one move per pulse, and every
 * change of a button at once.
 *
 * <p>Thread rule: JavaFX thread.
 */
public final class PointerForwarder {
    /** JavaFX's scroll distance of one detent of an ordinary wheel. */
    private static final double DETENT = 40;

    private final SurfaceView view;
    private final BooleanSupplier enabled;
    private final AnimationTimer timer = new AnimationTimer() {
        @Override
        public void handle(long now) {
            stop();
            pending = false;
            send(0);
        }
    };
    private PointerSink sink;
    private boolean pending;
    private int x;
    private int y;
    private int buttons;
    private double scrolled;

    /**
     * @param view where the pointer moves
     * @param enabled whether the guest is to have it at this moment
     */
    public PointerForwarder(SurfaceView view, BooleanSupplier enabled) {
        this.view = view;
        this.enabled = enabled;
        view.addEventHandler(MouseEvent.ANY, this::onMouse);
        view.addEventHandler(ScrollEvent.SCROLL, this::onScroll);
    }

    /** Where it goes from now on, or null; buttons held on the former one are released. */
    public void setSink(PointerSink next) {
        if (sink != next) {
            releaseAll();
            sink = next;
        }
    }

    /** Releases every button the guest believes held. */
    public void releaseAll() {
        if (buttons != 0) {
            buttons = 0;
            send(0);
        }
    }

    private void onMouse(MouseEvent event) {
        if (sink == null || !enabled.getAsBoolean() || view.across(event.getX(), PointerSink.MAX) < 0) {
            return;
        }
        x = view.across(event.getX(), PointerSink.MAX);
        y = view.down(event.getY(), PointerSink.MAX);
        int held = held(event);
        boolean exited = event.getEventType() == MouseEvent.MOUSE_EXITED && held == 0;
        if (held != buttons || exited) {
            buttons = held;
            send(0);
        } else if (!pending && (event.getEventType() == MouseEvent.MOUSE_MOVED
                || event.getEventType() == MouseEvent.MOUSE_DRAGGED || event.getEventType() == MouseEvent.MOUSE_ENTERED)) {
            pending = true;
            timer.start();
        }
    }

    private void onScroll(ScrollEvent event) {
        if (sink == null || !enabled.getAsBoolean()) {
            return;
        }
        scrolled += event.getDeltaY();
        int detents = (int) (scrolled / DETENT);
        if (detents != 0) {
            scrolled -= detents * DETENT;
            send(detents);
        }
        event.consume();
    }

    private void send(int wheel) {
        if (sink != null) {
            sink.pointer(x, y, buttons, wheel);
        }
    }

    /** What is held after an event: by presses and releases alone, for the flags of an event differ between platforms. */
    private int held(MouseEvent event) {
        if (event.getEventType() == MouseEvent.MOUSE_PRESSED) {
            return buttons | bit(event.getButton());
        }
        if (event.getEventType() == MouseEvent.MOUSE_RELEASED) {
            return buttons & ~bit(event.getButton());
        }
        // A move, as against a drag, says that nothing is held: a release that was missed is made up for.
        return event.getEventType() == MouseEvent.MOUSE_MOVED ? 0 : buttons;
    }

    private static int bit(MouseButton button) {
        return switch (button) {
            case PRIMARY -> 1;
            case SECONDARY -> 2;
            case MIDDLE -> 4;
            case BACK -> 8;
            case FORWARD -> 16;
            case null, default -> 0;
        };
    }
}
