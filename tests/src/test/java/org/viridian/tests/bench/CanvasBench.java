package org.viridian.tests.bench;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.lang.management.ThreadMXBean;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;
import javafx.application.Platform;
import javafx.geometry.Rectangle2D;
import javafx.scene.Scene;
import javafx.scene.layout.StackPane;
import javafx.stage.Screen;
import javafx.stage.Stage;
import javafx.stage.StageStyle;
import org.viridian.display.canvas.Scaling;
import org.viridian.display.canvas.SurfaceView;
import org.viridian.display.surface.Frame;
import org.viridian.display.surface.Surface;

/**
 * Frames per second of the console's canvas and the host processor time it takes, for a guest that draws 60 times a
 * second: the whole of a 1920×1080 screen, a 64×64 square of it, and nothing. The time of the drawing guest itself is not
 * counted. Run by {@code tests/bench/figures canvas}.
 */
public final class CanvasBench {
    private static final int WIDTH = 1920;
    private static final int HEIGHT = 1080;
    private static final long FRAME_NANOS = 1_000_000_000L / 60;
    private static final int WARM_UP_SECONDS = 4;
    private static final int SECONDS = Integer.getInteger("viridian.bench.seconds", 8);

    private CanvasBench() {}

    /** Prints one line a case. */
    public static void main(String[] arguments) throws Exception {
        CountDownLatch ready = new CountDownLatch(1);
        Drawn surface = new Drawn();
        SurfaceView[] made = new SurfaceView[1];
        Platform.startup(() -> {
            SurfaceView view = new SurfaceView();
            made[0] = view;
            Stage stage = new Stage(StageStyle.UNDECORATED);
            Rectangle2D room = Screen.getPrimary().getBounds();
            view.scalingProperty().set(Scaling.NATIVE);
            view.setSurface(surface);
            stage.setScene(new Scene(new StackPane(view), Math.min(WIDTH, room.getWidth() - 4),
                    Math.min(HEIGHT, room.getHeight() - 4)));
            stage.show();
            ready.countDown();
        });
        ready.await();
        SurfaceView view = made[0];
        System.out.printf("screen %.0fx%.0f, picture %dx%d 1:1, pipeline %s, platform %s%n",
                Screen.getPrimary().getBounds().getWidth(), Screen.getPrimary().getBounds().getHeight(), WIDTH, HEIGHT,
                System.getProperty("prism.order", "default"), System.getProperty("glass.platform", "gtk"));
        measure("full frame", view, surface, WIDTH, HEIGHT);
        measure("64x64", view, surface, 64, 64);
        measure("nothing", view, surface, 0, 0);
        System.exit(0);
    }

    private static void measure(String name, SurfaceView view, Drawn surface, int width, int height) {
        draw(surface, width, height, WARM_UP_SECONDS);
        long frames = view.drawnFrames();
        long busy = windowNanos();
        long begin = System.nanoTime();
        long drawn = draw(surface, width, height, SECONDS);
        double seconds = (System.nanoTime() - begin) / 1e9;
        System.out.printf("%-10s  guest %5.1f frames/s  shown %5.1f frames/s  %5.1f %% of one core%n", name, drawn / seconds,
                (view.drawnFrames() - frames) / seconds, 100 * (windowNanos() - busy) / 1e9 / seconds);
    }

    private static long draw(Drawn surface, int width, int height, int seconds) {
        long end = System.nanoTime() + seconds * 1_000_000_000L;
        long next = System.nanoTime();
        long count = 0;
        while (System.nanoTime() < end) {
            if (width > 0) {
                surface.draw((int) (count * 7 % (WIDTH - width + 1)), (int) (count * 5 % (HEIGHT - height + 1)), width, height,
                        (int) count * 0x010305);
                count++;
            }
            next += FRAME_NANOS;
            LockSupport.parkNanos(next - System.nanoTime());
        }
        return count;
    }

    /** Processor time of the threads that a window has. */
    private static long windowNanos() {
        ThreadMXBean threads = ManagementFactory.getThreadMXBean();
        long sum = 0;
        for (ThreadInfo thread : threads.getThreadInfo(threads.getAllThreadIds())) {
            if (thread != null && (thread.getThreadName().contains("JavaFX") || thread.getThreadName().contains("Quantum")
                    || thread.getThreadName().contains("Prism") || thread.getThreadName().contains("Headless"))) {
                sum += Math.max(0, threads.getThreadCpuTime(thread.getThreadId()));
            }
        }
        return sum;
    }

    /** A guest's screen. */
    private static final class Drawn implements Surface {
        private final MemorySegment pixels = Arena.ofAuto().allocate(4L * WIDTH * HEIGHT, 8);
        private final Frame frame = new Frame(WIDTH, HEIGHT, 4 * WIDTH, pixels);
        private Rect damage = new Rect(0, 0, WIDTH, HEIGHT);
        private Runnable wakeUp = () -> {};

        void draw(int left, int top, int width, int height, int colour) {
            for (int y = top; y < top + height; y++) {
                for (int x = left; x < left + width; x++) {
                    pixels.setAtIndex(ValueLayout.JAVA_INT, (long) y * WIDTH + x, colour + x & 0xFFFFFF);
                }
            }
            Runnable wake = null;
            synchronized (this) {
                Rect rect = new Rect(left, top, width, height);
                if (damage == null) {
                    wake = wakeUp;
                    damage = rect;
                } else {
                    damage = damage.union(rect);
                }
            }
            if (wake != null) {
                wake.run();
            }
        }

        @Override
        public Frame frame() {
            return frame;
        }

        @Override
        public synchronized Rect takeDamage() {
            Rect taken = damage;
            damage = null;
            return taken;
        }

        @Override
        public synchronized void onDamage(Runnable action) {
            wakeUp = action;
        }
    }
}
