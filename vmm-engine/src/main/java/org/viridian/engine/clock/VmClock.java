package org.viridian.engine.clock;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A VM's one source of time: nanoseconds since power-on, standing still while the VM is paused. Every guest-visible
 * clock (TSC of the software CPU, PIT, PM timer, reference counter) is derived from it, so they agree.
 *
 * <p>Timers run on the clock's own thread, under the VM's device lock, in deadline order. Thread rule: any thread.
 */
public final class VmClock implements AutoCloseable {
    /** A one-shot timer made by {@link VmClock#timer}. Re-arming replaces the deadline. */
    public final class Timer {
        private final Runnable action;
        private long deadline = Long.MAX_VALUE;

        private Timer(Runnable action) {
            this.action = action;
        }

        /** Runs the action once the clock has reached {@code deadlineNanos}; a deadline in the past runs at once. */
        public void arm(long deadlineNanos) {
            VmClock.this.arm(this, deadlineNanos);
        }

        /** Forgets the deadline. The action may be running at this moment. */
        public void cancel() {
            VmClock.this.arm(this, Long.MAX_VALUE);
        }
    }

    /** Running: time is {@code System.nanoTime() + offset}; standing: time is {@code offset}. */
    private record Reading(boolean running, long offset) {
        long now() {
            return running ? System.nanoTime() + offset : offset;
        }
    }

    private final ReentrantLock deviceLock;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final java.util.ArrayList<Timer> armed = new java.util.ArrayList<>();
    private final Thread thread;
    /** One value, so that a reader never pairs the old flag with the new offset. */
    private volatile Reading reading = new Reading(false, 0);
    private boolean closed;

    /**
     * A clock that stands at zero until {@link #resume}.
     *
     * @param name the VM's name, for the thread
     * @param deviceLock the lock under which timer actions run
     */
    public VmClock(String name, ReentrantLock deviceLock) {
        this.deviceLock = deviceLock;
        this.thread = Thread.ofPlatform().name("clock " + name).daemon().start(this::loop);
    }

    /** Nanoseconds since power-on, without pauses. */
    public long nanoTime() {
        return reading.now();
    }

    /** Lets time go on. */
    public void resume() {
        lock.lock();
        try {
            if (!reading.running) {
                reading = new Reading(true, reading.offset - System.nanoTime());
                changed.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    /** Stops time. */
    public void pause() {
        lock.lock();
        try {
            reading = new Reading(false, reading.now());
        } finally {
            lock.unlock();
        }
    }

    /** Sets the time of a paused clock, for a restored VM. */
    public void restore(long nanos) {
        lock.lock();
        try {
            if (reading.running) {
                throw new IllegalStateException("the clock is running");
            }
            reading = new Reading(false, nanos);
        } finally {
            lock.unlock();
        }
    }

    /** Makes a timer; the action runs on the clock's thread under the device lock and must not block. */
    public Timer timer(Runnable action) {
        return new Timer(action);
    }

    private void arm(Timer timer, long deadline) {
        lock.lock();
        try {
            boolean wasArmed = timer.deadline != Long.MAX_VALUE;
            timer.deadline = deadline;
            if (deadline == Long.MAX_VALUE) {
                armed.remove(timer);
            } else if (!wasArmed) {
                armed.add(timer);
            }
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void loop() {
        while (true) {
            Timer due = awaitDue();
            if (due == null) {
                return;
            }
            deviceLock.lock();
            try {
                due.action.run();
            } catch (RuntimeException failure) {
                System.getLogger("org.viridian.engine.clock").log(System.Logger.Level.ERROR, "timer failed", failure);
            } finally {
                deviceLock.unlock();
            }
        }
    }

    private Timer awaitDue() {
        lock.lock();
        try {
            while (!closed) {
                Timer first = null;
                for (Timer timer : armed) {
                    if (first == null || timer.deadline < first.deadline) {
                        first = timer;
                    }
                }
                if (first == null || !reading.running) {
                    changed.awaitUninterruptibly();
                    continue;
                }
                long wait = first.deadline - nanoTime();
                if (wait <= 0) {
                    armed.remove(first);
                    first.deadline = Long.MAX_VALUE;
                    return first;
                }
                try {
                    changed.await(wait, TimeUnit.NANOSECONDS);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    return null;
                }
            }
            return null;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        if (Thread.currentThread() != thread) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
