package org.viridian.engine.firmware;

/**
 * The description of the board in AML: host bridge with its windows and interrupt routing, ISA devices, the VMBus node
 * and the value that powers off. SeaBIOS parses it with a small parser, so everything is a plain Name.
 */
final class Dsdt {
    private static final int PRESENT_AND_WORKING = 0x0F;
    private static final long ISA_BRIDGE = 0x0007_0000;
    private static final int SLOTS = 32;
    private static final int PINS = 4;
    private static final int ANY_FUNCTION = 0xFFFF;
    private static final int CONFIG_PORTS = 0xCF8;
    private static final int CONFIG_PORTS_END = 0xD00;

    private Dsdt() {}

    /** The definition block without its table header. */
    static byte[] body(BoardDescription board) {
        AmlWriter aml = new AmlWriter();
        aml.scope("\\_SB", system -> system.device("PCI0", pci -> hostBridge(pci, board)));
        // SLP_TYP 0 is S5 on this board.
        aml.namePackage("\\_S5", 4, values -> values.integer(0).integer(0).integer(0).integer(0));
        return aml.bytes();
    }

    private static void hostBridge(AmlWriter pci, BoardDescription board) {
        pci.nameEisa("_HID", "PNP0A03");
        pci.name("_BBN", 0);
        pci.name("_UID", 0);
        pci.nameBuffer("_CRS", windows(board));
        pci.namePackage("_PRT", SLOTS * PINS, Dsdt::routing);
        pci.device("ISA0", isa -> isaBridge(isa, board));
    }

    /** The VMBus driver takes its MMIO from these windows, too: it asks the parents of its node. */
    private static byte[] windows(BoardDescription board) {
        ResourceTemplate windows = new ResourceTemplate()
                .buses(0, 0xFF)
                .ports(CONFIG_PORTS, CONFIG_PORTS_END - CONFIG_PORTS)
                .portWindow(0, CONFIG_PORTS - 1)
                .portWindow(CONFIG_PORTS_END, 0xFFFF)
                .cachedWindow(BoardMap.VGA_WINDOW, BoardMap.VGA_WINDOW_END - 1)
                .memoryWindow(BoardMap.MMIO_LOW, BoardMap.MMIO_LOW_END - 1);
        if (BoardMap.ram(board.memoryBytes()).getLast().end() <= BoardMap.MMIO_HIGH) {
            windows.wideMemoryWindow(BoardMap.MMIO_HIGH, BoardMap.MMIO_HIGH_END - 1);
        }
        return windows.bytes();
    }

    private static void routing(AmlWriter table) {
        for (int slot = 0; slot < SLOTS; slot++) {
            for (int pin = 0; pin < PINS; pin++) {
                long address = (long) slot << 16 | ANY_FUNCTION;
                int input = BoardMap.PCI_IRQS.get((slot + pin) % PINS);
                int wire = pin;
                table.packageOf(4, entry -> entry.integer(address).integer(wire).integer(0).integer(input));
            }
        }
    }

    private static void isaBridge(AmlWriter isa, BoardDescription board) {
        isa.name("_ADR", ISA_BRIDGE);
        device(isa, "KBD", "PNP0303", 0, new ResourceTemplate().ports(0x60, 1).ports(0x64, 1).irq(BoardMap.KEYBOARD_IRQ));
        device(isa, "MOU", "PNP0F13", 0, new ResourceTemplate().irq(BoardMap.MOUSE_IRQ));
        for (int i = 0; i < BoardMap.COM_PORTS.size(); i++) {
            device(isa, "COM" + (i + 1), "PNP0501", i + 1,
                    new ResourceTemplate().ports(BoardMap.COM_PORTS.get(i), 8).irq(BoardMap.COM_IRQS.get(i)));
        }
        device(isa, "RTC", "PNP0B00", 0, new ResourceTemplate().ports(0x70, 2).irq(BoardMap.RTC_IRQ));
        device(isa, "PIT", "PNP0100", 0, new ResourceTemplate().ports(0x40, 4).irq(0));
        // The ACPI and SMBus registers belong to the board, so that nothing else is placed on them.
        device(isa, "MBRS", "PNP0C02", 0,
                new ResourceTemplate().ports(board.pmBase(), 64).ports(board.pmBase() + 0x100, 16).ports(0x4D0, 2)
                        .ports(0xB2, 2));
        if (board.vmbus()) {
            // No _ADR: Linux 6.12 binds through a platform device, which a companion of a PCI function does not get.
            isa.device("VMBS", vmbus -> vmbus
                    .name("_HID", "VMBus")
                    .name("_UID", 0)
                    .name("_STA", PRESENT_AND_WORKING)
                    .nameBuffer("_CRS", new ResourceTemplate().irq(BoardMap.VMBUS_IRQ).bytes()));
        }
    }

    private static void device(AmlWriter isa, String name, String id, int uid, ResourceTemplate resources) {
        isa.device(name, device -> device
                .nameEisa("_HID", id)
                .name("_UID", uid)
                .name("_STA", PRESENT_AND_WORKING)
                .nameBuffer("_CRS", resources.bytes()));
    }
}
