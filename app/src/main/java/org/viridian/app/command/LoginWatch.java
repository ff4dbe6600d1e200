package org.viridian.app.command;

import org.viridian.app.library.VmSession;
import org.viridian.app.machine.Ending;
import org.viridian.app.machine.Machine;
import org.viridian.app.text.Failure;
import org.viridian.app.text.Text;

/** Waits until a guest asks for a login on its screen. */
public final class LoginWatch {
    private static final long PERIOD_MILLIS = 200;
    /** After the announcement the console still has to draw its last lines. */
    private static final long SETTLE_MILLIS = 1500;

    private LoginWatch() {}

    /**
     * Waits for {@code login:} on COM1, which the Quick Create guest writes once its screen shows the same.
     *
     * @param vm a VM of this process
     * @param timeoutSeconds the most it may take
     * @return seconds since the machine was powered on
     */
    public static double await(VmSession vm, long timeoutSeconds) throws Failure, InterruptedException {
        Machine machine = vm.machine().orElseThrow();
        long end = System.nanoTime() + timeoutSeconds * 1_000_000_000;
        while (!machine.serialText().contains("login:")) {
            if (vm.awaitEnd(PERIOD_MILLIS)) {
                Ending ending = machine.ending().orElse(new Ending.TurnedOff());
                throw new Failure(Failure.Kind.GUEST, org.viridian.app.library.Endings.text(ending));
            }
            if (System.nanoTime() > end) {
                throw new Failure(Failure.Kind.TIMEOUT, Text.of("cli.login.timeout", timeoutSeconds));
            }
        }
        double seconds = machine.uptimeNanos() / 1e9;
        Thread.sleep(SETTLE_MILLIS);
        return seconds;
    }
}
