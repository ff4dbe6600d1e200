package org.viridian.devices.synthetic.storage;

/** How many requests of one channel are being worked on; bounded, so that what is too much stays in the guest's ring. */
final class Outstanding {
    private static final int MOST = 256;

    private int count;

    /** One more; waits while there are too many. */
    synchronized void begin() {
        await(MOST - 1);
        count++;
    }

    /** One less. */
    synchronized void end() {
        count--;
        notifyAll();
    }

    /** Waits until none is left. */
    synchronized void drain() {
        await(0);
    }

    private void await(int most) {
        boolean interrupted = false;
        while (count > most) {
            try {
                wait();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
