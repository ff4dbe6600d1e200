package org.viridian.devices.synthetic.integration;

import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.viridian.engine.clock.VmClock;

/**
 * Time synchronisation: sets the guest's clock once after the channel has opened, then sends samples that only feed the
 * guest's PTP clock.
 */
public final class TimeSyncService extends IntegrationService {
    private static final UUID CLASS = UUID.fromString("9527e630-d0ae-497b-adce-e80ab0175caf");
    private static final UUID INSTANCE = UUID.fromString("2dd1ce17-079e-403c-b352-a1921ee207ee");
    private static final int TYPE = 4;
    private static final int BODY_SIZE = 24;
    private static final int BODY_SIZE_OLD = 25;
    private static final int REFERENCE_VERSION = 4;
    private static final int FLAG_SYNC = 1;
    private static final int FLAG_SAMPLE = 2;
    /** Seconds from 1601-01-01 to 1970-01-01. */
    private static final long EPOCH_SECONDS = 11_644_473_600L;
    private static final long PERIOD = TimeUnit.SECONDS.toNanos(5);

    private final VmClock clock;
    private final LongSupplier referenceTime;
    private final VmClock.Timer timer;
    private boolean synced;

    /**
     * @param clock the VM's time
     * @param referenceTime the reference counter as the guest reads it, in units of 100 ns
     */
    public TimeSyncService(VmClock clock, LongSupplier referenceTime) {
        super("timesync", "Time Synchronization", CLASS, INSTANCE, TYPE,
                new int[] {version(1, 0), version(3, 0), version(4, 0)}, clock);
        this.clock = clock;
        this.referenceTime = referenceTime;
        this.timer = clock.timer(this::tick);
    }

    /** Sets the guest's clock with the next message: after a pause or a restore. Any thread. */
    public void synchronize() {
        lock.lock();
        try {
            synced = false;
            if (ready()) {
                timer.arm(clock.nanoTime());
            }
        } finally {
            lock.unlock();
        }
    }

    @Override
    void negotiated() {
        synced = false;
        timer.arm(clock.nanoTime());
    }

    private void tick() {
        lock.lock();
        try {
            if (!ready()) {
                return;
            }
            if (!busy() && post(sample(synced ? FLAG_SAMPLE : FLAG_SYNC))) {
                synced = true;
            }
            timer.arm(clock.nanoTime() + PERIOD);
        } finally {
            lock.unlock();
        }
    }

    private ByteBuffer sample(int flags) {
        Instant now = Instant.now();
        long hostTime = (now.getEpochSecond() + EPOCH_SECONDS) * 10_000_000 + now.getNano() / 100;
        if (major() >= REFERENCE_VERSION) {
            ByteBuffer request = request(BODY_SIZE);
            return request.putLong(BODY, hostTime).putLong(BODY + 8, referenceTime.getAsLong()).put(BODY + 16, (byte) flags);
        }
        ByteBuffer request = request(BODY_SIZE_OLD);
        return request.putLong(BODY, hostTime).put(BODY + 24, (byte) flags);
    }

    @Override
    void answered(ByteBuffer answer, int status) {}

    @Override
    void forgotten() {
        timer.cancel();
    }
}
