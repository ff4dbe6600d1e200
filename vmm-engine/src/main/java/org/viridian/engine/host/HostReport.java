package org.viridian.engine.host;

/**
 * What this host offers.
 *
 * @param system operating system and version
 * @param architecture of the processor, as the JVM names it
 * @param processors logical processors the JVM may use
 * @param memory bytes of physical memory, or 0 when unknown
 * @param kvm KVM
 * @param automatic the backend that {@code auto} picks: {@code kvm} or {@code software}
 * @param reasonKey a key for a translated sentence on why
 */
public record HostReport(
        String system,
        String architecture,
        int processors,
        long memory,
        KvmReport kvm,
        String automatic,
        String reasonKey) {}
