package org.viridian.engine.device;

/** What a device is doing, as the device manager shows it. */
public enum DeviceState {
    /** The guest uses it. */
    ACTIVE,
    /** Its synthetic twin has taken over; it costs nothing until the twin goes. */
    BYPASSED,
    /** Offered on VMBus; no VSC has opened the channel yet. */
    WAITING_FOR_DRIVER,
    /** Present and able to work; the guest has not used it. */
    IDLE,
    /** Stopped by an error or a protocol violation; the last event says which. */
    PROBLEM
}
