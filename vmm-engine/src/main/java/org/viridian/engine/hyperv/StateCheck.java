package org.viridian.engine.hyperv;

import org.viridian.engine.memory.GuestMemory;

/** Refuses a saved state that no {@link HypervisorInterface} can have written: it comes from a file. */
final class StateCheck {
    private StateCheck() {}

    static void check(HypervisorState state, int processors) {
        require(state.processors() != null && state.processors().size() == processors, "processors");
        require(state.crash() != null && state.crash().length == 5, "crash registers");
        boolean shown = (state.hypercall() & SyntheticMsr.ENABLE) != 0;
        require(!shown || state.hypercallCovered() != null && state.hypercallCovered().length == GuestMemory.PAGE_SIZE,
                "hypercall page");
        for (HypervisorState.Processor processor : state.processors()) {
            require(processor.sints() != null && processor.sints().length == SynicProcessor.SINTS, "SINTs");
            require(processor.messages() != null && processor.heldFlags() != null, "queues");
            for (HypervisorState.Waiting message : processor.messages()) {
                require(message.sint() >= 0 && message.sint() < SynicProcessor.SINTS && message.type() != 0
                        && message.payload() != null && message.payload().length <= SynicProcessor.MAX_PAYLOAD, "a message");
            }
            for (int held : processor.heldFlags()) {
                require(held >>> 16 < SynicProcessor.SINTS && (held & 0xFFFF) < SynicProcessor.FLAGS, "an event flag");
            }
        }
    }

    private static void require(boolean holds, String what) {
        if (!holds) {
            throw new IllegalArgumentException("the saved hypervisor state has no valid " + what);
        }
    }
}
