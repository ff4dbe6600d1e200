package org.viridian.devices.synthetic.integration;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.function.LongSupplier;

/** The shutdown service: asks the guest to power off or restart in good order. */
public final class Shutdown extends IntegrationService {
    private static final int PLANNED = 0x8000_0000;
    private static final int SECONDS = 60;
    /** A shorter request gets no answer at all. */
    private static final int BODY_SIZE = 2060;
    private static final int FLAG_RESTART = 2;

    /** @param clock nanoseconds since power-on */
    public Shutdown(LongSupplier clock) {
        super("hv-shutdown", "Guest shutdown", "0e0b6031-5213-4934-818b-38d90ced39db", "b6650ff7-33bc-4840-8048-e0676786f393",
                3, List.of(new Version(1, 0), new Version(3, 0), new Version(3, 1), new Version(3, 2)), clock);
    }

    /** Asks the guest to power off; false when no driver listens or an earlier request is still unanswered. */
    public boolean powerOff() {
        return request(0, "Shut down");
    }

    /** Asks the guest to restart; false as for {@link #powerOff}. */
    public boolean restart() {
        return request(FLAG_RESTART, "Restart");
    }

    private boolean request(int flags, String text) {
        ByteBuffer message = request(BODY_SIZE);
        if (message == null) {
            return false;
        }
        message.putInt(BODY, PLANNED).putInt(BODY + 4, SECONDS).putInt(BODY + 8, flags);
        byte[] words = text.getBytes(java.nio.charset.StandardCharsets.US_ASCII);
        message.put(BODY + 12, words);
        ask(message);
        return true;
    }

    @Override
    protected void negotiated(Version agreed) {}

    @Override
    protected void answered(int status, ByteBuffer message) {
        if (status != 0) {
            System.getLogger("org.viridian.devices").log(System.Logger.Level.WARNING,
                    "the guest refused to shut down: status 0x{0}", Integer.toHexString(status));
        }
    }
}
