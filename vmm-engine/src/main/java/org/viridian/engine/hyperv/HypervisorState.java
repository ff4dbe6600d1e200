package org.viridian.engine.hyperv;

import java.util.List;

/**
 * The hypervisor interface of a stopped VM. Guest RAM is saved elsewhere; the hypercall code and the reference TSC page
 * are in it.
 *
 * @param guestOsId MSR 0x40000000
 * @param hypercall MSR 0x40000001
 * @param hypercallCovered what the hypercall page covers in RAM, or null when it is not shown
 * @param referenceTsc MSR 0x40000021
 * @param tscSequence the reference TSC page's last sequence
 * @param referenceTime the reference counter at the moment of saving, 100 ns
 * @param invariantControl MSR 0x40000118
 * @param crash MSRs 0x40000100–0x40000104
 * @param processors one per virtual processor
 */
public record HypervisorState(
        long guestOsId,
        long hypercall,
        byte[] hypercallCovered,
        long referenceTsc,
        int tscSequence,
        long referenceTime,
        long invariantControl,
        long[] crash,
        List<Processor> processors) {

    /**
     * One virtual processor's registers and what waits for it.
     *
     * @param assistPage MSR 0x40000073
     * @param control SCONTROL
     * @param eventPage SIEFP
     * @param messagePage SIMP
     * @param sints SINT0–15
     * @param messages messages without a slot yet, in order
     * @param heldFlags event flags not yet shown, SINT in 31:16, flag in 15:0
     * @param owed SINTs whose interrupt is due, by bit
     */
    public record Processor(
            long assistPage,
            long control,
            long eventPage,
            long messagePage,
            long[] sints,
            List<Waiting> messages,
            List<Integer> heldFlags,
            int owed) {}

    /**
     * A message that waits.
     *
     * @param sint its SINT
     * @param type its type
     * @param payload up to 240 bytes
     */
    public record Waiting(int sint, int type, byte[] payload) {}
}
