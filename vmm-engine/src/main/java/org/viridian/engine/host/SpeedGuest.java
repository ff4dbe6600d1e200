package org.viridian.engine.host;

import java.util.concurrent.locks.ReentrantLock;
import org.viridian.engine.backend.BackendException;
import org.viridian.engine.backend.BackendPartition;
import org.viridian.engine.backend.PartitionConfig;
import org.viridian.engine.bus.MsrFault;
import org.viridian.engine.clock.VmClock;
import org.viridian.engine.kvm.KvmBackend;
import org.viridian.engine.memory.GuestMemory;
import org.viridian.engine.memory.HostPages;
import org.viridian.engine.memory.MemoryRegion;
import org.viridian.engine.processor.ProcessorBus;
import org.viridian.engine.processor.ProcessorState;
import org.viridian.engine.processor.SegmentState;
import org.viridian.engine.processor.VirtualProcessor;

/**
 * A guest of fifteen bytes that counts down in long mode between two port writes, in ring 0 and in ring 3. A KVM that
 * interprets kernel code still runs user code on the processor, so the ratio of the two tells it apart from a host that is
 * merely slow or busy.
 */
final class SpeedGuest {
    private static final int PORT = 0xE0;
    private static final int SIZE = 0x8000;
    private static final int CODE = 0x1000;
    private static final int PAGE_TABLES = 0x2000;
    private static final int LOOPS = 100_000;
    private static final int INSTRUCTIONS_A_LOOP = 2;
    /** The best of so many passes counts: another process may have had the processor during the others. */
    private static final int PASSES = 4;
    private static final int IOPL_3 = 3 << 12;
    private static final long TIME_LIMIT_NANOS = 2_000_000_000L;

    /** out 0xE0,al; mov ecx,LOOPS; l: dec ecx; jnz l; out 0xE0,al; jmp $. */
    private static final byte[] PROGRAM = {
        (byte) 0xE6, (byte) PORT,
        (byte) 0xB9, (byte) LOOPS, (byte) (LOOPS >> 8), (byte) (LOOPS >> 16), 0,
        (byte) 0xFF, (byte) 0xC9, 0x75, (byte) 0xFC,
        (byte) 0xE6, (byte) PORT, (byte) 0xEB, (byte) 0xFE,
    };

    private SpeedGuest() {}

    /**
     * Instructions per second.
     *
     * @param kernel in ring 0
     * @param user in ring 3
     */
    record Speed(long kernel, long user) {}

    static Speed measure() throws BackendException {
        ReentrantLock lock = new ReentrantLock();
        try (HostPages pages = HostPages.allocate(SIZE); VmClock clock = new VmClock("probe", lock)) {
            GuestMemory memory = new GuestMemory();
            memory.add(new MemoryRegion(0, pages.segment(), MemoryRegion.Kind.RAM));
            memory.write(CODE, PROGRAM);
            memory.writeLong(PAGE_TABLES, PAGE_TABLES + 0x1007);
            memory.writeLong(PAGE_TABLES + 0x1000, PAGE_TABLES + 0x2007);
            memory.writeLong(PAGE_TABLES + 0x2000, 0x87);
            try (BackendPartition partition = new KvmBackend().createPartition(new PartitionConfig("probe", 1, memory, clock));
                    VirtualProcessor processor = partition.createProcessor(0, partition.supportedCpuid())) {
                return new Speed(best(processor, 0), best(processor, 3));
            }
        }
    }

    private static long best(VirtualProcessor processor, int ring) {
        long nanos = Long.MAX_VALUE;
        for (int pass = 0; pass < PASSES; pass++) {
            processor.state(longMode(ring));
            nanos = Math.min(nanos, time(processor));
        }
        return INSTRUCTIONS_A_LOOP * (long) LOOPS * 1_000_000_000L / Math.max(1, nanos);
    }

    private static long time(VirtualProcessor processor) {
        Stopwatch watch = new Stopwatch(processor);
        Thread guard = Thread.ofVirtual().start(() -> watch.giveUp(TIME_LIMIT_NANOS));
        VirtualProcessor.Outcome outcome = processor.run(watch);
        guard.interrupt();
        if (outcome != VirtualProcessor.Outcome.KICKED || watch.stop == 0) {
            throw new IllegalStateException(outcome == VirtualProcessor.Outcome.FAILED ? processor.failure()
                    : "The probe guest in KVM did not finish: " + outcome + ".");
        }
        return watch.stop - watch.start;
    }

    private static ProcessorState longMode(int ring) {
        int privilege = ring << 5;
        SegmentState data = new SegmentState(0x18 | ring, 0, 0xFFFF_FFFF, 0xC093 | privilege);
        SegmentState[] segments = {data, new SegmentState(0x10 | ring, 0, 0xFFFF_FFFF, 0xA09B | privilege), data, data, data, data,
            new SegmentState(0, 0, 0, 1 << 16), new SegmentState(0x20, 0, 0x67, 0x8B)};
        return new ProcessorState(new long[16], CODE, 2 | IOPL_3, segments, 0, 0, 0, 0, 0x8000_0011L, 0, PAGE_TABLES, 0x20, 0, 0x500,
                null, null, null);
    }

    private static final class Stopwatch implements ProcessorBus {
        private final VirtualProcessor processor;
        private long start;
        private long stop;

        Stopwatch(VirtualProcessor processor) {
            this.processor = processor;
        }

        void giveUp(long nanos) {
            try {
                Thread.sleep(java.time.Duration.ofNanos(nanos));
                processor.kick();
            } catch (InterruptedException finished) {
                // The guest was quick enough.
            }
        }

        @Override
        public void writePort(int port, int size, int value) {
            if (start == 0) {
                start = System.nanoTime();
            } else if (stop == 0) {
                stop = System.nanoTime();
                processor.kick();
            }
        }

        @Override
        public int readPort(int port, int size) {
            return -1;
        }

        @Override
        public long readMmio(long address, int size) {
            return -1;
        }

        @Override
        public void writeMmio(long address, int size, long value) {
            // No device.
        }

        @Override
        public long readMsr(int msr) throws MsrFault {
            throw MsrFault.INSTANCE;
        }

        @Override
        public void writeMsr(int msr, long value) throws MsrFault {
            throw MsrFault.INSTANCE;
        }
    }
}
