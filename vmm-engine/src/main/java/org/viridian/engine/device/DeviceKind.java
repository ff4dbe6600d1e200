package org.viridian.engine.device;

/** How a device reaches the guest. */
public enum DeviceKind {
    /** Imitates hardware: ports, MMIO, interrupt wires. Works with any guest. */
    EMULATED,
    /** A VSP: speaks to the guest's VSC over a VMBus channel. */
    SYNTHETIC
}
