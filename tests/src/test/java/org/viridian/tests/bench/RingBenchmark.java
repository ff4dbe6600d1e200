package org.viridian.tests.bench;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.viridian.engine.memory.GuestMemory;
import org.viridian.engine.memory.HostPages;
import org.viridian.engine.memory.MemoryRegion;
import org.viridian.vmbus.channel.Packet;
import org.viridian.vmbus.channel.ProtocolViolation;
import org.viridian.vmbus.ring.RingMemory;
import org.viridian.vmbus.ring.RingReader;
import org.viridian.vmbus.ring.RingWriter;

/**
 * One ring in guest memory, written and read by one thread: what a packet costs beside the bare copy of its bytes in and
 * out of the same memory.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class RingBenchmark {
    private static final int RING_PAGES = 65;
    private static final int LARGE = 64 << 10;
    private static final int SMALL = 64;
    private static final int BATCH = 16;

    private final byte[] large = new byte[LARGE];
    private final byte[] largeBack = new byte[LARGE];
    private final byte[] small = new byte[SMALL];
    private HostPages pages;
    private MemorySegment segment;
    private RingWriter writer;
    private RingReader reader;

    /** A ring whose pages lie in no order, as a guest's do. */
    @Setup
    public void makesARing() throws ProtocolViolation {
        pages = HostPages.allocate(1 << 20);
        segment = pages.segment();
        GuestMemory memory = new GuestMemory();
        memory.add(new MemoryRegion(0, segment, MemoryRegion.Kind.RAM));
        long[] numbers = new long[RING_PAGES];
        for (int i = 0; i < RING_PAGES; i++) {
            numbers[i] = 1 + i * 67L % 255;
        }
        RingMemory ring = new RingMemory(memory, numbers);
        writer = new RingWriter(ring);
        reader = new RingReader(ring, memory);
    }

    /** Gives the memory back. */
    @TearDown
    public void closes() {
        pages.close();
    }

    /** 64 KiB through the ring: bytes a second are 65536 / score. */
    @Benchmark
    public Packet largePacket() throws ProtocolViolation {
        writer.write(Packet.IN_BAND, 1, large);
        Packet packet = reader.next();
        reader.publish();
        return packet;
    }

    /** The same bytes by MemorySegment.copy, in and out, without a ring. */
    @Benchmark
    public byte[] largeCopy() {
        MemorySegment.copy(large, 0, segment, ValueLayout.JAVA_BYTE, 4096, LARGE);
        MemorySegment.copy(segment, ValueLayout.JAVA_BYTE, 4096, largeBack, 0, LARGE);
        return largeBack;
    }

    /** A packet of 64 bytes, in batches as a busy channel has them. */
    @Benchmark
    @OperationsPerInvocation(BATCH)
    public int smallPackets() throws ProtocolViolation {
        for (int i = 0; i < BATCH; i++) {
            writer.write(Packet.IN_BAND, i, small);
        }
        int bytes = 0;
        for (int i = 0; i < BATCH; i++) {
            bytes += reader.next().payload().length;
        }
        reader.publish();
        return bytes;
    }
}
