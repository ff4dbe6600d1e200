package org.viridian.engine.backend;

import java.util.List;
import java.util.Optional;
import org.viridian.engine.interrupt.InterruptFabric;
import org.viridian.engine.processor.CpuidEntry;
import org.viridian.engine.processor.VirtualProcessor;

/** A partition inside a backend. {@link #close} frees every descriptor, mapping and thread it made. */
public interface BackendPartition extends AutoCloseable {
    /** What CPUID answers on this backend without a hypervisor interface; leaves 0x4000xxxx are never in it. */
    List<CpuidEntry> supportedCpuid();

    /** Makes processor {@code index}, in its reset state, with this CPUID table. Once per index. */
    VirtualProcessor createProcessor(int index, List<CpuidEntry> cpuid) throws BackendException;

    /** The way to the local APICs. */
    InterruptFabric interrupts();

    /** Frequency of the guest's TSC, Hz. */
    long timestampFrequency();

    /** Frequency of the local APIC timer before its divider, Hz: what MSR 0x40000023 must answer. */
    long apicFrequency();

    /** Frequency is constant and the TSC runs in idle: CPUID 0x80000007 EDX bit 8 may be given. */
    boolean invariantTimestamp();

    /**
     * Has a 4-byte OUT of {@code value} to {@code port} run {@code action} without an exit to user space, on a thread of
     * the backend's choosing.
     *
     * @return what to close to undo it, or empty when the backend has no such way (the OUT then arrives as an ordinary exit)
     */
    Optional<AutoCloseable> doorbell(int port, int value, Runnable action);

    @Override
    void close();
}
