package org.viridian.app.ui.view;

import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import javafx.application.Platform;
import javafx.beans.property.ObjectProperty;
import javafx.beans.property.SimpleObjectProperty;
import javafx.beans.value.ObservableValue;
import javafx.scene.image.Image;
import javafx.scene.image.PixelFormat;
import javafx.scene.image.WritableImage;
import org.viridian.app.library.Library;
import org.viridian.app.library.VmSession;
import org.viridian.app.library.VmState;
import org.viridian.app.machine.Machine;
import org.viridian.app.text.Failure;
import org.viridian.app.ui.model.LibraryModel;
import org.viridian.app.ui.model.VmItem;
import org.viridian.display.surface.Frame;
import org.viridian.display.surface.Surface;

/** Small pictures of the running guests' screens, once a second, made off the JavaFX thread. */
final class Thumbnails implements AutoCloseable {
    static final int WIDTH = 80;
    static final int HEIGHT = 50;

    private static final ValueLayout.OfInt PIXEL = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final LibraryModel model;
    private final Map<String, ObjectProperty<Image>> images = new HashMap<>();
    private final ScheduledExecutorService ticker = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("thumbnails").factory());
    private final java.util.Set<String> onConsole = java.util.concurrent.ConcurrentHashMap.newKeySet();
    private String inMainWindow = "";

    Thumbnails(LibraryModel model) {
        this.model = model;
        ticker.scheduleWithFixedDelay(() -> Platform.runLater(this::tick), 1, 1, TimeUnit.SECONDS);
    }

    /** The VM whose surface the console consumes: its damage must not be taken here. */
    void onConsole(String name) {
        onConsole.remove(inMainWindow);
        inMainWindow = name;
        onConsole.add(name);
    }

    /** A VM whose surface another window consumes, or no more. */
    void elsewhere(String name, boolean shown) {
        if (shown) {
            onConsole.add(name);
        } else if (!name.equals(inMainWindow)) {
            onConsole.remove(name);
        }
    }

    ObservableValue<Image> of(String name) {
        return image(name);
    }

    private ObjectProperty<Image> image(String name) {
        return images.computeIfAbsent(name, key -> new SimpleObjectProperty<>());
    }

    private void tick() {
        List<String> running = model.items().stream()
                .filter(item -> item.here() && item.stateProperty().get() == VmState.RUNNING).map(VmItem::name).toList();
        for (VmItem item : model.items()) {
            if (item.stateProperty().get() == VmState.OFF) {
                image(item.name()).set(null);
            }
        }
        if (!running.isEmpty() && !ticker.isShutdown()) {
            ticker.execute(() -> running.forEach(this::take));
        }
    }

    private void take(String name) {
        try {
            Library library = model.library();
            Optional<Surface> surface = library.runningSession(name).flatMap(VmSession::machine).map(Machine::screen);
            if (surface.isEmpty()) {
                return;
            }
            if (!onConsole.contains(name)) {
                // Some screens are drawn only when somebody takes the damage.
                surface.get().takeDamage();
            }
            Frame frame = surface.get().frame();
            int[] pixels = frame == null ? null : shrink(frame);
            Platform.runLater(() -> image(name).set(pixels == null ? null : picture(pixels)));
        } catch (Failure | IllegalStateException | IndexOutOfBoundsException e) {
            // It ended, or changed its mode, while it was looked at; the next second will tell.
            System.getLogger(Thumbnails.class.getName()).log(System.Logger.Level.DEBUG, "no thumbnail", e);
        }
    }

    /** Each shown pixel is the mean of a few of the guest's, so that text leaves a trace. */
    private static int[] shrink(Frame frame) {
        int[] pixels = new int[WIDTH * HEIGHT];
        int samples = 3;
        for (int y = 0; y < HEIGHT; y++) {
            for (int x = 0; x < WIDTH; x++) {
                int red = 0;
                int green = 0;
                int blue = 0;
                for (int i = 0; i < samples * samples; i++) {
                    long fromX = ((long) x * samples + i % samples) * frame.width() / (WIDTH * samples);
                    long fromY = ((long) y * samples + i / samples) * frame.height() / (HEIGHT * samples);
                    int pixel = frame.pixels().get(PIXEL, fromY * frame.stride() + 4 * fromX);
                    red += pixel >> 16 & 0xFF;
                    green += pixel >> 8 & 0xFF;
                    blue += pixel & 0xFF;
                }
                int n = samples * samples;
                pixels[y * WIDTH + x] = 0xFF000000 | red / n << 16 | green / n << 8 | blue / n;
            }
        }
        return pixels;
    }

    private static Image picture(int[] pixels) {
        WritableImage image = new WritableImage(WIDTH, HEIGHT);
        image.getPixelWriter().setPixels(0, 0, WIDTH, HEIGHT, PixelFormat.getIntArgbInstance(), pixels, 0, WIDTH);
        return image;
    }

    @Override
    public void close() {
        ticker.shutdownNow();
    }
}
