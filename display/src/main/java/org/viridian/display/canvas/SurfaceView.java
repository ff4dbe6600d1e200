package org.viridian.display.canvas;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.IntBuffer;
import java.util.concurrent.atomic.AtomicBoolean;
import javafx.animation.AnimationTimer;
import javafx.application.Platform;
import javafx.beans.property.ObjectProperty;
import javafx.beans.property.ReadOnlyBooleanProperty;
import javafx.beans.property.ReadOnlyBooleanWrapper;
import javafx.beans.property.SimpleObjectProperty;
import javafx.geometry.Rectangle2D;
import javafx.scene.image.ImageView;
import javafx.scene.image.PixelBuffer;
import javafx.scene.image.PixelFormat;
import javafx.scene.image.WritableImage;
import javafx.scene.layout.Region;
import javafx.scene.shape.Rectangle;
import javafx.stage.Window;
import javafx.util.Callback;
import org.viridian.display.surface.Frame;
import org.viridian.display.surface.Surface;

/**
 * Shows a {@link Surface}. Nothing is drawn and no pulse is asked for while nothing changes, and nothing while the
 * window is hidden; a change costs one copy of its rectangle and one upload of it.
 *
 * <p>The view is the surface's only consumer: it takes the damage. Scaling is done while copying, because the software
 * pipeline pays about 25 ms a frame for it; the image is therefore always drawn one to one on device pixels.
 *
 * <p>Thread rule: JavaFX thread, except the surface's wake-up.
 */
public final class SurfaceView extends Region {
    private static final double PREFERRED_WIDTH = 640;
    private static final double PREFERRED_HEIGHT = 400;

    private final ImageView imageView = new ImageView();
    private final ObjectProperty<Scaling> scaling = new SimpleObjectProperty<>(this, "scaling", Scaling.FIT);
    private final ReadOnlyBooleanWrapper screenOn = new ReadOnlyBooleanWrapper(this, "screenOn");
    private final Pulse pulse = new Pulse();
    private final AtomicBoolean woken = new AtomicBoolean();
    private final Callback<PixelBuffer<IntBuffer>, Rectangle2D> changedPart = this::changedPart;

    private Surface surface;
    private Picture picture;
    private Frame shown;
    private Rectangle2D changed;
    private boolean pulsing;
    private long drawnFrames;

    /** An empty view. */
    public SurfaceView() {
        getStyleClass().add("surface-view");
        setFocusTraversable(true);
        imageView.setManaged(false);
        imageView.setSmooth(false);
        imageView.setMouseTransparent(true);
        getChildren().add(imageView);
        Rectangle clip = new Rectangle();
        clip.widthProperty().bind(widthProperty());
        clip.heightProperty().bind(heightProperty());
        setClip(clip);
        scaling.addListener(observable -> relayout());
        widthProperty().addListener(observable -> relayout());
        heightProperty().addListener(observable -> relayout());
        sceneProperty().flatMap(scene -> scene.windowProperty()).flatMap(Window::showingProperty)
                .orElse(false).subscribe(showing -> visibilityChanged());
        sceneProperty().flatMap(scene -> scene.windowProperty()).flatMap(Window::outputScaleXProperty)
                .orElse(1.0).subscribe(scale -> relayout());
    }

    /** How the screen is fitted in; {@link Scaling#FIT} at first. */
    public ObjectProperty<Scaling> scalingProperty() {
        return scaling;
    }

    /** Whether the surface has a picture. */
    public ReadOnlyBooleanProperty screenOnProperty() {
        return screenOn.getReadOnlyProperty();
    }

    /** What is shown, or null. */
    public Surface surface() {
        return surface;
    }

    /** Shows a surface, or nothing when null; the former one is let go of. */
    public void setSurface(Surface next) {
        if (next == surface) {
            return;
        }
        if (surface != null) {
            surface.onDamage(() -> {});
        }
        surface = next;
        shown = null;
        if (next == null) {
            clear();
        } else {
            next.onDamage(() -> wake(next));
            startPulsing();
        }
    }

    /** How many times pixels were brought up to date: for figures, not for behaviour. */
    public long drawnFrames() {
        return drawnFrames;
    }

    /** Width of the guest's screen in pixels, 0 when it is off. */
    public int screenWidth() {
        return shown == null ? 0 : shown.width();
    }

    /** Height of the guest's screen in pixels, 0 when it is off. */
    public int screenHeight() {
        return shown == null ? 0 : shown.height();
    }

    /** Width of the picture as it is shown, in device pixels; 0 when there is none. */
    public int shownWidth() {
        return picture == null ? 0 : picture.layout().width();
    }

    /** Height of the picture as it is shown, in device pixels; 0 when there is none. */
    public int shownHeight() {
        return picture == null ? 0 : picture.layout().height();
    }

    /**
     * One pixel of the picture as it is shown, ARGB. Not through the image's own reader, for Prism moves the limits of
     * the buffer they share while it uploads.
     */
    public int shownArgb(int x, int y) {
        return picture.memory().getAtIndex(ValueLayout.JAVA_INT, (long) y * picture.layout().width() + x);
    }

    /** The absolute coordinate 0–{@code max} across the guest's screen of a point in this node; -1 when it is off. */
    public int across(double localX, int max) {
        return picture == null ? -1 : picture.layout().across(localX * outputScale(), max);
    }

    /** As {@link #across}, down the screen. */
    public int down(double localY, int max) {
        return picture == null ? -1 : picture.layout().down(localY * outputScale(), max);
    }

    @Override
    protected double computePrefWidth(double height) {
        return shown == null ? PREFERRED_WIDTH : shown.width() / outputScale();
    }

    @Override
    protected double computePrefHeight(double width) {
        return shown == null ? PREFERRED_HEIGHT : shown.height() / outputScale();
    }

    @Override
    protected double computeMinWidth(double height) {
        return 0;
    }

    @Override
    protected double computeMinHeight(double width) {
        return 0;
    }

    private void wake(Surface from) {
        // One hop to the JavaFX thread for each change from still to moving, not for each rectangle.
        if (woken.compareAndSet(false, true)) {
            Platform.runLater(() -> {
                woken.set(false);
                if (from == surface) {
                    startPulsing();
                }
            });
        }
    }

    private void startPulsing() {
        if (!pulsing && canBeSeen()) {
            pulsing = true;
            pulse.start();
        }
    }

    private void stopPulsing() {
        pulsing = false;
        pulse.stop();
    }

    private boolean canBeSeen() {
        return getScene() != null && getScene().getWindow() != null && getScene().getWindow().isShowing();
    }

    private void visibilityChanged() {
        if (surface != null && canBeSeen()) {
            startPulsing();
        } else {
            stopPulsing();
        }
    }

    private double outputScale() {
        return canBeSeen() ? getScene().getWindow().getOutputScaleX() : 1;
    }

    /** One step: take the damage, bring the picture up to date; stop asking for pulses when nothing has changed. */
    private void step() {
        if (surface == null || !canBeSeen()) {
            stopPulsing();
            return;
        }
        Surface.Rect damage = surface.takeDamage();
        Frame frame = surface.frame();
        if (frame == null) {
            if (shown != null) {
                shown = null;
                clear();
            }
            stopPulsing();
            return;
        }
        try {
            if (shown == null || picture == null || frame.width() != shown.width() || frame.height() != shown.height()) {
                newMode(frame);
            } else if (frame != shown) {
                shown = frame;
                update(frame, 0, 0, frame.width(), frame.height());
            } else if (damage != null) {
                update(frame, damage.x(), damage.y(), damage.width(), damage.height());
            } else {
                stopPulsing();
            }
        } catch (IllegalStateException | IndexOutOfBoundsException e) {
            // The machine has gone, or its mode changed, between the question and the copy: the next damage tells.
            stopPulsing();
        }
    }

    private void newMode(Frame frame) {
        shown = frame;
        rebuild(frame);
        screenOn.set(true);
        requestLayout();
    }

    private void relayout() {
        if (shown != null) {
            try {
                rebuild(shown);
            } catch (IllegalStateException | IndexOutOfBoundsException e) {
                stopPulsing();
            }
        }
    }

    private void rebuild(Frame frame) {
        double scale = outputScale();
        int roomWidth = (int) Math.floor(getWidth() * scale);
        int roomHeight = (int) Math.floor(getHeight() * scale);
        if (roomWidth < 1 || roomHeight < 1) {
            return;
        }
        Layout layout = Layout.of(scaling.get(), frame.width(), frame.height(), roomWidth, roomHeight);
        if (picture == null || !picture.layout().equals(layout)) {
            picture = Picture.of(layout);
            imageView.setImage(picture.image());
            imageView.setFitWidth(layout.width() / scale);
            imageView.setFitHeight(layout.height() / scale);
            imageView.relocate(layout.x() / scale, layout.y() / scale);
        }
        update(frame, 0, 0, frame.width(), frame.height());
    }

    private void update(Frame frame, int x, int y, int width, int height) {
        PixelCopier copier = picture.copier();
        if (!copier.copy(frame, x, y, width, height)) {
            return;
        }
        if (changed == null || changed.getMinX() != copier.left() || changed.getMinY() != copier.top()
                || changed.getWidth() != copier.width() || changed.getHeight() != copier.height()) {
            changed = new Rectangle2D(copier.left(), copier.top(), copier.width(), copier.height());
        }
        picture.buffer().updateBuffer(changedPart);
        drawnFrames++;
    }

    private Rectangle2D changedPart(PixelBuffer<IntBuffer> buffer) {
        return changed;
    }

    private void clear() {
        picture = null;
        imageView.setImage(null);
        screenOn.set(false);
    }

    private final class Pulse extends AnimationTimer {
        @Override
        public void handle(long now) {
            step();
        }
    }

    /** The shown pixels: native memory that lives as long as Prism or this view needs it. */
    private record Picture(Layout layout, PixelBuffer<IntBuffer> buffer, WritableImage image, PixelCopier copier,
            MemorySegment memory) {
        static Picture of(Layout layout) {
            // Not a confined arena: Prism reads the pixels on its render thread, and may still do so after a mode change.
            MemorySegment memory = Arena.ofAuto().allocate(4L * layout.width() * layout.height(),
                    ValueLayout.JAVA_LONG.byteAlignment());
            IntBuffer ints = memory.asByteBuffer().order(ByteOrder.nativeOrder()).asIntBuffer();
            PixelBuffer<IntBuffer> buffer = new PixelBuffer<>(layout.width(), layout.height(), ints,
                    PixelFormat.getIntArgbPreInstance());
            return new Picture(layout, buffer, new WritableImage(buffer), new PixelCopier(layout, memory), memory);
        }
    }
}
