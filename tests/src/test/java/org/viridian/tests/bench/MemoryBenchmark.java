package org.viridian.tests.bench;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.viridian.engine.memory.GuestMemory;
import org.viridian.engine.memory.HostPages;
import org.viridian.engine.memory.MemoryRegion;

/** Guest memory as devices use it: single values at addresses that the guest chooses, pages as a whole. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class MemoryBenchmark {
    private static final long SIZE = 64L << 20;
    private static final long STRIDE = 0x9E37_79B9L;

    private final byte[] page = new byte[GuestMemory.PAGE_SIZE];
    private HostPages pages;
    private GuestMemory memory;
    private long address;

    /** 64 MiB in two regions, as below and above 4 GiB. */
    @Setup
    public void makesMemory() {
        pages = HostPages.allocate(SIZE);
        memory = new GuestMemory();
        memory.add(new MemoryRegion(0, pages.segment().asSlice(0, SIZE / 2), MemoryRegion.Kind.RAM));
        memory.add(new MemoryRegion(1L << 32, pages.segment().asSlice(SIZE / 2), MemoryRegion.Kind.RAM));
    }

    /** Gives the memory back. */
    @TearDown
    public void closes() {
        pages.close();
    }

    private long next() {
        address = address + STRIDE & SIZE / 2 - 1 & ~7L;
        return address;
    }

    /** A long from low memory. */
    @Benchmark
    public long readsLow() {
        return memory.readLong(next());
    }

    /** A long from high memory. */
    @Benchmark
    public long readsHigh() {
        return memory.readLong(1L << 32 | next());
    }

    /** A long to low memory. */
    @Benchmark
    public void writesLow() {
        memory.writeLong(next(), address);
    }

    /** A page from low memory. */
    @Benchmark
    public byte[] readsPage() {
        memory.read(next() & -GuestMemory.PAGE_SIZE, page, 0, page.length);
        return page;
    }
}
