package org.viridian.display.canvas;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.viridian.display.surface.Frame;

/** From guest pixels to the picture that JavaFX uploads, 1920x1080: all of it, and a dirty rectangle of 64x64. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class PixelBenchmark {
    private static final int WIDTH = 1920;
    private static final int HEIGHT = 1080;

    private Arena arena;
    private Frame frame;
    private PixelCopier same;
    private PixelCopier smaller;

    /** A frame, a picture of its size, and one that is three quarters as large. */
    @Setup
    public void makesPictures() {
        arena = Arena.ofShared();
        frame = new Frame(WIDTH, HEIGHT, WIDTH * 4, arena.allocate(4L * WIDTH * HEIGHT));
        same = copier(WIDTH, HEIGHT);
        smaller = copier(WIDTH * 3 / 4, HEIGHT * 3 / 4);
    }

    private PixelCopier copier(int width, int height) {
        MemorySegment picture = arena.allocate(4L * width * height);
        return new PixelCopier(new Layout(WIDTH, HEIGHT, 0, 0, width, height), picture);
    }

    /** Lets the memory go. */
    @TearDown
    public void closes() {
        arena.close();
    }

    /** A full frame at its own size. */
    @Benchmark
    public boolean fullFrame() {
        return same.copy(frame, 0, 0, WIDTH, HEIGHT);
    }

    /** A dirty rectangle at its own size. */
    @Benchmark
    public boolean dirtyRectangle() {
        return same.copy(frame, 640, 480, 64, 64);
    }

    /** A full frame, interpolated. */
    @Benchmark
    public boolean fullFrameScaled() {
        return smaller.copy(frame, 0, 0, WIDTH, HEIGHT);
    }
}
