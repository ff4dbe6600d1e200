package org.viridian.tests.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.viridian.app.definition.NewVm.Flavour;
import org.viridian.app.machine.Ending;
import org.viridian.app.machine.Machine;
import org.viridian.app.machine.MachineBuilder;
import org.viridian.app.machine.MachineConfig;
import org.viridian.app.machine.MachineState;
import org.viridian.engine.device.DeviceNode;
import org.viridian.tests.guest.Guests;
import org.viridian.tests.guest.SerialShell;

/**
 * A guest that writes garbage to every port, MSR, hypercall, VMBus message and ring, beside a Debian that goes on with its
 * work: the process lives, the garbage guest stays answerable, and Debian answers as fast as it did alone, within a bound
 * measured before. Seconds by {@code viridian.garbage.seconds}.
 */
class GarbageGuestTest {
    private static final long SECONDS = Long.getLong("viridian.garbage.seconds", 15);
    private static final Duration BOOT = Duration.ofMinutes(10);
    private static final Duration LIMIT = Duration.ofMinutes(3);
    private static final int MEASURED = 20;
    /** The neighbour takes a processor and the collector's time: that much slower than the slowest answer before is fair. */
    private static final int SLOWER = 10;
    private static final long LEAST_BOUND_MILLIS = 2000;

    @Test
    @Timeout(value = 30, unit = TimeUnit.MINUTES)
    void garbageHurtsNobody(@TempDir Path folder) throws Exception {
        MachineConfig garbage = Guests.assembled("garbage", folder);
        Thrower thrower = new Thrower(garbage);
        try (Machine debian = MachineBuilder.build(Guests.debian(Flavour.CLOUD, 1, List.of())); thrower) {
            debian.start();
            SerialShell shell = new SerialShell(debian);
            shell.await("login: root", BOOT);
            long slowest = 0;
            for (int i = 0; i < MEASURED; i++) {
                slowest = Math.max(slowest, echo(shell, i));
            }
            long bound = Math.max(LEAST_BOUND_MILLIS, SLOWER * slowest);

            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
            int echoes = 0;
            long worst = 0;
            while (System.nanoTime() < end) {
                thrower.goOn();
                long took = echo(shell, echoes++);
                worst = Math.max(worst, took);
                assertTrue(took <= bound, () -> "Debian answered after %d ms; alone after at most %d".formatted(took, bound));
                Thread.sleep(200);
            }
            thrower.answers();
            System.out.printf("garbage: %d s, %d lives, %d rounds, Debian's %d answers: slowest %d ms (alone: bound %d ms)%n",
                    SECONDS, thrower.lives, thrower.rounds(), echoes, worst, bound);
            assertTrue(thrower.rounds() > 0, "the garbage guest did not get far");
            String bound2 = shell.run("ls /sys/bus/vmbus/drivers/hyperv_keyboard /sys/bus/vmbus/drivers/hv_storvsc", LIMIT).orFail();
            assertTrue(bound2.contains("-"), "Debian's own drivers are still bound:\n" + bound2);
            assertTrue(debian.shutDown());
            debian.awaitEnd();
        }
    }

    /** Milliseconds until the shell has answered. */
    private static long echo(SerialShell shell, int number) throws InterruptedException {
        long start = System.nanoTime();
        assertEquals("echo" + number, shell.run("echo echo" + number, LIMIT).orFail());
        return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
    }

    /** The garbage guest; what it throws may end or reset it, and then it is started again. */
    private static final class Thrower implements AutoCloseable {
        private static final int ROUNDS_A_DOT = 8192;

        private final MachineConfig config;
        private Machine machine;
        private int lives;
        private long dots;

        Thrower(MachineConfig config) {
            this.config = config;
        }

        void goOn() throws Exception {
            if (machine != null && machine.state() == MachineState.ENDED) {
                Ending ending = machine.awaitEnd();
                assertTrue(ending instanceof Ending.PoweredOff || ending instanceof Ending.Failed failed
                        && !failed.reason().contains("Exception"), () -> "the guest ended by a fault of ours: " + ending);
                close();
            }
            if (machine == null) {
                machine = MachineBuilder.build(config);
                machine.start();
                lives++;
            }
        }

        /** Everything that the windows ask of a machine is still answered. */
        void answers() throws Exception {
            goOn();
            for (DeviceNode node : machine.devices()) {
                node.state();
                node.resources();
            }
            machine.screen().frame();
            machine.keyboard().key(0x1C, true);
            machine.pause();
            if (machine.state() != MachineState.ENDED) {
                assertEquals(MachineState.PAUSED, machine.state());
                machine.resume();
                machine.reset();
            }
        }

        long rounds() {
            return (dots + (machine == null ? 0 : count(machine))) * ROUNDS_A_DOT;
        }

        private static long count(Machine machine) {
            return machine.serialText().chars().filter(c -> c == '.').count();
        }

        @Override
        public void close() {
            if (machine != null) {
                dots += count(machine);
                machine.close();
                machine = null;
            }
        }
    }
}
