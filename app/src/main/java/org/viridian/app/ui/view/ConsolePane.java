package org.viridian.app.ui.view;

import java.util.Optional;
import javafx.animation.AnimationTimer;
import javafx.beans.property.ObjectProperty;
import javafx.css.PseudoClass;
import javafx.geometry.Pos;
import javafx.scene.control.Button;
import javafx.scene.control.Label;
import javafx.scene.layout.BorderPane;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.Region;
import javafx.scene.layout.StackPane;
import javafx.scene.layout.VBox;
import org.kordamp.ikonli.material2.Material2AL;
import org.kordamp.ikonli.material2.Material2MZ;
import org.viridian.app.library.VmSession;
import org.viridian.app.machine.Machine;
import org.viridian.app.machine.MachineState;
import org.viridian.app.ui.Ids;
import org.viridian.display.canvas.PointerForwarder;
import org.viridian.display.canvas.Scaling;
import org.viridian.display.canvas.SurfaceView;
import org.viridian.display.keys.HeldKeys;
import org.viridian.display.keys.InputCapture;
import org.viridian.display.surface.Surface;

/** The guest's screen with its capture state always in sight; while there is no picture, the reason and what to do. */
final class ConsolePane extends BorderPane {
    private static final PseudoClass CAPTURED = PseudoClass.getPseudoClass("captured");
    private static final PseudoClass FULL = PseudoClass.getPseudoClass("full");
    private static final PseudoClass PAUSED = PseudoClass.getPseudoClass("paused");
    /** How often the machine is asked which screen is active: it changes when the video VSC opens or closes. */
    private static final long SCREEN_CHECK_NANOS = 100_000_000;

    private final Context context;
    private final SurfaceView view = new SurfaceView();
    private final InputCapture capture = new InputCapture(view);
    private final PointerForwarder pointer = new PointerForwarder(view, this::pointerGoesToGuest);
    private final StackPane stack = new StackPane();
    private final Label captureState = new Label();
    private final Label notice = new Label();
    private final Label offTitle = new Label();
    private final Label offReason = new Label();
    private final Button start;
    private final VBox offPage;
    private final HBox strip;
    private RemoteScreen remote;
    private boolean suspended;
    private String remembered = "";
    private final AnimationTimer screenCheck = new AnimationTimer() {
        private long last;

        @Override
        public void handle(long now) {
            if (now - last >= SCREEN_CHECK_NANOS) {
                last = now;
                context.machine().machine().map(Machine::screen).ifPresent(view::setSurface);
            }
        }
    };

    ConsolePane(Context context, Runnable startVm) {
        this.context = context;
        getStyleClass().add("console-pane");
        view.setId(Ids.CONSOLE);
        view.setAccessibleText(context.text("console.title"));

        start = new Button(context.text("action.start"), Glyphs.action(Material2MZ.PLAY_ARROW));
        start.setId(Ids.CONSOLE_START);
        start.getStyleClass().addAll("accent", "large");
        start.setOnAction(event -> startVm.run());
        offTitle.getStyleClass().add("title-3");
        offReason.getStyleClass().add("text-muted");
        offReason.setWrapText(true);
        offReason.setMaxWidth(440);
        offReason.setAlignment(Pos.CENTER);
        offReason.setTextAlignment(javafx.scene.text.TextAlignment.CENTER);
        offPage = new VBox(Glyphs.action(Material2AL.DESKTOP_WINDOWS, "off-page-icon"), offTitle, offReason, start);
        offPage.setId(Ids.CONSOLE_OFF);
        offPage.setAlignment(Pos.CENTER);
        offPage.getStyleClass().add("console-off");

        stack.getStyleClass().add("console-screen");
        stack.getChildren().addAll(view, offPage);
        setCenter(stack);

        captureState.setId(Ids.CAPTURE_STATE);
        notice.getStyleClass().addAll("text-small", "text-muted");
        Region gap = new Region();
        HBox.setHgrow(gap, Priority.ALWAYS);
        strip = new HBox(captureState, gap, notice);
        strip.setAlignment(Pos.CENTER_LEFT);
        strip.getStyleClass().add("capture-strip");
        captureState.setMinWidth(Region.USE_PREF_SIZE);
        setBottom(strip);

        capture.capturedProperty().subscribe(this::showCapture);
        view.screenOnProperty().subscribe(on -> showPage());
        view.scalingProperty().addListener((observable, old, now) -> saveScaling(now));
        context.machine().stateProperty().subscribe(state -> showPage());
        context.machine().endingProperty().subscribe(ending -> showPage());
        context.machine().sessionProperty().subscribe(this::attach);
    }

    SurfaceView view() {
        return view;
    }

    InputCapture capture() {
        return capture;
    }

    ObjectProperty<Scaling> scalingProperty() {
        return view.scalingProperty();
    }

    /** Loads how this VM's screen is fitted in, and remembers each change of it from now on. */
    void remember(String vm) {
        remembered = "";
        if (vm.isEmpty()) {
            return;
        }
        context.library().background().start("view-" + vm, () -> context.library().library().view(vm), found -> {
            view.scalingProperty().set(scaling(found.scaling()));
            remembered = vm;
        }, failure -> { });
    }

    private static Scaling scaling(String word) {
        for (Scaling value : Scaling.values()) {
            if (value.name().equalsIgnoreCase(word)) {
                return value;
            }
        }
        return Scaling.FIT;
    }

    private void saveScaling(Scaling now) {
        String vm = remembered;
        if (!vm.isEmpty()) {
            String word = now.name().toLowerCase(java.util.Locale.ROOT);
            context.library().background().start("view-" + vm,
                    () -> context.library().library().view(vm, old -> old.scaled(word)), () -> { }, failure -> { });
        }
    }

    /** Shows nothing while another window has this VM's console: a screen has one viewer. */
    void suspend(boolean elsewhere) {
        if (suspended != elsewhere) {
            suspended = elsewhere;
            attach(context.machine().sessionProperty().get());
        }
    }

    /** Without the strip below, for full screen. */
    void bare(boolean full) {
        strip.setVisible(!full);
        strip.setManaged(!full);
        stack.pseudoClassStateChanged(FULL, full);
    }

    /** Uses the host's physical keys from now on. */
    void use(ConsoleKeys known) {
        Optional<HeldKeys> keys = known.held();
        capture.setGrab(known.grab().orElse(null));
        capture.tracker().setHost(keys.orElse(null));
        notice.setText(keys.isPresent() ? "" : context.text("capture.layout"));
        notice.setTooltip(keys.isPresent() ? null : new javafx.scene.control.Tooltip(context.text("capture.layout.why")));
    }

    /** The VM is about to be replaced by another one, or the window closes. */
    void detach() {
        capture.release();
        pointer.releaseAll();
        screenCheck.stop();
        view.setSurface(null);
        closeRemote();
    }

    private void attach(Optional<VmSession> session) {
        closeRemote();
        if (suspended) {
            capture.setSink(null);
            pointer.setSink(null);
            screenCheck.stop();
            view.setSurface(null);
            return;
        }
        Optional<Machine> machine = session.flatMap(VmSession::machine);
        capture.setSink(machine.map(Machine::keyboard).orElse(null));
        pointer.setSink(machine.map(Machine::pointer).orElse(null));
        if (machine.isPresent()) {
            view.setSurface(machine.get().screen());
            screenCheck.start();
        } else {
            screenCheck.stop();
            if (session.isPresent()) {
                remote = new RemoteScreen(session.get());
                view.setSurface(remote);
            } else {
                view.setSurface(null);
            }
        }
        showCapture(capture.capturedProperty().get());
        showPage();
    }

    private void closeRemote() {
        if (remote != null) {
            remote.close();
            remote = null;
        }
    }

    private boolean pointerGoesToGuest() {
        // The pointer is absolute, so it needs no capture to move; clicks reach the guest once it is captured.
        return context.machine().stateProperty().get() == MachineState.RUNNING;
    }

    private void showCapture(boolean captured) {
        Optional<VmSession> session = context.machine().sessionProperty().get();
        boolean far = session.isPresent() && session.get().machine().isEmpty();
        captureState.setText(far ? context.text("capture.remote")
                : captured ? context.text("capture.on")
                : session.isPresent() ? context.text("capture.off") : context.text("capture.none"));
        captureState.setGraphic(Glyphs.action(captured ? Material2AL.LOCK : Material2AL.LOCK_OPEN));
        pseudoClassStateChanged(CAPTURED, captured);
    }

    private void showPage() {
        MachineState state = context.machine().stateProperty().get();
        boolean running = context.machine().sessionProperty().get().isPresent();
        boolean picture = running && view.screenOnProperty().get();
        pseudoClassStateChanged(PAUSED, state == MachineState.PAUSED);
        offPage.setVisible(!picture || state == MachineState.PAUSED);
        start.setVisible(!running);
        start.setManaged(!running);
        if (state == MachineState.PAUSED) {
            offTitle.setText(context.text("console.paused"));
            offReason.setText(context.text("console.paused.reason"));
        } else if (running) {
            offTitle.setText(context.text("console.blank"));
            offReason.setText(context.text("console.blank.reason"));
        } else {
            offTitle.setText(context.text("console.off"));
            offReason.setText(context.machine().endingProperty().get().map(context.messages()::of)
                    .orElse(context.text("console.off.reason")));
        }
    }
}
