package org.viridian.app.ui.view;

import org.viridian.app.ui.model.DeviceItem;
import org.viridian.app.ui.model.DeviceTreeModel;
import org.viridian.icons.Icon;

/** A line of the device tree. As text it is its id, which is also what assistive technology is given. */
public sealed interface DeviceRow {
    /** The group's key or the device's id. */
    String id();

    /** The device behind it, or null for a heading. */
    DeviceItem item();

    /**
     * A heading.
     *
     * @param id the group's key
     * @param label what it is called
     * @param icon beside it
     */
    record Group(String id, String label, Icon icon) implements DeviceRow {
        @Override
        public DeviceItem item() {
            return null;
        }

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

    /**
     * One port range, interrupt, memory range or channel, with the device that has it.
     *
     * @param use the resource
     */
    record Resource(DeviceTreeModel.Use use) implements DeviceRow {
        @Override
        public String id() {
            return use.device().id();
        }

        @Override
        public DeviceItem item() {
            return use.device();
        }

        @Override
        public String toString() {
            return use.value() + " " + use.device().id();
        }
    }
}
