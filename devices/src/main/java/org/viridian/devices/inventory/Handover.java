package org.viridian.devices.inventory;

import java.util.concurrent.locks.ReentrantLock;
import org.viridian.engine.device.DeviceNode;
import org.viridian.engine.device.DeviceState;

/**
 * Watches a synthetic device and lets its emulated twin step aside while the synthetic one is active.
 *
 * <p>The change is carried out on a thread of its own: the VSP reports its state under locks that must not wait for the
 * device lock. Each change looks at the present state, so the order of two close events does not matter.
 */
public final class Handover {
    private final DeviceNode synthetic;
    private final Bypassable emulated;
    private final Runnable before;
    private final ReentrantLock lock = new ReentrantLock();
    private boolean bypassed;

    private Handover(DeviceNode synthetic, Bypassable emulated, Runnable before) {
        this.synthetic = synthetic;
        this.emulated = emulated;
        this.before = before;
    }

    /** Declares the twins and hands over between them from now on. */
    public static Handover pair(DeviceNode synthetic, Bypassable emulated) {
        return pair(synthetic, emulated, () -> {});
    }

    /**
     * As {@link #pair(DeviceNode, Bypassable)}.
     *
     * @param before run before each change of sides, while both devices still work: to let go of what the old one holds
     */
    public static Handover pair(DeviceNode synthetic, Bypassable emulated, Runnable before) {
        Handover handover = new Handover(synthetic, emulated, before);
        synthetic.twin(emulated.node().id());
        emulated.node().twin(synthetic.id());
        synthetic.onEvent(event -> Thread.ofVirtual().name("hand-over " + synthetic.id()).start(handover::follow));
        handover.follow();
        return handover;
    }

    /** Brings the emulated device in line with the synthetic one's present state; returns when that is done. */
    public void follow() {
        lock.lock();
        try {
            boolean next = synthetic.state() == DeviceState.ACTIVE;
            if (next == bypassed) {
                return;
            }
            before.run();
            bypassed = next;
            emulated.setBypassed(next, next ? synthetic.name() + " took over" : synthetic.name() + " let go");
        } finally {
            lock.unlock();
        }
    }
}
