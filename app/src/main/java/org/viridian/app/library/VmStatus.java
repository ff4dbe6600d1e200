package org.viridian.app.library;

import java.util.Optional;
import org.viridian.app.machine.MachineState;

/**
 * Figures of a running VM at one moment.
 *
 * @param state the machine's state
 * @param engine the backend that really runs it
 * @param memoryMiB RAM in MiB
 * @param processors virtual processors
 * @param uptimeNanos nanoseconds since power-on without pauses
 * @param processorLoad host processor time used, 0–processors
 * @param heartbeat whether the guest's heartbeat beats; empty when no driver listens
 * @param screenWidth pixels, 0 when the screen is off
 * @param screenHeight pixels, 0 when the screen is off
 * @param processId of the process the machine lives in
 * @param ending how the machine ended, or empty
 */
public record VmStatus(
        MachineState state,
        String engine,
        int memoryMiB,
        int processors,
        long uptimeNanos,
        double processorLoad,
        Optional<Boolean> heartbeat,
        int screenWidth,
        int screenHeight,
        long processId,
        Optional<String> ending) {}
