package org.viridian.engine.partition;

/** What hardware may ask of the machine. Any thread, from inside an exit too: the request is carried out later. */
public interface PowerControl {
    /** Reset the VM: processors and devices return to their power-on state, RAM stays. */
    void requestReset(String reason);

    /** Power off the VM. */
    void requestPowerOff(String reason);

    /** The debug-exit port was written: end the VM with this exit status. */
    void requestExit(int status);

    /** The guest reported a crash. */
    void reportCrash(GuestCrash crash);
}
