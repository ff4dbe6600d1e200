package org.viridian.app.ui.view;

import java.io.ByteArrayInputStream;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import javafx.scene.image.Image;
import javafx.scene.image.PixelFormat;
import org.viridian.app.library.VmSession;
import org.viridian.app.text.Failure;
import org.viridian.display.surface.Frame;
import org.viridian.display.surface.Surface;

/** The screen of a VM in another process, as pictures asked for once a second. */
final class RemoteScreen implements Surface, AutoCloseable {
    private final VmSession session;
    private final ScheduledExecutorService ticker = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("remote-screen").factory());
    private volatile Frame frame;
    private volatile boolean damaged;
    private volatile Runnable wakeUp = () -> {};

    RemoteScreen(VmSession session) {
        this.session = session;
        ticker.scheduleWithFixedDelay(this::take, 0, 1, TimeUnit.SECONDS);
    }

    private void take() {
        try {
            Image image = new Image(new ByteArrayInputStream(session.screenshot()));
            if (!image.isError()) {
                int width = (int) image.getWidth();
                int height = (int) image.getHeight();
                int[] pixels = new int[width * height];
                image.getPixelReader().getPixels(0, 0, width, height, PixelFormat.getIntArgbInstance(), pixels, 0, width);
                frame = new Frame(width, height, 4 * width, MemorySegment.ofArray(pixels));
                damaged = true;
            }
        } catch (Failure e) {
            frame = null;
        }
        wakeUp.run();
    }

    @Override
    public Frame frame() {
        return frame;
    }

    @Override
    public Rect takeDamage() {
        Frame now = frame;
        if (!damaged || now == null) {
            return null;
        }
        damaged = false;
        return new Rect(0, 0, now.width(), now.height());
    }

    @Override
    public void onDamage(Runnable action) {
        wakeUp = action;
    }

    @Override
    public void close() {
        ticker.shutdownNow();
    }
}
