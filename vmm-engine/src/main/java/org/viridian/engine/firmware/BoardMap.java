package org.viridian.engine.firmware;

import java.util.ArrayList;
import java.util.List;
import org.viridian.engine.memory.GuestMemory;

/**
 * Where things are on the board: the one place for addresses that the memory layout, the ACPI tables and the emulated
 * devices must agree on. Addresses are guest physical, sizes in bytes, interrupts are ISA numbers, which equal the I/O
 * APIC inputs except for the timer (0 to input 2).
 */
public final class BoardMap {
    /** End of conventional memory: EBDA and BIOS data lie above. */
    public static final long CONVENTIONAL_END = 0x9_FC00L;
    /** The VGA window, which is not RAM. */
    public static final long VGA_WINDOW = 0xA_0000L;
    /** First byte behind the VGA window; RAM again, for firmware images and tables. */
    public static final long VGA_WINDOW_END = 0xC_0000L;
    /** ACPI tables of a machine without firmware, up to {@link #BIOS_AREA}. */
    public static final long ACPI_AREA = 0xE_0000L;
    /** RSDP and SMBIOS anchor: the area that guests scan for them. */
    public static final long BIOS_AREA = 0xF_0000L;
    /** One MiB, where extended memory begins. */
    public static final long EXTENDED_MEMORY = 0x10_0000L;
    /** RAM that does not fit below this goes to {@link #HIGH_MEMORY}. */
    public static final long LOW_MEMORY_LIMIT = 0xC000_0000L;
    /** RAM above 4 GiB begins here. */
    public static final long HIGH_MEMORY = 0x1_0000_0000L;

    /** First byte of the window for PCI memory and VMBus MMIO below 4 GiB. */
    public static final long MMIO_LOW = 0xF800_0000L;
    /** First byte behind that window. */
    public static final long MMIO_LOW_END = 0xFEC0_0000L;
    /** First byte of the window above RAM; given to guests only when RAM ends below it. */
    public static final long MMIO_HIGH = 0xF_E000_0000L;
    /** First byte behind that window. */
    public static final long MMIO_HIGH_END = 0x10_0000_0000L;
    /** First byte of the PCI memory window of a machine with firmware, which places the BARs itself, from the top down. */
    public static final long MMIO_FIRMWARE = LOW_MEMORY_LIMIT;
    /** The only I/O APIC, 24 inputs, id 0. */
    public static final long IO_APIC = 0xFEC0_0000L;
    /** The local APICs. */
    public static final long LOCAL_APIC = 0xFEE0_0000L;
    /** Three TSS pages and an identity map that KVM needs on some Intel processors. */
    public static final long KVM_PAGES = 0xFEFF_C000L;
    /** Bytes at {@link #KVM_PAGES}. */
    public static final long KVM_PAGES_SIZE = 0x4000;

    /** ACPI register block (PMBASE) of a machine without firmware. */
    public static final int PM_BASE = 0x600;
    /** System control interrupt, level-triggered. */
    public static final int SCI = 9;
    /** Reset control register. */
    public static final int RESET_PORT = 0xCF9;
    /** Ports of COM1 and COM2. */
    public static final List<Integer> COM_PORTS = List.of(0x3F8, 0x2F8);
    /** Interrupts of COM1 and COM2. */
    public static final List<Integer> COM_IRQS = List.of(4, 3);
    /** Interrupt of the PS/2 keyboard. */
    public static final int KEYBOARD_IRQ = 1;
    /** Interrupt of the PS/2 mouse. */
    public static final int MOUSE_IRQ = 12;
    /** Interrupt of the real-time clock. */
    public static final int RTC_IRQ = 8;
    /** Interrupts that PCI INTA#–INTD# of slot 0 reach; each further slot shifts them by one. */
    public static final List<Integer> PCI_IRQS = List.of(11, 10, 10, 11);
    /** I/O APIC input the timer's IRQ 0 reaches. */
    public static final int TIMER_INPUT = 2;
    /** Interrupt named in the resources of the VMBus node; no device drives it, guests only want to see one. */
    public static final int VMBUS_IRQ = 5;

    private BoardMap() {}

    /** First byte behind the RAM below 4 GiB. */
    public static long lowMemoryEnd(GuestMemory memory) {
        return memory.find(EXTENDED_MEMORY).end();
    }

    /**
     * A run of RAM.
     *
     * @param base first byte
     * @param size bytes
     */
    public record Range(long base, long size) {
        /** First byte behind. */
        public long end() {
            return base + size;
        }
    }

    /**
     * As {@link #ram}, for a machine with firmware: the area from C0000 to 1 MiB is left out, the chip set decides
     * what is seen there.
     */
    public static List<Range> ramAroundShadow(long bytes) {
        List<Range> ranges = new ArrayList<>(ram(bytes));
        Range low = ranges.remove(1);
        ranges.add(1, new Range(EXTENDED_MEMORY, low.end() - EXTENDED_MEMORY));
        return List.copyOf(ranges);
    }

    /** The RAM regions of a machine with {@code bytes} of memory (at least 2 MiB, whole pages), sorted by base. */
    public static List<Range> ram(long bytes) {
        if (bytes < 0x20_0000L || (bytes & 0xFFF) != 0) {
            throw new IllegalArgumentException("memory of 0x%x bytes".formatted(bytes));
        }
        List<Range> ranges = new ArrayList<>();
        ranges.add(new Range(0, VGA_WINDOW));
        long low = Math.min(bytes, LOW_MEMORY_LIMIT);
        ranges.add(new Range(VGA_WINDOW_END, low - VGA_WINDOW_END));
        if (bytes > low) {
            ranges.add(new Range(HIGH_MEMORY, bytes - low));
        }
        return List.copyOf(ranges);
    }
}
