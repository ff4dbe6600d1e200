package org.viridian.engine.kvm;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import org.viridian.engine.bus.MsrFault;
import org.viridian.engine.processor.ProcessorBus;
import org.viridian.engine.processor.ProcessorState;
import org.viridian.engine.processor.VirtualProcessor;

/**
 * One processor in KVM and its exit loop. General registers are read and written in the area shared with the kernel
 * (KVM_CAP_SYNC_REGS), so a hypercall costs no extra call for them.
 *
 * <p>A kick sets {@code immediate_exit}, which makes the next KVM_RUN return, and sends a signal, which ends the present
 * one. KVM_RUN completes a pending port, MMIO or MSR access before it looks at {@code immediate_exit}; a kick in the middle
 * of such an access therefore enters once more, so that the processor stops between two instructions.
 */
final class KvmProcessor implements VirtualProcessor {
    private static final VarHandle LONG_AT = ValueLayout.JAVA_LONG.varHandle();
    private static final int RUN_REGS = KvmAbi.RUN_SYNC_REGS;
    private static final int[] REGISTER_AT = new int[16];

    static {
        for (int i = 0; i < REGISTER_AT.length; i++) {
            REGISTER_AT[i] = RUN_REGS + KvmAbi.REGS_ORDER[i] * 8;
        }
    }

    private final int index;
    private final int fd;
    private final KvmInterrupts interrupts;
    private final MemorySegment run;
    private final Arena arena = Arena.ofAuto();
    private final KvmRegisters registers;
    private final MemorySegment vector;
    private final byte[] resetGeneral;

    private final TimestampAnchor timestamps;

    private final ReentrantLock life = new ReentrantLock();
    private volatile boolean kicked;
    private volatile boolean inside;
    private volatile int threadId;
    private Thread thread;
    private boolean closed;
    private boolean generalValid;
    private boolean completionPending;
    private String failure = "";

    /**
     * @param fd the processor's descriptor, with its CPUID table set; owned from now on
     * @param runAddress where the shared area is mapped; owned from now on
     * @param listedMsrs the registers that the kernel can save
     * @param timestampHz frequency of the guest's TSC
     */
    KvmProcessor(int index, int fd, long runAddress, int runSize, int[] listedMsrs, long timestampHz, KvmInterrupts interrupts) {
        this.index = index;
        this.fd = fd;
        this.interrupts = interrupts;
        this.run = MemorySegment.ofAddress(runAddress).reinterpret(runSize);
        this.registers = new KvmRegisters(fd, listedMsrs, arena);
        this.vector = arena.allocate(4, 4);
        this.timestamps = new TimestampAnchor(registers::timestamp, timestampHz);
        loadGeneral();
        this.resetGeneral = run.asSlice(RUN_REGS, KvmAbi.REGS_SIZE).toArray(ValueLayout.JAVA_BYTE);
        run.set(ValueLayout.JAVA_LONG, KvmAbi.RUN_VALID_REGS, KvmAbi.SYNC_REGS);
    }

    @Override
    public int index() {
        return index;
    }

    @Override
    public Outcome run(ProcessorBus bus) {
        if (thread != Thread.currentThread()) {
            thread = Thread.currentThread();
            threadId = Libc.KickSignal.prepareThread();
        }
        timestamps.sample();
        inside = true;
        try {
            while (true) {
                if (timestamps.wanted()) {
                    timestamps.sample();
                }
                if (kicked) {
                    if (!completionPending) {
                        clearImmediateExit();
                        kicked = false;
                        return Outcome.KICKED;
                    }
                    run.set(ValueLayout.JAVA_BYTE, KvmAbi.RUN_IMMEDIATE_EXIT, (byte) 1);
                } else {
                    serveExternalInterrupt();
                }
                int result = Libc.ioctl(fd, KvmAbi.RUN, 0);
                int error = result < 0 ? Libc.errno() : 0;
                registers.stale();
                generalValid = true;
                completionPending = false;
                if (result < 0) {
                    if (error == Libc.EINTR || error == Libc.EAGAIN) {
                        // Cleared before the flags are looked at: whoever sets a flag later sets this again.
                        clearImmediateExit();
                        continue;
                    }
                    return fail("KVM_RUN failed with error " + error);
                }
                Outcome outcome = exit(bus);
                if (outcome != null) {
                    return outcome;
                }
            }
        } finally {
            inside = false;
        }
    }

    private void clearImmediateExit() {
        run.set(ValueLayout.JAVA_BYTE, KvmAbi.RUN_IMMEDIATE_EXIT, (byte) 0);
        VarHandle.fullFence();
    }

    private Outcome exit(ProcessorBus bus) {
        int reason = run.get(ValueLayout.JAVA_INT, KvmAbi.RUN_EXIT_REASON);
        switch (reason) {
            case KvmAbi.EXIT_IO -> portAccess(bus);
            case KvmAbi.EXIT_MMIO -> memoryAccess(bus);
            case KvmAbi.EXIT_X86_RDMSR, KvmAbi.EXIT_X86_WRMSR -> msrAccess(bus, reason == KvmAbi.EXIT_X86_WRMSR);
            case KvmAbi.EXIT_IOAPIC_EOI -> interrupts.endOfInterrupt(run.get(ValueLayout.JAVA_BYTE, KvmAbi.RUN_EOI_VECTOR) & 0xFF);
            case KvmAbi.EXIT_IRQ_WINDOW_OPEN, KvmAbi.EXIT_INTR, KvmAbi.EXIT_HLT -> { }
            case KvmAbi.EXIT_SHUTDOWN -> {
                return Outcome.TRIPLE_FAULT;
            }
            case KvmAbi.EXIT_FAIL_ENTRY -> {
                return fail("the processor refused the guest's state (reason 0x%x)"
                        .formatted(run.get(ValueLayout.JAVA_LONG, KvmAbi.RUN_HARDWARE_REASON)));
            }
            case KvmAbi.EXIT_INTERNAL_ERROR -> {
                return fail(internalError());
            }
            default -> {
                return fail("KVM left the guest for reason %d, which is not expected (0x%x)"
                        .formatted(reason, run.get(ValueLayout.JAVA_LONG, KvmAbi.RUN_HARDWARE_REASON)));
            }
        }
        return null;
    }

    private void portAccess(ProcessorBus bus) {
        completionPending = true;
        int size = run.get(ValueLayout.JAVA_BYTE, KvmAbi.RUN_IO_SIZE);
        int port = run.get(ValueLayout.JAVA_SHORT, KvmAbi.RUN_IO_PORT) & 0xFFFF;
        int count = run.get(ValueLayout.JAVA_INT, KvmAbi.RUN_IO_COUNT);
        long at = run.get(ValueLayout.JAVA_LONG, KvmAbi.RUN_IO_DATA_OFFSET);
        boolean out = run.get(ValueLayout.JAVA_BYTE, KvmAbi.RUN_IO_DIRECTION) == KvmAbi.IO_OUT;
        for (int i = 0; i < count; i++, at += size) {
            if (out) {
                bus.writePort(port, size, (int) load(at, size));
            } else {
                store(at, size, bus.readPort(port, size));
            }
        }
    }

    private void memoryAccess(ProcessorBus bus) {
        completionPending = true;
        long address = run.get(ValueLayout.JAVA_LONG, KvmAbi.RUN_MMIO_ADDRESS);
        int length = run.get(ValueLayout.JAVA_INT, KvmAbi.RUN_MMIO_LENGTH);
        boolean write = run.get(ValueLayout.JAVA_BYTE, KvmAbi.RUN_MMIO_IS_WRITE) != 0;
        // An access across a page arrives in pieces of any length up to 8.
        for (int done = 0; done < length;) {
            int size = Integer.highestOneBit(length - done);
            long at = KvmAbi.RUN_MMIO_DATA + done;
            if (write) {
                bus.writeMmio(address + done, size, load(at, size));
            } else {
                store(at, size, bus.readMmio(address + done, size));
            }
            done += size;
        }
    }

    private void msrAccess(ProcessorBus bus, boolean write) {
        completionPending = true;
        int msr = run.get(ValueLayout.JAVA_INT, KvmAbi.RUN_MSR_INDEX);
        byte error = 0;
        try {
            if (write) {
                bus.writeMsr(msr, run.get(ValueLayout.JAVA_LONG, KvmAbi.RUN_MSR_DATA));
            } else {
                run.set(ValueLayout.JAVA_LONG, KvmAbi.RUN_MSR_DATA, bus.readMsr(msr));
            }
        } catch (MsrFault fault) {
            error = 1;
        }
        run.set(ValueLayout.JAVA_BYTE, KvmAbi.RUN_MSR_ERROR, error);
    }

    private long load(long at, int size) {
        return switch (size) {
            case 1 -> run.get(ValueLayout.JAVA_BYTE, at) & 0xFF;
            case 2 -> run.get(ValueLayout.JAVA_SHORT_UNALIGNED, at) & 0xFFFF;
            case 4 -> run.get(ValueLayout.JAVA_INT_UNALIGNED, at) & 0xFFFF_FFFFL;
            default -> run.get(ValueLayout.JAVA_LONG_UNALIGNED, at);
        };
    }

    private void store(long at, int size, long value) {
        switch (size) {
            case 1 -> run.set(ValueLayout.JAVA_BYTE, at, (byte) value);
            case 2 -> run.set(ValueLayout.JAVA_SHORT_UNALIGNED, at, (short) value);
            case 4 -> run.set(ValueLayout.JAVA_INT_UNALIGNED, at, (int) value);
            default -> run.set(ValueLayout.JAVA_LONG_UNALIGNED, at, value);
        }
    }

    /** Hands a PIC's interrupt to the guest if it can take one now, else asks KVM to say when it can. */
    private void serveExternalInterrupt() {
        if (index != 0) {
            return;
        }
        byte window = 0;
        if (interrupts.externalPending()) {
            if (run.get(ValueLayout.JAVA_BYTE, KvmAbi.RUN_READY_FOR_INTERRUPT) != 0
                    && run.get(ValueLayout.JAVA_BYTE, KvmAbi.RUN_IF_FLAG) != 0) {
                // Spent: the kernel renews it at the next exit. Two in one entry would be refused.
                run.set(ValueLayout.JAVA_BYTE, KvmAbi.RUN_READY_FOR_INTERRUPT, (byte) 0);
                vector.set(ValueLayout.JAVA_INT, 0, interrupts.acknowledge());
                if (Libc.ioctl(fd, KvmAbi.INTERRUPT, vector.address()) < 0) {
                    System.getLogger("org.viridian.engine.kvm").log(System.Logger.Level.WARNING,
                            "KVM refused an external interrupt (error {0})", Libc.errno());
                }
            }
            if (interrupts.externalPending()) {
                window = 1;
            }
        }
        run.set(ValueLayout.JAVA_BYTE, KvmAbi.RUN_REQUEST_INTERRUPT_WINDOW, window);
    }

    private String internalError() {
        int suberror = run.get(ValueLayout.JAVA_INT, KvmAbi.RUN_SUBERROR);
        int count = Math.min(16, run.get(ValueLayout.JAVA_INT, KvmAbi.RUN_NDATA));
        if (suberror == KvmAbi.SUBERROR_EMULATION && count >= 3
                && (run.get(ValueLayout.JAVA_LONG, KvmAbi.RUN_EMULATION_FLAGS) & KvmAbi.EMULATION_HAS_BYTES) != 0) {
            int size = Math.min(15, run.get(ValueLayout.JAVA_BYTE, KvmAbi.RUN_EMULATION_SIZE));
            StringBuilder bytes = new StringBuilder();
            for (int i = 0; i < size; i++) {
                bytes.append(" %02x".formatted(run.get(ValueLayout.JAVA_BYTE, KvmAbi.RUN_EMULATION_BYTES + i)));
            }
            return "KVM cannot emulate the instruction" + bytes;
        }
        StringBuilder data = new StringBuilder();
        for (int i = 0; i < count; i++) {
            data.append(" 0x%x".formatted(run.get(ValueLayout.JAVA_LONG, KvmAbi.RUN_ERROR_DATA + 8L * i)));
        }
        return "KVM reports internal error %d%s".formatted(suberror, data);
    }

    private Outcome fail(String what) {
        failure = "Processor %d stopped at RIP 0x%x: %s.".formatted(index, rip(), what);
        return Outcome.FAILED;
    }

    @Override
    public void kick() {
        kicked = true;
        poke();
    }

    /** Makes the exit loop look at its flags soon. Any thread; also after {@link #close}. */
    void poke() {
        life.lock();
        try {
            if (closed) {
                return;
            }
            run.set(ValueLayout.JAVA_BYTE, KvmAbi.RUN_IMMEDIATE_EXIT, (byte) 1);
            VarHandle.fullFence();
            if (inside && threadId != 0) {
                Libc.KickSignal.send(threadId);
            }
        } finally {
            life.unlock();
        }
    }

    @Override
    public String failure() {
        return failure;
    }

    private void loadGeneral() {
        if (!generalValid) {
            if (Libc.ioctl(fd, KvmAbi.GET_REGS, run.address() + RUN_REGS) < 0) {
                throw new IllegalStateException("KVM_GET_REGS failed with error " + Libc.errno());
            }
            generalValid = true;
        }
    }

    private void generalChanged() {
        run.set(ValueLayout.JAVA_LONG, KvmAbi.RUN_DIRTY_REGS, KvmAbi.SYNC_REGS);
    }

    @Override
    public long register(int number) {
        loadGeneral();
        return (long) LONG_AT.get(run, (long) REGISTER_AT[number & 15]);
    }

    @Override
    public void register(int number, long value) {
        loadGeneral();
        LONG_AT.set(run, (long) REGISTER_AT[number & 15], value);
        generalChanged();
    }

    @Override
    public long rip() {
        loadGeneral();
        return (long) LONG_AT.get(run, (long) RUN_REGS + KvmAbi.REGS_RIP);
    }

    @Override
    public ProcessorState state() {
        loadGeneral();
        long[] gpr = new long[16];
        for (int i = 0; i < gpr.length; i++) {
            gpr[i] = register(i);
        }
        return registers.read(gpr, rip(), run.get(ValueLayout.JAVA_LONG, RUN_REGS + KvmAbi.REGS_RFLAGS));
    }

    @Override
    public void state(ProcessorState state) {
        registers.write(state);
        for (int i = 0; i < REGISTER_AT.length; i++) {
            run.set(ValueLayout.JAVA_LONG, REGISTER_AT[i], state.gpr()[i]);
        }
        run.set(ValueLayout.JAVA_LONG, RUN_REGS + KvmAbi.REGS_RIP, state.rip());
        run.set(ValueLayout.JAVA_LONG, RUN_REGS + KvmAbi.REGS_RFLAGS, state.rflags() | 2);
        storeGeneral();
    }

    @Override
    public boolean presetMsrs(Map<Integer, Long> values) {
        return registers.preset(values);
    }

    @Override
    public void reset() {
        registers.reset();
        MemorySegment.copy(resetGeneral, 0, run, ValueLayout.JAVA_BYTE, RUN_REGS, resetGeneral.length);
        storeGeneral();
    }

    /** At once and not with the next entry, so that a state read in between is the new one. */
    private void storeGeneral() {
        timestamps.sample();
        if (Libc.ioctl(fd, KvmAbi.SET_REGS, run.address() + RUN_REGS) < 0) {
            throw new IllegalStateException("KVM_SET_REGS failed with error " + Libc.errno());
        }
        generalValid = true;
        run.set(ValueLayout.JAVA_LONG, KvmAbi.RUN_DIRTY_REGS, 0L);
        run.set(ValueLayout.JAVA_BYTE, KvmAbi.RUN_READY_FOR_INTERRUPT, (byte) 0);
    }

    /**
     * Any thread. Only the processor's own may ask the kernel while it runs: the kernel makes everyone else wait until
     * KVM_RUN returns, which for an idle guest can be never.
     */
    @Override
    public long timestampCounter() {
        if (Thread.currentThread() == thread) {
            return registers.timestamp();
        }
        if (timestamps.old()) {
            poke();
        }
        return timestamps.now();
    }

    @Override
    public boolean inLongMode() {
        return registers.inLongMode();
    }

    @Override
    public int privilegeLevel() {
        return registers.privilegeLevel();
    }

    @Override
    public long instructions() {
        return -1;
    }

    @Override
    public void close() {
        life.lock();
        try {
            if (closed) {
                return;
            }
            closed = true;
        } finally {
            life.unlock();
        }
        Libc.munmap(run.address(), run.byteSize());
        Libc.close(fd);
    }
}
