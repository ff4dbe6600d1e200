package org.viridian.engine.processor;

import java.util.Map;

/**
 * One virtual processor of a backend.
 *
 * <p>Thread rule: one thread, the processor's own, calls {@link #run}; the registers may be touched by that thread
 * (also from inside a {@link ProcessorBus} call) or by any thread while no thread is in {@link #run}. {@link #kick} is
 * free for all.
 */
public interface VirtualProcessor extends AutoCloseable {
    /** Why {@link #run} came back. */
    enum Outcome {
        /** {@link #kick} was called. */
        KICKED,
        /** A triple fault: the machine resets. */
        TRIPLE_FAULT,
        /** The backend cannot go on; {@link #failure} says why. */
        FAILED
    }

    /** The VP index: dense from 0; also the local APIC id. */
    int index();

    /**
     * Runs guest code. Idle processors (HLT, wait for SIPI) wait inside. A kick that arrived before the call makes it
     * return at once; one kick is consumed by one return.
     */
    Outcome run(ProcessorBus bus);

    /** Makes {@link #run} return soon, at an instruction boundary. */
    void kick();

    /** One plain sentence on why the last {@link #run} returned {@link Outcome#FAILED}, with RIP. */
    String failure();

    /** General register by its encoding: 0 RAX, 1 RCX, 2 RDX, 3 RBX, 4 RSP … 15 R15. */
    long register(int number);

    /** Sets a general register by its encoding. */
    void register(int number, long value);

    /** The next instruction, or inside a bus call the present one. */
    long rip();

    /** Reads the whole state. */
    ProcessorState state();

    /** Replaces the whole state. */
    void state(ProcessorState state);

    /**
     * Sets model-specific registers and nothing else: a processor that waits for SIPI goes on waiting.
     *
     * @return false when the backend cannot; the guest then finds their values after reset
     */
    default boolean presetMsrs(Map<Integer, Long> values) {
        return false;
    }

    /** Returns to the state after power-on or RESET: real mode at F000:FFF0; processors above 0 wait for SIPI. */
    void reset();

    /** The TSC the guest reads at this moment. Any thread at any time; never waits for the guest. */
    long timestampCounter();

    /** True when the processor executes 64-bit code (EFER.LMA and CS.L). */
    boolean inLongMode();

    /** Current privilege level, 0–3. */
    int privilegeLevel();

    /** Instructions retired if the backend counts them, else -1. */
    long instructions();

    @Override
    void close();
}
