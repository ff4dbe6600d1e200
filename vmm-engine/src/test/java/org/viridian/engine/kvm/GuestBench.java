package org.viridian.engine.kvm;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.viridian.engine.backend.BackendException;
import org.viridian.engine.backend.BackendPartition;
import org.viridian.engine.backend.PartitionConfig;
import org.viridian.engine.bus.MsrFault;
import org.viridian.engine.clock.VmClock;
import org.viridian.engine.memory.GuestMemory;
import org.viridian.engine.memory.HostPages;
import org.viridian.engine.memory.MemoryRegion;
import org.viridian.engine.processor.ProcessorBus;
import org.viridian.engine.processor.ProcessorState;
import org.viridian.engine.processor.SegmentState;
import org.viridian.engine.processor.VirtualProcessor;

/** One tiny long-mode guest on KVM, and a bus that writes down what it does. */
final class GuestBench implements AutoCloseable {
    static final int CODE = 0x1000;
    static final int GDT = 0x6000;
    static final int IDT = 0x8000;
    static final int HANDLERS = 0xA000;
    static final int PAGE_TABLES = 0x20000;
    static final int STACK = 0x80000;
    private static final int MEMORY = 0x100000;

    private final HostPages pages = HostPages.allocate(MEMORY);
    final GuestMemory memory = new GuestMemory();
    final VmClock clock = new VmClock("bench", new ReentrantLock());
    final BackendPartition partition;
    final VirtualProcessor processor;
    final Log log = new Log();

    GuestBench() throws BackendException {
        this(1);
    }

    /** Room for so many processors; the first is made. */
    GuestBench(int processors) throws BackendException {
        memory.add(new MemoryRegion(0, pages.segment(), MemoryRegion.Kind.RAM));
        partition = new KvmBackend().createPartition(new PartitionConfig("bench", processors, memory, clock));
        processor = partition.createProcessor(0, partition.supportedCpuid());
    }

    /** Puts the program in place and the processor at its start. */
    GuestBench program(Code code) {
        install(memory, code);
        processor.state(start());
        return this;
    }

    static void install(GuestMemory memory, Code code) {
        memory.write(CODE, code.bytes());
        memory.writeLong(PAGE_TABLES, PAGE_TABLES + 0x1003);
        for (int gib = 0; gib < 4; gib++) {
            memory.writeLong(PAGE_TABLES + 0x1000 + 8 * gib, PAGE_TABLES + 0x2003 + 0x1000L * gib);
        }
        for (int page = 0; page < 2048; page++) {
            memory.writeLong(PAGE_TABLES + 0x2000 + 8 * page, (long) page << 21 | 0x83);
        }
        memory.writeLong(GDT + 0x10, 0x00AF_9B00_0000_FFFFL);
        memory.writeLong(GDT + 0x18, 0x00CF_9300_0000_FFFFL);
    }

    /** Sends a vector to code of its own. */
    static void handler(GuestMemory memory, int vector, Code code, int address) {
        memory.write(address, code.bytes());
        memory.writeLong(IDT + 16L * vector, address & 0xFFFFL | 0x10L << 16 | 0x8E00L << 32 | (address & 0xFFFF_0000L) << 32);
        memory.writeLong(IDT + 16L * vector + 8, 0);
    }

    void handler(int vector, Code code, int address) {
        handler(memory, vector, code, address);
    }

    static ProcessorState start() {
        SegmentState data = new SegmentState(0x18, 0, 0xFFFF_FFFF, 0xC093);
        SegmentState[] segments = {data, new SegmentState(0x10, 0, 0xFFFF_FFFF, 0xA09B), data, data, data, data,
            new SegmentState(0, 0, 0, 1 << 16), new SegmentState(0x20, 0, 0x67, 0x8B)};
        long[] gpr = new long[16];
        gpr[4] = STACK;
        return new ProcessorState(gpr, CODE, 2, segments, GDT, 0x2F, IDT, 0xFFF, 0x8000_0011L, 0, PAGE_TABLES, 0x220, 0, 0x500,
                null, null, null);
    }

    VirtualProcessor.Outcome run() {
        return processor.run(log);
    }

    @Override
    public void close() {
        processor.close();
        partition.close();
        clock.close();
        pages.close();
    }

    /** What the guest did, as text in order; reads answer from {@link #answer}. */
    final class Log implements ProcessorBus {
        final List<String> entries = Collections.synchronizedList(new ArrayList<>());
        volatile long answer = 0x1122_3344_5566_7788L;
        volatile Runnable onWrite = () -> { };

        @Override
        public int readPort(int port, int size) {
            entries.add("in %x/%d".formatted(port, size));
            return (int) answer;
        }

        @Override
        public void writePort(int port, int size, int value) {
            if (port == Code.DONE) {
                processor.kick();
                return;
            }
            entries.add("out %x/%d %x".formatted(port, size, value));
            onWrite.run();
        }

        @Override
        public long readMmio(long address, int size) {
            entries.add("load %x/%d".formatted(address, size));
            return answer;
        }

        @Override
        public void writeMmio(long address, int size, long value) {
            entries.add("store %x/%d %x".formatted(address, size, value));
        }

        @Override
        public long readMsr(int msr) throws MsrFault {
            if (msr == 0x400001FF) {
                throw MsrFault.INSTANCE;
            }
            entries.add("rdmsr %x".formatted(msr));
            return answer;
        }

        @Override
        public void writeMsr(int msr, long value) throws MsrFault {
            if (msr == 0x400001FF) {
                throw MsrFault.INSTANCE;
            }
            entries.add("wrmsr %x %x".formatted(msr, value));
        }
    }
}
