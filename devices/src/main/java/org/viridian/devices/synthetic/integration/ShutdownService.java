package org.viridian.devices.synthetic.integration;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.UUID;
import org.viridian.engine.clock.VmClock;
import org.viridian.engine.device.DeviceState;

/**
 * Guest shutdown: asks the guest to power off or to reboot in good order. That it has done so is seen at the board's power
 * registers, not here.
 */
public final class ShutdownService extends IntegrationService {
    private static final UUID CLASS = UUID.fromString("0e0b6031-5213-4934-818b-38d90ced39db");
    private static final UUID INSTANCE = UUID.fromString("b6650ff7-33bc-4840-8048-e0676786f393");
    private static final int TYPE = 3;
    /** Linux does not answer a shorter one. */
    private static final int BODY_SIZE = 2060;
    private static final int REASON_PLANNED = 0x8000_0000;
    private static final int TIMEOUT_SECONDS = 60;
    private static final int FLAG_POWER_OFF = 0;
    private static final int FLAG_REBOOT = 2;
    private static final int TEXT_OFFSET = 12;

    /** @param clock the VM's time */
    public ShutdownService(VmClock clock) {
        super("shutdown", "Guest Shutdown", CLASS, INSTANCE, TYPE,
                new int[] {version(1, 0), version(3, 0), version(3, 1), version(3, 2)}, clock);
    }

    /** Asks for a power-off; false when no driver listens or an earlier request has not been answered. Any thread. */
    public boolean requestPowerOff() {
        return ask(FLAG_POWER_OFF, "Powered off by the host");
    }

    /** Asks for a reboot; false when no driver listens or an earlier request has not been answered. Any thread. */
    public boolean requestReboot() {
        return ask(FLAG_REBOOT, "Restarted by the host");
    }

    private boolean ask(int flags, String text) {
        lock.lock();
        try {
            if (!ready() || busy()) {
                return false;
            }
            ByteBuffer request = request(BODY_SIZE);
            request.putInt(BODY, REASON_PLANNED).putInt(BODY + 4, TIMEOUT_SECONDS).putInt(BODY + 8, flags);
            request.put(BODY + TEXT_OFFSET, text.getBytes(StandardCharsets.US_ASCII));
            return post(request);
        } finally {
            lock.unlock();
        }
    }

    @Override
    void negotiated() {}

    @Override
    void answered(ByteBuffer answer, int status) {
        if (status != 0) {
            // Not a fault of the device: shown in its history, and it goes on working.
            node().state(DeviceState.PROBLEM, "the guest refused to shut down: status 0x%x".formatted(status));
            node().state(DeviceState.ACTIVE, "the guest goes on");
        }
    }
}
