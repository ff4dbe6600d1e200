package org.viridian.devices.network;

/** Who sits at a port and takes frames from it: a network adapter or an uplink. */
public interface PortClient {
    /** Frames wait in the port that was empty; called on the sender's thread, must neither block nor send. */
    void framesWaiting();

    /** Whether large sends are taken as they are; else the switch cuts them first. Any thread. */
    default boolean takesLargeSends() {
        return false;
    }
}
