package org.viridian.engine.host;

import java.lang.management.ManagementFactory;
import org.viridian.engine.backend.BackendException;
import org.viridian.engine.kvm.KvmDevice;
import org.viridian.engine.kvm.KvmUnavailableException;

/**
 * Looks at the host: opens KVM and times a short loop of ring-0 code in it. Takes a few milliseconds, on a slow KVM up to
 * a second. Thread rule: any thread.
 */
public final class HostProbe {
    /** A KVM that interprets kernel code runs it hundreds of times slower than user code; hardware runs both alike. */
    private static final int SLOW_RATIO = 8;

    private HostProbe() {}

    /** Probes the host. */
    public static HostReport probe() {
        KvmReport kvm = kvm();
        return new HostReport(System.getProperty("os.name") + " " + System.getProperty("os.version"), System.getProperty("os.arch"),
                Runtime.getRuntime().availableProcessors(), memory(), kvm,
                kvm.status() == KvmStatus.READY ? "kvm" : "software", "host.auto." + reason(kvm.status()));
    }

    private static String reason(KvmStatus status) {
        return switch (status) {
            case READY -> "kvm";
            case SLOW_KERNEL_MODE -> "kvm-slow";
            case BROKEN -> "kvm-broken";
            case OTHER_HOST, ABSENT, DENIED, DISABLED, BUSY, TOO_OLD -> "no-kvm";
        };
    }

    /** Probes KVM only. */
    public static KvmReport kvm() {
        int version;
        boolean hyperV;
        boolean synic;
        int maximum;
        try (KvmDevice device = KvmDevice.open()) {
            version = device.apiVersion();
            hyperV = device.hyperV();
            synic = device.hyperVSynic();
            maximum = device.maximumProcessors();
        } catch (KvmUnavailableException unavailable) {
            return new KvmReport(status(unavailable.reason()), 0, false, false, 0, 0, 0, unavailable.getMessage());
        }
        try {
            SpeedGuest.Speed speed = SpeedGuest.measure();
            KvmStatus status = speed.kernel() * SLOW_RATIO < speed.user() ? KvmStatus.SLOW_KERNEL_MODE : KvmStatus.READY;
            return new KvmReport(status, version, hyperV, synic, maximum, speed.kernel(), speed.user(), "");
        } catch (BackendException | IllegalStateException failure) {
            boolean busy = failure instanceof BackendException && failure.getMessage().startsWith("Another hypervisor");
            return new KvmReport(busy ? KvmStatus.BUSY : KvmStatus.BROKEN, version, hyperV, synic, maximum, 0, 0, failure.getMessage());
        }
    }

    /** The status of a host whose KVM did not open for this reason. */
    public static KvmStatus status(KvmUnavailableException.Reason reason) {
        return switch (reason) {
            case OTHER_HOST -> KvmStatus.OTHER_HOST;
            case ABSENT -> KvmStatus.ABSENT;
            case DENIED -> KvmStatus.DENIED;
            case DISABLED -> KvmStatus.DISABLED;
            case BUSY -> KvmStatus.BUSY;
            case TOO_OLD -> KvmStatus.TOO_OLD;
        };
    }

    private static long memory() {
        return ManagementFactory.getOperatingSystemMXBean() instanceof com.sun.management.OperatingSystemMXBean system
                ? system.getTotalMemorySize() : 0;
    }
}
