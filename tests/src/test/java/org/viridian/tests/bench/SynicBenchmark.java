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
import org.viridian.engine.backend.BackendException;
import org.viridian.engine.bus.MsrFault;
import org.viridian.engine.hyperv.HypervisorInterface;
import org.viridian.engine.hyperv.SynicHost;
import org.viridian.engine.memory.GuestMemory;
import org.viridian.engine.memory.HostPages;
import org.viridian.engine.memory.MemoryRegion;
import org.viridian.engine.partition.Partition;
import org.viridian.engine.software.SoftwareBackend;

/** Host to guest: an event flag and its interrupt, an event flag that is still set, a message and its taking. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class SynicBenchmark {
    private static final int SINT = 2;
    private static final int FLAG = 5;
    private static final int MESSAGES = 0x1_0000;
    private static final int EVENTS = 0x2_0000;
    private static final int SLOT = SINT * 256;
    // TLFS, "Synthetic MSRs".
    private static final int SCONTROL = 0x4000_0080;
    private static final int SIEFP = 0x4000_0082;
    private static final int SIMP = 0x4000_0083;
    private static final int SINT0 = 0x4000_0090;

    private final byte[] payload = new byte[16];
    private HostPages pages;
    private GuestMemory memory;
    private Partition partition;
    private SynicHost synic;

    /** A partition whose processor stands still with its SynIC set up as Linux does. */
    @Setup
    public void setsUp() throws BackendException, MsrFault {
        pages = HostPages.allocate(16 << 20);
        partition = new Partition("synic", 1, new SoftwareBackend());
        memory = partition.memory();
        memory.add(new MemoryRegion(0, pages.segment(), MemoryRegion.Kind.RAM));
        HypervisorInterface hypervisor = new HypervisorInterface(partition, 1);
        partition.createProcessors(1, hypervisor.cpuid());
        synic = hypervisor.synic();
        hypervisor.write(0, SIMP, MESSAGES | 1);
        hypervisor.write(0, SIEFP, EVENTS | 1);
        hypervisor.write(0, SINT0 + SINT, 0xF3);
        hypervisor.write(0, SCONTROL, 1);
    }

    /** Lets everything go. */
    @TearDown
    public void closes() {
        partition.close();
        pages.close();
    }

    /** The guest has taken the flag before: it is set, and the processor interrupted. */
    @Benchmark
    public void signal() {
        memory.writeInt(EVENTS + SLOT, 0);
        synic.signalEvent(0, SINT, FLAG);
    }

    /** The flag is still set: nothing more to do. */
    @Benchmark
    public void signalAgain() {
        synic.signalEvent(0, SINT, FLAG);
    }

    /** A message into the slot that the guest has emptied. */
    @Benchmark
    public boolean message() {
        memory.writeInt(MESSAGES + SLOT, 0);
        return synic.postMessage(0, SINT, 1, payload);
    }
}
