package org.viridian.tests.guest;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.viridian.engine.host.HostProbe;
import org.viridian.engine.host.KvmReport;
import org.viridian.engine.host.KvmStatus;

/** Whether whole guests can run on this host's KVM. */
public final class KvmHost {
    private static final class Probed {
        static final KvmReport REPORT = HostProbe.kvm();
    }

    private KvmHost() {}

    /** Skips the test, with the reason, unless KVM runs kernel code on the processor. */
    public static void requireFast() {
        KvmReport kvm = Probed.REPORT;
        assumeTrue(kvm.status() == KvmStatus.READY, () -> kvm.status() == KvmStatus.SLOW_KERNEL_MODE
                ? "This KVM interprets kernel code (%.1f M instructions/s); a kernel does not boot on it in reasonable time."
                        .formatted(kvm.kernelModeSpeed() / 1e6)
                : kvm.detail());
    }
}
