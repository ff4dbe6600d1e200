package org.viridian.devices.synthetic.integration;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import org.viridian.engine.clock.VmClock;
import org.viridian.engine.device.Counter;

/** The heartbeat service: a question every two seconds, answered with the next sequence number. */
public final class Heartbeat extends IntegrationService {
    private static final long PERIOD = 2_000_000_000L;
    /** Without an answer for this long the guest counts as not responding. */
    private static final long PATIENCE = 12_000_000_000L;
    private static final int BODY_SIZE = 40;

    private final VmClock clock;
    private final VmClock.Timer timer;
    private final Counter beats;
    private long sequence;
    private volatile long lastAnswer;

    /** @param clock the VM's time */
    public Heartbeat(VmClock clock) {
        super("hv-heartbeat", "Heartbeat", "57164f39-9115-4e78-ab55-382f3bd5422d", "fd149e91-82e0-4a7d-afa6-2a4166cbd7c0",
                1, List.of(new Version(1, 0), new Version(3, 0)), clock::nanoTime);
        this.clock = clock;
        this.timer = clock.timer(this::beat);
        this.beats = node().counter("beats");
    }

    @Override
    protected void negotiated(Version agreed) {
        lastAnswer = clock.nanoTime();
        timer.arm(clock.nanoTime());
    }

    private void beat() {
        if (!usable()) {
            return;
        }
        ByteBuffer message = request(BODY_SIZE);
        if (message != null) {
            message.putLong(BODY, ++sequence);
            ask(message);
        }
        timer.arm(clock.nanoTime() + PERIOD);
    }

    @Override
    protected void answered(int status, ByteBuffer message) {
        if (message.capacity() >= BODY + 8) {
            sequence = message.getLong(BODY);
            lastAnswer = clock.nanoTime();
            beats.increment();
        }
    }

    /** True while the guest answers, false when it has stopped to; empty when no driver listens. */
    public Optional<Boolean> beating() {
        return usable() ? Optional.of(clock.nanoTime() - lastAnswer < PATIENCE) : Optional.empty();
    }
}
