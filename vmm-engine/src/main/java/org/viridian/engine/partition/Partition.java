package org.viridian.engine.partition;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.ReentrantLock;
import org.viridian.engine.backend.Backend;
import org.viridian.engine.backend.BackendException;
import org.viridian.engine.backend.BackendPartition;
import org.viridian.engine.backend.PartitionConfig;
import org.viridian.engine.bus.MmioBus;
import org.viridian.engine.bus.MsrFault;
import org.viridian.engine.bus.MsrHandler;
import org.viridian.engine.bus.PortBus;
import org.viridian.engine.clock.VmClock;
import org.viridian.engine.device.Counter;
import org.viridian.engine.interrupt.InterruptFabric;
import org.viridian.engine.memory.GuestMemory;
import org.viridian.engine.processor.CpuidEntry;
import org.viridian.engine.processor.ProcessorBus;
import org.viridian.engine.processor.VirtualProcessor;

/**
 * One VM's hypervisor side: memory, buses, clock, processors and the threads that run them. It knows no device; what
 * must happen on reset, and what a power-off means, it is told by its {@link PartitionListener}.
 *
 * <p>Thread rule: {@link #start}, {@link #pause}, {@link #resume} and {@link #close} by the owner, one at a time; the
 * {@link PowerControl} requests from any thread. A request is carried out by the partition's own control thread with
 * every processor stopped.
 */
public final class Partition implements PowerControl, AutoCloseable {
    private final String name;
    private final ReentrantLock deviceLock = new ReentrantLock();
    private final GuestMemory memory = new GuestMemory();
    private final PortBus ports = new PortBus(deviceLock);
    private final MmioBus mmio = new MmioBus(deviceLock);
    private final VmClock clock;
    private final BackendPartition backend;
    private final List<VirtualProcessor> processors = new ArrayList<>();
    private final List<PartitionListener> listeners = new CopyOnWriteArrayList<>();
    private final ProcessorRunner runner;
    private final Counter portExits = new Counter("port-exits");
    private final Counter mmioExits = new Counter("mmio-exits");
    private final Counter msrExits = new Counter("msr-exits");
    private volatile MsrHandler msrHandler = NoMsrs.INSTANCE;

    /**
     * Makes a partition without memory and with no processor yet.
     *
     * @param name the VM's name
     * @param processorCount virtual processors, 1–8
     * @param backend who executes it
     * @throws BackendException when the host refuses
     */
    public Partition(String name, int processorCount, Backend backend) throws BackendException {
        this.name = name;
        this.clock = new VmClock(name, deviceLock);
        try {
            this.backend = backend.createPartition(new PartitionConfig(name, processorCount, memory, clock));
        } catch (BackendException | RuntimeException refused) {
            clock.close();
            throw refused;
        }
        this.runner = new ProcessorRunner(this);
    }

    /** Makes the processors, all with this CPUID table. Once, before {@link #start}. */
    public void createProcessors(int count, List<CpuidEntry> cpuid) throws BackendException {
        for (int index = 0; index < count; index++) {
            processors.add(backend.createProcessor(index, cpuid));
        }
    }

    /** The VM's name. */
    public String name() {
        return name;
    }

    /** Guest physical memory. */
    public GuestMemory memory() {
        return memory;
    }

    /** I/O ports. */
    public PortBus ports() {
        return ports;
    }

    /** Memory-mapped devices. */
    public MmioBus mmio() {
        return mmio;
    }

    /** The VM's time. */
    public VmClock clock() {
        return clock;
    }

    /** Interrupts into the local APICs. */
    public InterruptFabric interrupts() {
        return backend.interrupts();
    }

    /** The backend's side of this partition. */
    public BackendPartition backend() {
        return backend;
    }

    /** The lock under which emulated devices and timers run. */
    public ReentrantLock deviceLock() {
        return deviceLock;
    }

    /** The processors, by VP index. */
    public List<VirtualProcessor> processors() {
        return List.copyOf(processors);
    }

    /** One processor, by VP index. */
    public VirtualProcessor processor(int vp) {
        return processors.get(vp);
    }

    /** Exit counts of this VM: port, MMIO, MSR. */
    public List<Counter> exitCounters() {
        return List.of(portExits, mmioExits, msrExits);
    }

    /** Host processor time that the processors' threads have used so far, nanoseconds. */
    public long processorNanos() {
        return runner.processorNanos();
    }

    /** Who answers the synthetic MSRs; set once by the hypervisor interface. */
    public void msrHandler(MsrHandler handler) {
        msrHandler = handler;
    }

    /** Is told of the life of the partition. */
    public void addListener(PartitionListener listener) {
        listeners.add(listener);
    }

    List<PartitionListener> listeners() {
        return listeners;
    }

    /** Starts the processors' threads; the processors hold the state a loader has put into them. */
    public void start() {
        runner.start();
    }

    /** Stops every processor at an instruction boundary and the clock with them; returns when they stand still. */
    public void pause() {
        runner.pause();
    }

    /** Lets a paused partition go on. */
    public void resume() {
        runner.resume();
    }

    @Override
    public void requestReset(String reason) {
        runner.request(new ProcessorRunner.Request.Reset(reason));
    }

    @Override
    public void requestPowerOff(String reason) {
        runner.request(new ProcessorRunner.Request.PowerOff(reason));
    }

    @Override
    public void requestExit(int status) {
        runner.request(new ProcessorRunner.Request.Exit(status));
    }

    @Override
    public void reportCrash(GuestCrash crash) {
        listeners.forEach(listener -> listener.guestCrashed(crash));
    }

    /** Makes the exits of one processor's thread. */
    ProcessorBus busFor(int vp) {
        return new ProcessorBus() {
            @Override
            public int readPort(int port, int size) {
                portExits.increment();
                return ports.read(vp, port, size);
            }

            @Override
            public void writePort(int port, int size, int value) {
                portExits.increment();
                ports.write(vp, port, size, value);
            }

            @Override
            public long readMmio(long address, int size) {
                mmioExits.increment();
                return mmio.read(address, size);
            }

            @Override
            public void writeMmio(long address, int size, long value) {
                mmioExits.increment();
                mmio.write(address, size, value);
            }

            @Override
            public long readMsr(int msr) throws MsrFault {
                msrExits.increment();
                return msrHandler.read(vp, msr);
            }

            @Override
            public void writeMsr(int msr, long value) throws MsrFault {
                msrExits.increment();
                msrHandler.write(vp, msr, value);
            }
        };
    }

    /** Stops everything and frees what the backend holds. Idempotent; not from a processor's thread. */
    @Override
    public void close() {
        runner.close();
        clock.close();
        processors.forEach(VirtualProcessor::close);
        processors.clear();
        backend.close();
    }

    private enum NoMsrs implements MsrHandler {
        INSTANCE;

        @Override
        public long read(int vp, int msr) throws MsrFault {
            throw MsrFault.INSTANCE;
        }

        @Override
        public void write(int vp, int msr, long value) throws MsrFault {
            throw MsrFault.INSTANCE;
        }
    }
}
