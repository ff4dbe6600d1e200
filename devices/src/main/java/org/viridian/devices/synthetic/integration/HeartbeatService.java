package org.viridian.devices.synthetic.integration;

import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.viridian.engine.clock.VmClock;
import org.viridian.engine.device.Counter;

/** Heartbeat: asks every two seconds; an answer proves that the guest's first processor takes interrupts. */
public final class HeartbeatService extends IntegrationService {
    private static final UUID CLASS = UUID.fromString("57164f39-9115-4e78-ab55-382f3bd5422d");
    private static final UUID INSTANCE = UUID.fromString("fd149e91-82e0-4a7d-afa6-2a4166cbd7c0");
    private static final int TYPE = 1;
    private static final int BODY_SIZE = 40;
    private static final long PERIOD = TimeUnit.SECONDS.toNanos(2);
    private static final long SILENCE = TimeUnit.SECONDS.toNanos(15);

    private final VmClock clock;
    private final VmClock.Timer timer;
    private final Counter beats = node().counter("heartbeats");
    private long sequence;
    private volatile long lastAnswer;

    /** @param clock the VM's time; a paused VM is not counted as silent */
    public HeartbeatService(VmClock clock) {
        super("heartbeat", "Heartbeat", CLASS, INSTANCE, TYPE, new int[] {version(1, 0), version(3, 0)}, clock);
        this.clock = clock;
        this.timer = clock.timer(this::beat);
    }

    /** Whether the guest answers; empty while no driver listens. */
    public Optional<Boolean> responding() {
        return ready() ? Optional.of(clock.nanoTime() - lastAnswer < SILENCE) : Optional.empty();
    }

    @Override
    void negotiated() {
        lastAnswer = clock.nanoTime();
        sequence = 0;
        timer.arm(clock.nanoTime());
    }

    private void beat() {
        lock.lock();
        try {
            if (!ready()) {
                return;
            }
            if (!busy()) {
                ByteBuffer request = request(BODY_SIZE);
                request.putLong(BODY, sequence);
                post(request);
            }
            timer.arm(clock.nanoTime() + PERIOD);
        } finally {
            lock.unlock();
        }
    }

    @Override
    void answered(ByteBuffer answer, int status) {
        if (answer.capacity() >= 8) {
            sequence = answer.getLong(0) + 1;
            lastAnswer = clock.nanoTime();
            beats.increment();
        }
    }

    @Override
    void forgotten() {
        timer.cancel();
    }
}
