package org.viridian.engine.host;

/** What KVM is on this host. */
public enum KvmStatus {
    /** Runs guests at the processor's own speed. */
    READY,
    /** Works, but ring 0 is interpreted by the host (a PVM-type KVM, as on many cloud machines): kernels crawl. */
    SLOW_KERNEL_MODE,
    /** Opens, but the probe guest did not run as it must. */
    BROKEN,
    /** Not Linux on x86-64. */
    OTHER_HOST,
    /** No device. */
    ABSENT,
    /** The user may not open the device. */
    DENIED,
    /** Virtualization is switched off or missing. */
    DISABLED,
    /** Another hypervisor holds the processor. */
    BUSY,
    /** The kernel's KVM lacks what the backend needs. */
    TOO_OLD;

    /** A key for a translated sentence on what it is. */
    public String key() {
        return "host.kvm." + name().toLowerCase(java.util.Locale.ROOT).replace('_', '-');
    }

    /** A key for a translated sentence on what to do, or the empty string when nothing is to be done. */
    public String remedyKey() {
        return this == READY ? "" : key() + ".remedy";
    }
}
