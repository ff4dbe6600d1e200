package org.viridian.engine.hyperv;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import org.viridian.engine.backend.Backend;
import org.viridian.engine.backend.BackendException;
import org.viridian.engine.backend.BackendPartition;
import org.viridian.engine.backend.PartitionConfig;
import org.viridian.engine.interrupt.InterruptFabric;
import org.viridian.engine.memory.GuestMemory;
import org.viridian.engine.memory.MemoryRegion;
import org.viridian.engine.partition.Partition;
import org.viridian.engine.processor.CpuidEntry;
import org.viridian.engine.processor.ProcessorBus;
import org.viridian.engine.processor.ProcessorState;
import org.viridian.engine.processor.VirtualProcessor;

/** A partition of two processors and 1 MiB of RAM whose backend executes nothing and writes down what it is told. */
final class FakeMachine implements AutoCloseable {
    static final int PROCESSORS = 2;
    static final long RAM = 1 << 20;
    static final long TSC_FREQUENCY = 2_500_000_000L;

    /** An interrupt that reached a local APIC. */
    record Interrupt(int apic, int vector) {}

    final FakeBackend backend = new FakeBackend();
    final Partition partition;
    final GuestMemory memory;
    final HypervisorInterface hypervisor;
    final List<Interrupt> interrupts = new ArrayList<>();
    final Map<Integer, Runnable> doorbells = new HashMap<>();
    boolean refuseInterrupts;
    boolean invariant = true;
    boolean offersDoorbells;

    FakeMachine() {
        try {
            partition = new Partition("fake", PROCESSORS, backend);
            memory = partition.memory();
            memory.add(new MemoryRegion(0, Arena.ofAuto().allocate(RAM, 4096), MemoryRegion.Kind.RAM));
            hypervisor = new HypervisorInterface(partition, PROCESSORS);
            partition.createProcessors(PROCESSORS, hypervisor.cpuid());
        } catch (BackendException e) {
            throw new AssertionError(e);
        }
    }

    FakeProcessor processor(int vp) {
        return (FakeProcessor) partition.processor(vp);
    }

    /** IN of 4 bytes from the hypercall port, as the page's code does it. */
    long hypercall(long rcx, long rdx, long r8) {
        FakeProcessor vp = processor(0);
        vp.registers[1] = rcx;
        vp.registers[2] = rdx;
        vp.registers[8] = r8;
        return partition.ports().read(0, HypercallPage.CALL_PORT, 4) & 0xFFFF_FFFFL;
    }

    MemorySegment view(long address, long size) {
        return memory.slice(address, size);
    }

    @Override
    public void close() {
        partition.close();
    }

    final class FakeBackend implements Backend, BackendPartition, InterruptFabric {
        @Override
        public String name() {
            return "fake";
        }

        @Override
        public BackendPartition createPartition(PartitionConfig config) {
            return this;
        }

        @Override
        public List<CpuidEntry> supportedCpuid() {
            return List.of(
                    new CpuidEntry(0, CpuidEntry.ANY_SUBLEAF, 1, 2, 3, 4),
                    new CpuidEntry(1, CpuidEntry.ANY_SUBLEAF, 0x100, 0, 5, 6),
                    new CpuidEntry(0x4000_0100, CpuidEntry.ANY_SUBLEAF, 1, 1, 1, 1),
                    new CpuidEntry(0x8000_0007, CpuidEntry.ANY_SUBLEAF, 0, 0, 0, 0));
        }

        @Override
        public VirtualProcessor createProcessor(int index, List<CpuidEntry> cpuid) {
            return new FakeProcessor(index);
        }

        @Override
        public InterruptFabric interrupts() {
            return this;
        }

        @Override
        public long timestampFrequency() {
            return TSC_FREQUENCY;
        }

        @Override
        public long apicFrequency() {
            return 1_000_000_000;
        }

        @Override
        public boolean invariantTimestamp() {
            return invariant;
        }

        @Override
        public Optional<AutoCloseable> doorbell(int port, int value, Runnable action) {
            if (!offersDoorbells) {
                return Optional.empty();
            }
            doorbells.put(value, action);
            return Optional.of(() -> doorbells.remove(value));
        }

        @Override
        public boolean deliver(long address, int data) {
            if (!refuseInterrupts) {
                interrupts.add(new Interrupt((int) (address >> 12 & 0xFF), data));
            }
            return !refuseInterrupts;
        }

        @Override
        public void externalInterrupt(boolean asserted) {}

        @Override
        public void externalInterruptSource(ExternalInterruptSource source) {}

        @Override
        public void endOfInterruptListener(EndOfInterruptListener listener) {}

        @Override
        public void routeIoApicPin(int pin, boolean masked, long address, int data) {}

        @Override
        public void close() {}
    }

    /** Registers and a TSC that the test moves. */
    static final class FakeProcessor implements VirtualProcessor {
        final long[] registers = new long[16];
        final int index;
        long timestamp;
        boolean longMode = true;
        int privilege;

        FakeProcessor(int index) {
            this.index = index;
        }

        @Override
        public int index() {
            return index;
        }

        private final Semaphore kicks = new Semaphore(0);

        @Override
        public Outcome run(ProcessorBus bus) {
            kicks.acquireUninterruptibly();
            kicks.drainPermits();
            return Outcome.KICKED;
        }

        @Override
        public void kick() {
            kicks.release();
        }

        @Override
        public String failure() {
            return "";
        }

        @Override
        public long register(int number) {
            return registers[number];
        }

        @Override
        public void register(int number, long value) {
            registers[number] = value;
        }

        @Override
        public long rip() {
            return 0;
        }

        @Override
        public ProcessorState state() {
            throw new UnsupportedOperationException();
        }

        @Override
        public void state(ProcessorState state) {}

        @Override
        public void reset() {
            timestamp = 0;
        }

        @Override
        public long timestampCounter() {
            return timestamp;
        }

        @Override
        public boolean inLongMode() {
            return longMode;
        }

        @Override
        public int privilegeLevel() {
            return privilege;
        }

        @Override
        public long instructions() {
            return -1;
        }

        @Override
        public void close() {}
    }
}
