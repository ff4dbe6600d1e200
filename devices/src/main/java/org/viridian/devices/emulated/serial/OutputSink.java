package org.viridian.devices.emulated.serial;

/** Takes what a serial port sends. Called under the VM's device lock: must not block and must not throw. */
@FunctionalInterface
public interface OutputSink {
    /** Drops everything: nothing is plugged in. */
    OutputSink NONE = value -> true;

    /**
     * One byte, 0–255.
     *
     * @return false when the byte had to be dropped
     */
    boolean accept(int value);
}
