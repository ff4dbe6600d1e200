package org.viridian.devices.synthetic.integration;

import java.nio.ByteBuffer;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.function.LongSupplier;
import org.viridian.engine.clock.VmClock;

/**
 * The time synchronisation service: one SYNC when the driver starts and after every pause, then samples for the guest's
 * PTP clock.
 */
public final class TimeSync extends IntegrationService {
    private static final long PERIOD = 5_000_000_000L;
    /** Host and VM clocks that part by more than this have been through a pause. */
    private static final long PAUSED_NANOS = 1_000_000_000L;
    /** From 1601 to 1970, seconds. */
    private static final long EPOCH_1601 = 11_644_473_600L;
    private static final int FLAG_SYNC = 1;
    private static final int FLAG_SAMPLE = 2;
    private static final int BODY_VERSION_4 = 24;
    private static final int BODY_OLD = 28;

    private final VmClock clock;
    private final LongSupplier referenceTime;
    private final InstantSource wall;
    private final VmClock.Timer timer;
    private Version agreed;
    private boolean sync;
    private long lastDifference;

    /**
     * @param clock the VM's time
     * @param referenceTime the partition reference counter that the guest reads, 100 ns
     * @param wall the host's time
     */
    public TimeSync(VmClock clock, LongSupplier referenceTime, InstantSource wall) {
        super("hv-timesync", "Time synchronization", "9527e630-d0ae-497b-adce-e80ab0175caf",
                "2dd1ce17-079e-403c-b352-a1921ee207ee", 4,
                List.of(new Version(1, 0), new Version(3, 0), new Version(4, 0)), clock::nanoTime);
        this.clock = clock;
        this.referenceTime = referenceTime;
        this.wall = wall;
        this.timer = clock.timer(this::tick);
    }

    @Override
    protected synchronized void negotiated(Version version) {
        agreed = version;
        sync = true;
        timer.arm(clock.nanoTime());
    }

    private synchronized void tick() {
        if (!usable()) {
            return;
        }
        boolean modern = agreed.major() >= 4;
        ByteBuffer message = request(modern ? BODY_VERSION_4 : BODY_OLD);
        if (message != null) {
            Instant now = wall.instant();
            long reference = referenceTime.getAsLong();
            long hostTime = (now.getEpochSecond() + EPOCH_1601) * 10_000_000L + now.getNano() / 100;
            long difference = hostTime * 100 - clock.nanoTime();
            if (Math.abs(difference - lastDifference) > PAUSED_NANOS) {
                sync = true;
            }
            lastDifference = difference;
            byte flags = (byte) (sync ? FLAG_SYNC : FLAG_SAMPLE);
            sync = false;
            message.putLong(BODY, hostTime);
            if (modern) {
                message.putLong(BODY + 8, reference).put(BODY + 16, flags);
            } else {
                message.put(BODY + 24, flags);
            }
            ask(message);
        }
        timer.arm(clock.nanoTime() + PERIOD);
    }

    @Override
    protected void answered(int status, ByteBuffer message) {}
}
