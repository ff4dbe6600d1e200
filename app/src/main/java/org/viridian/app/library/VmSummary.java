package org.viridian.app.library;

import java.util.Optional;
import org.viridian.app.definition.VmDefinition;

/**
 * One line of the VM list.
 *
 * @param name the VM's name
 * @param state what it is doing
 * @param here whether its machine lives in this process
 * @param definition what it is; empty when damaged
 * @param status figures of the running machine; empty when off
 * @param damage why the definition cannot be read; empty when it can
 */
public record VmSummary(
        String name,
        VmState state,
        boolean here,
        Optional<VmDefinition> definition,
        Optional<VmStatus> status,
        Optional<String> damage) {}
