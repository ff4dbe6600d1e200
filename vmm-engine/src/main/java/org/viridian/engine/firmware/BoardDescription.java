package org.viridian.engine.firmware;

/**
 * What distinguishes one VM's tables from another's.
 *
 * @param processors virtual processors, 1–8; their local APIC ids are their indexes
 * @param memoryBytes RAM, whole pages
 * @param pmBase first port of the ACPI register block
 * @param vmbus whether the machine has a VMBus
 * @param hyperVIdentity whether SMBIOS bears the names of a Hyper-V machine. Linux then leaves IDE hard disks alone
 *     (ata_piix), so only when every disk is offered as a synthetic one, too
 */
public record BoardDescription(int processors, long memoryBytes, int pmBase, boolean vmbus, boolean hyperVIdentity) {
    /** A machine without firmware and with a VMBus. */
    public static BoardDescription direct(int processors, long memoryBytes, boolean hyperVIdentity) {
        return new BoardDescription(processors, memoryBytes, BoardMap.PM_BASE, true, hyperVIdentity);
    }
}
