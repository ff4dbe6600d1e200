package org.viridian.engine.kvm;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.viridian.engine.backend.BackendException;
import org.viridian.engine.backend.BackendPartition;
import org.viridian.engine.backend.PartitionConfig;
import org.viridian.engine.firmware.BoardMap;
import org.viridian.engine.interrupt.InterruptFabric;
import org.viridian.engine.processor.CpuidEntry;
import org.viridian.engine.processor.VirtualProcessor;

/** A VM in KVM. Thread rule: made and closed by its owner; processors and interrupts as their interfaces say. */
final class KvmPartition implements BackendPartition {
    /** Four pages that VT-x without real-mode support needs: one of page tables, then three of a task state. */
    private static final long IDENTITY_MAP = BoardMap.KVM_PAGES;
    private static final long TSS = IDENTITY_MAP + 0x1000;
    private static final int SYNTHETIC_MSR_FIRST = 0x4000_0000;
    private static final int SYNTHETIC_MSR_COUNT = 0x200;
    /** KVM's APIC bus runs at this rate. */
    private static final long APIC_HZ = 1_000_000_000L;

    private final int vm;
    private final PartitionConfig config;
    private final List<CpuidEntry> supported;
    private final boolean invariant;
    private final int runAreaSize;
    private final int[] listedMsrs;
    private final KvmMemory memory;
    private final KvmInterrupts interrupts;
    private final Doorbells doorbells;
    private final List<KvmProcessor> processors = new ArrayList<>();
    private long timestampHz;
    private boolean closed;

    /** @param vm the VM's descriptor, owned from now on */
    KvmPartition(int vm, PartitionConfig config, KvmDevice device) {
        this.vm = vm;
        this.config = config;
        List<CpuidEntry> all = device.supportedCpuid();
        this.supported = KvmCpuid.offered(all, device.capability(KvmAbi.CAP_TSC_DEADLINE_TIMER) != 0);
        this.invariant = KvmCpuid.invariantTimestamp(all);
        this.runAreaSize = device.runAreaSize();
        this.listedMsrs = device.listedMsrs();
        this.memory = new KvmMemory(vm, device.capability(KvmAbi.CAP_READONLY_MEM) != 0);
        this.interrupts = new KvmInterrupts(vm);
        this.doorbells = new Doorbells(vm, config.name());
        this.timestampHz = Libc.ioctl(vm, KvmAbi.GET_TSC_KHZ, 0) * 1000L;
        if (timestampHz <= 0) {
            timestampHz = frequencyOfProbe(device);
        }
    }

    /** Older kernels tell the frequency only of a processor; one in a VM of its own is asked. */
    private static long frequencyOfProbe(KvmDevice device) {
        int probe = device.createVm();
        if (probe < 0) {
            throw new IllegalStateException("KVM refused a second VM (error %d)".formatted(Libc.errno()));
        }
        try {
            int processor = Libc.ioctl(probe, KvmAbi.CREATE_VCPU, 0);
            int khz = processor < 0 ? -1 : Libc.ioctl(processor, KvmAbi.GET_TSC_KHZ, 0);
            if (processor >= 0) {
                Libc.close(processor);
            }
            if (khz <= 0) {
                throw new IllegalStateException("KVM does not tell the frequency of the TSC");
            }
            return khz * 1000L;
        } finally {
            Libc.close(probe);
        }
    }

    /** What must be in place before the first processor. */
    void prepare() throws BackendException {
        try (Arena arena = Arena.ofConfined()) {
            // Only some Intel processors use these; others accept or ignore them, so the result does not matter.
            Libc.ioctl(vm, KvmAbi.SET_IDENTITY_MAP_ADDR, arena.allocateFrom(ValueLayout.JAVA_LONG, IDENTITY_MAP).address());
            Libc.ioctl(vm, KvmAbi.SET_TSS_ADDR, TSS);
            enable(arena, KvmAbi.CAP_SPLIT_IRQCHIP, KvmInterrupts.PINS, "interrupt controllers outside the kernel");
            enable(arena, KvmAbi.CAP_X86_USER_SPACE_MSR, KvmAbi.MSR_EXIT_REASON_FILTER, "MSR exits");
            filterMsrs(arena);
        }
        config.memory().addListener(memory);
    }

    private void enable(Arena arena, int capability, long argument, String what) throws BackendException {
        MemorySegment request = arena.allocate(KvmAbi.ENABLE_CAP_SIZE, 8);
        request.set(ValueLayout.JAVA_INT, 0, capability);
        request.set(ValueLayout.JAVA_LONG, KvmAbi.ENABLE_CAP_ARGS, argument);
        if (Libc.ioctl(vm, KvmAbi.ENABLE_CAP, request.address()) < 0) {
            throw new BackendException("KVM refused %s (error %d).".formatted(what, Libc.errno()));
        }
    }

    /** The synthetic MSRs exit, also on a KVM that would answer them itself. */
    private void filterMsrs(Arena arena) throws BackendException {
        MemorySegment denied = arena.allocate(SYNTHETIC_MSR_COUNT / 8, 8);
        MemorySegment filter = arena.allocate(KvmAbi.MSR_FILTER_SIZE, 8);
        long range = KvmAbi.MSR_FILTER_RANGES;
        filter.set(ValueLayout.JAVA_INT, range, KvmAbi.MSR_FILTER_READ_WRITE);
        filter.set(ValueLayout.JAVA_INT, range + KvmAbi.MSR_RANGE_COUNT, SYNTHETIC_MSR_COUNT);
        filter.set(ValueLayout.JAVA_INT, range + KvmAbi.MSR_RANGE_BASE, SYNTHETIC_MSR_FIRST);
        filter.set(ValueLayout.JAVA_LONG, range + KvmAbi.MSR_RANGE_BITMAP, denied.address());
        if (Libc.ioctl(vm, KvmAbi.X86_SET_MSR_FILTER, filter.address()) < 0) {
            throw new BackendException("KVM refused the filter of the synthetic MSRs (error %d).".formatted(Libc.errno()));
        }
    }

    @Override
    public List<CpuidEntry> supportedCpuid() {
        return supported;
    }

    @Override
    public VirtualProcessor createProcessor(int index, List<CpuidEntry> cpuid) throws BackendException {
        int fd = Libc.ioctl(vm, KvmAbi.CREATE_VCPU, index);
        if (fd < 0) {
            throw new BackendException("KVM refused processor %d (error %d).".formatted(index, Libc.errno()));
        }
        long address = -1;
        try (Arena arena = Arena.ofConfined()) {
            List<CpuidEntry> own = KvmCpuid.forProcessor(cpuid, index, config.processors());
            MemorySegment table = arena.allocate(KvmAbi.CPUID_HEADER + (long) own.size() * KvmAbi.CPUID_ENTRY_SIZE, 8);
            KvmCpuid.encode(own, table);
            if (Libc.ioctl(fd, KvmAbi.SET_CPUID2, table.address()) < 0) {
                throw new BackendException("KVM refused the CPUID table (error %d).".formatted(Libc.errno()));
            }
            address = Libc.mapShared(fd, runAreaSize);
            if (address == -1) {
                throw new BackendException("The area shared with KVM cannot be mapped (error %d).".formatted(Libc.errno()));
            }
            KvmProcessor processor = new KvmProcessor(index, fd, address, runAreaSize, listedMsrs, timestampHz, interrupts);
            processors.add(processor);
            if (index == 0) {
                interrupts.bootProcessor(processor);
            }
            return processor;
        } catch (BackendException | RuntimeException refused) {
            if (address != -1) {
                Libc.munmap(address, runAreaSize);
            }
            Libc.close(fd);
            throw refused;
        }
    }

    @Override
    public InterruptFabric interrupts() {
        return interrupts;
    }

    @Override
    public long timestampFrequency() {
        return timestampHz;
    }

    @Override
    public long apicFrequency() {
        return APIC_HZ;
    }

    @Override
    public boolean invariantTimestamp() {
        return invariant;
    }

    @Override
    public Optional<AutoCloseable> doorbell(int port, int value, Runnable action) {
        return doorbells.add(port, value, action);
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        doorbells.close();
        processors.forEach(KvmProcessor::close);
        interrupts.close();
        memory.close();
        Libc.close(vm);
    }
}
