package org.viridian.app.library;

import org.viridian.app.machine.Machine;
import org.viridian.app.machine.MachineConfig;
import org.viridian.app.machine.MachineException;

/** Puts a machine together; the product's own is {@code MachineBuilder::build}. */
@FunctionalInterface
public interface MachineFactory {
    /** Builds a machine that is off. */
    Machine build(MachineConfig config) throws MachineException;
}
