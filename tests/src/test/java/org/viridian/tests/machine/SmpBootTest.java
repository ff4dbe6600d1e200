package org.viridian.tests.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.viridian.app.definition.NewVm.Flavour;
import org.viridian.app.machine.Ending;
import org.viridian.app.machine.Machine;
import org.viridian.app.machine.MachineBuilder;
import org.viridian.tests.guest.Guests;
import org.viridian.tests.guest.SerialShell;

/**
 * Debian on several processors of the software CPU: all of them come up, work on their own, and cost nothing when idle.
 * {@code -Dviridian.smp.processors=N} for more than two.
 */
class SmpBootTest {
    private static final int PROCESSORS = Integer.getInteger("viridian.smp.processors", 2);
    private static final Duration BOOT = Duration.ofMinutes(6);
    private static final Duration COMMAND = Duration.ofSeconds(120);
    private static final long IDLE = 4;

    @Test
    @Timeout(value = 15, unit = TimeUnit.MINUTES)
    void debianRunsOnAllProcessors() throws Exception {
        try (Machine machine = MachineBuilder.build(Guests.debian(Flavour.CLOUD, PROCESSORS, List.of()))) {
            machine.start();
            SerialShell shell = new SerialShell(machine);
            shell.await("login: root", BOOT);
            assertEquals(Integer.toString(PROCESSORS), shell.run("nproc", COMMAND).orFail().strip());
            assertEquals("0-" + (PROCESSORS - 1), shell.run("cat /sys/devices/system/cpu/online", COMMAND).orFail().strip());
            // A process on each processor maps, writes and unmaps memory, which the others have to hear of.
            String sums = shell.run("for c in $(seq 0 " + (PROCESSORS - 1) + "); do taskset -c $c sh -c 'for i in 1 2 3; do "
                    + "dd if=/dev/zero bs=64k count=64 2>/dev/null | md5sum; done' & done; wait", COMMAND).orFail();
            List<String> lines = sums.lines().filter(line -> line.matches("[0-9a-f]{32}.*")).map(line -> line.substring(0, 32)).toList();
            assertEquals(3 * PROCESSORS, lines.size(), sums);
            assertEquals(1, lines.stream().distinct().count(), sums);
            String stalls = shell.run("dmesg | grep -iE 'soft lockup|(rcu|cpu).*stall|hung_task|clocksource.*unstable|BUG:'; true", COMMAND).output();
            assertEquals("", stalls.strip());
            idleCostsNothing();
            assertTrue(machine.shutDown());
            assertInstanceOf(Ending.PoweredOff.class, machine.awaitEnd());
        }
    }

    private static void idleCostsNothing() throws InterruptedException {
        OperatingSystemMXBean process = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        // The guest calms down first, and so does the compiler of this process.
        TimeUnit.SECONDS.sleep(2);
        long before = process.getProcessCpuTime();
        TimeUnit.SECONDS.sleep(IDLE);
        long used = process.getProcessCpuTime() - before;
        assertTrue(used < TimeUnit.SECONDS.toNanos(IDLE) * 6 / 10, "an idle guest used " + used / 1_000_000 + " ms in " + IDLE + " s");
    }
}
