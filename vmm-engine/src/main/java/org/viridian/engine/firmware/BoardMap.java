package org.viridian.engine.firmware;

import org.viridian.engine.memory.GuestMemory;

/**
 * Where things lie on the board: the one place that tables, loaders and devices agree on. Addresses are guest physical,
 * ports are I/O ports, interrupts are ISA IRQs unless called GSI.
 */
public final class BoardMap {
    /** End of conventional RAM below the VGA window; what follows up to 1 MiB is not handed to the guest as RAM. */
    public static final long CONVENTIONAL_END = 0x9FC00;
    /** First byte of the area that holds ACPI tables and SMBIOS in a machine without firmware. */
    public static final long TABLES = 0xE0000;
    /** First byte of the SMBIOS entry point and structures, inside the tables area. */
    public static final long SMBIOS = 0xF0000;
    /** First byte above the first megabyte. */
    public static final long HIGH = 0x100000;
    /** RAM below 4 GiB ends here at the latest; the rest continues at {@link #ABOVE_4G}. */
    public static final long LOW_RAM_LIMIT = 0xC000_0000L;
    /** RAM that does not fit below. */
    public static final long ABOVE_4G = 0x1_0000_0000L;
    /** PCI memory window of the host bridge. */
    public static final long PCI_WINDOW = 0xE000_0000L;
    /** VMBus's low MMIO window, from which the video VSC takes its frame buffer. */
    public static final long VMBUS_WINDOW = 0xF800_0000L;
    /** Last byte of the VMBus window and of PCI memory. */
    public static final long VMBUS_WINDOW_LAST = 0xFEBF_FFFFL;
    /** I/O APIC. */
    public static final long IO_APIC = 0xFEC0_0000L;
    /** Local APICs. */
    public static final long LOCAL_APIC = 0xFEE0_0000L;
    /** KVM's own pages: identity map and TSS, 16 KiB. */
    public static final long KVM_PAGES = 0xFEFF_C000L;

    /** ACPI PM1 event block; control at +4, timer at +8, GPE0 at +0xC. */
    public static final int PM_BASE = 0x600;
    /** ACPI's interrupt. */
    public static final int SCI = 9;
    /** Reset control register. */
    public static final int RESET_PORT = 0xCF9;
    /** First ports and IRQs of COM1 and COM2. */
    public static final int COM1 = 0x3F8;
    /** IRQ of COM1. */
    public static final int COM1_IRQ = 4;
    /** Second serial port. */
    public static final int COM2 = 0x2F8;
    /** IRQ of COM2. */
    public static final int COM2_IRQ = 3;
    /** The timer's ISA interrupt arrives at this GSI. */
    public static final int TIMER_GSI = 2;

    private BoardMap() {}

    /** Bytes of a VM's RAM that lie below 4 GiB. */
    public static long lowRam(long memoryBytes) {
        return Math.min(memoryBytes, LOW_RAM_LIMIT);
    }

    /** Bytes of RAM in the memory's regions, below 4 GiB. */
    public static long lowRam(GuestMemory memory) {
        return memory.find(0).size();
    }
}
