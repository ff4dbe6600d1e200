package org.viridian.devices.emulated;

import java.util.function.LongSupplier;
import org.viridian.engine.device.Counter;
import org.viridian.engine.device.Device;
import org.viridian.engine.device.DeviceKind;
import org.viridian.engine.device.DeviceNode;
import org.viridian.engine.device.DeviceState;

/**
 * What the imitated devices share: a node, a count of exits, and the step from idle to active at the guest's first use.
 *
 * <p>Thread rule: handlers and timers run under the VM's device lock; so do all methods here unless they say otherwise.
 */
public abstract class EmulatedDevice implements Device {
    private final DeviceNode node;
    private final Counter exits;
    private boolean used;

    /**
     * @param id stable within the VM
     * @param name the datasheet's name
     * @param type group in the view by type, see {@link DeviceNode}
     * @param clock nanoseconds since power-on, for events
     */
    protected EmulatedDevice(String id, String name, String type, LongSupplier clock) {
        this.node = new DeviceNode(id, name, DeviceKind.EMULATED, type, DeviceState.IDLE, clock);
        this.exits = node.counter("exits");
    }

    @Override
    public final DeviceNode node() {
        return node;
    }

    /** Counts an access by the guest; the first one makes the device active. */
    protected final void accessed() {
        exits.increment();
        used = true;
        if (node.state() == DeviceState.IDLE) {
            node.state(DeviceState.ACTIVE, "first access by the guest");
        }
    }

    /** Lets the node go back to idle at a reset; a bypassed device stays so until its twin lets go. */
    protected final void idleAfterReset() {
        used = false;
        if (node.state() == DeviceState.ACTIVE || node.state() == DeviceState.PROBLEM) {
            node.state(DeviceState.IDLE, "reset");
        }
    }

    /** Enters or leaves the bypassed state. */
    protected final void bypass(boolean bypassed, String reason) {
        node.state(bypassed ? DeviceState.BYPASSED : used ? DeviceState.ACTIVE : DeviceState.IDLE, reason);
    }

    /** True while the synthetic twin does the work. */
    protected final boolean bypassed() {
        return node.state() == DeviceState.BYPASSED;
    }

    /**
     * The record cast to the device's own type.
     *
     * @throws IllegalArgumentException when it is another device's
     */
    protected final <T extends Record> T own(Class<T> type, Record state) {
        if (!type.isInstance(state)) {
            throw new IllegalArgumentException("%s cannot restore %s".formatted(
                    node.id(), state == null ? "nothing" : state.getClass().getSimpleName()));
        }
        return type.cast(state);
    }
}
