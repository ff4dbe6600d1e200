package org.viridian.devices.inventory;

import org.viridian.engine.device.DeviceNode;

/** An emulated device that can step aside for a synthetic twin. */
public interface Bypassable {
    /** How the device appears to the device manager. */
    DeviceNode node();

    /**
     * Steps aside or comes back. Bypassed, the device takes nothing from the host, raises no interrupt and runs no
     * timer; it still answers its registers. Any thread; takes the device lock for a moment.
     *
     * @param reason why, for the event, one plain English clause
     */
    void setBypassed(boolean bypassed, String reason);
}
