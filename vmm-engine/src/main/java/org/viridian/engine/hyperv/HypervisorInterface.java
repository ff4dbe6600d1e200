package org.viridian.engine.hyperv;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.viridian.engine.backend.BackendPartition;
import org.viridian.engine.bus.MsrFault;
import org.viridian.engine.bus.MsrHandler;
import org.viridian.engine.device.Counter;
import org.viridian.engine.memory.GuestMemory;
import org.viridian.engine.partition.Partition;
import org.viridian.engine.partition.PartitionListener;
import org.viridian.engine.processor.CpuidEntry;

/**
 * The Hyper-V hypervisor interface of one VM (Hypervisor Top-Level Functional Specification), over either backend:
 * CPUID leaves, synthetic MSRs, hypercalls, synthetic interrupt controllers, reference time and crash report. Registers
 * whose feature bit is not offered raise #GP; the VP assist page is accepted and unused, for Linux sets it unasked.
 *
 * <p>Make it before the partition's processors and give them {@link #cpuid()}. It claims the MSRs and the hypercall
 * ports of its partition and resets itself with it.
 *
 * <p>Thread rule: MSRs on each processor's thread; {@link #save} and {@link #restore} with the processors stopped; the
 * rest from any thread.
 */
public final class HypervisorInterface implements MsrHandler {
    private final Partition partition;
    private final BackendPartition backend;
    private final Synic synic;
    private final Hypercalls hypercalls;

    /** Guards the registers that all processors share. */
    private final ReentrantLock lock = new ReentrantLock();
    private final HypercallPage hypercallPage;
    private final ReferenceTime referenceTime;
    private final CrashRegisters crash;
    private long guestOsId;
    private volatile long hypercall;
    private long invariantControl;

    /** Each element is touched by its own processor's thread. */
    private final long[] assistPages;

    /**
     * @param partition whose guest sees the interface
     * @param processorCount virtual processors it has or will have
     */
    public HypervisorInterface(Partition partition, int processorCount) {
        GuestMemory memory = partition.memory();
        this.partition = partition;
        this.backend = partition.backend();
        this.synic = new Synic(backend, memory, partition.clock(), processorCount);
        this.hypercallPage = new HypercallPage(memory);
        this.referenceTime = new ReferenceTime(memory, backend.timestampFrequency(), partition.clock()::nanoTime);
        this.crash = new CrashRegisters(memory, partition);
        this.assistPages = new long[processorCount];
        this.hypercalls = new Hypercalls(partition, synic, () -> (hypercall & SyntheticMsr.ENABLE) != 0);
        partition.msrHandler(this);
        partition.addListener(new PartitionListener() {
            @Override
            public void reset(String reason) {
                HypervisorInterface.this.reset();
            }
        });
    }

    /** The CPUID table for the processors: what the backend supports, the hypervisor bit and the hypervisor's leaves. */
    public List<CpuidEntry> cpuid() {
        return HypervisorCpuid.table(backend, synic.processorCount());
    }

    /** The host's end of messages and events. */
    public SynicHost synic() {
        return synic;
    }

    /** Hypercalls, messages and events so far. */
    public List<Counter> counters() {
        List<Counter> counters = new ArrayList<>(hypercalls.counters());
        counters.addAll(synic.counters());
        return List.copyOf(counters);
    }

    /** MSR 0x40000000: what the guest says it is, 0 before it has. */
    public long guestOsId() {
        lock.lock();
        try {
            return guestOsId;
        } finally {
            lock.unlock();
        }
    }

    /** The reference time a processor reads now, 100 ns. */
    public long referenceTime(int vp) {
        return referenceTime.at(partition.processor(vp).timestampCounter());
    }

    @Override
    public long read(int vp, int msr) throws MsrFault {
        if (msr >= SyntheticMsr.SCONTROL && msr <= SyntheticMsr.SINT15) {
            return synic.processor(vp).read(msr);
        }
        return switch (msr) {
            case SyntheticMsr.VP_INDEX -> vp;
            case SyntheticMsr.TIME_REF_COUNT -> referenceTime(vp);
            case SyntheticMsr.TSC_FREQUENCY -> backend.timestampFrequency();
            case SyntheticMsr.APIC_FREQUENCY -> backend.apicFrequency();
            case SyntheticMsr.VP_ASSIST_PAGE -> assistPages[vp];
            default -> {
                lock.lock();
                try {
                    yield readShared(msr);
                } finally {
                    lock.unlock();
                }
            }
        };
    }

    private long readShared(int msr) throws MsrFault {
        return switch (msr) {
            case SyntheticMsr.GUEST_OS_ID -> guestOsId;
            case SyntheticMsr.HYPERCALL -> hypercall;
            case SyntheticMsr.RESET -> 0;
            case SyntheticMsr.REFERENCE_TSC -> referenceTime.register();
            case SyntheticMsr.CRASH_CTL -> crash.control();
            case SyntheticMsr.TSC_INVARIANT_CONTROL -> {
                requireInvariantTimestamp();
                yield invariantControl;
            }
            default -> crash.parameter(crashParameter(msr));
        };
    }

    @Override
    public void write(int vp, int msr, long value) throws MsrFault {
        if (msr >= SyntheticMsr.SCONTROL && msr <= SyntheticMsr.SINT15) {
            synic.processor(vp).write(msr, value);
            return;
        }
        if (msr == SyntheticMsr.VP_ASSIST_PAGE) {
            assistPages[vp] = value;
            return;
        }
        lock.lock();
        try {
            writeShared(vp, msr, value);
        } finally {
            lock.unlock();
        }
    }

    private void writeShared(int vp, int msr, long value) throws MsrFault {
        switch (msr) {
            case SyntheticMsr.GUEST_OS_ID -> {
                guestOsId = value;
                if (value == 0) {
                    hypercall &= ~SyntheticMsr.ENABLE;
                    hypercallPage.hide();
                }
            }
            case SyntheticMsr.HYPERCALL -> writeHypercall(vp, value);
            case SyntheticMsr.RESET -> {
                if ((value & 1) != 0) {
                    partition.requestReset("the guest wrote the hypervisor's reset register");
                }
            }
            case SyntheticMsr.REFERENCE_TSC ->
                referenceTime.register(value, partition.processor(vp).timestampCounter());
            case SyntheticMsr.CRASH_CTL -> crash.control(value);
            case SyntheticMsr.TSC_INVARIANT_CONTROL -> {
                requireInvariantTimestamp();
                invariantControl = value;
            }
            default -> crash.parameter(crashParameter(msr), value);
        }
    }

    private void writeHypercall(int vp, long value) throws MsrFault {
        final long locked = 2;
        if ((hypercall & locked) != 0) {
            throw MsrFault.INSTANCE;
        }
        if ((value & SyntheticMsr.ENABLE) == 0 || guestOsId == 0) {
            hypercallPage.hide();
            hypercall = value & ~SyntheticMsr.ENABLE;
            return;
        }
        if (!hypercallPage.show(value & SyntheticMsr.PAGE, partition.processor(vp).inLongMode())) {
            throw MsrFault.INSTANCE;
        }
        hypercall = value;
    }

    private void requireInvariantTimestamp() throws MsrFault {
        if (!backend.invariantTimestamp()) {
            throw MsrFault.INSTANCE;
        }
    }

    private static int crashParameter(int msr) throws MsrFault {
        if (msr < SyntheticMsr.CRASH_P0 || msr > SyntheticMsr.CRASH_P4) {
            throw MsrFault.INSTANCE;
        }
        return msr - SyntheticMsr.CRASH_P0;
    }

    private void reset() {
        lock.lock();
        try {
            guestOsId = 0;
            hypercall = 0;
            invariantControl = 0;
            hypercallPage.forget();
            referenceTime.reset();
            crash.reset();
            java.util.Arrays.fill(assistPages, 0);
        } finally {
            lock.unlock();
        }
        synic.reset();
    }

    /** The interface's state, for a checkpoint. */
    public HypervisorState save() {
        lock.lock();
        try {
            List<HypervisorState.Processor> processors = new ArrayList<>();
            for (int vp = 0; vp < assistPages.length; vp++) {
                processors.add(synic.processor(vp).save(assistPages[vp]));
            }
            byte[] covered = hypercallPage.covered();
            return new HypervisorState(guestOsId, hypercall, covered == null ? null : covered.clone(),
                    referenceTime.register(), referenceTime.sequence(), referenceTime(0), invariantControl, crash.save(),
                    List.copyOf(processors));
        } finally {
            lock.unlock();
        }
    }

    /**
     * Takes back what {@link #save} returned; guest RAM and the processors are restored already. Reference time goes on
     * where it stood, whatever the TSC reads now.
     *
     * @throws IllegalArgumentException when the state does not fit this VM
     */
    public void restore(HypervisorState state) {
        StateCheck.check(state, assistPages.length);
        lock.lock();
        try {
            guestOsId = state.guestOsId();
            hypercall = state.hypercall();
            invariantControl = state.invariantControl();
            hypercallPage.forget();
            if ((hypercall & SyntheticMsr.ENABLE) != 0) {
                hypercallPage.resume(hypercall & SyntheticMsr.PAGE, state.hypercallCovered().clone());
            }
            referenceTime.restore(state.referenceTsc(), state.tscSequence());
            referenceTime.continueFrom(state.referenceTime(), partition.processor(0).timestampCounter());
            crash.restore(state.crash());
            for (int vp = 0; vp < assistPages.length; vp++) {
                assistPages[vp] = state.processors().get(vp).assistPage();
                synic.processor(vp).restore(state.processors().get(vp));
            }
        } finally {
            lock.unlock();
        }
    }
}
