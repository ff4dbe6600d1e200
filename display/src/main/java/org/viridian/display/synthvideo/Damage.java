package org.viridian.display.synthvideo;

import java.util.concurrent.locks.ReentrantLock;
import org.viridian.display.surface.Surface;

/** What has changed on a screen since somebody last asked: one rectangle, and who is to be woken. Any thread. */
final class Damage {
    private final ReentrantLock lock = new ReentrantLock();
    private Surface.Rect pending;
    private boolean idle = true;
    private volatile Runnable wakeUp = () -> {};

    void onDamage(Runnable action) {
        wakeUp = action;
    }

    void add(Surface.Rect rect) {
        boolean wake;
        lock.lock();
        try {
            pending = pending == null ? rect : pending.union(rect);
            wake = idle;
            idle = false;
        } finally {
            lock.unlock();
        }
        if (wake) {
            wakeUp.run();
        }
    }

    Surface.Rect take() {
        lock.lock();
        try {
            Surface.Rect taken = pending;
            pending = null;
            idle = taken == null;
            return taken;
        } finally {
            lock.unlock();
        }
    }
}
