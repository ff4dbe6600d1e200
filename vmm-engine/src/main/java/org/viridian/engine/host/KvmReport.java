package org.viridian.engine.host;

/**
 * KVM as the probe found it.
 *
 * @param status in one word
 * @param apiVersion API version, or 0 when the device did not open
 * @param hyperV this KVM has Hyper-V emulation of its own; the backend does not need it
 * @param hyperVSynic this KVM has a SynIC of its own; the backend does not need it
 * @param maximumProcessors processors in one VM, or 0
 * @param kernelModeSpeed instructions per second of a short ring-0 loop, or 0 when none ran
 * @param userModeSpeed instructions per second of the same loop in ring 3, or 0
 * @param detail the engine's own English sentence on what is wrong, or the empty string
 */
public record KvmReport(
        KvmStatus status,
        int apiVersion,
        boolean hyperV,
        boolean hyperVSynic,
        int maximumProcessors,
        long kernelModeSpeed,
        long userModeSpeed,
        String detail) {
    /** How many times slower ring 0 runs than ring 3: about 1 on hardware, hundreds on a PVM-type KVM; 0 when nothing ran. */
    public double kernelModeSlowdown() {
        return kernelModeSpeed == 0 ? 0 : (double) userModeSpeed / kernelModeSpeed;
    }
}
