package org.viridian.devices.emulated.pci;

import org.viridian.engine.bus.MmioBus;
import org.viridian.engine.bus.PortBus;
import org.viridian.engine.memory.GuestMemory;

/**
 * What a PCI function reaches on the board: where its base address registers decode, where it masters the bus, and its
 * interrupt pin.
 *
 * @param ports I/O space
 * @param mmio memory space answered by handlers
 * @param memory RAM for bus mastering; also takes regions that a BAR maps directly
 * @param interrupts the PIRQ wires
 */
public record PciHost(PortBus ports, MmioBus mmio, GuestMemory memory, PirqRouter interrupts) {}
