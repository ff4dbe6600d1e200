package org.viridian.app.ui.view;

import org.viridian.app.ui.model.DeviceItem;
import org.viridian.icons.Icon;

/** A line of the device tree. As text it is its id, which is also what assistive technology is given. */
public sealed interface DeviceRow {
    /** The group's key or the device's id. */
    String id();

    /**
     * A heading.
     *
     * @param id the group's key
     * @param label what it is called
     * @param icon beside it
     */
    record Group(String id, String label, Icon icon) implements DeviceRow {
        @Override
        public String toString() {
            return id;
        }
    }

    /**
     * A device.
     *
     * @param item the device
     */
    record Device(DeviceItem item) implements DeviceRow {
        @Override
        public String id() {
            return item.id();
        }

        @Override
        public String toString() {
            return item.id();
        }
    }
}
