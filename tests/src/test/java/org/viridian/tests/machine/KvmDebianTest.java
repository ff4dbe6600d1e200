package org.viridian.tests.machine;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.viridian.app.definition.NewVm.Flavour;
import org.viridian.app.machine.MachineConfig.Engine;
import org.viridian.tests.guest.Guests;
import org.viridian.tests.guest.KvmHost;

/**
 * The stories of {@link DebianBootTest} and {@link DiskAndRebootTest} on KVM. Where the host has none, {@code ./verify}
 * runs these in the rig, on a KVM that is itself emulated; the size of the disk ({@code viridian.kvm.disk}, MiB) and the
 * number of restarts ({@code viridian.kvm.reboots}) are smaller there, because each of its instructions costs a hundred.
 */
@Tag("kvm")
class KvmDebianTest {
    private static final int MEBIBYTES = Integer.getInteger("viridian.kvm.disk", 256);
    private static final int REBOOTS = Integer.getInteger("viridian.kvm.reboots", 3);

    @BeforeEach
    void needsKvm() {
        KvmHost.requireFast();
    }

    @Test
    @Timeout(value = 15, unit = TimeUnit.MINUTES)
    void debianBootsToTheSyntheticScreenAndPowersOff() throws Exception {
        DebianBootTest.bootAndPowerOff(Guests.debian(Flavour.CLOUD, Engine.KVM, 1, List.of()));
    }

    @Test
    @Timeout(value = 15, unit = TimeUnit.MINUTES)
    void twoProcessorsBootAndPowerOff() throws Exception {
        DebianBootTest.bootAndPowerOff(Guests.debian(Flavour.CLOUD, Engine.KVM, 2, List.of()));
    }

    @Test
    @Timeout(value = 60, unit = TimeUnit.MINUTES)
    void writtenSyncedAndReadBackAfterRestarts(@TempDir Path folder) throws Exception {
        DiskAndRebootTest.writeRestartAndCompare(folder, Engine.KVM, MEBIBYTES, REBOOTS);
    }
}
