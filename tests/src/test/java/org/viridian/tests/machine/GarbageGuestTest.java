package org.viridian.tests.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.viridian.app.machine.Machine;
import org.viridian.app.machine.MachineBuilder;
import org.viridian.app.machine.MachineState;
import org.viridian.tests.guest.Guests;

/**
 * A guest that writes garbage to every port, synthetic MSR, hypercall and VMBus message, beside a second one that does the
 * same: neither may crash or hang the process, and both stay answerable. Seconds by {@code viridian.garbage.seconds}.
 */
class GarbageGuestTest {
    private static final long SECONDS = Long.getLong("viridian.garbage.seconds", 15);

    @Test
    @Timeout(value = 10, unit = TimeUnit.MINUTES)
    void garbageHurtsNobody(@TempDir Path folder) throws Exception {
        try (Machine first = MachineBuilder.build(Guests.assembled("garbage", folder));
                Machine second = MachineBuilder.build(Guests.assembled("garbage", folder))) {
            first.start();
            second.start();
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
            while (System.nanoTime() < end) {
                Thread.sleep(500);
                assertEquals(MachineState.RUNNING, first.state(), () -> "first: " + first.ending());
                assertEquals(MachineState.RUNNING, second.state(), () -> "second: " + second.ending());
            }
            assertTrue(first.serialText().contains("."), "the guest did not get far: " + first.serialText());
            first.pause();
            assertEquals(MachineState.PAUSED, first.state());
            first.resume();
        }
    }
}
