package org.viridian.devices.emulated.serial;

/** What a serial port receives. {@link #poll} is called under the VM's device lock and must not block. */
public interface InputSource {
    /** Never sends. */
    InputSource NONE = new InputSource() {
        @Override
        public int poll() {
            return -1;
        }

        @Override
        public void onAvailable(Runnable wakeUp) {}
    };

    /** The next byte, 0–255, or -1 when there is none now. */
    int poll();

    /** Who is told, on any thread and not under a lock of the source, that {@link #poll} has something again. */
    void onAvailable(Runnable wakeUp);
}
