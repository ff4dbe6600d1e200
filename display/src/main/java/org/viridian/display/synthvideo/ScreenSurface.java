package org.viridian.display.synthvideo;

import org.viridian.display.surface.Frame;
import org.viridian.display.surface.Surface;

/** The picture in video memory, with the damage that the guest reports. */
final class ScreenSurface implements Surface {
    private volatile Frame frame;
    private Rect damage;
    private Runnable wakeUp = () -> {};

    @Override
    public Frame frame() {
        return frame;
    }

    @Override
    public synchronized Rect takeDamage() {
        Rect taken = damage;
        damage = null;
        return taken;
    }

    @Override
    public synchronized void onDamage(Runnable action) {
        wakeUp = action;
    }

    /** Shows another frame, or none. */
    void show(Frame next) {
        frame = next;
        damageAll();
    }

    /** Everything may have changed. */
    void damageAll() {
        Frame present = frame;
        damage(present == null ? new Rect(0, 0, 0, 0) : new Rect(0, 0, present.width(), present.height()));
    }

    /** This rectangle, already clipped to the frame, has changed. */
    void damage(Rect rect) {
        Runnable wake = null;
        synchronized (this) {
            if (damage == null) {
                damage = rect;
                wake = wakeUp;
            } else {
                damage = damage.union(rect);
            }
        }
        if (wake != null) {
            wake.run();
        }
    }
}
